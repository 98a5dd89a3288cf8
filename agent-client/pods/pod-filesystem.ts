/** What pods need of the host's files. Two adapters: the real one under `volumes/`, and none for simulated nodes. */
import type { ContainerDetails, Mount } from '../runtime/port.ts';
import type { NodeFacts } from './downward-fields.ts';
import type { Container, Pod } from './pod.ts';

export interface VolumeFailure {
  /** As the FailedMount event says it. */
  readonly message: string;
}

export type VolumeOutcome = { readonly ok: true } | { readonly ok: false; readonly failures: readonly VolumeFailure[] };

export type MountOutcome =
  | { readonly ok: true; readonly mounts: readonly Mount[] }
  | { readonly ok: false; readonly message: string };

export interface PodFilesystem {
  logDirectory(pod: Pod): string;
  /** Makes every volume of the pod ready and up to date; may be called again at any time. */
  mountVolumes(pod: Pod, facts: NodeFacts): Promise<VolumeOutcome>;
  /** When a mounted volume next needs `mountVolumes` by itself (token refresh); undefined: never. */
  nextRefresh(pod: Pod): number | undefined;
  /** Mounts of one container: its volumes, /etc/hosts, the termination log. */
  containerMounts(pod: Pod, container: Container, attempt: number, facts: NodeFacts): Promise<MountOutcome>;
  /** What an ended container left to say, by its policy; empty if nothing. */
  terminationMessage(details: ContainerDetails): Promise<string>;
  /** Containers are stopped: volumes go, logs and termination messages stay. */
  unmountVolumes(podUid: string): Promise<void>;
  /** The pod is gone: everything of it goes. */
  remove(podUid: string, logDirectory: string): Promise<void>;
  /** Dead container's log. */
  removeLog(path: string): Promise<void>;
  /** Uids of pods that have anything on disk. */
  podsOnDisk(): Promise<readonly string[]>;
}

/** For nodes without files. */
export const NO_FILESYSTEM: PodFilesystem = {
  logDirectory: () => '',
  mountVolumes: async () => ({ ok: true }),
  nextRefresh: () => undefined,
  containerMounts: async () => ({ ok: true, mounts: [] }),
  terminationMessage: async () => '',
  unmountVolumes: async () => undefined,
  remove: async () => undefined,
  removeLog: async () => undefined,
  podsOnDisk: async () => [],
};
