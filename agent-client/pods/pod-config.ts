/** What the runtime is told to make of a pod and its containers. Pure. Source: kuberuntime_sandbox.go, kuberuntime_container.go. */
import {
  CONTAINER_NAME_LABEL,
  CONTAINER_ROLE_LABEL,
  type ContainerConfig,
  type Mount,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  POD_UID_LABEL,
  type PortMapping,
  type SandboxConfig,
} from '../runtime/port.ts';
import { containerResources } from './cgroup-resources.ts';
import { containerSecurity, podNamespaces, seccompProfile, supplementalGroups } from './container-security.ts';
import type { EnvVariable } from './environment.ts';
import { expand } from './expansion.ts';
import {
  type Container,
  isHostNetwork,
  isRestartableInit,
  type Pod,
  podName,
  podNamespace,
  podSpec,
  podUid,
} from './pod.ts';
import type { ContainerRole } from './pod-actions.ts';

/** Kept in container annotations, so that a pod whose spec is gone can still be stopped as it asked. */
export const HASH_ANNOTATION = 'io.kubernetes.container.hash';
export const MESSAGE_PATH_ANNOTATION = 'io.kubernetes.container.terminationMessagePath';
export const MESSAGE_POLICY_ANNOTATION = 'io.kubernetes.container.terminationMessagePolicy';
export const GRACE_ANNOTATION = 'io.kubernetes.pod.terminationGracePeriod';
export const PRE_STOP_ANNOTATION = 'io.kubernetes.container.preStopHandler';

const HOSTNAME_LENGTH_MAX = 63;

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface SandboxConfigInput {
  readonly pod: Pod;
  readonly attempt: number;
  readonly logDirectory: string;
  readonly cgroupParent: string;
  readonly dns: DnsConfig | undefined;
  readonly seccompRoot: string;
}

/** The name a pod's containers see as theirs. Source: kubelet GeneratePodHostNameAndDomain. */
export function podHostname(pod: Pod): string {
  const name = podSpec(pod).hostname || podName(pod);
  return name.slice(0, HOSTNAME_LENGTH_MAX).replace(/[-.]+$/, '');
}

const podLabels = (pod: Pod): Record<string, string> => ({
  [POD_NAME_LABEL]: podName(pod),
  [POD_NAMESPACE_LABEL]: podNamespace(pod),
  [POD_UID_LABEL]: podUid(pod),
});

export function sandboxConfig(input: SandboxConfigInput): SandboxConfig {
  const { pod } = input;
  const spec = podSpec(pod);
  const security = spec.securityContext ?? {};
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return {
    name: podName(pod),
    namespace: podNamespace(pod),
    uid: podUid(pod),
    attempt: input.attempt,
    hostname: isHostNetwork(pod) ? '' : podHostname(pod),
    logDirectory: input.logDirectory,
    dns: input.dns,
    portMappings: containers.flatMap(portMappings),
    labels: { ...pod.metadata.labels, ...podLabels(pod) },
    annotations: pod.metadata.annotations ?? {},
    cgroupParent: input.cgroupParent,
    sysctls: Object.fromEntries((security.sysctls ?? []).map((s) => [s.name, s.value])),
    namespaces: podNamespaces(pod),
    privileged: containers.some((c) => c.securityContext?.privileged === true),
    runAsUser: security.runAsUser,
    runAsGroup: security.runAsGroup,
    supplementalGroups: supplementalGroups(pod),
    seccomp: seccompProfile(security.seccompProfile, input.seccompRoot),
    runtimeHandler: '',
  };
}

const portMappings = (container: Container): PortMapping[] =>
  (container.ports ?? [])
    .filter((p) => p.hostPort)
    .map((p) => ({
      protocol: p.protocol ?? 'TCP',
      containerPort: p.containerPort,
      hostPort: p.hostPort as number,
      hostIP: p.hostIP ?? '',
    }));

export interface ContainerConfigInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly role: ContainerRole;
  readonly attempt: number;
  readonly imageRef: string;
  readonly env: readonly EnvVariable[];
  readonly mounts: readonly Mount[];
  readonly memoryCapacityBytes: number;
  readonly seccompRoot: string;
  /** For ephemeral containers with a target: its container id. */
  readonly targetId?: string;
}

export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { pod, container } = input;
  const values = new Map(input.env.map((e) => [e.name, e.value]));
  const expanded = (texts: readonly string[] | undefined): string[] =>
    (texts ?? []).map((t) => expand(t, (name) => values.get(name)));
  return {
    name: container.name,
    attempt: input.attempt,
    image: container.image ?? '',
    imageRef: input.imageRef,
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? '',
    env: input.env,
    mounts: input.mounts,
    devices: [],
    labels: {
      ...podLabels(pod),
      [CONTAINER_NAME_LABEL]: container.name,
      [CONTAINER_ROLE_LABEL]: roleLabel(container, input.role),
    },
    annotations: containerAnnotations(pod, container),
    logPath: containerLogPath(container.name, input.attempt),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: containerResources(pod, container, input.memoryCapacityBytes),
    security: containerSecurity(pod, container, input.targetId, input.seccompRoot),
  };
}

const roleLabel = (container: Container, role: ContainerRole): string =>
  role === 'init' && isRestartableInit(container) ? 'sidecar' : role;

/** Relative to the pod's log directory. */
export const containerLogPath = (name: string, attempt: number): string => `${name}/${attempt}.log`;

function containerAnnotations(pod: Pod, container: Container): Record<string, string> {
  const preStop = container.lifecycle?.preStop;
  return {
    [HASH_ANNOTATION]: containerHash(container),
    [MESSAGE_PATH_ANNOTATION]: container.terminationMessagePath ?? '/dev/termination-log',
    [MESSAGE_POLICY_ANNOTATION]: container.terminationMessagePolicy ?? 'File',
    [GRACE_ANNOTATION]: String(podSpec(pod).terminationGracePeriodSeconds ?? 30),
    ...(preStop ? { [PRE_STOP_ANNOTATION]: JSON.stringify(preStop) } : {}),
  };
}

/** Changes when the container has to be made anew: its name or image. Source: kubecontainer.HashContainer. */
export function containerHash(container: Container): string {
  let hash = 0x811c9dc5;
  for (const char of `${container.name}\n${container.image ?? ''}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193) >>> 0;
  }
  return hash.toString(16);
}
