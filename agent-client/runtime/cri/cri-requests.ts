/** The port's shapes as CRI messages. Pure. */
import type {
  ContainerConfig,
  ContainerResources,
  Mount,
  NamespaceModes,
  SandboxConfig,
  SeccompProfile,
} from '../port.ts';
import type * as cri from './cri-messages.ts';

const MODES = { pod: 0, container: 1, node: 2, target: 3 } as const;
const PROTOCOLS = { TCP: 0, UDP: 1, SCTP: 2 } as const;
const PROPAGATIONS = { private: 0, hostToContainer: 1, bidirectional: 2 } as const;

const idValue = (value: number | undefined): { value: number } | undefined =>
  value === undefined ? undefined : { value };

const seccompMessage = (profile: SeccompProfile): { profileType: number; localhostRef: string } => ({
  profileType: profile.type === 'RuntimeDefault' ? 0 : profile.type === 'Unconfined' ? 1 : 2,
  localhostRef: profile.path ?? '',
});

const namespacesMessage = (modes: NamespaceModes): { network: number; pid: number; ipc: number; targetId: string } => ({
  network: MODES[modes.network],
  pid: MODES[modes.pid],
  ipc: MODES[modes.ipc],
  targetId: modes.targetId ?? '',
});

export function sandboxMessage(config: SandboxConfig): Parameters<typeof cri.PodSandboxConfig.encode>[0] {
  return {
    metadata: { name: config.name, uid: config.uid, namespace: config.namespace, attempt: config.attempt },
    hostname: config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: config.portMappings.map((p) => ({
      protocol: PROTOCOLS[p.protocol],
      containerPort: p.containerPort,
      hostPort: p.hostPort,
      hostIp: p.hostIP,
    })),
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent,
      securityContext: {
        namespaceOptions: namespacesMessage(config.namespaces),
        runAsUser: idValue(config.runAsUser),
        runAsGroup: config.runAsUser === undefined ? undefined : idValue(config.runAsGroup),
        supplementalGroups: config.supplementalGroups,
        privileged: config.privileged,
        seccomp: seccompMessage(config.seccomp),
      },
      sysctls: config.sysctls,
    },
  };
}

export const resourcesMessage = (
  r: ContainerResources,
): { cpuPeriod: number; cpuQuota: number; cpuShares: number; memoryLimitInBytes: number; oomScoreAdj: number } => ({
  cpuPeriod: r.cpuPeriod,
  cpuQuota: r.cpuQuota,
  cpuShares: r.cpuShares,
  memoryLimitInBytes: r.memoryLimitBytes,
  oomScoreAdj: r.oomScoreAdj,
});

const mountMessage = (
  m: Mount,
): { containerPath: string; hostPath: string; readonly: boolean; propagation: number } => ({
  containerPath: m.containerPath,
  hostPath: m.hostPath,
  readonly: m.readonly,
  propagation: PROPAGATIONS[m.propagation],
});

export function containerMessage(
  config: ContainerConfig,
): NonNullable<Parameters<typeof cri.CreateContainerRequest.encode>[0]['config']> {
  const { security } = config;
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.imageRef },
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.env.map((e) => ({ key: e.name, value: e.value })),
    mounts: config.mounts.map(mountMessage),
    devices: config.devices,
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: resourcesMessage(config.resources),
      securityContext: {
        capabilities: { addCapabilities: security.addCapabilities, dropCapabilities: security.dropCapabilities },
        privileged: security.privileged,
        namespaceOptions: namespacesMessage(security.namespaces),
        runAsUser: idValue(security.runAsUser),
        runAsGroup: idValue(security.runAsGroup),
        readonlyRootfs: security.readonlyRootfs,
        supplementalGroups: security.supplementalGroups,
        noNewPrivs: security.noNewPrivileges,
        maskedPaths: security.maskedPaths,
        readonlyPaths: security.readonlyPaths,
        seccomp: seccompMessage(security.seccomp),
      },
    },
  };
}
