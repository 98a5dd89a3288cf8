/** Makes sandboxes and containers for one pod. Source: kuberuntime_sandbox.go, kuberuntime_container.go startContainer. */
import { messageOf } from '../log.ts';
import type { SandboxConfig } from '../runtime/port.ts';
import { type BackOff, goDuration, nextBackOff } from './crash-back-off.ts';
import { rootProblem } from './container-security.ts';
import type { NodeFacts } from './downward-fields.ts';
import { type Environment, environment } from './environment.ts';
import { runHook } from './lifecycle-hook.ts';
import { currentSandbox, newestByName, type ObservedPod } from './observed-pod.ts';
import { type Container, type Pod, podNamespace, podSpec, podTitle, podUid } from './pod.ts';
import type { PodAction } from './pod-actions.ts';
import { containerConfig, sandboxConfig } from './pod-config.ts';
import type { PodContext } from './pod-context.ts';
import type { WaitingReason } from './pod-status-input.ts';

type StartAction = Extract<PodAction, { kind: 'start-container' }>;
type HoldAction = Extract<PodAction, { kind: 'hold-container' }>;

export type StartOutcome = { readonly ok: true } | { readonly ok: false; readonly retryAt: number };

/** How long a container that the runtime or its configuration refuses waits. Source: kubelet backOffPeriod. */
const REFUSED_RETRY_MS = 10_000;
/** Dead containers kept per name, for `logs --previous`. */
const DEAD_KEPT = 1;

export class ContainerStarter {
  readonly #context: PodContext;
  readonly #backOffs: Map<string, BackOff>;
  readonly #waiting: Map<string, WaitingReason>;
  #sandboxAttempt = 0;

  constructor(context: PodContext, backOffs: Map<string, BackOff>, waiting: Map<string, WaitingReason>) {
    this.#context = context;
    this.#backOffs = backOffs;
    this.#waiting = waiting;
  }

