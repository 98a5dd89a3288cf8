/**
 * A runtime that only remembers: pods "run" in memory, with the delays and failures it is told. For tests
 * without root, for machines without containers, and for one process that stands for thousands of nodes.
 */
import { type Clock, pause } from '../../clock.ts';
import {
  CONTAINER_ROLE_LABEL,
  type ContainerConfig,
  type ContainerDetails,
  type ContainerSummary,
  type ContainerUsage,
  type ExecResult,
  type ImageAuth,
  type ImageInfo,
  POD_UID_LABEL,
  type Runtime,
  RuntimeFailure,
  type SandboxConfig,
  type SandboxNetwork,
  type SandboxState,
} from '../port.ts';
import { PULL_ERROR_ANNOTATION, type SimulatedOptions, simulatedEnd } from './behaviour.ts';

interface Sandbox {
  state: SandboxState;
  readonly network: SandboxNetwork;
}

interface SimulatedContainer {
  details: ContainerDetails;
  readonly role: string;
  readonly podAnnotations: Readonly<Record<string, string>>;
  cancelEnd: () => void;
}

const gone = (what: string, id: string): RuntimeFailure => new RuntimeFailure('NotFound', `${what} "${id}" not found`);

export class SimulatedRuntime implements Runtime {
  readonly #clock: Clock;
  readonly #options: SimulatedOptions;
  readonly #podNetwork: string;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #containers = new Map<string, SimulatedContainer>();
  readonly #images = new Map<string, ImageInfo>();
  readonly #subscribers = new Set<(id: string) => void>();
  #serial = 0;
  #nextHost = 2;

  /** `podNetwork` is the first two or three octets of pod IPs, e.g. `10.244.7`. */
  constructor(clock: Clock, options: SimulatedOptions, podNetwork: string) {
    this.#clock = clock;
    this.#options = options;
    this.#podNetwork = podNetwork;
    for (const image of options.images) this.#addImage(image);
  }

  async version(): Promise<{ name: string; version: string }> {
    return { name: 'simulated', version: '1.0.0' };
  }

  async health(): Promise<{ runtimeReady: boolean; networkReady: boolean; message: string }> {
    return { runtimeReady: true, networkReady: true, message: '' };
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    await this.#delay(this.#options.sandboxDelayMs);
    this.#maybeFail(this.#options.sandboxFailureRate, 'failed to create pod sandbox: injected failure');
    const id = this.#newId();
    const hostNetwork = config.namespaces.network === 'node';
    this.#sandboxes.set(id, {
      state: {
        id,
        name: config.name,
        namespace: config.namespace,
        uid: config.uid,
        attempt: config.attempt,
        ready: true,
        createdAt: this.#clock.now(),
        labels: config.labels,
        annotations: config.annotations,
      },
      network: { ips: hostNetwork ? [] : [this.#nextIp()] },
    });
    this.#tell(id);
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return;
    for (const container of this.#containers.values()) {
      if (container.details.sandboxId === id && container.details.state === 'running')
        this.#end(container, 137, 'Error');
    }
    sandbox.state = { ...sandbox.state, ready: false };
    this.#tell(id);
  }

  async removeSandbox(id: string): Promise<void> {
    for (const [containerId, container] of this.#containers) {
      if (container.details.sandboxId === id) await this.removeContainer(containerId);
    }
    this.#sandboxes.delete(id);
  }

