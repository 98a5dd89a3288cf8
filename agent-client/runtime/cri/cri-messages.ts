/** The messages of CRI runtime.v1 that the agent uses. Source: cri-api pkg/apis/runtime/v1/api.proto. */
import {
  bool,
  bytes,
  int32,
  int64,
  int64s,
  message,
  nested,
  repeated,
  string,
  stringMap,
  strings,
  uint64,
} from '../../grpc/wire-message.ts';

const Int64Value = message({ value: int64(1) });
const UInt64Value = message({ value: uint64(1) });

export const Empty = message({});
export const VersionResponse = message({
  version: string(1),
  runtimeName: string(2),
  runtimeVersion: string(3),
  runtimeApiVersion: string(4),
});

const DnsConfig = message({ servers: strings(1), searches: strings(2), options: strings(3) });
const PortMapping = message({ protocol: int32(1), containerPort: int32(2), hostPort: int32(3), hostIp: string(4) });
export const CriMount = message({
  containerPath: string(1),
  hostPath: string(2),
  readonly: bool(3),
  selinuxRelabel: bool(4),
  propagation: int32(5),
});
const NamespaceOption = message({ network: int32(1), pid: int32(2), ipc: int32(3), targetId: string(4) });
const SecurityProfile = message({ profileType: int32(1), localhostRef: string(2) });
const LinuxSandboxSecurityContext = message({
  namespaceOptions: nested(1, NamespaceOption),
  runAsUser: nested(3, Int64Value),
  readonlyRootfs: bool(4),
  supplementalGroups: int64s(5),
  privileged: bool(6),
  runAsGroup: nested(8, Int64Value),
  seccomp: nested(9, SecurityProfile),
});
const LinuxContainerResources = message({
  cpuPeriod: int64(1),
  cpuQuota: int64(2),
  cpuShares: int64(3),
  memoryLimitInBytes: int64(4),
  oomScoreAdj: int64(5),
});
const LinuxPodSandboxConfig = message({
  cgroupParent: string(1),
  securityContext: nested(2, LinuxSandboxSecurityContext),
  sysctls: stringMap(3),
});
const PodSandboxMetadata = message({ name: string(1), uid: string(2), namespace: string(3), attempt: int32(4) });
export const PodSandboxConfig = message({
  metadata: nested(1, PodSandboxMetadata),
  hostname: string(2),
  logDirectory: string(3),
  dnsConfig: nested(4, DnsConfig),
  portMappings: repeated(5, PortMapping),
  labels: stringMap(6),
  annotations: stringMap(7),
  linux: nested(8, LinuxPodSandboxConfig),
});
export const RunPodSandboxRequest = message({ config: nested(1, PodSandboxConfig), runtimeHandler: string(2) });
export const PodSandboxId = message({ podSandboxId: string(1) });
export const PodSandboxStatusRequest = message({ podSandboxId: string(1), verbose: bool(2) });
const PodIp = message({ ip: string(1) });
const PodSandboxNetworkStatus = message({ ip: string(1), additionalIps: repeated(2, PodIp) });
const PodSandboxStatus = message({
  id: string(1),
  metadata: nested(2, PodSandboxMetadata),
  state: int32(3),
  createdAt: int64(4),
  network: nested(5, PodSandboxNetworkStatus),
});
export const PodSandboxStatusResponse = message({ status: nested(1, PodSandboxStatus) });
const PodSandboxFilter = message({ id: string(1), labelSelector: stringMap(3) });
export const ListPodSandboxRequest = message({ filter: nested(1, PodSandboxFilter) });
const PodSandbox = message({
  id: string(1),
  metadata: nested(2, PodSandboxMetadata),
  state: int32(3),
  createdAt: int64(4),
  labels: stringMap(5),
  annotations: stringMap(6),
});
export const ListPodSandboxResponse = message({ items: repeated(1, PodSandbox) });

