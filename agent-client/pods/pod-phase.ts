/** The phase of a pod. Pure. */
import {
  type Container,
  type ContainerStatus,
  isRestartableInit,
  isTerminalPhase,
  podSpec,
  type PodStatus,
  shouldRestartAfterExit,
} from './pod.ts';
import type { PodStatusInput } from './pod-status-input.ts';

/** Source: kubelet_pods.go getPhase. */
export function podPhase(input: PodStatusInput, statuses: readonly ContainerStatus[]): NonNullable<PodStatus['phase']> {
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

export const anyMainContainerStarted = (
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
): boolean =>
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

/** Phases never leave Failed or Succeeded; what ends without having run has failed. Source: status_manager.go TerminatePod. */
export function lastingPhase(
  input: PodStatusInput,
  computed: NonNullable<PodStatus['phase']>,
): NonNullable<PodStatus['phase']> {
  const server = input.pod.status?.phase;
  if (isTerminalPhase(server)) return server as 'Failed' | 'Succeeded';
  if (isTerminalPhase(input.previous.phase) && !isTerminalPhase(computed))
    return input.previous.phase as 'Failed' | 'Succeeded';
  return input.finished && !isTerminalPhase(computed) ? 'Failed' : computed;
}
