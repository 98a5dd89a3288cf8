/** The table of pods. Source: kubernetes pkg/printers/internalversion/printers.go printPod (1.37). */
import { ageSince } from '../../meta/duration.ts';
import type { Cell, TableDefinition } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { findPodCondition, isPodTerminal } from './pod-conditions.ts';
import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  isRestartableInitContainer,
  type Pod,
} from './pod-types.ts';

/** `status.reason` of pods on nodes that have gone. */
const NODE_LOST = 'NodeLost';

interface Summary {
  reason: string;
  ready: number;
  restarts: number;
  /** RFC 3339; empty: none. */
  lastRestart: string;
}

export const podTable: TableDefinition<Pod> = {
  columns: [
    nameColumn,
    column('Ready', 'string', 'The aggregate readiness state of this pod for accepting traffic.'),
    column('Status', 'string', 'The aggregate status of the containers in this pod.'),
    column(
      'Restarts',
      'string',
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    ),
    ageColumn,
    column(
      'IP',
      'string',
      'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.',
      1,
    ),
    column(
      'Node',
      'string',
      'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename',
      1,
    ),
    column(
      'Nominated Node',
      'string',
      'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.',
      1,
    ),
    column(
      'Readiness Gates',
      'string',
      'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates',
      1,
    ),
  ],
  cells: podCells,
};

function podCells(pod: Pod, now: number): readonly Cell[] {
  const summary = summarize(pod);
  const containers = pod.spec?.containers?.length ?? 0;
  const sidecars = pod.spec?.initContainers?.filter(isRestartableInitContainer).length ?? 0;
  return [
    pod.metadata.name ?? '',
    `${summary.ready}/${containers + sidecars}`,
    withDeletion(pod, summary.reason),
    restartsText(summary, now),
    age(pod, now),
    pod.status?.podIPs?.[0]?.ip || '<none>',
    pod.spec?.nodeName || '<none>',
    pod.status?.nominatedNodeName || '<none>',
    readinessGatesText(pod),
  ];
}

function withDeletion(pod: Pod, reason: string): string {
  if (!pod.metadata.deletionTimestamp) return reason;
  if (pod.status?.reason === NODE_LOST) return 'Unknown';
  return isPodTerminal(pod) ? reason : 'Terminating';
}

function restartsText({ restarts, lastRestart }: Summary, now: number): string {
  return restarts !== 0 && lastRestart ? `${restarts} (${ageSince(lastRestart, now)} ago)` : String(restarts);
}

function readinessGatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates;
  if (!gates?.length) return '<none>';
  const passed = gates.filter((gate) => findPodCondition(pod.status, gate.conditionType)?.status === 'True');
  return `${passed.length}/${gates.length}`;
}

function summarize(pod: Pod): Summary {
  const { status } = pod;
  let reason: string = status?.reason || (status?.phase ?? '');
  const isGated = status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  if (isGated) reason = 'SchedulingGated';
  const init = summarizeInit(pod, reason);
  const isInitialized = findPodCondition(status, 'Initialized')?.status === 'True';
  return init.isInitializing && !isInitialized ? init.summary : summarizeRunning(pod, init.summary, init.sidecars);
}

const later = (a: string, b: string | undefined): string => (b && (!a || Date.parse(b) > Date.parse(a)) ? b : a);

type Sidecars = Pick<Summary, 'restarts' | 'lastRestart'>;

/** Walks the init containers up to the first that is not done. */
function summarizeInit(pod: Pod, reason: string): { summary: Summary; sidecars: Sidecars; isInitializing: boolean } {
  const summary: Summary = { reason, ready: 0, restarts: 0, lastRestart: '' };
  const sidecars: Sidecars = { restarts: 0, lastRestart: '' };
  const specs = new Map<string, Container>(pod.spec?.initContainers?.map((container) => [container.name, container]));
  for (const [i, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = isRestartableInitContainer(specs.get(container.name));
    for (const counts of isSidecar ? [summary, sidecars] : [summary]) countRestarts(counts, container);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && container.started) {
      if (container.ready) summary.ready++;
      continue;
    }
    summary.reason = initReason(container.state, i, specs.size);
    return { summary, sidecars, isInitializing: true };
  }
  return { summary, sidecars, isInitializing: false };
}

function countRestarts(counts: Sidecars, container: ContainerStatus): void {
  counts.restarts += container.restartCount ?? 0;
  counts.lastRestart = later(counts.lastRestart, container.lastState?.terminated?.finishedAt);
}

function initReason(state: ContainerState | undefined, index: number, count: number): string {
  if (state?.terminated) return `Init:${terminatedReason(state.terminated)}`;
  const waiting = state?.waiting?.reason;
  return waiting && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${count}`;
}

function terminatedReason({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`);
}

function summarizeRunning(pod: Pod, init: Summary, sidecars: Sidecars): Summary {
  const summary: Summary = { ...init, ...sidecars };
  let hasRunning = false;
  let errorReason = '';
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(summary, container);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated) {
      summary.reason = terminatedReason(terminated);
      if (terminated.exitCode) errorReason = summary.reason;
    } else if (container.ready && running) {
      hasRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason === 'Completed') {
    const isReady = findPodCondition(pod.status, 'Ready')?.status === 'True';
    if (hasRunning && isReady) summary.reason = 'Running';
    else if (errorReason) summary.reason = errorReason;
    else if (hasRunning) summary.reason = 'NotReady';
  }
  return summary;
}
