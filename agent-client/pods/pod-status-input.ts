/** What a pod's status is computed from. */
import type { ObservedPod } from './observed-pod.ts';
import type { Pod, PodStatus } from './pod.ts';

/** Why a container does not start, as its status shows it: `ImagePullBackOff` and its message. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

/** A phase set by the node rather than by the containers: deadline, eviction, rejection. */
export interface PhaseOverride {
  readonly phase: 'Failed';
  readonly reason: string;
  readonly message: string;
}

export interface PodStatusInput {
  readonly pod: Pod;
  /** The last status computed, or the object's own. */
  readonly previous: PodStatus;
  readonly observed: ObservedPod;
  readonly runtimeName: string;
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** What probes and postStart hooks say of a running container; both true without any. */
  probeState(containerId: string, name: string): { readonly started: boolean; readonly ready: boolean };
  /** No container will run again. */
  readonly finished: boolean;
  readonly override?: PhaseOverride;
  readonly hostIPs: readonly string[];
  readonly now: number;
}

/** The object without its undefined members, so that equal statuses encode equally. */
export function dropAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
