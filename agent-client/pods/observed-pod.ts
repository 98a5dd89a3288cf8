/** A pod as the runtime shows it: what decisions and statuses are made from. */
import type { Pod } from './pod.ts';

export interface ObservedSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAt: number;
  /** Empty with host network, or before the network is up. */
  readonly ips: readonly string[];
}

export interface ObservedContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  /** ms since the epoch; 0 when it has not happened. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageRef: string;
  /** Of the container's spec when it was created; see containerHash. */
  readonly specHash: string;
}

export interface ObservedPod {
  /** Newest first. */
  readonly sandboxes: readonly ObservedSandbox[];
  /** Newest first. */
  readonly containers: readonly ObservedContainer[];
}

export const NOTHING_OBSERVED: ObservedPod = { sandboxes: [], containers: [] };

export const newestByName = (observed: ObservedPod, name: string): ObservedContainer | undefined =>
  observed.containers.find((c) => c.name === name);

export const currentSandbox = (observed: ObservedPod): ObservedSandbox | undefined => observed.sandboxes[0];

/** True when a main container was created in the current sandbox and has not ended: init is over. */
export function anyMainContainerAlive(pod: Pod, observed: ObservedPod): boolean {
  return (pod.spec?.containers ?? []).some((spec) => {
    const state = newestByName(observed, spec.name)?.state;
    return state === 'created' || state === 'running';
  });
}

export const hasRunningContainers = (observed: ObservedPod): boolean =>
  observed.containers.some((c) => c.state === 'running' || c.state === 'unknown' || c.state === 'created');
