/**
 * What the runtime shows of each pod. Events make it look again soon, a periodic list is the truth.
 * Source: kubelet pleg/generic.go.
 */
import type { Clock } from '../clock.ts';
import { type Log, messageOf } from '../log.ts';
import {
  CONTAINER_NAME_LABEL,
  type ContainerDetails,
  type ContainerSummary,
  isGone,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  POD_UID_LABEL,
  type Runtime,
  type SandboxState,
} from '../runtime/port.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox } from './observed-pod.ts';
import { HASH_ANNOTATION } from './pod-config.ts';

export const RELIST_INTERVAL_MS = 10_000;
/**
 * Lists after an event. The first gathers what comes together; the others are there because the runtime
 * announces an end before its own lists show it.
 */
const AFTER_EVENT_MS = [20, 80, 300, 1_000];

/** A pod the runtime knows: enough to stop it when nothing else is known of it. */
export interface RuntimePod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly sandboxes: readonly SandboxState[];
  readonly containers: readonly ContainerSummary[];
}

interface PodObserverOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  terminationMessage(details: ContainerDetails): Promise<string>;
  /** The pod's containers or sandboxes changed since the last list. */
  podChanged(uid: string): void;
}

export class PodObserver {
  readonly #options: PodObserverOptions;
  readonly #fingerprints = new Map<string, string>();
  /** Details of ended containers never change. */
  readonly #ended = new Map<string, ObservedContainer>();
  /** A sandbox's addresses, once known. */
  readonly #ips = new Map<string, readonly string[]>();
  #unsubscribe: () => void = () => undefined;
  #cancelTimer: () => void = () => undefined;
  #listing: Promise<readonly RuntimePod[] | undefined> | undefined;
  #followUps: number[] = [];
  #dueAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: PodObserverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#options.runtime.subscribe(() => this.#event());
    this.#soon(RELIST_INTERVAL_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancelTimer();
  }

  /** The pod now. Rejects with RuntimeFailure when the runtime does not answer. */
  async observe(uid: string): Promise<ObservedPod> {
    const { runtime } = this.#options;
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(uid), runtime.listContainers(uid)]);
    const seen = await Promise.all(containers.map((c) => this.#container(c)));
    return {
      sandboxes: await Promise.all(
        [...sandboxes].sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt).map((s) => this.#sandbox(s)),
      ),
      containers: seen
        .filter((c) => c !== undefined)
        .sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt),
    };
  }

  /** Every pod the runtime knows; undefined when it does not answer. */
  async list(): Promise<readonly RuntimePod[] | undefined> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  #event(): void {
    this.#followUps = AFTER_EVENT_MS.slice(1);
    this.#soon(AFTER_EVENT_MS[0] as number);
  }

  /** Lists after `delayMs`, or earlier if that is planned already. */
  #soon(delayMs: number): void {
    const at = this.#options.clock.now() + delayMs;
    if (this.#stopped || at >= this.#dueAt) return;
    this.#dueAt = at;
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      void this.#listAgain().finally(() => this.#soon(this.#followUps.shift() ?? RELIST_INTERVAL_MS));
    });
  }

  /** A list that began before the event may not show it: another one follows it. */
  async #listAgain(): Promise<void> {
    if (this.#listing) await this.#listing;
    await this.list();
  }

  async #list(): Promise<readonly RuntimePod[] | undefined> {
    const { runtime, log } = this.#options;
    try {
      const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
      const pods = groupByPod(sandboxes, containers);
      this.#compare(pods);
      this.#forgetAbsent(new Set(containers.map((c) => c.id)), new Set(sandboxes.map((s) => s.id)));
      return pods;
    } catch (error) {
      log('warn', 'the runtime did not answer a list', { error: messageOf(error) });
      return undefined;
    }
  }

  #compare(pods: readonly RuntimePod[]): void {
    const now = new Map(pods.map((pod) => [pod.uid, fingerprint(pod)]));
    for (const [uid, print] of now) if (this.#fingerprints.get(uid) !== print) this.#options.podChanged(uid);
    for (const uid of this.#fingerprints.keys()) if (!now.has(uid)) this.#options.podChanged(uid);
    this.#fingerprints.clear();
    for (const [uid, print] of now) this.#fingerprints.set(uid, print);
  }

  #forgetAbsent(containers: ReadonlySet<string>, sandboxes: ReadonlySet<string>): void {
    for (const id of this.#ended.keys()) if (!containers.has(id)) this.#ended.delete(id);
    for (const id of this.#ips.keys()) if (!sandboxes.has(id)) this.#ips.delete(id);
  }

  async #sandbox(state: SandboxState): Promise<ObservedSandbox> {
    let ips = this.#ips.get(state.id);
    if (!ips) {
      try {
        ips = (await this.#options.runtime.sandboxNetwork(state.id)).ips;
        this.#ips.set(state.id, ips);
      } catch (error) {
        if (!isGone(error)) throw error;
        ips = [];
      }
    }
    return { id: state.id, attempt: state.attempt, ready: state.ready, createdAt: state.createdAt, ips };
  }

  /** Undefined: it vanished between list and look. */
  async #container(summary: ContainerSummary): Promise<ObservedContainer | undefined> {
    const known = this.#ended.get(summary.id);
    if (known) return known;
    try {
      const details = await this.#options.runtime.containerDetails(summary.id);
      const message =
        details.state === 'exited'
          ? (await this.#options.terminationMessage(details)) || details.message
          : details.message;
      const observed: ObservedContainer = {
        id: details.id,
        sandboxId: summary.sandboxId,
        name: summary.labels[CONTAINER_NAME_LABEL] ?? details.name,
        attempt: details.attempt,
        state: details.state,
        createdAt: details.createdAt,
        startedAt: details.startedAt,
        finishedAt: details.finishedAt,
        exitCode: details.exitCode,
        reason: details.reason,
        message,
        image: details.image,
        imageRef: details.imageRef,
        specHash: summary.annotations[HASH_ANNOTATION] ?? '',
      };
      if (observed.state === 'exited') this.#ended.set(observed.id, observed);
      return observed;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }
}

function groupByPod(sandboxes: readonly SandboxState[], containers: readonly ContainerSummary[]): RuntimePod[] {
  const pods = new Map<
    string,
    { uid: string; name: string; namespace: string; sandboxes: SandboxState[]; containers: ContainerSummary[] }
  >();
  const podOf = (
    uid: string,
    labels: Readonly<Record<string, string>>,
  ): { sandboxes: SandboxState[]; containers: ContainerSummary[] } => {
    const known = pods.get(uid);
    if (known) return known;
    const pod = {
      uid,
      name: labels[POD_NAME_LABEL] ?? '',
      namespace: labels[POD_NAMESPACE_LABEL] ?? '',
      sandboxes: [],
      containers: [],
    };
    pods.set(uid, pod);
    return pod;
  };
  for (const sandbox of sandboxes) podOf(sandbox.uid, sandbox.labels).sandboxes.push(sandbox);
  for (const container of containers)
    podOf(container.labels[POD_UID_LABEL] ?? '', container.labels).containers.push(container);
  return [...pods.values()];
}

const fingerprint = (pod: RuntimePod): string =>
  [...pod.sandboxes.map((s) => `${s.id}${s.ready ? 'r' : 'n'}`), ...pod.containers.map((c) => `${c.id}${c.state}`)]
    .sort()
    .join(' ');
