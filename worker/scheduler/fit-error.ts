/** The texts about a pod that fits nowhere. Source: pkg/scheduler/framework types.go FitError. */

export const NO_NODES_MESSAGE = 'no nodes available to schedule pods';

/** Counts why the nodes, each for itself, do not do. */
export class ReasonCounts {
  readonly #nodes: number;
  readonly #reasons = new Map<string, number>();

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  add(reasons: readonly string[]): void {
    for (const reason of reasons) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  /** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).` */
  message(): string {
    const counted = [...this.#reasons].map(([reason, count]) => `${count} ${reason}`);
    return `0/${this.#nodes} nodes are available: ${counted.sort().join(', ')}.`;
  }
}
