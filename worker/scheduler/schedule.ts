/**
 * Places waiting pods on nodes: all of them in one pass over a snapshot in memory. Pure but for the
 * snapshot, in which each placed pod is counted at once so that the next one sees it.
 * Source: pkg/scheduler schedule_one.go, with the default plugins' order and weights.
 *
 * Not here yet: volumes, and the spread of pods that ask for none; a score is one more file and a line
 * below, a filter one in `feasibility.ts`.
 */
import { type Check, feasibility } from './feasibility.ts';
import { unfit } from './filter.ts';
import { NO_NODES_MESSAGE, ReasonCounts } from './fit-error.ts';
import type { NodeInfo } from './node-info.ts';
import { namedNodes } from './node-selector.ts';
import type { PodInfo } from './pod-info.ts';
import { findPreemption, type Preemption } from './preemption.ts';
import type { NodeScorer, Score } from './score.ts';
import { balancedAllocation } from './scores/balanced-allocation.ts';
import { interPodAffinityScore } from './scores/inter-pod-affinity.ts';
import { leastAllocated } from './scores/least-allocated.ts';
import { nodeAffinityScore } from './scores/node-affinity.ts';
import { podTopologySpreadScore } from './scores/pod-topology-spread.ts';
import { taintTolerationScore } from './scores/taint-toleration.ts';
import type { Snapshot } from './snapshot.ts';

const SCORES: readonly Score[] = [
  taintTolerationScore,
  nodeAffinityScore,
  leastAllocated,
  podTopologySpreadScore,
  interPodAffinityScore,
  balancedAllocation,
];

/** With fewer nodes than this all are looked at; with more, enough that fit. */
const FEASIBLE_NODES_MIN = 100;
const FEASIBLE_PERCENT_MIN = 5;

export type Decision =
  | { readonly kind: 'bind'; readonly pod: PodInfo; readonly nodeName: string }
  | {
      readonly kind: 'unschedulable';
      readonly pod: PodInfo;
      readonly message: string;
      /** Evict these; the room is kept for the pod until it is placed or gone. */
      readonly preemption?: Preemption;
    };

/**
 * Decides about `waiting` in its order (see `byPriority`). Placed pods are added to the snapshot; who
 * cannot carry out a decision takes the pod out again (`snapshot.removePod`).
 */
export function schedule(snapshot: Snapshot, waiting: readonly PodInfo[]): readonly Decision[] {
  const nodes = snapshot.knownNodes();
  const search = new Search(nodes, snapshot);
  return waiting.map((pod) => search.decide(pod));
}

/** Higher priority first, then the longer waiting. Source: plugins/queuesort. */
export const byPriority = (a: PodInfo, b: PodInfo): number => b.priority - a.priority || a.created - b.created;

const NOT_NAMED = unfit("node(s) didn't satisfy plugin(s) [NodeAffinity]", true);
const NAMES_CONFLICT = unfit('pod affinity terms conflict', true);

class Search {
  readonly #nodes: readonly NodeInfo[];
  readonly #snapshot: Snapshot;
  readonly #enough: number;
  readonly #feasible: NodeInfo[] = [];

  constructor(nodes: readonly NodeInfo[], snapshot: Snapshot) {
    this.#nodes = nodes;
    this.#snapshot = snapshot;
    this.#enough = feasibleNodesToFind(nodes.length);
  }

  decide(pod: PodInfo): Decision {
    if (this.#nodes.length === 0) return { kind: 'unschedulable', pod, message: NO_NODES_MESSAGE };
    const check = feasibility(pod, this.#snapshot);
    const required = pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const named = required && namedNodes(required.nodeSelectorTerms);
    this.#find(check, named);
    const best = this.#best(pod);
    if (!best) return this.#giveUp(pod, check, named);
    this.#snapshot.place(pod, best);
    return { kind: 'bind', pod, nodeName: best.name };
  }

  /** Fills `#feasible`, starting where the last search ended so that every node gets its turn. */
  #find(check: Check, named: ReadonlySet<string> | undefined): void {
    this.#feasible.length = 0;
    const nodes = this.#nodes;
    const start = this.#snapshot.nextStart % nodes.length;
    let looked = 0;
    for (; looked < nodes.length && this.#feasible.length < this.#enough; looked++) {
      const node = nodes[(start + looked) % nodes.length] as NodeInfo;
      if (named && !named.has(node.name)) continue;
      if (check(node) === undefined) this.#feasible.push(node);
    }
    this.#snapshot.nextStart = (start + looked) % nodes.length;
  }

  /** The node of the highest sum of weighted scores; among equals the one after the last placed. */
  #best(pod: PodInfo): NodeInfo | undefined {
    const feasible = this.#feasible;
    if (feasible.length <= 1) return feasible[0];
    const totals = new Float64Array(feasible.length);
    for (const { weight, prepare } of SCORES) {
      const scorer = prepare(pod, this.#snapshot);
      if (scorer) addScores(totals, feasible, scorer, weight);
    }
    const offset = this.#snapshot.placed % feasible.length;
    let best = offset;
    for (let i = 1; i < feasible.length; i++) {
      const candidate = (offset + i) % feasible.length;
      if ((totals[candidate] as number) > (totals[best] as number)) best = candidate;
    }
    return feasible[best];
  }

  #giveUp(pod: PodInfo, check: Check, named: ReadonlySet<string> | undefined): Decision {
    const reasons = new ReasonCounts(this.#nodes.length);
    const resolvable: NodeInfo[] = [];
    for (const node of this.#nodes) {
      const why = named && !named.has(node.name) ? (named.size === 0 ? NAMES_CONFLICT : NOT_NAMED) : check(node);
      if (!why) throw new Error(`node ${node.name} fits a pod for which no node was found`);
      reasons.add(why.reasons);
      if (!why.isUnresolvable) resolvable.push(node);
    }
    const { preemption, message: outcome } = findPreemption(pod, resolvable, this.#nodes.length, this.#snapshot);
    if (preemption) this.#snapshot.nominate(pod, preemption.nodeName);
    const message = `${reasons.message()} preemption: ${outcome}`;
    return { kind: 'unschedulable', pod, message, ...(preemption ? { preemption } : {}) };
  }
}

function addScores(totals: Float64Array, nodes: readonly NodeInfo[], scorer: NodeScorer, weight: number): void {
  if (!scorer.normalize) {
    for (let i = 0; i < nodes.length; i++)
      totals[i] = (totals[i] as number) + weight * scorer.score(nodes[i] as NodeInfo);
    return;
  }
  const scores = nodes.map((node) => scorer.score(node));
  scorer.normalize(scores);
  for (let i = 0; i < nodes.length; i++) totals[i] = (totals[i] as number) + weight * (scores[i] as number);
}

function feasibleNodesToFind(nodes: number): number {
  if (nodes < FEASIBLE_NODES_MIN) return nodes;
  const percent = Math.max(FEASIBLE_PERCENT_MIN, 50 - Math.trunc(nodes / 125));
  return Math.max(FEASIBLE_NODES_MIN, Math.trunc((nodes * percent) / 100));
}