  async listSandboxes(podUid?: string): Promise<readonly SandboxState[]> {
    const all = [...this.#sandboxes.values()].map((s) => s.state);
    return podUid === undefined ? all : all.filter((s) => s.uid === podUid);
  }

  async sandboxNetwork(id: string): Promise<SandboxNetwork> {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) throw gone('sandbox', id);
    return sandbox.network;
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    await this.#delay(this.#options.createDelayMs);
    if (!this.#sandboxes.get(sandboxId)?.state.ready) throw gone('sandbox', sandboxId);
    const id = this.#newId();
    this.#containers.set(id, {
      details: {
        id,
        sandboxId,
        name: config.name,
        attempt: config.attempt,
        state: 'created',
        createdAt: this.#clock.now(),
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        reason: '',
        message: '',
        image: config.image,
        imageRef: config.imageRef,
        labels: { ...config.labels, [POD_UID_LABEL]: sandbox.uid },
        annotations: config.annotations,
        mounts: config.mounts,
        logPath: `${sandbox.logDirectory}/${config.logPath}`,
      },
      role: config.labels[CONTAINER_ROLE_LABEL] ?? 'main',
      podAnnotations: sandbox.annotations,
      cancelEnd: () => undefined,
    });
    this.#tell(id);
    return id;
  }

  async startContainer(id: string): Promise<void> {
    await this.#delay(this.#options.startDelayMs);
    const container = this.#container(id);
    if (this.#options.random() < this.#options.startFailureRate) {
      container.details = {
        ...container.details,
        state: 'exited',
        exitCode: 128,
        reason: 'StartError',
        finishedAt: this.#clock.now(),
      };
      this.#tell(id);
      throw new RuntimeFailure('Other', 'failed to start containerd task: injected failure');
    }
    container.details = { ...container.details, state: 'running', startedAt: this.#clock.now() };
    const end = simulatedEnd(container.podAnnotations, container.details.name, container.role);
    if (end) {
      container.cancelEnd = this.#clock.after(end.afterMs, () => {
        if (container.details.state === 'running')
          this.#end(container, end.exitCode, end.exitCode === 0 ? 'Completed' : 'Error');
      });
    }
    this.#tell(id);
  }

  async stopContainer(id: string, _timeoutSeconds: number): Promise<void> {
    const container = this.#containers.get(id);
    if (!container || container.details.state !== 'running') return;
    await this.#delay(this.#options.stopDelayMs);
    if (container.details.state === 'running') this.#end(container, 0, 'Completed');
  }

  async removeContainer(id: string): Promise<void> {
    this.#containers.get(id)?.cancelEnd();
    this.#containers.delete(id);
  }

  async listContainers(podUid?: string): Promise<readonly ContainerSummary[]> {
    const all = [...this.#containers.values()].map((c) => c.details);
    return podUid === undefined ? all : all.filter((c) => c.labels[POD_UID_LABEL] === podUid);
  }

  async containerDetails(id: string): Promise<ContainerDetails> {
    return this.#container(id).details;
  }

  async updateResources(): Promise<void> {}

  async reopenLog(): Promise<void> {}

  async exec(id: string): Promise<ExecResult> {
    this.#container(id);
    return { exitCode: 0, stdout: '', stderr: '' };
  }

  async image(reference: string): Promise<ImageInfo | undefined> {
    return this.#images.get(reference);
  }

  async pullImage(
    reference: string,
    _auth: ImageAuth | undefined,
    signal: AbortSignal,
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    await this.#delay(this.#options.pullDelayMs, signal);
    const wanted = annotations[PULL_ERROR_ANNOTATION];
    if (wanted !== undefined) throw new RuntimeFailure('Other', wanted);
    this.#maybeFail(this.#options.pullFailureRate, `failed to pull and unpack image "${reference}": injected failure`);
    return this.#addImage(reference).id;
  }

  async listImages(): Promise<readonly ImageInfo[]> {
    return [...this.#images.values()];
  }

  async removeImage(id: string): Promise<void> {
    for (const [reference, image] of this.#images) if (image.id === id) this.#images.delete(reference);
  }

  async usage(): Promise<readonly ContainerUsage[]> {
    return [...this.#containers.values()]
      .filter((c) => c.details.state === 'running')
      .map((c) => ({ id: c.details.id, cpuNanoSeconds: 0, memoryWorkingSetBytes: 0 }));
  }

  subscribe(changed: (id: string) => void): () => void {
    this.#subscribers.add(changed);
    return () => this.#subscribers.delete(changed);
  }

  async close(): Promise<void> {
    for (const container of this.#containers.values()) container.cancelEnd();
  }

  #container(id: string): SimulatedContainer {
    const container = this.#containers.get(id);
    if (!container) throw gone('container', id);
    return container;
  }

  #end(container: SimulatedContainer, exitCode: number, reason: string): void {
    container.cancelEnd();
    container.details = { ...container.details, state: 'exited', exitCode, reason, finishedAt: this.#clock.now() };
    this.#tell(container.details.id);
  }

  #addImage(reference: string): ImageInfo {
    const known = this.#images.get(reference);
    if (known) return known;
    const image: ImageInfo = {
      id: `sha256:simulated-${reference}`,
      tags: [reference],
      digests: [],
      sizeBytes: 1_000_000,
      uid: 0,
      username: '',
      pinned: false,
    };
    this.#images.set(reference, image);
    return image;
  }

  #maybeFail(rate: number, message: string): void {
    if (rate > 0 && this.#options.random() < rate) throw new RuntimeFailure('Other', message);
  }

  async #delay(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms > 0) await pause(this.#clock, ms, signal);
  }

  #newId(): string {
    return (++this.#serial).toString(16).padStart(12, '0').padEnd(64, '0');
  }

  #nextIp(): string {
    const octets = this.#podNetwork.split('.').length;
    const host = this.#nextHost++;
    return octets === 2
      ? `${this.#podNetwork}.${(host >> 8) % 256}.${host % 256}`
      : `${this.#podNetwork}.${2 + (host % 252)}`;
  }

  #tell(id: string): void {
    for (const subscriber of this.#subscribers) subscriber(id);
  }
}
