/** The node's pods: a worker for each, from the control plane's word, the checkpoint, or only the runtime. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { CacheChange } from '../control-plane/object-cache.ts';
import { messageOf } from '../log.ts';
import { killPod } from './container-killer.ts';
import { isTerminalPhase, type Pod, podSpec, podUid, type PodStatus } from './pod.ts';
import { admitPod } from './pod-admission.ts';
import { GRACE_ANNOTATION } from './pod-config.ts';
import type { PodContext } from './pod-context.ts';
import type { RuntimePod } from './pod-observer.ts';
import { PodWorker } from './pod-worker.ts';

/** How often pods and leftovers are looked over. */
const SWEEP_INTERVAL_MS = 30_000;
const ORPHAN_GRACE_SECONDS_MAX = 30;

export class PodManager {
  readonly #context: PodContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #orphans = new Set<string>();
  #cancelSweep: () => void = () => undefined;
  #stopped = false;
  /** The control plane has told everything at least once: what it did not name is gone. */
  #complete = false;

  constructor(context: PodContext) {
    this.#context = context;
  }

  get pods(): readonly PodWorker[] {
    return [...this.#workers.values()];
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** Begins with the checkpoint's pods; then whatever the runtime still has of others is removed. */
  start(pods: readonly UntypedObject[], statuses: ReadonlyMap<string, unknown>): void {
    for (const object of pods) {
      const pod = object as unknown as Pod;
      this.#add(pod, statuses.get(podUid(pod)) as PodStatus | undefined);
    }
    this.#planSweep();
  }

  /** From now on pods that no one named are leftovers. */
  toldEverything(): void {
    this.#complete = true;
  }

  /** Takes changes from the control plane. */
  apply(changes: readonly CacheChange[]): void {
    for (const change of changes) {
      if (change.resource === 'pods') this.#podChange(change);
      else if (change.resource === 'configmaps' || change.resource === 'secrets') this.#wakeUsers(change);
    }
  }

  /** The runtime shows something new of the pod. */
  observed(uid: string): void {
    this.#workers.get(uid)?.wake();
  }

  /** Ends the workers; containers go on. */
  async detach(): Promise<void> {
    this.#stopped = true;
    this.#cancelSweep();
    await Promise.all(this.pods.map((worker) => worker.detach()));
  }

  /** Ends the workers and their containers. */
  async halt(graceSeconds: number): Promise<void> {
    this.#stopped = true;
    this.#cancelSweep();
    await Promise.all(this.pods.map((worker) => worker.halt(graceSeconds)));
  }

  #podChange(change: CacheChange): void {
    const worker = this.#workers.get(change.uid);
    if (!change.object) worker?.remove();
    else if (worker) worker.update(change.object);
    else this.#add(change.object, undefined);
    this.#reap();
  }

  #add(pod: Pod, status: PodStatus | undefined): void {
    const worker = new PodWorker(this.#context, pod, status ? { status } : undefined);
    const taken = this.pods.filter((other) => other.countsAgainstNode).map((other) => other.pod);
    this.#workers.set(podUid(pod), worker);
    if (!status && isNew(pod)) this.#admit(worker, taken);
    worker.wake();
  }

  /** Refused pods become Failed and are never asked again. */
  #admit(worker: PodWorker, taken: readonly Pod[]): void {
    const { node, events } = this.#context;
    const admission = admitPod(worker.pod, taken, { labels: node.labels(), allocatable: node.allocatable });
    if (admission.ok) return;
    events.pod(worker.pod, 'Warning', admission.reason, admission.message);
    worker.fail({ phase: 'Failed', reason: admission.reason, message: `Pod was rejected: ${admission.message}` });
  }

  #wakeUsers(change: CacheChange): void {
    for (const worker of this.#workers.values()) {
      if (worker.pod.metadata.namespace === change.namespace && refersTo(worker.pod, change.name)) worker.wake();
    }
  }

  #reap(): void {
    for (const [uid, worker] of this.#workers) if (worker.isGone) this.#workers.delete(uid);
  }

  #planSweep(): void {
    if (this.#stopped) return;
    this.#cancelSweep = this.#context.clock.after(
      SWEEP_INTERVAL_MS,
      () => void this.sweep().finally(() => this.#planSweep()),
    );
  }

  /** Removes what the runtime and the disk have of pods that no one knows. */
  async sweep(): Promise<void> {
    this.#reap();
    const listed = await this.#context.observer.list();
    if (!listed || this.#stopped || !this.#complete) return;
    const orphans = listed.filter((pod) => pod.uid && !this.#workers.has(pod.uid) && !this.#orphans.has(pod.uid));
    await Promise.all(orphans.map((pod) => this.#removeOrphan(pod)));
    const known = new Set(listed.map((pod) => pod.uid));
    for (const uid of await this.#context.files.podsOnDisk()) {
      if (known.has(uid) || this.#workers.has(uid)) continue;
      await this.#quietly(uid, async () => {
        await this.#context.files.unmountVolumes(uid);
        await this.#context.files.remove(uid, '');
      });
    }
  }

  async #removeOrphan(pod: RuntimePod): Promise<void> {
    this.#orphans.add(pod.uid);
    await this.#quietly(pod.uid, async () => {
      const { runtime, observer, files } = this.#context;
      const observed = await observer.observe(pod.uid);
      const shell = shellOf(pod);
      if (!(await killPod(this.#context, shell, observed, orphanGrace(pod)))) return;
      await files.unmountVolumes(pod.uid);
      for (const container of observed.containers) await runtime.removeContainer(container.id);
      for (const sandbox of observed.sandboxes) await runtime.removeSandbox(sandbox.id);
      await files.remove(pod.uid, files.logDirectory(shell));
    });
    this.#orphans.delete(pod.uid);
  }

  async #quietly(uid: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      // The next sweep comes back to it; one leftover must not keep the others.
      this.#context.log('warn', 'could not remove what is left of a pod', { uid, error: messageOf(error) });
    }
  }
}

/** No kubelet has taken it yet. */
const isNew = (pod: Pod): boolean =>
  !pod.metadata.deletionTimestamp && !pod.status?.startTime && !isTerminalPhase(pod.status?.phase);

const orphanGrace = (pod: RuntimePod): number => {
  const seconds = Number(
    pod.containers.find((c) => c.annotations[GRACE_ANNOTATION])?.annotations[GRACE_ANNOTATION] ?? 0,
  );
  return Math.min(Number.isFinite(seconds) ? seconds : 0, ORPHAN_GRACE_SECONDS_MAX);
};

/** A pod object of which only the names are known. */
const shellOf = (pod: RuntimePod): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
  spec: { containers: [] },
});

/** Whether the pod mounts or reads a ConfigMap or Secret of that name (either: a wake too many does no harm). */
function refersTo(pod: Pod, name: string): boolean {
  const spec = podSpec(pod);
  const inVolumes = (spec.volumes ?? []).some(
    (v) =>
      v.configMap?.name === name ||
      v.secret?.secretName === name ||
      (v.projected?.sources ?? []).some((s) => s.configMap?.name === name || s.secret?.name === name),
  );
  if (inVolumes) return true;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const inEnv = containers.some(
    (c) =>
      (c.envFrom ?? []).some((e) => e.configMapRef?.name === name || e.secretRef?.name === name) ||
      (c.env ?? []).some(
        (e) => e.valueFrom?.configMapKeyRef?.name === name || e.valueFrom?.secretKeyRef?.name === name,
      ),
  );
  return inEnv || (spec.imagePullSecrets ?? []).some((s) => s.name === name);
}
