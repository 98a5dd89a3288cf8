/** What reaches the node's own: namespaces, paths, ports, probes, sysctls, host processes. Source: policy check_host*.go, check_sysctls.go, check_windowsHostProcess.go. */
import type { Container, PodSpec } from '../../../schema/resources/core/pod-types.ts';
import {
  type Check,
  type CheckPod,
  containersOf,
  joinQuoted,
  named,
  namesOf,
  plural,
  settersOf,
  sorted,
} from './check.ts';

const hostNamespaces: CheckPod = (_metadata, spec) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name]);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
};

const hostPathVolumes: CheckPod = (_metadata, { volumes = [] }) => {
  const bad = volumes.filter(({ hostPath }) => hostPath).map(({ name }) => name);
  if (bad.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', bad.length)} ${joinQuoted(bad)}` };
};

const portsOf = ({ ports = [] }: Container): readonly number[] => ports.flatMap(({ hostPort }) => hostPort || []);

const hostPorts: CheckPod = (_metadata, spec) => {
  const bad = containersOf(spec).filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sorted(bad.flatMap(portsOf).map(String));
  const uses = plural('uses', 'use', bad.length);
  const what = plural('hostPort', 'hostPorts', ports.length);
  return { reason: 'hostPort', detail: `${named(namesOf(bad))} ${uses} ${what} ${ports.join(', ')}` };
};

interface Handler {
  readonly httpGet?: { readonly host?: string };
  readonly tcpSocket?: { readonly host?: string };
}

function hostsOf(container: Container): readonly string[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
  return (handlers as readonly (Handler | undefined)[]).flatMap((handler) =>
    [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => host || []),
  );
}

const probeHosts: CheckPod = (_metadata, spec) => {
  const bad = containersOf(spec).filter((container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = sorted(bad.flatMap(hostsOf));
  const names = sorted(namesOf(bad));
  const uses = plural('uses', 'use', names.length);
  const what = plural('probe or lifecycle host', 'probe or lifecycle hosts', hosts.length);
  return { reason: 'probe or lifecycle host', detail: `${named(names)} ${uses} ${what} ${joinQuoted(hosts)}` };
};

const SYSCTLS_SINCE: readonly (readonly [since: number, added: readonly string[]])[] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [
    29,
    [
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.tcp_fin_timeout',
      'net.ipv4.tcp_keepalive_intvl',
      'net.ipv4.tcp_keepalive_probes',
    ],
  ],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
  [37, ['net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_notsent_lowat']],
];

function sysctlsAt(version: number): CheckPod {
  const allowed = new Set(SYSCTLS_SINCE.filter(([since]) => since <= version).flatMap(([, added]) => added));
  return (_metadata, { securityContext }) => {
    const bad = (securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.has(name));
    return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
  };
}

type SecurityContext = PodSpec['securityContext'] | Container['securityContext'];

const isHostProcess = (context: SecurityContext): boolean => context?.windowsOptions?.hostProcess === true;

const windowsHostProcess: CheckPod = (_metadata, spec) => {
  const bad = containersOf(spec).filter(({ securityContext }) => isHostProcess(securityContext));
  const setters = settersOf(isHostProcess(spec.securityContext), bad);
  if (setters === '') return undefined;
  return { reason: 'hostProcess', detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` };
};

export const hostChecks: readonly Check[] = [
  { id: 'hostNamespaces', level: 'baseline', versions: [{ since: 0, check: hostNamespaces }] },
  { id: 'hostPathVolumes', level: 'baseline', versions: [{ since: 0, check: hostPathVolumes }] },
  { id: 'hostPorts', level: 'baseline', versions: [{ since: 0, check: hostPorts }] },
  { id: 'hostProbesAndHostLifecycle', level: 'baseline', versions: [{ since: 34, check: probeHosts }] },
  {
    id: 'sysctls',
    level: 'baseline',
    versions: SYSCTLS_SINCE.map(([since]) => ({ since, check: sysctlsAt(since) })),
  },
  { id: 'windowsHostProcess', level: 'baseline', versions: [{ since: 0, check: windowsHostProcess }] },
];
