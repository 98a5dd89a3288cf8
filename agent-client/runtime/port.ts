/**
 * What the agent asks of a container runtime. Shaped after CRI's RuntimeService and ImageService
 * (runtime.v1), reduced to what pods need. Two adapters: `cri/` and `simulated/`.
 * Every call may reject with RuntimeFailure; nothing else.
 */

/** The gRPC codes the agent tells apart. */
export type RuntimeFailureCode = 'NotFound' | 'Unavailable' | 'DeadlineExceeded' | 'Other';

/** A call the runtime refused or could not be asked. */
export class RuntimeFailure extends Error {
  readonly code: RuntimeFailureCode;
  constructor(code: RuntimeFailureCode, message: string) {
    super(message);
    this.name = 'RuntimeFailure';
    this.code = code;
  }
}

export const isGone = (error: unknown): boolean => error instanceof RuntimeFailure && error.code === 'NotFound';

export interface RuntimeVersion {
  /** E.g. `containerd`. */
  readonly name: string;
  readonly version: string;
}

export interface RuntimeHealth {
  readonly runtimeReady: boolean;
  readonly networkReady: boolean;
  /** Why not, in the runtime's words. */
  readonly message: string;
}

export type NamespaceMode = 'pod' | 'container' | 'node' | 'target';

export interface NamespaceModes {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
  /** The container whose pid namespace is joined when `pid` is `target`. */
  readonly targetId?: string;
}

export interface SeccompProfile {
  readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  readonly path?: string;
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIP: string;
}

export interface SandboxConfig {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  /** Empty with host network. */
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dns?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly portMappings: readonly PortMapping[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroupParent: string;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly namespaces: NamespaceModes;
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly seccomp: SeccompProfile;
  readonly runtimeHandler: string;
}

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagation: 'private' | 'hostToContainer' | 'bidirectional';
}

/** cgroup settings; 0 leaves one alone. Bytes, CFS microseconds, shares. */
export interface ContainerResources {
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpuShares: number;
  readonly memoryLimitBytes: number;
  readonly oomScoreAdj: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly readonlyRootfs: boolean;
  readonly noNewPrivileges: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly seccomp: SeccompProfile;
  readonly namespaces: NamespaceModes;
}

export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  /** The image as the pod names it, and the reference the runtime resolved it to. */
  readonly image: string;
  readonly imageRef: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly permissions: string;
  }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox's log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
}

export interface SandboxState {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface SandboxNetwork {
  /** Empty with host network. */
  readonly ips: readonly string[];
}

export interface ContainerSummary {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly createdAt: number;
  readonly imageRef: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainerDetails extends ContainerSummary {
  /** ms since the epoch; 0 when it has not happened. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled` or a runtime's own word. */
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly mounts: readonly Mount[];
  readonly logPath: string;
}

export interface ImageInfo {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The image's user: a number, or a name. */
  readonly uid: number | undefined;
  readonly username: string;
  readonly pinned: boolean;
}

export interface ImageAuth {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
  readonly auth?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ContainerUsage {
  readonly id: string;
  readonly cpuNanoSeconds: number;
  readonly memoryWorkingSetBytes: number;
}

export interface Runtime {
  version(): Promise<RuntimeVersion>;
  health(): Promise<RuntimeHealth>;
  runSandbox(config: SandboxConfig): Promise<string>;
  /** Stops its containers too; success when it is gone. */
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  /** All of this agent's, or one pod's. */
  listSandboxes(podUid?: string): Promise<readonly SandboxState[]>;
  sandboxNetwork(id: string): Promise<SandboxNetwork>;
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** TERM (or the image's stop signal), then KILL after `timeoutSeconds`. Success when it is gone. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(podUid?: string): Promise<readonly ContainerSummary[]>;
  containerDetails(id: string): Promise<ContainerDetails>;
  updateResources(id: string, resources: ContainerResources): Promise<void>;
  /** After the log file was renamed. */
  reopenLog(id: string): Promise<void>;
  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  /** Undefined when it is not on the node. */
  image(reference: string): Promise<ImageInfo | undefined>;
  /** Answers the image's id. `podAnnotations` are those of the pod that wants it. */
  pullImage(
    reference: string,
    auth: ImageAuth | undefined,
    signal: AbortSignal,
    podAnnotations: Readonly<Record<string, string>>,
  ): Promise<string>;
  listImages(): Promise<readonly ImageInfo[]>;
  removeImage(id: string): Promise<void>;
  usage(): Promise<readonly ContainerUsage[]>;
  /**
   * Tells that something about a container or sandbox changed (created, started, ended, gone). May miss
   * changes: a periodic list is the truth. The answer ends it.
   */
  subscribe(changed: (id: string) => void): () => void;
  close(): Promise<void>;
}

/** Labels by which the agent finds its own containers; the kubelet's. */
export const POD_NAME_LABEL = 'io.kubernetes.pod.name';
export const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';
export const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name';
/** `init`, `sidecar`, `main` or `ephemeral`. */
export const CONTAINER_ROLE_LABEL = 'zeroplane.dev/container-role';
