/** Which pods a scale-down takes first. Source: pkg/controller controller_utils.go ActivePodsWithRanks. */
import { isPodReady } from '../../schema/resources/core/pod-conditions.ts';
import { isRestartableInitContainer, type Pod } from '../../schema/resources/core/pod-types.ts';
import { isPodActive, readySince } from './pod-state.ts';

const DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';

interface RankedPod {
  readonly pod: Pod;
  readonly nodeName: string;
  readonly phase: number;
  readonly ready: boolean;
  readonly cost: number;
  /** Active pods of the same controllers on the same node. */
  readonly colocated: number;
  readonly readySince: number | undefined;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly created: number;
}

/**
 * The `count` pods to delete of `pods`. `related` are the pods of all ReplicaSets of the same owner,
 * by which doubled-up nodes are found. `now` in ms since the epoch.
 */
export function podsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  now: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) {
    if (!isPodActive(pod)) continue;
    const node = pod.spec?.nodeName ?? '';
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  return pods
    .map((pod) => rank(pod, onNode))
    .sort((a, b) => comparePods(a, b, now))
    .slice(0, count)
    .map((ranked) => ranked.pod);
}

function rank(pod: Pod, onNode: ReadonlyMap<string, number>): RankedPod {
  const nodeName = pod.spec?.nodeName ?? '';
  return {
    pod,
    nodeName,
    phase: phaseOrder(pod.status?.phase),
    ready: isPodReady(pod),
    cost: deletionCost(pod),
    colocated: onNode.get(nodeName) ?? 0,
    readySince: readySince(pod),
    ...restartCounts(pod),
    created: Date.parse(pod.metadata.creationTimestamp ?? '') || 0,
  };
}

function comparePods(a: RankedPod, b: RankedPod, now: number): number {
  if ((a.nodeName === '') !== (b.nodeName === '')) return a.nodeName === '' ? -1 : 1;
  if (a.phase !== b.phase) return a.phase - b.phase;
  if (a.ready !== b.ready) return a.ready ? 1 : -1;
  if (a.cost !== b.cost) return a.cost - b.cost;
  if (a.colocated !== b.colocated) return b.colocated - a.colocated;
  if (a.ready && a.readySince !== b.readySince) return compareAges(a, b, a.readySince ?? 0, b.readySince ?? 0, now);
  if (a.restarts !== b.restarts) return b.restarts - a.restarts;
  if (a.sidecarRestarts !== b.sidecarRestarts) return b.sidecarRestarts - a.sidecarRestarts;
  if (a.created !== b.created) return compareAges(a, b, a.created, b.created, now);
  return 0;
}

/** Younger first, but ages of the same power of two count as equal and the uid decides: a kind of lottery. */
function compareAges(a: RankedPod, b: RankedPod, timeA: number, timeB: number, now: number): number {
  if (timeA === 0 || timeB === 0) return timeA === 0 ? -1 : 1;
  const difference = ageRank(timeA, now) - ageRank(timeB, now);
  if (difference !== 0) return difference;
  return (a.pod.metadata.uid ?? '') < (b.pod.metadata.uid ?? '') ? -1 : 1;
}

const NANOSECONDS_PER_MS = 1e6;

const ageRank = (time: number, now: number): number =>
  now > time ? Math.floor(Math.log2((now - time) * NANOSECONDS_PER_MS)) : -1;

function phaseOrder(phase: string | undefined): number {
  if (phase === 'Unknown') return 1;
  return phase === 'Running' ? 2 : 0;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST_ANNOTATION];
  return text !== undefined && /^(0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : 0;
}

function restartCounts(pod: Pod): { restarts: number; sidecarRestarts: number } {
  const sidecars = new Set(pod.spec?.initContainers?.filter(isRestartableInitContainer).map(({ name }) => name));
  let restarts = 0;
  let sidecarRestarts = 0;
  for (const status of pod.status?.containerStatuses ?? []) restarts = Math.max(restarts, status.restartCount);
  for (const status of pod.status?.initContainerStatuses ?? []) {
    if (sidecars.has(status.name)) sidecarRestarts = Math.max(sidecarRestarts, status.restartCount);
  }
  return { restarts, sidecarRestarts };
}
