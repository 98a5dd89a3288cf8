/**
 * The pod's status from what the runtime shows. Pure.
 * Source: kubelet kubelet_pods.go generateAPIPodStatus, status/generate.go, prober_manager.go.
 */
import { qosClass } from '../../schema/resources/core/pod-qos.ts';
import { rfc3339 } from '../clock.ts';
import { newSandboxAttempt, wantsStart } from './pod-actions.ts';
import { anyMainContainerAlive, currentSandbox, type ObservedContainer, type ObservedPod } from './observed-pod.ts';
import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  ephemeralContainers,
  isHostNetwork,
  isRestartableInit,
  isTerminalPhase,
  type Pod,
  type PodCondition,
  podSpec,
  type PodStatus,
  shouldRestartAfterExit,
} from './pod.ts';

/** Why a container does not start, as its status shows it: `ImagePullBackOff` and its message. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

/** A phase set by the node rather than by the containers: deadline, eviction, rejection. */
export interface PhaseOverride {
  readonly phase: 'Failed';
  readonly reason: string;
  readonly message: string;
}

export interface PodStatusInput {
  readonly pod: Pod;
  /** The last status computed, or the object's own. */
  readonly previous: PodStatus;
  readonly observed: ObservedPod;
  readonly runtimeName: string;
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** What probes and postStart hooks say of a running container; both true without any. */
  probeState(containerId: string, name: string): { readonly started: boolean; readonly ready: boolean };
  /** No container will run again. */
  readonly finished: boolean;
  readonly override?: PhaseOverride;
  readonly hostIPs: readonly string[];
  readonly now: number;
}

export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, previous } = input;
  const spec = podSpec(pod);
  const init = containerStatuses(input, spec.initContainers ?? [], previous.initContainerStatuses ?? [], 'init');
  const main = containerStatuses(input, spec.containers, previous.containerStatuses ?? [], 'main');
  const ephemeral = containerStatuses(
    input,
    ephemeralContainers(pod),
    previous.ephemeralContainerStatuses ?? [],
    'ephemeral',
  );
  const computed = podPhase(input, [...main, ...init]);
  const phase = lastingPhase(input, computed);
  const kept = phase === previous.phase ? { reason: previous.reason, message: previous.message } : {};
  const all = [...init, ...main];
  const conditions = podConditions(input, all, phase);
  const ips = podIPs(input);
  return dropAbsent({
    observedGeneration: pod.metadata.generation,
    phase,
    conditions,
    message: input.override?.message ?? kept.message,
    reason: input.override?.reason ?? kept.reason,
    hostIP: input.hostIPs[0],
    hostIPs: input.hostIPs.length ? input.hostIPs.map((ip) => ({ ip })) : undefined,
    podIP: ips[0],
    podIPs: ips.length ? ips.map((ip) => ({ ip })) : undefined,
    startTime: previous.startTime ?? rfc3339(input.now),
    initContainerStatuses: init.length ? init : undefined,
    containerStatuses: main,
    ephemeralContainerStatuses: ephemeral.length ? ephemeral : undefined,
    qosClass: previous.qosClass ?? qosClass(pod),
  });
}

function podIPs(input: PodStatusInput): readonly string[] {
  if (isHostNetwork(input.pod)) return input.hostIPs.slice(0, 1);
  return currentSandbox(input.observed)?.ips ?? [];
}

type Role = 'init' | 'main' | 'ephemeral';

