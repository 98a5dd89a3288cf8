/**
 * The pods that wait for a node: those to be tried now, and those that fitted nowhere and wait until
 * something relevant changes and their back-off is over. Source: pkg/scheduler/backend/queue.
 */
import type { PodInfo } from './pod-info.ts';
import { byPriority } from './schedule.ts';

export const BACKOFF_MS_MIN = 1_000;
export const BACKOFF_MS_MAX = 10_000;
/** A pod that fits nowhere is tried again after so long even if nothing was seen to change. */
export const UNSCHEDULABLE_MS_MAX = 300_000;

interface Waiting {
  pod: PodInfo;
  attempts: number;
  /** Undefined: to be tried now. */
  retry: { readonly backoffUntil: number; readonly latest: number; moved: boolean } | undefined;
}

export class SchedulingQueue {
  readonly #waiting = new Map<string, Waiting>();
  #active = 0;

  has(uid: string): boolean {
    return this.#waiting.has(uid);
  }

  /** A new pod, or one whose change may make it fit: it is tried in the next pass. */
  add(pod: PodInfo): void {
    const known = this.#waiting.get(pod.uid);
    if (!known) {
      this.#waiting.set(pod.uid, { pod, attempts: 0, retry: undefined });
      this.#active += 1;
      return;
    }
    known.pod = pod;
    if (known.retry) this.#activate(known);
  }

  /** Keeps the place in the queue of a pod whose change cannot make it fit (its own condition). */
  refresh(pod: PodInfo): void {
    const known = this.#waiting.get(pod.uid);
    if (known) known.pod = pod;
  }

  remove(uid: string): void {
    const known = this.#waiting.get(uid);
    if (!known) return;
    this.#waiting.delete(uid);
    if (!known.retry) this.#active -= 1;
  }

  /** A node came or got freer: whatever fitted nowhere may fit now, after its back-off. */
  moveAll(): void {
    for (const waiting of this.#waiting.values()) if (waiting.retry) waiting.retry.moved = true;
  }

  /** A pod fitted nowhere, or could not be bound. `retrySoon`: not for want of room. */
  setUnschedulable(uid: string, now: number, retrySoon = false): void {
    const waiting = this.#waiting.get(uid);
    if (!waiting) return;
    if (!waiting.retry) this.#active -= 1;
    waiting.attempts += 1;
    waiting.retry = {
      backoffUntil: now + Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (waiting.attempts - 1)),
      latest: now + UNSCHEDULABLE_MS_MAX,
      moved: retrySoon,
    };
  }

  /** The pods to try, in their order; they stay in the queue until removed. `now` in ms since the epoch. */
  due(now: number): readonly PodInfo[] {
    if (this.#waiting.size === 0) return [];
    for (const waiting of this.#waiting.values()) {
      if (waiting.retry && retryAt(waiting.retry) <= now) this.#activate(waiting);
    }
    if (this.#active === 0) return [];
    return [...this.#waiting.values()]
      .filter(({ retry }) => !retry)
      .map(({ pod }) => pod)
      .sort(byPriority);
  }

  /** When the next pod becomes due, if nothing else happens; undefined when none waits. */
  nextDueAt(): number | undefined {
    let next: number | undefined;
    for (const { retry } of this.#waiting.values()) {
      const at = retry ? retryAt(retry) : 0;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }

  #activate(waiting: Waiting): void {
    waiting.retry = undefined;
    this.#active += 1;
  }
}

const retryAt = ({ backoffUntil, latest, moved }: NonNullable<Waiting['retry']>): number =>
  moved ? backoffUntil : latest;
