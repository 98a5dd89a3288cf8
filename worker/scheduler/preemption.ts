/**
 * Making room for a pod by evicting pods of lower priority.
 * Source: pkg/scheduler/framework/plugins/defaultpreemption, framework/preemption. Disruption budgets
 * are to be heeded here once their kind is served.
 */
import { feasibility } from './feasibility.ts';
import { ReasonCounts } from './fit-error.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** Nodes tried per pod; upstream tries at least as many. */
const CANDIDATE_NODES_MAX = 100;

export interface Preemption {
  readonly nodeName: string;
  /** Most important first. */
  readonly victims: readonly PodInfo[];
}

export interface PreemptionOutcome {
  /** Undefined: nobody is evicted, and the message says why. */
  readonly preemption: Preemption | undefined;
  readonly message: string;
}

interface Candidate {
  readonly node: NodeInfo;
  readonly victims: readonly PodInfo[];
}

/** `resolvable`: of `nodes` nodes those where the pod fails for want of something that other pods hold. */
export function findPreemption(
  pod: PodInfo,
  resolvable: readonly NodeInfo[],
  nodes: number,
  snapshot: Snapshot,
): PreemptionOutcome {
  if (pod.neverPreempts) return { preemption: undefined, message: 'not eligible due to preemptionPolicy=Never.' };
  if (isUnderWay(pod, snapshot)) {
    return { preemption: undefined, message: 'not eligible due to a terminating pod on the nominated node.' };
  }
  const why = new ReasonCounts(nodes);
  for (let i = resolvable.length; i < nodes; i++) why.add(['Preemption is not helpful for scheduling']);
  const candidates: Candidate[] = [];
  for (const node of resolvable) {
    const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
    if (lower.length === 0) why.add(['No preemption victims found for incoming pod']);
    else if (candidates.length < CANDIDATE_NODES_MAX) {
      const found = selectVictims(pod, node, lower, snapshot);
      if (found.victims) candidates.push({ node, victims: found.victims });
      else why.add(found.reasons);
    }
  }
  const best = candidates.reduce<Candidate | undefined>(
    (a, b) => (a && compareCandidates(a, b) <= 0 ? a : b),
    undefined,
  );
  if (!best) return { preemption: undefined, message: why.message() };
  const { node, victims } = best;
  const message = `found a potential placement for pod on node ${node.name}, preempting ${victims.length} victims`;
  return { preemption: { nodeName: node.name, victims }, message };
}

/** The pod was promised a node, and who must leave it is on the way. */
function isUnderWay(pod: PodInfo, snapshot: Snapshot): boolean {
  const node = snapshot.node(pod.nominatedNodeName);
  if (!node) return false;
  return [...node.pods.values()].some((other) => other.isTerminating && other.priority < pod.priority);
}

type Selection =
  | { readonly victims: readonly PodInfo[]; readonly reasons?: undefined }
  | { readonly victims?: undefined; readonly reasons: readonly string[] };

/** Takes all lower pods away, then gives back as many as fit beside the pod, the most important first. */
function selectVictims(pod: PodInfo, node: NodeInfo, lower: readonly PodInfo[], snapshot: Snapshot): Selection {
  const sorted = [...lower].sort(byImportance);
  for (const { uid } of sorted) snapshot.removePod(uid);
  const unfit = feasibility(pod, snapshot)(node);
  const victims: PodInfo[] = [];
  if (!unfit) {
    for (const other of sorted) {
      snapshot.putBack(other, node);
      if (feasibility(pod, snapshot)(node) === undefined) continue;
      snapshot.removePod(other.uid);
      victims.push(other);
    }
  }
  for (const other of unfit ? sorted : victims) snapshot.putBack(other, node);
  return unfit ? { reasons: unfit.reasons } : { victims };
}

const byImportance = (a: PodInfo, b: PodInfo): number => b.priority - a.priority || a.started - b.started;

/** The node is better whose victims matter less: by the highest priority, their sum, their number, their age. */
function compareCandidates(a: Candidate, b: Candidate): number {
  const highest = ({ victims }: Candidate) => victims[0]?.priority ?? Number.NEGATIVE_INFINITY;
  const sum = ({ victims }: Candidate) => victims.reduce((total, { priority }) => total + priority + 2 ** 31, 0);
  const earliest = (candidate: Candidate) =>
    Math.min(
      ...candidate.victims.filter(({ priority }) => priority === highest(candidate)).map(({ started }) => started),
    );
  return (
    compare(highest(a), highest(b)) ||
    compare(sum(a), sum(b)) ||
    compare(a.victims.length, b.victims.length) ||
    compare(earliest(b), earliest(a))
  );
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
