/**
 * When pods must leave a node because of its NoExecute taints. Pure: says what to do, does nothing.
 * Source: pkg/controller/tainteviction taint_eviction.go.
 */
import type { Taint } from '../../schema/resources/core/taints.ts';
import { type Toleration, tolerates } from '../../schema/resources/core/toleration.ts';
import type { PodReference } from './scheduling-writes.ts';

export interface EvictablePod extends PodReference {
  readonly tolerations: readonly Toleration[];
}

interface PlannedEviction {
  readonly pod: EvictablePod;
  /** ms since the epoch. */
  readonly at: number;
}

export class Evictions {
  readonly #planned = new Map<string, PlannedEviction>();

  /** Decides anew about a pod, given its node's taints. True when a planned eviction is called off for good. */
  review(pod: EvictablePod, taints: readonly Taint[], now: number): boolean {
    const planned = this.#planned.get(pod.uid);
    const seconds = toleratedSeconds(pod.tolerations, taints);
    if (seconds === Number.POSITIVE_INFINITY) return this.#planned.delete(pod.uid);
    // A time that runs already is not started anew.
    if (!planned || seconds === 0) this.#planned.set(pod.uid, { pod, at: now + seconds * 1000 });
    return false;
  }

  /** The pod is gone, or on its way. */
  forget(uid: string): void {
    this.#planned.delete(uid);
  }

  /** Takes out the pods that must go now. */
  take(now: number): readonly EvictablePod[] {
    const due = [...this.#planned.values()].filter(({ at }) => at <= now).map(({ pod }) => pod);
    for (const { uid } of due) this.#planned.delete(uid);
    return due;
  }

  nextAt(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#planned.values()) if (next === undefined || at < next) next = at;
    return next;
  }
}

/** How long a pod may stay: 0 when a taint is not tolerated, infinite when all are for ever. */
export function toleratedSeconds(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let seconds = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const used = tolerations.find((toleration) => tolerates(toleration, taint));
    if (!used) return 0;
    if (used.tolerationSeconds !== undefined) seconds = Math.min(seconds, Math.max(0, used.tolerationSeconds));
  }
  return seconds;
}
