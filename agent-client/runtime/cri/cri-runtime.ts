/** The runtime port over CRI runtime.v1. Traps it knows: see the port's notes and docs of the node agent. */
import {
  type ContainerConfig,
  type ContainerDetails,
  type ContainerResources,
  type ContainerSummary,
  type ContainerUsage,
  type ExecResult,
  type ImageAuth,
  type ImageInfo,
  isGone,
  POD_UID_LABEL,
  type Runtime,
  RuntimeFailure,
  type RuntimeHealth,
  type RuntimeVersion,
  type SandboxConfig,
  type SandboxNetwork,
  type SandboxState,
} from '../port.ts';
import * as cri from './cri-messages.ts';
import { containerMessage, resourcesMessage, sandboxMessage } from './cri-requests.ts';
import type { GrpcChannel } from '../../grpc/grpc-channel.ts';

const CALL_TIMEOUT_MS = 120_000;
const QUICK_TIMEOUT_MS = 10_000;
const PULL_TIMEOUT_MS = 30 * 60_000;
/** A stop may take its grace period and then some. */
const STOP_EXTRA_MS = 30_000;
const RESUBSCRIBE_MS = 1_000;
const NANOSECONDS = 1e6;

const RUNTIME = '/runtime.v1.RuntimeService/';
const IMAGES = '/runtime.v1.ImageService/';
const EVENTS = '/containerd.services.events.v1.Events/Subscribe';

const PROPAGATION_NAMES = ['private', 'hostToContainer', 'bidirectional'] as const;
const CONTAINER_STATES = ['created', 'running', 'exited', 'unknown'] as const;

export interface CriRuntimeOptions {
  readonly channel: GrpcChannel;
  /** containerd announces changes on its own service; other runtimes are only listed. */
  readonly containerdEvents: boolean;
  /** Runs a timer; so that tests need not wait. */
  after(delayMs: number, task: () => void): () => void;
}

export class CriRuntime implements Runtime {
  readonly #channel: GrpcChannel;
  readonly #options: CriRuntimeOptions;

  constructor(options: CriRuntimeOptions) {
    this.#options = options;
    this.#channel = options.channel;
  }

  async version(): Promise<RuntimeVersion> {
    const reply = await this.#call(`${RUNTIME}Version`, cri.Empty, cri.VersionResponse, {}, QUICK_TIMEOUT_MS);
    return { name: reply.runtimeName, version: reply.runtimeVersion };
  }

  async health(): Promise<RuntimeHealth> {
    const reply = await this.#call(`${RUNTIME}Status`, cri.StatusRequest, cri.StatusResponse, {}, QUICK_TIMEOUT_MS);
    const conditions = reply.status?.conditions ?? [];
    const of = (type: string): boolean => conditions.find((c) => c.type === type)?.status === true;
    const message = conditions
      .filter((c) => !c.status)
      .map((c) => `${c.reason}: ${c.message}`)
      .join(', ');
    return { runtimeReady: of('RuntimeReady'), networkReady: of('NetworkReady'), message };
  }

