/**
 * Keeps one pod as its spec says, from its first sight to its end. One step at a time: look, decide
 * (podActions), act, report (podStatus). Source: kubelet pod_workers.go, kubelet.go SyncPod.
 */
import { messageOf } from '../log.ts';
import type { BackOff } from './crash-back-off.ts';
import { ContainerStarter } from './container-starter.ts';
import { killContainer, isAlive, killPod } from './container-killer.ts';
import type { NodeFacts } from './downward-fields.ts';
import { NOTHING_OBSERVED, newestByName, type ObservedPod } from './observed-pod.ts';
import { isHostNetwork, isTerminalPhase, type Pod, podSpec, podTitle, podUid, type PodStatus } from './pod.ts';
import { type PodAction, podActions } from './pod-actions.ts';
import { containerHash } from './pod-config.ts';
import type { PodContext } from './pod-context.ts';
import { podStatus } from './pod-status.ts';
import type { PhaseOverride, WaitingReason } from './pod-status-input.ts';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 30_000;
const DEFAULT_GRACE_SECONDS = 30;
/** Grace of a pod whose object is gone already. */
const ORPHAN_GRACE_SECONDS = 1;
/** The same FailedMount is told again after that long. */
const REPEAT_EVENT_MS = 30_000;
/** Texts of FailedMount remembered. */
const MOUNT_EVENTS_MAX = 100;

type Stage =
  | { readonly kind: 'running' }
  /** All containers have ended for good; the object stays until someone deletes it. */
  | { readonly kind: 'finished' }
  /** Told that it is gone; waits until the object is. */
  | { readonly kind: 'reported' }
  | { readonly kind: 'gone' };

export interface RestoredPod {
  readonly status: PodStatus | undefined;
}

export class PodWorker {
  readonly #context: PodContext;
  readonly #starter: ContainerStarter;
  readonly #backOffs = new Map<string, BackOff>();
  readonly #waiting = new Map<string, WaitingReason>();
  #pod: Pod;
  #stage: Stage = { kind: 'running' };
  #status: PodStatus;
  #override: PhaseOverride | undefined;
  /** The object is gone from the control plane. */
  #removed = false;
  /** The agent is stopping; nothing is started or reported any more. */
  #halted = false;
  #attempt = new AbortController();
  #running: Promise<void> | undefined;
  #again = false;
  #cancelTimer: () => void = () => undefined;
  #failures = 0;
  /** When each FailedMount was last told. */
  readonly #mountEvents = new Map<string, number>();

  constructor(context: PodContext, pod: Pod, restored: RestoredPod | undefined) {
    this.#context = context;
    this.#pod = pod;
    this.#status = restored?.status ?? pod.status ?? {};
    this.#starter = new ContainerStarter(context, this.#backOffs, this.#waiting);
  }

  get pod(): Pod {
    return this.#pod;
  }

  get status(): PodStatus {
    return this.#status;
  }

  /** False once it has ended or its object is gone: its place may be given away. */
  get countsAgainstNode(): boolean {
    return !this.#removed && this.#stage.kind === 'running' && !isTerminalPhase(this.#status.phase);
  }

  get isGone(): boolean {
    return this.#stage.kind === 'gone';
  }

  /** A newer state of the object. */
  update(pod: Pod): void {
    const before = this.#graceSeconds();
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp) {
      this.#attempt.abort();
      this.#context.probes.stopForDeletion(podUid(pod));
      if (this.#running && this.#graceSeconds() < before) void this.#hurry();
    }
    this.wake();
  }

  /** The object is gone: everything of the pod has to go. */
  remove(): void {
    this.#removed = true;
    this.#attempt.abort();
    if (this.#running) void this.#hurry();
    this.wake();
  }

  /** The pod becomes Failed and is stopped: eviction, rejection. */
  fail(override: PhaseOverride): void {
    this.#override ??= override;
    this.#attempt.abort();
    this.wake();
  }

  /** Something the pod depends on changed; it is looked at soon. */
  wake(): void {
    if (this.#halted || this.#stage.kind === 'gone') return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#cancelTimer();
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again && !this.#halted) this.wake();
    });
  }

