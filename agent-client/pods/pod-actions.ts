/**
 * What has to be done so that a pod becomes what its spec says. Pure: the worker performs the actions in
 * order. Source: kubelet kuberuntime_manager.go computePodActions.
 */
import { type BackOff, heldUntil } from './crash-back-off.ts';
import {
  anyMainContainerAlive,
  currentSandbox,
  newestByName,
  type ObservedContainer,
  type ObservedPod,
  type ObservedSandbox,
} from './observed-pod.ts';
import {
  type Container,
  ephemeralContainers,
  isHostNetwork,
  isRestartableInit,
  type Pod,
  podSpec,
  shouldRestartAfterExit,
} from './pod.ts';

export type ContainerRole = 'init' | 'main' | 'ephemeral';

export type PodAction =
  /** Stop every container and the sandbox; the pod is done, or gets a new sandbox next. */
  | { readonly kind: 'kill-pod'; readonly why: 'sandbox-changed' | 'finished' }
  | { readonly kind: 'create-sandbox'; readonly attempt: number }
  | {
      readonly kind: 'kill-container';
      readonly id: string;
      readonly name: string;
      readonly message: string;
      readonly why: 'definition' | 'liveness' | 'startup' | 'unknown';
    }
  | {
      readonly kind: 'start-container';
      readonly role: ContainerRole;
      readonly container: Container;
      readonly attempt: number;
    }
  /** Crash-loop: not before `until`. */
  | {
      readonly kind: 'hold-container';
      readonly role: ContainerRole;
      readonly name: string;
      readonly until: number;
      readonly delayMs: number;
    };

export interface DesiredPod {
  readonly pod: Pod;
  /** By container name. */
  readonly backOffs: ReadonlyMap<string, BackOff>;
  /** Hash of each container's spec as it is now. */
  specHash(container: Container): string;
  /** Failed probes by container id; a container started anew is not in it. */
  readonly failedProbes: ReadonlyMap<string, 'liveness' | 'startup'>;
  /** Ids of sidecars whose startup probe or postStart has not succeeded yet. */
  readonly notStarted: ReadonlySet<string>;
  /** Restart counts that the runtime no longer shows, by container name. */
  readonly knownRestarts: ReadonlyMap<string, number>;
}

/** Undefined when the sandbox can be kept; else the attempt number of a new one. */
export function newSandboxAttempt(pod: Pod, sandboxes: readonly ObservedSandbox[]): number | undefined {
  const newest = sandboxes[0];
  if (!newest) return 0;
  if (sandboxes.filter((s) => s.ready).length > 1 || !newest.ready) return newest.attempt + 1;
  if (!isHostNetwork(pod) && newest.ips.length === 0) return newest.attempt + 1;
  return undefined;
}

export function podActions(desired: DesiredPod, observed: ObservedPod, now: number): readonly PodAction[] {
  const attempt = newSandboxAttempt(desired.pod, observed.sandboxes);
  return attempt === undefined
    ? actionsInSandbox(desired, observed, now)
    : actionsForNewSandbox(desired, observed, attempt, now);
}

function actionsForNewSandbox(
  desired: DesiredPod,
  observed: ObservedPod,
  attempt: number,
  now: number,
): readonly PodAction[] {
  const { pod } = desired;
  const spec = podSpec(pod);
  const kill: PodAction[] = observed.sandboxes.length ? [{ kind: 'kill-pod', why: 'sandbox-changed' }] : [];
  const pending = spec.containers.filter((c) => wantsStart(c, newestByName(observed, c.name), pod));
  if (attempt !== 0 && observed.containers.length > 0 && pending.length === 0) return kill;
  const create: PodAction = { kind: 'create-sandbox', attempt };
  const first = spec.initContainers?.[0];
  const starts = first
    ? [start(desired, observed, 'init', first, now)]
    : pending.map((c) => start(desired, observed, 'main', c, now));
  return [...kill, create, ...starts];
}

function actionsInSandbox(desired: DesiredPod, observed: ObservedPod, now: number): readonly PodAction[] {
  const { pod } = desired;
  const ephemeral = ephemeralContainers(pod)
    .filter((c) => !newestByName(observed, c.name))
    .map((c) => start(desired, observed, 'ephemeral', c, now));
  const init = initActions(desired, observed, now);
  if (init.failed) return [{ kind: 'kill-pod', why: 'finished' }];
  if (!init.done) return [...ephemeral, ...init.actions];

  const main = podSpec(pod).containers.map((c) => mainActions(desired, observed, c, now));
  const nothingLeft = main.every((m) => !m.keep && m.actions.length === 0);
  if (nothingLeft) return [{ kind: 'kill-pod', why: 'finished' }];
  return [...ephemeral, ...init.actions, ...main.flatMap((m) => m.actions)];
}

interface InitOutcome {
  readonly done: boolean;
  /** An init container failed for good: the pod has failed. */
  readonly failed: boolean;
  readonly actions: readonly PodAction[];
}

