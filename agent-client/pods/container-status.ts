/** The statuses of a pod's containers. Pure. Source: kubelet_pods.go convertToAPIContainerStatuses, prober_manager.go. */
import { rfc3339 } from '../clock.ts';
import { anyMainContainerAlive, type ObservedContainer } from './observed-pod.ts';
import { type Container, type ContainerState, type ContainerStatus, isRestartableInit, podSpec } from './pod.ts';
import { wantsStart } from './pod-actions.ts';
import { dropAbsent, type PodStatusInput } from './pod-status-input.ts';

type Role = 'init' | 'main' | 'ephemeral';

export function containerStatuses(
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
    state: stateOf(seen, containerID),
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

function stateOf(seen: ObservedContainer, containerID: string): ContainerState {
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

/** What a container is said to have come to when its pod ended and no one saw how. */
const LOST = {
  terminated: {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
  },
} as ContainerState;

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
  if (input.finished && !input.override && role === 'main' && status.state?.waiting) status.state = LOST;
  status.started = false;
  status.ready = role === 'init' && status.state?.terminated?.exitCode === 0;
  return status;
}