function containerStatuses(
  input: PodStatusInput,
  specs: readonly Container[],
  previous: readonly ContainerStatus[],
  role: Role,
): ContainerStatus[] {
  const statuses = specs.map((spec) =>
    containerStatus(
      input,
      spec,
      previous.find((p) => p.name === spec.name),
      role,
    ),
  );
  // Init containers are shown in the order they run, the others by name.
  return role === 'init' ? statuses : statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function containerStatus(
  input: PodStatusInput,
  spec: Container,
  old: ContainerStatus | undefined,
  role: Role,
): ContainerStatus {
  const seen = input.observed.containers.filter((c) => c.name === spec.name);
  const [newest, before] = seen;
  let status = newest ? observedStatus(input, spec, newest, old) : unseenStatus(input, spec, old);
  if (newest && before) status.lastState = observedStatus(input, spec, before, undefined).state ?? {};
  else if (newest && old) {
    const ended = old.containerID !== status.containerID ? old.state?.terminated : undefined;
    const last = ended ?? old.lastState?.terminated;
    if (last) status.lastState = { terminated: last };
  }
  status = withStartFailure(input, spec, newest, status, role);
  return finishStatus(input, spec, newest, status, role);
}

function unseenStatus(input: PodStatusInput, spec: Container, old: ContainerStatus | undefined): ContainerStatus {
  const reason = podSpec(input.pod).initContainers?.length ? 'PodInitializing' : 'ContainerCreating';
  if (old?.state?.terminated) return { ...old };
  const status: ContainerStatus = {
    name: spec.name,
    image: spec.image ?? '',
    imageID: '',
    ready: false,
    restartCount: old?.restartCount ?? 0,
    state: { waiting: { reason } },
    lastState: old?.lastState ?? {},
    ...volumeMountStatuses(spec),
  };
  if (old?.state?.running && !status.lastState?.terminated) {
    // It ran and the runtime no longer knows it: shown as ended, so that the pod does not fall back to Pending.
    status.lastState = {
      terminated: {
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was deleted.  The container used to be Running',
        exitCode: 137,
        startedAt: null as unknown as string,
        finishedAt: null as unknown as string,
      },
    };
    if (!input.pod.metadata.deletionTimestamp) status.restartCount += 1;
  }
  return status;
}

function observedStatus(
  input: PodStatusInput,
  spec: Container,
  seen: ObservedContainer,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const containerID = `${input.runtimeName}://${seen.id}`;
  const resources = spec.resources ?? {};
  return dropAbsent({
    name: spec.name,
    state: stateOf(input, seen, containerID),
    lastState: {},
    ready: false,
    restartCount: Math.max(seen.attempt, old?.restartCount ?? 0),
    image: seen.image,
    imageID: seen.imageRef,
    containerID,
    allocatedResources: resources.requests,
    resources,
    ...volumeMountStatuses(spec),
  });
}

const volumeMountStatuses = (spec: Container): Pick<ContainerStatus, 'volumeMounts'> =>
  spec.volumeMounts?.length
    ? {
        volumeMounts: spec.volumeMounts.map((m) => ({
          name: m.name,
          mountPath: m.mountPath,
          ...(m.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' as const } : {}),
        })),
      }
    : {};

function stateOf(_input: PodStatusInput, seen: ObservedContainer, containerID: string): ContainerState {
  switch (seen.state) {
    case 'running':
      return { running: { startedAt: rfc3339(seen.startedAt) } };
    case 'exited':
      return {
        terminated: dropAbsent({
          exitCode: seen.exitCode,
          reason: seen.reason || undefined,
          message: seen.message || undefined,
          startedAt: rfc3339(seen.startedAt),
          finishedAt: rfc3339(seen.finishedAt),
          containerID,
        }),
      };
    case 'created':
    case 'unknown':
      return { waiting: {} };
  }
}

/** A container that should start and cannot shows why, and its end moves to lastState. */
function withStartFailure(
  input: PodStatusInput,
  spec: Container,
  newest: ObservedContainer | undefined,
  status: ContainerStatus,
  role: Role,
): ContainerStatus {
  if (role === 'init' && !isRestartableInit(spec)) {
    if (newest?.state === 'exited' && newest.exitCode === 0) return status;
    if (!newest && anyMainContainerAlive(input.pod, input.observed) && status.state?.waiting) {
      return {
        ...status,
        state: {
          terminated: {
            reason: 'Completed',
            message:
              'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally',
            exitCode: 0,
          },
        },
      };
    }
  }
  const why = input.waiting.get(spec.name);
  if (!why || !wantsStart(spec, newest, input.pod) || input.finished) return status;
  const lastState = status.state?.terminated ? status.state : status.lastState;
  return {
    ...status,
    lastState,
    state: { waiting: dropAbsent({ reason: why.reason, message: why.message || undefined }) },
  };
}

function finishStatus(
  input: PodStatusInput,
  spec: Container,
  newest: ObservedContainer | undefined,
  status: ContainerStatus,
  role: Role,
): ContainerStatus {
  if (status.state?.running && newest) {
    const probes = input.probeState(newest.id, spec.name);
    status.started = probes.started;
    status.ready = role === 'init' && !isRestartableInit(spec) ? false : probes.started && probes.ready;
    return status;
  }
  status.started = false;
  status.ready = role === 'init' && status.state?.terminated?.exitCode === 0;
  return status;
}

/** Source: kubelet_pods.go getPhase. */
function podPhase(input: PodStatusInput, statuses: readonly ContainerStatus[]): NonNullable<PodStatus['phase']> {
  const { pod } = input;
  const spec = podSpec(pod);
  if (input.override) return input.override.phase;
  const initialized = anyMainContainerStarted(spec.containers, statuses);
  const init = countInit(spec.initContainers ?? [], spec.restartPolicy === 'Never', statuses);
  if (init.failedForGood) return 'Failed';

  let waiting = init.sidecarsWaiting;
  let running = init.sidecarsRunning;
  let unknown = 0;
  let stopped = 0;
  let succeeded = 0;
  let ended = 0;
  for (const container of spec.containers) {
    const status = statuses.find((s) => s.name === container.name);
    const terminated = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
    if (!status) unknown++;
    else if (status.state?.running) running++;
    else if (terminated) {
      stopped++;
      if (!shouldRestartAfterExit(container, spec, terminated.exitCode)) ended++;
      if (status.state?.terminated && terminated.exitCode === 0) succeeded++;
    } else waiting++;
  }
  if (init.pending > 0 || (init.sidecarsPending > 0 && !initialized) || waiting > 0) return 'Pending';
  if (unknown > 0) return 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  if (input.finished) return stopped === succeeded ? 'Succeeded' : 'Failed';
  if (stopped !== ended) return 'Running';
  return stopped === succeeded ? 'Succeeded' : 'Failed';
}

const anyMainContainerStarted = (containers: readonly Container[], statuses: readonly ContainerStatus[]): boolean =>
  containers.some((c) => {
    const status = statuses.find((s) => s.name === c.name);
    return Boolean(status?.state?.running ?? status?.state?.terminated ?? status?.lastState?.terminated);
  });

interface InitCounts {
  pending: number;
  failedForGood: boolean;
  /** Sidecars that never got as far as started; those among them that never ran. */
  sidecarsPending: number;
  sidecarsWaiting: number;
  sidecarsRunning: number;
}

function countInit(containers: readonly Container[], never: boolean, statuses: readonly ContainerStatus[]): InitCounts {
  const counts: InitCounts = {
    pending: 0,
    failedForGood: false,
    sidecarsPending: 0,
    sidecarsWaiting: 0,
    sidecarsRunning: 0,
  };
  for (const container of containers) {
    const status = statuses.find((s) => s.name === container.name);
    const terminated = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
    if (isRestartableInit(container)) {
      if (status?.state?.running) {
        counts.sidecarsRunning++;
        if (!status.started) counts.sidecarsPending++;
      } else if (!terminated) {
        counts.sidecarsPending++;
        counts.sidecarsWaiting++;
      }
      continue;
    }
    if (!terminated) counts.pending++;
    else if (terminated.exitCode !== 0) {
      counts.pending++;
      if (never) counts.failedForGood = true;
    } else if (!status?.state?.terminated) counts.pending++;
  }
  return counts;
}

/** Phases never leave Failed or Succeeded. */
function lastingPhase(
  input: PodStatusInput,
  computed: NonNullable<PodStatus['phase']>,
): NonNullable<PodStatus['phase']> {
  const server = input.pod.status?.phase;
  if (isTerminalPhase(server)) return server as 'Failed' | 'Succeeded';
  if (isTerminalPhase(input.previous.phase) && !isTerminalPhase(computed))
    return input.previous.phase as 'Failed' | 'Succeeded';
  return computed;
}

const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]);

function podConditions(input: PodStatusInput, statuses: readonly ContainerStatus[], phase: string): PodCondition[] {
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

/** The object without its undefined members, so that equal statuses encode equally. */
function dropAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