/** Walks backwards: ended init containers may have been collected, so the last one seen decides. */
function initActions(desired: DesiredPod, observed: ObservedPod, now: number): InitOutcome {
  const { pod } = desired;
  const spec = podSpec(pod);
  const containers = spec.initContainers ?? [];
  if (!containers.length) return { done: true, failed: false, actions: [] };

  const sandboxId = currentSandbox(observed)?.id;
  let done = anyMainContainerAlive(pod, observed);
  let reached = done;
  const actions: PodAction[][] = [];
  for (let index = containers.length - 1; index >= 0; index--) {
    const container = containers[index] as Container;
    const sidecar = isRestartableInit(container);
    const seen = newestByName(observed, container.name);
    const status = seen?.sandboxId === sandboxId ? seen : undefined;
    if (!status) {
      if (reached && sidecar) actions.unshift([start(desired, observed, 'init', container, now)]);
      continue;
    }
    if (reached && !sidecar) continue;
    const outcome = sidecar
      ? sidecarActions(desired, observed, container, status, now)
      : initContainerActions(desired, observed, container, status, now);
    if (outcome.failed) return { done: false, failed: true, actions: [] };
    const own = [...outcome.actions];
    if (!reached && outcome.passed) {
      const next = containers[index + 1];
      if (next) own.push(start(desired, observed, 'init', next, now));
      else done = true;
    }
    actions.unshift(own);
    reached = true;
  }
  if (!reached) actions.unshift([start(desired, observed, 'init', containers[0] as Container, now)]);
  return { done, failed: false, actions: actions.flat() };
}

interface StepOutcome {
  /** What comes after this container may start. */
  readonly passed: boolean;
  readonly failed: boolean;
  readonly actions: readonly PodAction[];
}

const WAIT: StepOutcome = { passed: false, failed: false, actions: [] };
const PASSED: StepOutcome = { passed: true, failed: false, actions: [] };

function initContainerActions(
  desired: DesiredPod,
  observed: ObservedPod,
  container: Container,
  status: ObservedContainer,
  now: number,
): StepOutcome {
  switch (status.state) {
    case 'running':
      return WAIT;
    case 'exited':
      if (status.exitCode === 0) return PASSED;
      if (!shouldRestartAfterExit(container, initPolicy(desired.pod), status.exitCode))
        return { ...WAIT, failed: true };
      return { ...WAIT, actions: [start(desired, observed, 'init', container, now)] };
    case 'unknown':
      return { ...WAIT, actions: [killUnknown(status), start(desired, observed, 'init', container, now)] };
    case 'created':
      return { ...WAIT, actions: [start(desired, observed, 'init', container, now)] };
  }
}

/** Init containers of an `Always` pod run again only after a failure. */
const initPolicy = (pod: Pod): ReturnType<typeof podSpec> => {
  const spec = podSpec(pod);
  return spec.restartPolicy === 'Never' ? spec : { ...spec, restartPolicy: 'OnFailure' };
};

function sidecarActions(
  desired: DesiredPod,
  observed: ObservedPod,
  container: Container,
  status: ObservedContainer,
  now: number,
): StepOutcome {
  const again = start(desired, observed, 'init', container, now);
  switch (status.state) {
    case 'running': {
      const kill = killForChange(desired, container, status, true);
      if (kill) return { ...WAIT, actions: [kill, again] };
      return desired.notStarted.has(status.id) ? WAIT : PASSED;
    }
    case 'unknown':
      return { ...WAIT, actions: [killUnknown(status), again] };
    case 'exited':
    case 'created':
      return { ...WAIT, actions: [again] };
  }
}

function mainActions(
  desired: DesiredPod,
  observed: ObservedPod,
  container: Container,
  now: number,
): { keep: boolean; actions: readonly PodAction[] } {
  const { pod } = desired;
  const status = newestByName(observed, container.name);
  if (status?.state === 'running') {
    const restarts = podSpec(pod).restartPolicy !== 'Never';
    const kill = killForChange(desired, container, status, restarts);
    if (!kill) return { keep: true, actions: [] };
    return { keep: false, actions: restarts ? [kill, start(desired, observed, 'main', container, now)] : [kill] };
  }
  if (!wantsStart(container, status, pod)) return { keep: false, actions: [] };
  const again = start(desired, observed, 'main', container, now);
  return { keep: false, actions: status?.state === 'unknown' ? [killUnknown(status), again] : [again] };
}

function killForChange(
  desired: DesiredPod,
  container: Container,
  status: ObservedContainer,
  restarts: boolean,
): PodAction | undefined {
  const kill = (why: 'definition' | 'liveness' | 'startup', what: string): PodAction => ({
    kind: 'kill-container',
    id: status.id,
    name: container.name,
    why,
    message: `Container ${container.name} ${what}${restarts ? ', will be restarted' : ''}`,
  });
  if (status.specHash && status.specHash !== desired.specHash(container))
    return kill('definition', 'definition changed');
  const probe = desired.failedProbes.get(status.id);
  return probe ? kill(probe, `failed ${probe} probe`) : undefined;
}

const killUnknown = (status: ObservedContainer): PodAction => ({
  kind: 'kill-container',
  id: status.id,
  name: status.name,
  why: 'unknown',
  message: `Container is in "unknown" state, try killing it before restart`,
});

/** Source: kubelet container/helpers.go ShouldContainerBeRestarted. */
export function wantsStart(container: Container, status: ObservedContainer | undefined, pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  if (!status) return true;
  if (status.state === 'running') return false;
  if (status.state !== 'exited') return true;
  return shouldRestartAfterExit(container, podSpec(pod), status.exitCode);
}

function start(
  desired: DesiredPod,
  observed: ObservedPod,
  role: ContainerRole,
  container: Container,
  now: number,
): PodAction {
  const last = newestByName(observed, container.name);
  const backOff = desired.backOffs.get(container.name);
  const until = last?.state === 'exited' ? heldUntil(backOff, last.finishedAt, now) : undefined;
  if (until !== undefined && backOff)
    return { kind: 'hold-container', role, name: container.name, until, delayMs: backOff.delayMs };
  const known = desired.knownRestarts.get(container.name);
  // What was created and never started (the agent died in between) was no attempt.
  const attempt = last ? (last.state === 'created' ? last.attempt : last.attempt + 1) : (known ?? 0);
  return { kind: 'start-container', role, container, attempt };
}
