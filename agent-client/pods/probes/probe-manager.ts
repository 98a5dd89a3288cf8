/** Probes the running containers of all pods and keeps what they say. Source: kubelet prober_manager.go, worker.go. */
import type { Clock } from '../../clock.ts';
import type { ObservedPod } from '../observed-pod.ts';
import { type Container, isHostNetwork, isRestartableInit, type Pod, podSpec, podUid, type PodStatus } from '../pod.ts';
import type { PodEvents } from '../pod-events.ts';
import type { Runtime } from '../../runtime/port.ts';
import { type Probe, runProbe } from './probe-runner.ts';
import { afterProbe, initialProbeState, type KnownState, type ProbeKind, type ProbeState } from './probe-state.ts';

interface ProbeManagerOptions {
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly events: PodEvents;
  readonly hostIPs: () => readonly string[];
  /** A verdict changed. */
  changed(podUid: string): void;
}

interface ContainerProbes {
  readonly podUid: string;
  readonly name: string;
  readonly states: Map<ProbeKind, ProbeState>;
  readonly cancels: Map<ProbeKind, () => void>;
  /** False until postStart is over. */
  readonly startedAt: number;
}

const KINDS: readonly ProbeKind[] = ['startup', 'liveness', 'readiness'];
const TITLES: Record<ProbeKind, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };

const probeOf = (container: Container, kind: ProbeKind): Probe | undefined =>
  kind === 'startup'
    ? container.startupProbe
    : kind === 'liveness'
      ? container.livenessProbe
      : container.readinessProbe;

/** What the last status says of that very container. */
function knownState(status: PodStatus, containerId: string): KnownState | undefined {
  const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const own = all.find((s) => s.containerID?.endsWith(`://${containerId}`));
  return own?.state?.running ? { started: own.started === true, ready: own.ready } : undefined;
}

export class ProbeManager {
  readonly #options: ProbeManagerOptions;
  readonly #containers = new Map<string, ContainerProbes>();
  readonly #pods = new Map<string, { pod: Pod; podIp: string }>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  /** Starts probes of containers that began to run and ends those of containers that are gone. */
  sync(pod: Pod, observed: ObservedPod, last: PodStatus): void {
    const uid = podUid(pod);
    const podIp = isHostNetwork(pod)
      ? (this.#options.hostIPs()[0] ?? '127.0.0.1')
      : (observed.sandboxes[0]?.ips[0] ?? '');
    this.#pods.set(uid, { pod, podIp });
    const running = observed.containers.filter((c) => c.state === 'running');
    const ids = new Set(running.map((c) => c.id));
    for (const [id, probes] of this.#containers) if (probes.podUid === uid && !ids.has(id)) this.#drop(id);
    const spec = podSpec(pod);
    const probed = [...spec.containers, ...(spec.initContainers ?? []).filter(isRestartableInit)];
    for (const container of running) {
      const own = probed.find((c) => c.name === container.name);
      if (!own || this.#containers.has(container.id) || !KINDS.some((kind) => probeOf(own, kind))) continue;
      this.#begin(uid, own, container.id, container.startedAt, knownState(last, container.id));
    }
  }

  /** What a running container's probes say; both true without any. */
  state(containerId: string): { readonly started: boolean; readonly ready: boolean } {
    const states = this.#containers.get(containerId)?.states;
    const verdict = (kind: ProbeKind): string | undefined => states?.get(kind)?.verdict;
    const started = (verdict('startup') ?? 'success') === 'success';
    return { started, ready: started && (verdict('readiness') ?? 'success') === 'success' };
  }

  /** Containers of the pod that are to be restarted. */
  failed(uid: string): Map<string, 'liveness' | 'startup'> {
    const failed = new Map<string, 'liveness' | 'startup'>();
    for (const [id, probes] of this.#containers) {
      if (probes.podUid !== uid) continue;
      if (probes.states.get('startup')?.verdict === 'failure') failed.set(id, 'startup');
      else if (probes.states.get('liveness')?.verdict === 'failure') failed.set(id, 'liveness');
    }
    return failed;
  }

  notStarted(uid: string): Set<string> {
    return new Set(
      [...this.#containers].filter(([id, p]) => p.podUid === uid && !this.state(id).started).map(([id]) => id),
    );
  }

  /** A pod that is being deleted is no longer probed for life, only for readiness. */
  stopForDeletion(uid: string): void {
    for (const probes of this.#containers.values()) {
      if (probes.podUid !== uid) continue;
      for (const kind of ['startup', 'liveness'] as const) probes.cancels.get(kind)?.();
    }
  }

  remove(uid: string): void {
    for (const [id, probes] of this.#containers) if (probes.podUid === uid) this.#drop(id);
    this.#pods.delete(uid);
  }

  stop(): void {
    for (const id of [...this.#containers.keys()]) this.#drop(id);
  }

  #begin(uid: string, container: Container, id: string, startedAt: number, known: KnownState | undefined): void {
    const probes: ContainerProbes = {
      podUid: uid,
      name: container.name,
      states: new Map(),
      cancels: new Map(),
      startedAt,
    };
    this.#containers.set(id, probes);
    for (const kind of KINDS) {
      const probe = probeOf(container, kind);
      if (!probe) continue;
      probes.states.set(kind, initialProbeState(kind, known));
      const first = startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
      this.#plan(id, kind, container, probe, Math.max(first - this.#options.clock.now(), 0));
    }
  }

  #plan(id: string, kind: ProbeKind, container: Container, probe: Probe, delayMs: number): void {
    const probes = this.#containers.get(id);
    if (!probes) return;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const again = (): void => this.#plan(id, kind, container, probe, periodMs);
    probes.cancels.set(
      kind,
      this.#options.clock.after(delayMs, () => {
        const waits = kind !== 'startup' && !this.state(id).started;
        // Started for good: nothing more to learn. Held until startup: looked at again soon after.
        if (kind === 'startup' && probes.states.get('startup')?.verdict === 'success') return;
        if (waits) again();
        else void this.#probe(id, kind, container, probe).finally(again);
      }),
    );
  }

  async #probe(id: string, kind: ProbeKind, container: Container, probe: Probe): Promise<void> {
    const probes = this.#containers.get(id);
    const known = probes && this.#pods.get(probes.podUid);
    if (!probes || !known) return;
    const { runtime, events } = this.#options;
    const result = await runProbe(probe, { container, containerId: id, podIp: known.podIp, runtime });
    const before = probes.states.get(kind);
    if (!before || this.#containers.get(id) !== probes) return;
    if (!result.ok) {
      events.pod(known.pod, 'Warning', 'Unhealthy', `${TITLES[kind]} probe failed: ${result.output}`, container.name);
    }
    const after = afterProbe(before, result.ok ? 'success' : 'failure', {
      success: probe.successThreshold ?? 1,
      failure: probe.failureThreshold ?? 3,
    });
    probes.states.set(kind, after);
    if (after.verdict === before.verdict) return;
    if (kind === 'startup') this.#restartOthers(id, container);
    this.#options.changed(probes.podUid);
  }

  /** Once started, liveness and readiness are asked at once, not after what is left of their period. */
  #restartOthers(id: string, container: Container): void {
    const probes = this.#containers.get(id);
    for (const kind of ['liveness', 'readiness'] as const) {
      const probe = probeOf(container, kind);
      if (!probes || !probe) continue;
      probes.cancels.get(kind)?.();
      this.#plan(id, kind, container, probe, 0);
    }
  }

  #drop(id: string): void {
    for (const cancel of this.#containers.get(id)?.cancels.values() ?? []) cancel();
    this.#containers.delete(id);
  }
}
