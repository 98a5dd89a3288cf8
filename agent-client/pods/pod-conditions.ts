/** The conditions of a pod. Pure. Source: kubelet status/generate.go. */
import { rfc3339 } from '../clock.ts';
import {
  type Container,
  type ContainerStatus,
  isRestartableInit,
  type Pod,
  type PodCondition,
  podSpec,
} from './pod.ts';
import { newSandboxAttempt } from './pod-actions.ts';
import { anyMainContainerStarted } from './pod-phase.ts';
import { dropAbsent, type PodStatusInput } from './pod-status-input.ts';

const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]);

export function podConditions(
  input: PodStatusInput,
  statuses: readonly ContainerStatus[],
  phase: string,
): PodCondition[] {
  const { pod, previous } = input;
  const foreign = (pod.status?.conditions ?? []).filter((c) => !OWN_CONDITIONS.has(c.type));
  const disrupted = (previous.conditions ?? []).find((c) => c.type === 'DisruptionTarget');
  if (disrupted && !foreign.some((c) => c.type === 'DisruptionTarget')) foreign.push(disrupted);
  const containersReady = containersReadyCondition(pod, statuses, phase);
  const own: Bare[] = [
    {
      type: 'PodReadyToStartContainers',
      status: newSandboxAttempt(pod, input.observed.sandboxes) === undefined ? 'True' : 'False',
    },
    initializedCondition(pod, statuses, phase),
    readyCondition(pod, foreign, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
  return [...foreign, ...own.map((c) => dated(input, c))];
}

interface Bare {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

function dated(input: PodStatusInput, condition: Bare): PodCondition {
  const candidates = [...(input.previous.conditions ?? []), ...(input.pod.status?.conditions ?? [])];
  const old = candidates.find((c) => c.type === condition.type);
  const since = old && old.status === condition.status ? old.lastTransitionTime : undefined;
  return dropAbsent({
    type: condition.type,
    observedGeneration: input.pod.metadata.generation,
    status: condition.status,
    lastProbeTime: null as unknown as string,
    lastTransitionTime: since ?? rfc3339(input.now),
    reason: condition.reason,
    message: condition.message,
  });
}

const listed = (names: readonly string[]): string => `[${names.join(' ')}]`;

function problemMessage(unknown: readonly string[], bad: readonly string[], word: string): string {
  return [
    ...(unknown.length ? [`containers with unknown status: ${listed(unknown)}`] : []),
    ...(bad.length ? [`containers with ${word} status: ${listed(bad)}`] : []),
  ].join(', ');
}

function containersReadyCondition(pod: Pod, statuses: readonly ContainerStatus[], phase: string): Bare {
  const type = 'ContainersReady';
  const spec = podSpec(pod);
  const judged = [...(spec.initContainers ?? []).filter(isRestartableInit), ...spec.containers];
  const statusOf = (c: Container): ContainerStatus | undefined => statuses.find((s) => s.name === c.name);
  const unknown = judged.filter((c) => !statusOf(c)).map((c) => c.name);
  const unready = judged.filter((c) => statusOf(c)?.ready === false).map((c) => c.name);
  if (phase === 'Succeeded' && unknown.length === 0) return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const message = problemMessage(unknown, unready, 'unready');
  return message ? { type, status: 'False', reason: 'ContainersNotReady', message } : { type, status: 'True' };
}

function readyCondition(pod: Pod, foreign: readonly PodCondition[], containersReady: Bare): Bare {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const problems = (podSpec(pod).readinessGates ?? []).flatMap((gate) => {
    const condition = foreign.find((c) => c.type === gate.conditionType);
    if (!condition) return [`corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`];
    return condition.status === 'True'
      ? []
      : [`the status of pod readiness gate "${gate.conditionType}" is not "True", but ${condition.status}`];
  });
  if (!problems.length) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
}

function initializedCondition(pod: Pod, statuses: readonly ContainerStatus[], phase: string): Bare {
  const type = 'Initialized';
  const spec = podSpec(pod);
  const statusOf = (c: Container): ContainerStatus | undefined => statuses.find((s) => s.name === c.name);
  const init = spec.initContainers ?? [];
  const unknown = init.filter((c) => !statusOf(c)).map((c) => c.name);
  const incomplete = init
    .filter((c) => {
      const status = statusOf(c);
      return status && !(isRestartableInit(c) ? status.started : status.ready);
    })
    .map((c) => c.name);
  if (phase === 'Succeeded' && unknown.length === 0) return { type, status: 'True', reason: 'PodCompleted' };
  if (anyMainContainerStarted(spec.containers, statuses)) return { type, status: 'True' };
  const message = problemMessage(unknown, incomplete, 'incomplete');
  return message ? { type, status: 'False', reason: 'ContainersNotInitialized', message } : { type, status: 'True' };
}
