/**
 * What a silent node's status becomes, and which taints its conditions mean.
 * Source: pkg/controller/nodelifecycle node_lifecycle_controller.go.
 */
import { formatTime } from '../../schema/meta/time.ts';
import type { Taint } from '../../schema/resources/core/taints.ts';
import type { Node } from '../scheduler/node-info.ts';

export interface NodeCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastHeartbeatTime?: string;
  lastTransitionTime?: string;
}

export type Readiness = 'True' | 'False' | 'Unknown';

export const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';
export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';
export const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';

/** Conditions only the node itself can tell. */
const NODE_TOLD = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

const TAINT_OF_CONDITION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY_TAINT, Unknown: UNREACHABLE_TAINT },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};

const CONDITION_TAINTS: ReadonlySet<string> = new Set([
  ...Object.values(TAINT_OF_CONDITION).flatMap((byStatus) => Object.values(byStatus)),
  UNSCHEDULABLE_TAINT,
]);

export const conditionsOf = (node: Node): readonly NodeCondition[] => node.status?.conditions ?? [];

/** Undefined while the node has never told its status. */
export const readinessOf = (node: Node): Readiness | undefined =>
  conditionsOf(node).find(({ type }) => type === 'Ready')?.status as Readiness | undefined;

/** The conditions of a node that was silent too long, where they differ from what is known. */
export function conditionsOfSilence(node: Node, now: number): readonly NodeCondition[] {
  const known = new Map(conditionsOf(node).map((condition) => [condition.type, condition]));
  return NODE_TOLD.flatMap((type) => {
    const condition = known.get(type);
    if (condition?.status === 'Unknown') return [];
    const lastTransitionTime = formatTime(now);
    if (!condition) {
      const lastHeartbeatTime = node.metadata.creationTimestamp;
      const message = 'Kubelet never posted node status.';
      return [
        { type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message, lastHeartbeatTime, lastTransitionTime },
      ];
    }
    const message = 'Kubelet stopped posting node status.';
    return [{ ...condition, status: 'Unknown', reason: 'NodeStatusUnknown', message, lastTransitionTime }];
  });
}

/**
 * The conditions of a node that is heard of again, for those that still say it is not: as they were
 * before, or, when that is forgotten, as a healthy node's. The node's own next report is the truth.
 */
export function conditionsOfReturn(
  node: Node,
  before: readonly NodeCondition[] | undefined,
  now: number,
): readonly NodeCondition[] {
  const remembered = new Map(before?.map((condition) => [condition.type, condition]));
  return conditionsOf(node)
    .filter(({ status, reason }) => status === 'Unknown' && reason === 'NodeStatusUnknown')
    .map((condition) => ({
      ...(remembered.get(condition.type) ?? healthy(condition.type)),
      lastHeartbeatTime: formatTime(now),
      lastTransitionTime: formatTime(now),
    }));
}

const HEALTHY: Readonly<Record<string, readonly [reason: string, message: string]>> = {
  MemoryPressure: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  DiskPressure: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  PIDPressure: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
};

function healthy(type: string): NodeCondition {
  const [reason, message] = HEALTHY[type] ?? ['KubeletReady', 'kubelet is posting ready status'];
  return { type, status: HEALTHY[type] ? 'False' : 'True', reason, message };
}

export interface TaintWishes {
  /** Whether a node that is not ready may get its NoExecute taint now; one that has it keeps it. */
  readonly mayEvict: boolean;
  /** All nodes are silent, so the fault is likely ours: nobody is evicted. */
  readonly isEverythingLost: boolean;
}

/** The taints the node is to have; undefined when it has them. */
export function taintsFor(node: Node, wishes: TaintWishes, now: number): readonly Taint[] | undefined {
  const present = (node.spec?.taints ?? []) as readonly Taint[];
  const wanted = [...noScheduleTaints(node), ...noExecuteTaints(node, present, wishes)];
  const isWanted = (taint: Taint) => wanted.some((other) => sameTaint(other, taint));
  const kept = present.filter((taint) => !isOurs(taint) || isWanted(taint));
  const added = wanted
    .filter((taint) => !present.some((other) => sameTaint(other, taint)))
    .map((taint) => ({ ...taint, timeAdded: formatTime(now) }));
  return added.length === 0 && kept.length === present.length ? undefined : [...kept, ...added];
}

const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

/** Taints that this life cycle sets and takes away; all others are the users'. */
const isOurs = ({ key, effect }: Taint): boolean =>
  effect === 'NoSchedule' ? CONDITION_TAINTS.has(key) : isEvictionTaint({ key, effect });

const isEvictionTaint = ({ key, effect }: Taint): boolean =>
  effect === 'NoExecute' && (key === NOT_READY_TAINT || key === UNREACHABLE_TAINT);

function noScheduleTaints(node: Node): readonly Taint[] {
  const keys = conditionsOf(node).map(({ type, status }) => TAINT_OF_CONDITION[type]?.[status]);
  if (node.spec?.unschedulable) keys.push(UNSCHEDULABLE_TAINT);
  return keys.filter((key) => key !== undefined).map((key) => ({ key, effect: 'NoSchedule' }));
}

function noExecuteTaints(
  node: Node,
  present: readonly Taint[],
  { mayEvict, isEverythingLost }: TaintWishes,
): readonly Taint[] {
  const key = TAINT_OF_CONDITION.Ready?.[readinessOf(node) ?? ''];
  if (!key || isEverythingLost) return [];
  return mayEvict || present.some(isEvictionTaint) ? [{ key, effect: 'NoExecute' }] : [];
}

/** True for a node that waits for its NoExecute taint. */
export function awaitsEviction(node: Node): boolean {
  const readiness = readinessOf(node);
  const isLost = readiness === 'False' || readiness === 'Unknown';
  return isLost && !((node.spec?.taints ?? []) as readonly Taint[]).some(isEvictionTaint);
}
