import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** Why a node does not do. Reasons are counted over all nodes in the message of a pod that fits nowhere. */
export interface Unfit {
  readonly reasons: readonly string[];
  /** True: not even with all other pods gone would the pod fit. */
  readonly isUnresolvable: boolean;
}

/**
 * One condition a node must meet. `prepare` looks at the pod once and gives the check of a node, or
 * undefined when the pod leaves nothing to check.
 */
export interface Filter {
  readonly name: string;
  prepare(pod: PodInfo, snapshot: Snapshot): ((node: NodeInfo) => Unfit | undefined) | undefined;
}

/** Shared, so that failing nodes cost no memory. */
export const unfit = (reason: string, isUnresolvable: boolean): Unfit => ({ reasons: [reason], isUnresolvable });