  /** False: it failed, and an event says why. */
  async createSandbox(pod: Pod, attempt: number): Promise<boolean> {
    this.#sandboxAttempt = attempt;
    try {
      await this.#context.gate.run(() => this.#context.runtime.runSandbox(this.#sandboxConfig(pod)));
      return true;
    } catch (error) {
      this.#context.events.pod(
        pod,
        'Warning',
        'FailedCreatePodSandBox',
        `Failed to create pod sandbox: ${messageOf(error)}`,
      );
      return false;
    }
  }

  /** A container in crash-loop: its status says until when. */
  hold(pod: Pod, action: HoldAction): void {
    const message = `back-off ${goDuration(action.delayMs)} restarting failed container=${action.name} pod=${podTitle(pod)}`;
    const known = this.#waiting.get(action.name);
    this.#waiting.set(action.name, { reason: 'CrashLoopBackOff', message });
    if (known?.reason === 'CrashLoopBackOff') return;
    this.#context.events.pod(
      pod,
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${action.name} in pod ${podTitle(pod)}`,
      action.name,
    );
  }

  async start(
    pod: Pod,
    action: StartAction,
    observed: ObservedPod,
    facts: NodeFacts,
    signal: AbortSignal,
  ): Promise<StartOutcome> {
    const { container } = action;
    const sandbox = currentSandbox(observed);
    const now = this.#context.clock.now();
    if (!sandbox) return { ok: false, retryAt: now };
    this.#sandboxAttempt = sandbox.attempt;
    const last = newestByName(observed, container.name);
    if (last?.state === 'exited')
      this.#backOffs.set(container.name, nextBackOff(this.#backOffs.get(container.name), last.finishedAt));

    const image = await this.#context.images.ensure({
      pod,
      container,
      pullSecrets: await this.#pullSecrets(pod),
      signal,
      event: (type, reason, message) => this.#context.events.pod(pod, type, reason, message, container.name),
    });
    if (signal.aborted) return { ok: false, retryAt: now };
    if (!image.ok) return this.#refused(pod, container, image.reason, image.message, image.retryAt);

    const problem = rootProblem(pod, container, image.image);
    if (problem) return this.#refused(pod, container, 'CreateContainerConfigError', problem);
    const env = await this.#environment(pod, container, facts);
    if (!env.ok) return this.#refused(pod, container, 'CreateContainerConfigError', env.message);
    const mounts = await this.#context.files.containerMounts(pod, container, action.attempt, facts);
    if (!mounts.ok) return this.#refused(pod, container, 'CreateContainerConfigError', mounts.message);

    const target = this.#target(pod, container, observed);
    const config = containerConfig({
      pod,
      container,
      role: action.role,
      attempt: action.attempt,
      imageRef: image.imageRef,
      env: env.variables,
      mounts: mounts.mounts,
      memoryCapacityBytes: this.#context.node.memoryCapacityBytes,
      seccompRoot: this.#context.node.seccompRoot,
      targetId: target,
    });
    let id: string;
    try {
      if (last?.state === 'created') await this.#context.runtime.removeContainer(last.id);
      id = await this.#context.runtime.createContainer(sandbox.id, config, this.#sandboxConfig(pod));
    } catch (error) {
      return this.#refused(pod, container, 'CreateContainerError', messageOf(error));
    }
    this.#context.events.pod(pod, 'Normal', 'Created', 'Container created', container.name);
    try {
      await this.#context.runtime.startContainer(id);
    } catch (error) {
      return this.#refused(pod, container, 'RunContainerError', messageOf(error));
    }
    this.#context.events.pod(pod, 'Normal', 'Started', 'Container started', container.name);
    this.#waiting.delete(container.name);
    return this.#postStart(pod, container, id);
  }

  /** Removes dead containers beyond the one kept per name, and sandboxes that nothing refers to. */
  async prune(observed: ObservedPod): Promise<void> {
    const { runtime, files, log } = this.#context;
    const kept = new Set<string>();
    const seen = new Map<string, number>();
    try {
      for (const container of observed.containers) {
        const dead = container.state === 'exited';
        const before = seen.get(container.name) ?? 0;
        if (dead) seen.set(container.name, before + 1);
        const isNewest = newestByName(observed, container.name) === container;
        if (!dead || isNewest || before < (isNewestDead(observed, container.name) ? DEAD_KEPT + 1 : DEAD_KEPT)) {
          kept.add(container.sandboxId);
          continue;
        }
        const details = await runtime.containerDetails(container.id);
        await runtime.removeContainer(container.id);
        await files.removeLog(details.logPath);
      }
      for (const sandbox of observed.sandboxes.slice(1)) {
        if (!sandbox.ready && !kept.has(sandbox.id)) await runtime.removeSandbox(sandbox.id);
      }
    } catch (error) {
      log('warn', 'could not remove what is left of ended containers', { error: messageOf(error) });
    }
  }

  #refused(pod: Pod, container: Container, reason: string, message: string, retryAt?: number): StartOutcome {
    this.#waiting.set(container.name, { reason, message });
    const isImage = /Image/.test(reason) || reason === 'RegistryUnavailable';
    this.#context.events.pod(pod, 'Warning', 'Failed', `Error: ${isImage ? reason : message}`, container.name);
    return { ok: false, retryAt: retryAt ?? this.#context.clock.now() + REFUSED_RETRY_MS };
  }

  async #postStart(pod: Pod, container: Container, id: string): Promise<StartOutcome> {
    const hook = container.lifecycle?.postStart;
    if (!hook) return { ok: true };
    const ran = await runHook(this.#context, pod, container, id, hook, REFUSED_RETRY_MS * 360);
    if (ran.ok) return { ok: true };
    this.#context.events.pod(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', container.name);
    this.#context.events.pod(pod, 'Normal', 'Killing', 'FailedPostStartHook', container.name);
    const grace = podSpec(pod).terminationGracePeriodSeconds ?? 30;
    await this.#context.runtime.stopContainer(id, grace);
    return this.#refused(pod, container, 'PostStartHookError', ran.message);
  }

  async #environment(pod: Pod, container: Container, facts: NodeFacts): Promise<Environment> {
    const namespace = podNamespace(pod);
    const names = referencedNames(container);
    const { objects } = this.#context;
    const fetchAll = async (
      wanted: readonly string[],
      get: typeof objects.configMap,
    ): Promise<Map<string, Awaited<ReturnType<typeof get>>>> =>
      new Map(await Promise.all(wanted.map(async (name) => [name, await get(namespace, name)] as const)));
    const [configMaps, secrets] = await Promise.all([
      fetchAll(names.configMaps, objects.configMap),
      fetchAll(names.secrets, objects.secret),
    ]);
    return environment({
      pod,
      container,
      facts,
      configMap: (name) => configMaps.get(name),
      secret: (name) => secrets.get(name),
      services: objects.services(namespace),
      apiServer: this.#context.node.apiServer,
    });
  }

  async #pullSecrets(pod: Pod): Promise<NonNullable<Awaited<ReturnType<PodContext['objects']['secret']>>>[]> {
    const names = (podSpec(pod).imagePullSecrets ?? []).map((s) => s.name ?? '').filter(Boolean);
    const found = await Promise.all(names.map((name) => this.#context.objects.secret(podNamespace(pod), name)));
    return found.filter((s) => s !== undefined);
  }

  #target(pod: Pod, container: Container, observed: ObservedPod): string | undefined {
    const target = (podSpec(pod).ephemeralContainers ?? []).find((e) => e.name === container.name)?.targetContainerName;
    return target ? newestByName(observed, target)?.id : undefined;
  }

  #sandboxConfig(pod: Pod): SandboxConfig {
    const { node, files } = this.#context;
    return sandboxConfig({
      pod,
      attempt: this.#sandboxAttempt,
      logDirectory: files.logDirectory(pod),
      cgroupParent: node.cgroupRoot ? `${node.cgroupRoot}/pod${podUid(pod)}` : '',
      dns: this.#context.dns(pod),
      seccompRoot: node.seccompRoot,
    });
  }
}

const isNewestDead = (observed: ObservedPod, name: string): boolean => newestByName(observed, name)?.state === 'exited';

function referencedNames(container: Container): { configMaps: string[]; secrets: string[] } {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const source of container.envFrom ?? []) {
    if (source.configMapRef?.name) configMaps.add(source.configMapRef.name);
    if (source.secretRef?.name) secrets.add(source.secretRef.name);
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.configMapKeyRef?.name) configMaps.add(valueFrom.configMapKeyRef.name);
    if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name);
  }
  return { configMaps: [...configMaps], secrets: [...secrets] };
}