export const ImageSpec = message({ image: string(1), annotations: stringMap(2) });
const KeyValue = message({ key: string(1), value: string(2) });
const Capability = message({ addCapabilities: strings(1), dropCapabilities: strings(2) });
const LinuxContainerSecurityContext = message({
  capabilities: nested(1, Capability),
  privileged: bool(2),
  namespaceOptions: nested(3, NamespaceOption),
  runAsUser: nested(5, Int64Value),
  readonlyRootfs: bool(7),
  supplementalGroups: int64s(8),
  noNewPrivs: bool(11),
  runAsGroup: nested(12, Int64Value),
  maskedPaths: strings(13),
  readonlyPaths: strings(14),
  seccomp: nested(15, SecurityProfile),
});
const LinuxContainerConfig = message({
  resources: nested(1, LinuxContainerResources),
  securityContext: nested(2, LinuxContainerSecurityContext),
});
const ContainerMetadata = message({ name: string(1), attempt: int32(2) });
const Device = message({ containerPath: string(1), hostPath: string(2), permissions: string(3) });
const ContainerConfig = message({
  metadata: nested(1, ContainerMetadata),
  image: nested(2, ImageSpec),
  command: strings(3),
  args: strings(4),
  workingDir: string(5),
  envs: repeated(6, KeyValue),
  mounts: repeated(7, CriMount),
  devices: repeated(8, Device),
  labels: stringMap(9),
  annotations: stringMap(10),
  logPath: string(11),
  stdin: bool(12),
  stdinOnce: bool(13),
  tty: bool(14),
  linux: nested(15, LinuxContainerConfig),
});
export const CreateContainerRequest = message({
  podSandboxId: string(1),
  config: nested(2, ContainerConfig),
  sandboxConfig: nested(3, PodSandboxConfig),
});
export const ContainerId = message({ containerId: string(1) });
export const StopContainerRequest = message({ containerId: string(1), timeout: int64(2) });
const ContainerFilter = message({ id: string(1), podSandboxId: string(3), labelSelector: stringMap(4) });
export const ListContainersRequest = message({ filter: nested(1, ContainerFilter) });
const Container = message({
  id: string(1),
  podSandboxId: string(2),
  metadata: nested(3, ContainerMetadata),
  image: nested(4, ImageSpec),
  imageRef: string(5),
  state: int32(6),
  createdAt: int64(7),
  labels: stringMap(8),
  annotations: stringMap(9),
});
export const ListContainersResponse = message({ containers: repeated(1, Container) });
export const ContainerStatusRequest = message({ containerId: string(1), verbose: bool(2) });
const ContainerStatus = message({
  id: string(1),
  metadata: nested(2, ContainerMetadata),
  state: int32(3),
  createdAt: int64(4),
  startedAt: int64(5),
  finishedAt: int64(6),
  exitCode: int32(7),
  image: nested(8, ImageSpec),
  imageRef: string(9),
  reason: string(10),
  message: string(11),
  labels: stringMap(12),
  annotations: stringMap(13),
  mounts: repeated(14, CriMount),
  logPath: string(15),
});
export const ContainerStatusResponse = message({ status: nested(1, ContainerStatus) });
export const UpdateContainerResourcesRequest = message({
  containerId: string(1),
  linux: nested(2, LinuxContainerResources),
});
export const ExecSyncRequest = message({ containerId: string(1), cmd: strings(2), timeout: int64(3) });
export const ExecSyncResponse = message({ stdout: bytes(1), stderr: bytes(2), exitCode: int32(3) });

const Image = message({
  id: string(1),
  repoTags: strings(2),
  repoDigests: strings(3),
  size: uint64(4),
  uid: nested(5, Int64Value),
  username: string(6),
  pinned: bool(8),
});
export const ImageRequest = message({ image: nested(1, ImageSpec) });
export const ImageStatusResponse = message({ image: nested(1, Image) });
export const ListImagesResponse = message({ images: repeated(1, Image) });
const AuthConfig = message({
  username: string(1),
  password: string(2),
  auth: string(3),
  serverAddress: string(4),
  identityToken: string(5),
  registryToken: string(6),
});
export const PullImageRequest = message({ image: nested(1, ImageSpec), auth: nested(2, AuthConfig) });
export const PullImageResponse = message({ imageRef: string(1) });

const RuntimeCondition = message({ type: string(1), status: bool(2), reason: string(3), message: string(4) });
const RuntimeStatus = message({ conditions: repeated(1, RuntimeCondition) });
export const StatusRequest = message({ verbose: bool(1) });
export const StatusResponse = message({ status: nested(1, RuntimeStatus), info: stringMap(2) });

const ContainerAttributes = message({ id: string(1) });
const CpuUsage = message({ timestamp: int64(1), usageCoreNanoSeconds: nested(2, UInt64Value) });
const MemoryUsage = message({ timestamp: int64(1), workingSetBytes: nested(2, UInt64Value) });
const ContainerStats = message({
  attributes: nested(1, ContainerAttributes),
  cpu: nested(2, CpuUsage),
  memory: nested(3, MemoryUsage),
});
export const ListContainerStatsResponse = message({ stats: repeated(1, ContainerStats) });

/** containerd.events.Envelope, of which only topic and namespace matter; CRI's own ids are in the event's bytes. */
export const EventEnvelope = message({ namespace: string(2), topic: string(3) });
export const SubscribeRequest = message({ filters: strings(1) });