  /** Ends the worker and leaves the containers as they are. */
  async detach(): Promise<void> {
    this.#halted = true;
    this.#attempt.abort();
    this.#cancelTimer();
    await this.#running;
  }

  /** Stops the containers because the node goes away; they come back with it. */
  async halt(graceSeconds: number): Promise<void> {
    await this.detach();
    const observed = await this.#context.observer.observe(podUid(this.#pod)).catch(() => NOTHING_OBSERVED);
    await killPod(this.#context, this.#pod, observed, Math.min(this.#graceSeconds(), graceSeconds));
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      try {
        const before = this.#failures;
        await this.#step();
        if (this.#failures === before) this.#failures = 0;
      } catch (error) {
        this.#context.log('warn', 'a pod could not be synced', { pod: podTitle(this.#pod), error: messageOf(error) });
        this.#retryLater();
      }
    } while (this.#again && !this.#halted && this.#stage.kind !== 'gone');
  }

  #retryLater(): void {
    this.#failures++;
    this.#wakeAt(this.#context.clock.now() + Math.min(RETRY_MS_MIN * 2 ** (this.#failures - 1), RETRY_MS_MAX));
  }

  #wakeAt(at: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#context.clock.after(Math.max(at - this.#context.clock.now(), 0), () => this.wake());
  }