  /** The sandbox image the runtime is set to use; empty if it does not say. */
  async sandboxImage(): Promise<string> {
    const reply = await this.#call(
      `${RUNTIME}Status`,
      cri.StatusRequest,
      cri.StatusResponse,
      { verbose: true },
      QUICK_TIMEOUT_MS,
    );
    const config = JSON.parse(reply.info['config'] ?? '{}') as { sandboxImage?: string };
    return config.sandboxImage ?? '';
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const reply = await this.#call(
      `${RUNTIME}RunPodSandbox`,
      cri.RunPodSandboxRequest,
      cri.PodSandboxId,
      { config: sandboxMessage(config), runtimeHandler: config.runtimeHandler },
      CALL_TIMEOUT_MS,
    );
    return reply.podSandboxId;
  }

  async stopSandbox(id: string): Promise<void> {
    await ignoreGone(
      this.#call(`${RUNTIME}StopPodSandbox`, cri.PodSandboxId, cri.Empty, { podSandboxId: id }, CALL_TIMEOUT_MS),
    );
  }

  async removeSandbox(id: string): Promise<void> {
    await ignoreGone(
      this.#call(`${RUNTIME}RemovePodSandbox`, cri.PodSandboxId, cri.Empty, { podSandboxId: id }, CALL_TIMEOUT_MS),
    );
  }

  async listSandboxes(podUid?: string): Promise<readonly SandboxState[]> {
    const filter = podUid === undefined ? undefined : { labelSelector: { [POD_UID_LABEL]: podUid } };
    const reply = await this.#call(
      `${RUNTIME}ListPodSandbox`,
      cri.ListPodSandboxRequest,
      cri.ListPodSandboxResponse,
      { filter },
      QUICK_TIMEOUT_MS,
    );
    return reply.items
      .filter((item) => item.labels?.[POD_UID_LABEL])
      .map((item) => ({
        id: item.id ?? '',
        name: item.metadata?.name ?? '',
        namespace: item.metadata?.namespace ?? '',
        uid: item.metadata?.uid ?? '',
        attempt: item.metadata?.attempt ?? 0,
        ready: item.state === 0,
        createdAt: (item.createdAt ?? 0) / NANOSECONDS,
        labels: item.labels ?? {},
        annotations: item.annotations ?? {},
      }));
  }

  async sandboxNetwork(id: string): Promise<SandboxNetwork> {
    const reply = await this.#call(
      `${RUNTIME}PodSandboxStatus`,
      cri.PodSandboxStatusRequest,
      cri.PodSandboxStatusResponse,
      { podSandboxId: id },
      QUICK_TIMEOUT_MS,
    );
    const network = reply.status?.network;
    return { ips: [network?.ip ?? '', ...(network?.additionalIps ?? []).map((p) => p.ip ?? '')].filter(Boolean) };
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const reply = await this.#call(
      `${RUNTIME}CreateContainer`,
      cri.CreateContainerRequest,
      cri.ContainerId,
      { podSandboxId: sandboxId, config: containerMessage(config), sandboxConfig: sandboxMessage(sandbox) },
      CALL_TIMEOUT_MS,
    );
    return reply.containerId;
  }

  async startContainer(id: string): Promise<void> {
    await this.#call(`${RUNTIME}StartContainer`, cri.ContainerId, cri.Empty, { containerId: id }, CALL_TIMEOUT_MS);
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const value = { containerId: id, timeout: timeoutSeconds };
    await ignoreGone(
      this.#call(
        `${RUNTIME}StopContainer`,
        cri.StopContainerRequest,
        cri.Empty,
        value,
        timeoutSeconds * 1000 + STOP_EXTRA_MS,
      ),
    );
  }

  async removeContainer(id: string): Promise<void> {
    await ignoreGone(
      this.#call(`${RUNTIME}RemoveContainer`, cri.ContainerId, cri.Empty, { containerId: id }, CALL_TIMEOUT_MS),
    );
  }

  async listContainers(podUid?: string): Promise<readonly ContainerSummary[]> {
    const filter = podUid === undefined ? undefined : { labelSelector: { [POD_UID_LABEL]: podUid } };
    const reply = await this.#call(
      `${RUNTIME}ListContainers`,
      cri.ListContainersRequest,
      cri.ListContainersResponse,
      { filter },
      QUICK_TIMEOUT_MS,
    );
    return reply.containers
      .filter((item) => item.labels?.[POD_UID_LABEL])
      .map((item) => ({
        id: item.id ?? '',
        sandboxId: item.podSandboxId ?? '',
        name: item.metadata?.name ?? '',
        attempt: item.metadata?.attempt ?? 0,
        state: CONTAINER_STATES[item.state ?? 3] ?? 'unknown',
        createdAt: (item.createdAt ?? 0) / NANOSECONDS,
        imageRef: item.imageRef ?? '',
        labels: item.labels ?? {},
        annotations: item.annotations ?? {},
      }));
  }

  async containerDetails(id: string): Promise<ContainerDetails> {
    const reply = await this.#call(
      `${RUNTIME}ContainerStatus`,
      cri.ContainerStatusRequest,
      cri.ContainerStatusResponse,
      { containerId: id },
      QUICK_TIMEOUT_MS,
    );
    const status = reply.status ?? {};
    return {
      id: status.id ?? id,
      sandboxId: '',
      name: status.metadata?.name ?? '',
      attempt: status.metadata?.attempt ?? 0,
      state: CONTAINER_STATES[status.state ?? 3] ?? 'unknown',
      createdAt: (status.createdAt ?? 0) / NANOSECONDS,
      startedAt: (status.startedAt ?? 0) / NANOSECONDS,
      finishedAt: (status.finishedAt ?? 0) / NANOSECONDS,
      exitCode: status.exitCode ?? 0,
      // A running container can show OOMKilled when only a child died; it counts after the end.
      reason: status.state === 2 ? (status.reason ?? '') : '',
      message: status.state === 2 ? (status.message ?? '') : '',
      image: status.image?.image ?? '',
      imageRef: status.imageRef ?? '',
      labels: status.labels ?? {},
      annotations: status.annotations ?? {},
      mounts: (status.mounts ?? []).map((m) => ({
        containerPath: m.containerPath ?? '',
        hostPath: m.hostPath ?? '',
        readonly: m.readonly ?? false,
        propagation: PROPAGATION_NAMES[m.propagation ?? 0] ?? 'private',
      })),
      logPath: status.logPath ?? '',
    };
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    const value = { containerId: id, linux: resourcesMessage(resources) };
    await this.#call(
      `${RUNTIME}UpdateContainerResources`,
      cri.UpdateContainerResourcesRequest,
      cri.Empty,
      value,
      CALL_TIMEOUT_MS,
    );
  }

  async reopenLog(id: string): Promise<void> {
    await this.#call(`${RUNTIME}ReopenContainerLog`, cri.ContainerId, cri.Empty, { containerId: id }, QUICK_TIMEOUT_MS);
  }

  async exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    // The runtime's own timeout cannot be trusted: the call's deadline decides.
    const value = { containerId: id, cmd: command, timeout: Math.ceil(timeoutMs / 1000) };
    try {
      const reply = await this.#call(`${RUNTIME}ExecSync`, cri.ExecSyncRequest, cri.ExecSyncResponse, value, timeoutMs);
      return {
        exitCode: reply.exitCode,
        stdout: Buffer.from(reply.stdout).toString('utf8'),
        stderr: Buffer.from(reply.stderr).toString('utf8'),
      };
    } catch (error) {
      if (error instanceof RuntimeFailure && error.code === 'DeadlineExceeded') {
        throw new RuntimeFailure(
          'DeadlineExceeded',
          `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`,
        );
      }
      throw error;
    }
  }

  async image(reference: string): Promise<ImageInfo | undefined> {
    const reply = await this.#call(
      `${IMAGES}ImageStatus`,
      cri.ImageRequest,
      cri.ImageStatusResponse,
      { image: { image: reference } },
      QUICK_TIMEOUT_MS,
    );
    return reply.image ? imageInfo(reply.image) : undefined;
  }

  async pullImage(reference: string, auth: ImageAuth | undefined, signal: AbortSignal): Promise<string> {
    const value = { image: { image: reference }, auth };
    const reply = await this.#call(
      `${IMAGES}PullImage`,
      cri.PullImageRequest,
      cri.PullImageResponse,
      value,
      PULL_TIMEOUT_MS,
      signal,
    );
    return reply.imageRef;
  }

  async listImages(): Promise<readonly ImageInfo[]> {
    const reply = await this.#call(`${IMAGES}ListImages`, cri.Empty, cri.ListImagesResponse, {}, QUICK_TIMEOUT_MS);
    return reply.images.map(imageInfo);
  }

  async removeImage(id: string): Promise<void> {
    await ignoreGone(
      this.#call(`${IMAGES}RemoveImage`, cri.ImageRequest, cri.Empty, { image: { image: id } }, CALL_TIMEOUT_MS),
    );
  }

  async usage(): Promise<readonly ContainerUsage[]> {
    const reply = await this.#call(
      `${RUNTIME}ListContainerStats`,
      cri.Empty,
      cri.ListContainerStatsResponse,
      {},
      QUICK_TIMEOUT_MS,
    );
    return reply.stats.map((s) => ({
      id: s.attributes?.id ?? '',
      cpuNanoSeconds: s.cpu?.usageCoreNanoSeconds?.value ?? 0,
      memoryWorkingSetBytes: s.memory?.workingSetBytes?.value ?? 0,
    }));
  }

  subscribe(changed: (id: string) => void): () => void {
    if (!this.#options.containerdEvents) return () => undefined;
    let stopped = false;
    let cancel: () => void = () => undefined;
    const begin = (): void => {
      if (stopped) return;
      const filters = ['topic~="^/tasks/(start|exit|oom)"', 'topic~="^/containers/(create|delete)"'];
      cancel = this.#channel.stream(
        EVENTS,
        { request: cri.SubscribeRequest, reply: cri.EventEnvelope },
        { filters },
        (event) => changed(event.topic),
        () => {
          // What happened while the stream was down is unknown: look once when it is back.
          cancel = this.#options.after(RESUBSCRIBE_MS, () => {
            changed('');
            begin();
          });
        },
      );
    };
    begin();
    return () => {
      stopped = true;
      cancel();
    };
  }

  async close(): Promise<void> {
    this.#channel.close();
  }

  #call<Q, P>(
    path: string,
    request: { encode(value: Q): Uint8Array },
    reply: { decode(bytes: Uint8Array): P },
    value: NoInfer<Q>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<P> {
    return this.#channel.call(path, { request, reply }, value, timeoutMs, signal);
  }
}

async function ignoreGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

type ImageMessage = NonNullable<ReturnType<typeof cri.ImageStatusResponse.decode>['image']>;

const imageInfo = (image: ImageMessage): ImageInfo => ({
  id: image.id ?? '',
  tags: image.repoTags ?? [],
  digests: image.repoDigests ?? [],
  sizeBytes: image.size ?? 0,
  uid: image.uid?.value ?? (image.uid ? 0 : undefined),
  username: image.username ?? '',
  pinned: image.pinned ?? false,
});
