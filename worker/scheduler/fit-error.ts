/** The text about a pod that fits nowhere. Source: pkg/scheduler/framework types.go FitError; preemption. */
import type { Unfit } from './filter.ts';
import type { PodInfo } from './pod-info.ts';

export const NO_NODES_MESSAGE = 'no nodes available to schedule pods';

/** Every node's failure. */
export class FitDiagnosis {
  readonly #nodes: number;
  readonly #reasons = new Map<string, number>();
  #resolvable = 0;

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  add({ reasons, isUnresolvable }: Unfit, times = 1): void {
    for (const reason of reasons) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + times);
    if (!isUnresolvable) this.#resolvable += times;
  }

  /** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 nodes …` */
  message(pod: PodInfo): string {
    return `${this.#head()}: ${listed(this.#reasons)}. preemption: ${this.#preemption(pod)}`;
  }

  #head(): string {
    return `0/${this.#nodes} nodes are available`;
  }

  /** Why nothing was evicted for the pod. */
  #preemption(pod: PodInfo): string {
    if (pod.neverPreempts) return 'not eligible due to preemptionPolicy=Never.';
    const why = new Map<string, number>();
    if (this.#resolvable > 0) why.set('No preemption victims found for incoming pod', this.#resolvable);
    const helpless = this.#nodes - this.#resolvable;
    if (helpless > 0) why.set('Preemption is not helpful for scheduling', helpless);
    return `${this.#head()}: ${listed(why)}.`;
  }
}

/** Counts before reasons, in the order of the texts. */
const listed = (reasons: ReadonlyMap<string, number>): string =>
  [...reasons]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .join(', ');