  async #step(): Promise<void> {
    if (this.#halted) return;
    if (this.#attempt.signal.aborted && !this.#removed && !this.#pod.metadata.deletionTimestamp && !this.#override)
      this.#attempt = new AbortController();
    const observed = await this.#context.observer.observe(podUid(this.#pod));
    if (this.#removed) return this.#cleanUp(observed);
    if (this.#stage.kind === 'reported') return;
    this.#deadline();
    if (this.#pod.metadata.deletionTimestamp || this.#override || isTerminalPhase(this.#pod.status?.phase))
      return this.#terminate(observed);
    if (this.#stage.kind === 'finished') return;
    await this.#sync(observed);
  }

  /** activeDeadlineSeconds. Source: kubelet active_deadline.go. */
  #deadline(): void {
    const seconds = podSpec(this.#pod).activeDeadlineSeconds;
    const since = this.#status.startTime ? Date.parse(this.#status.startTime) : undefined;
    if (seconds === undefined || since === undefined || this.#override || this.#stage.kind !== 'running') return;
    const end = since + seconds * 1000;
    if (this.#context.clock.now() < end) return;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#context.events.pod(this.#pod, 'Normal', 'DeadlineExceeded', message);
    this.#override = { phase: 'Failed', reason: 'DeadlineExceeded', message };
  }

  async #sync(observed: ObservedPod): Promise<void> {
    const facts = this.#facts(observed);
    this.#context.probes.sync(this.#pod, observed, this.#status);
    this.#forgetWaiting(observed);
    this.#report(observed, false);
    const volumes = await this.#context.files.mountVolumes(this.#pod, facts);
    if (!volumes.ok) {
      for (const failure of volumes.failures) this.#mountEvent(failure.message);
      this.#retryLater();
      return;
    }
    if (this.#attempt.signal.aborted) {
      this.#again = true;
      return;
    }
    const actions = podActions(this.#desired(), observed, this.#context.clock.now());
    if (actions.some((a) => a.kind === 'kill-pod' && a.why === 'finished')) return this.#finish(observed);
    const next = await this.#perform(actions, observed, facts);
    const after = actions.length ? await this.#context.observer.observe(podUid(this.#pod)) : observed;
    this.#context.probes.sync(this.#pod, after, this.#status);
    this.#report(after, false);
    await this.#starter.prune(after);
    this.#planNext(next);
  }

  #planNext(next: number | undefined): void {
    const seconds = podSpec(this.#pod).activeDeadlineSeconds;
    const since = this.#status.startTime;
    const deadline = seconds === undefined || !since ? undefined : Date.parse(since) + seconds * 1000;
    const due = [next, deadline, this.#context.files.nextRefresh(this.#pod)].filter((at) => at !== undefined);
    if (due.length) this.#wakeAt(Math.min(...due));
  }

  #desired(): Parameters<typeof podActions>[0] {
    const uid = podUid(this.#pod);
    const statuses = [...(this.#status.containerStatuses ?? []), ...(this.#status.initContainerStatuses ?? [])];
    return {
      pod: this.#pod,
      backOffs: this.#backOffs,
      specHash: containerHash,
      failedProbes: this.#context.probes.failed(uid),
      notStarted: this.#context.probes.notStarted(uid),
      knownRestarts: new Map(
        statuses
          .filter((s) => s.state?.running || s.restartCount > 0)
          .map((s) => [s.name, s.restartCount + (s.state?.running ? 1 : 0)]),
      ),
    };
  }

  /** Performs in order; the answer is when to come back, if something has to wait. */
  async #perform(actions: readonly PodAction[], observed: ObservedPod, facts: NodeFacts): Promise<number | undefined> {
    let due: number | undefined;
    const dueAt = (at: number): void => {
      due = due === undefined ? at : Math.min(due, at);
    };
    let current = observed;
    let currentFacts = facts;
    for (const action of actions) {
      if (this.#attempt.signal.aborted) {
        this.#again = true;
        return undefined;
      }
      switch (action.kind) {
        case 'kill-pod':
          if (observed.sandboxes.some((s) => s.attempt >= 0)) {
            this.#context.events.pod(
              this.#pod,
              'Normal',
              'SandboxChanged',
              'Pod sandbox changed, it will be killed and re-created.',
            );
          }
          await killPod(this.#context, this.#pod, observed, this.#graceSeconds());
          break;
        case 'kill-container': {
          const container = observed.containers.find((c) => c.id === action.id);
          if (container)
            await killContainer(this.#context, {
              pod: this.#pod,
              container,
              graceSeconds: this.#graceSeconds(),
              message: action.message,
            });
          break;
        }
        case 'create-sandbox': {
          const created = await this.#starter.createSandbox(this.#pod, action.attempt);
          if (!created) {
            this.#failures++;
            return this.#context.clock.now() + Math.min(1_000 * 2 ** (this.#failures - 1), RETRY_MS_MAX);
          }
          current = await this.#context.observer.observe(podUid(this.#pod));
          currentFacts = this.#facts(current);
          this.#report(current, false);
          break;
        }
        case 'hold-container':
          this.#starter.hold(this.#pod, action);
          dueAt(action.until);
          break;
        case 'start-container': {
          const outcome = await this.#starter.start(this.#pod, action, current, currentFacts, this.#attempt.signal);
          if (outcome.ok) break;
          dueAt(outcome.retryAt);
          // An init container that cannot start holds up all that follow; a main one does not.
          if (action.role === 'init') return due;
          break;
        }
      }
    }
    return due;
  }

  /** Every container has ended and none will run again. */
  async #finish(observed: ObservedPod): Promise<void> {
    if (!(await killPod(this.#context, this.#pod, observed, this.#graceSeconds()))) return this.#retryLater();
    const after = await this.#context.observer.observe(podUid(this.#pod));
    this.#stage = { kind: 'finished' };
    this.#waiting.clear();
    this.#context.probes.remove(podUid(this.#pod));
    this.#report(after, true);
    await this.#context.files.unmountVolumes(podUid(this.#pod));
  }

  async #terminate(observed: ObservedPod): Promise<void> {
    const uid = podUid(this.#pod);
    if (observed.containers.some(isAlive)) this.#report(observed, false);
    const stopped = await killPod(this.#context, this.#pod, observed, this.#graceSeconds());
    const after = await this.#context.observer.observe(uid);
    if (!stopped || after.containers.some(isAlive)) {
      this.#report(after, false);
      return this.#retryLater();
    }
    this.#waiting.clear();
    this.#context.probes.remove(uid);
    this.#report(after, true);
    await this.#context.files.unmountVolumes(uid);
    if (this.#removed) return this.#cleanUp(after);
    if (!this.#pod.metadata.deletionTimestamp) {
      this.#stage = { kind: 'finished' };
      return;
    }
    this.#stage = { kind: 'reported' };
    this.#context.reports.terminated(this.#pod);
  }

  async #cleanUp(observed: ObservedPod): Promise<void> {
    const uid = podUid(this.#pod);
    this.#context.probes.remove(uid);
    if (!(await killPod(this.#context, this.#pod, observed, ORPHAN_GRACE_SECONDS))) return this.#retryLater();
    await this.#context.files.unmountVolumes(uid);
    for (const container of observed.containers) await this.#context.runtime.removeContainer(container.id);
    for (const sandbox of observed.sandboxes) await this.#context.runtime.removeSandbox(sandbox.id);
    await this.#context.files.remove(uid, this.#context.files.logDirectory(this.#pod));
    this.#context.images.forget(this.#pod);
    this.#stage = { kind: 'gone' };
  }

  /** A shorter grace period came while containers are being stopped. */
  async #hurry(): Promise<void> {
    const observed = await this.#context.observer.observe(podUid(this.#pod)).catch(() => NOTHING_OBSERVED);
    const grace = this.#removed ? ORPHAN_GRACE_SECONDS : this.#graceSeconds();
    const stop = (id: string): Promise<void> => this.#context.runtime.stopContainer(id, grace).catch(() => undefined);
    await Promise.all(observed.containers.filter(isAlive).map((c) => stop(c.id)));
  }

  #graceSeconds(): number {
    const { deletionGracePeriodSeconds, deletionTimestamp } = this.#pod.metadata;
    if (deletionTimestamp && deletionGracePeriodSeconds !== undefined) return deletionGracePeriodSeconds;
    return podSpec(this.#pod).terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  }

  #facts(observed: ObservedPod): NodeFacts {
    const { node } = this.#context;
    const podIPs = isHostNetwork(this.#pod) ? node.hostIPs.slice(0, 1) : (observed.sandboxes[0]?.ips ?? []);
    return { nodeName: node.nodeName, hostIPs: node.hostIPs, podIPs, allocatable: node.allocatable };
  }

  /** What kept a container from starting no longer counts once it runs. */
  #forgetWaiting(observed: ObservedPod): void {
    for (const name of this.#waiting.keys())
      if (newestByName(observed, name)?.state === 'running') this.#waiting.delete(name);
  }

  #report(observed: ObservedPod, finished: boolean): void {
    if (this.#halted) return;
    const status = podStatus({
      pod: this.#pod,
      previous: this.#status,
      observed,
      runtimeName: this.#context.runtimeName,
      waiting: this.#waiting,
      probeState: (id) => this.#context.probes.state(id),
      finished,
      override: this.#override,
      hostIPs: this.#context.node.hostIPs,
      now: this.#context.clock.now(),
    });
    this.#status = status;
    this.#context.reports.status(this.#pod, status);
  }

  #mountEvent(text: string): void {
    const now = this.#context.clock.now();
    if (now - (this.#mountEvents.get(text) ?? 0) < REPEAT_EVENT_MS) return;
    if (this.#mountEvents.size >= MOUNT_EVENTS_MAX) this.#mountEvents.clear();
    this.#mountEvents.set(text, now);
    this.#context.events.pod(this.#pod, 'Warning', 'FailedMount', text);
  }
}
