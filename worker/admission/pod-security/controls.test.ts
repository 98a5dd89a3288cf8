/** Every control of the Pod Security Standards of 1.37, with what it allows and forbids, wherever it looks. */
import { describe, expect, it } from 'vitest';
import type { PodSpec } from '../../../schema/resources/core/pod-types.ts';
import { violatedReasons } from './evaluate.ts';
import type { Level, PolicyVersion } from './level.ts';

interface Control {
  readonly name: string;
  readonly level: Exclude<Level, 'privileged'>;
  /** What the refusal calls it. */
  readonly reason: string;
  /** The minor version it came with. */
  readonly since?: number;
  /** Parts of a pod's spec. */
  readonly pod?: { readonly allowed: readonly object[]; readonly forbidden: readonly object[] };
  /** Parts of any container. */
  readonly container?: { readonly allowed: readonly object[]; readonly forbidden: readonly object[] };
}

const context = (securityContext: object) => ({ securityContext });
const contexts = (field: string, values: readonly unknown[]) => values.map((value) => context({ [field]: value }));
const sysctl = (name: string) => context({ sysctls: [{ name, value: '1' }] });
const volume = (source: string) => ({ volumes: [{ name: 'v', [source]: {} }] });
const handler = (host: string) => [{ httpGet: { host, port: 80 } }, { tcpSocket: { host, port: 80 } }];
const handlers = (host: string) => [
  ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) =>
    handler(host).map((of) => ({ [probe]: of })),
  ),
  ...['postStart', 'preStop'].flatMap((event) => handler(host).map((of) => ({ lifecycle: { [event]: of } }))),
];
const capabilities = (add: readonly string[], drop: readonly string[] = ['ALL']) =>
  context({ capabilities: { add, drop } });

const DEFAULT_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

const selinux = {
  allowed: contexts('seLinuxOptions', [
    {},
    { type: '' },
    { type: 'container_t' },
    { type: 'container_init_t' },
    { type: 'container_kvm_t' },
    { type: 'container_engine_t' },
    { level: 's0:c1' },
    { user: '', role: '' },
  ]),
  forbidden: contexts('seLinuxOptions', [{ type: 'spc_t' }, { user: 'system_u' }, { role: 'object_r' }]),
};
const profiles = (field: string) => ({
  allowed: contexts(field, [{ type: 'RuntimeDefault' }, { type: 'Localhost' }]),
  forbidden: contexts(field, [{ type: 'Unconfined' }, { type: 'unknown' }]),
});

const CONTROLS: readonly Control[] = [
  {
    name: 'HostProcess',
    level: 'baseline',
    reason: 'hostProcess',
    pod: {
      allowed: contexts('windowsOptions', [{}, { hostProcess: false }]),
      forbidden: contexts('windowsOptions', [{ hostProcess: true }]),
    },
    container: {
      allowed: contexts('windowsOptions', [{}, { hostProcess: false }]),
      forbidden: contexts('windowsOptions', [{ hostProcess: true }]),
    },
  },
  {
    name: 'Host Namespaces',
    level: 'baseline',
    reason: 'host namespaces',
    pod: {
      allowed: [{ hostNetwork: false, hostPID: false, hostIPC: false }],
      forbidden: [{ hostNetwork: true }, { hostPID: true }, { hostIPC: true }],
    },
  },
  {
    name: 'Privileged Containers',
    level: 'baseline',
    reason: 'privileged',
    container: { allowed: contexts('privileged', [false]), forbidden: contexts('privileged', [true]) },
  },
  {
    name: 'Capabilities',
    level: 'baseline',
    reason: 'non-default capabilities',
    container: {
      allowed: [capabilities([]), ...DEFAULT_CAPABILITIES.map((name) => capabilities([name], []))],
      forbidden: ['NET_RAW', 'SYS_ADMIN', 'NET_ADMIN', 'ALL', 'chown'].map((name) => capabilities([name])),
    },
  },
  {
    name: 'HostPath Volumes',
    level: 'baseline',
    reason: 'hostPath volumes',
    pod: { allowed: [volume('emptyDir'), volume('nfs')], forbidden: [volume('hostPath')] },
  },
  {
    name: 'Host Ports',
    level: 'baseline',
    reason: 'hostPort',
    container: {
      allowed: [{ ports: [] }, { ports: [{ containerPort: 80 }] }, { ports: [{ containerPort: 80, hostPort: 0 }] }],
      forbidden: [{ ports: [{ containerPort: 80, hostPort: 80 }] }],
    },
  },
  {
    name: 'Host Probes / Lifecycle Hooks',
    level: 'baseline',
    reason: 'probe or lifecycle host',
    since: 34,
    container: { allowed: handlers(''), forbidden: [...handlers('10.0.0.1'), ...handlers('127.0.0.1')] },
  },
  {
    name: 'AppArmor',
    level: 'baseline',
    reason: 'forbidden AppArmor profile',
    pod: profiles('appArmorProfile'),
    container: profiles('appArmorProfile'),
  },
  { name: 'SELinux', level: 'baseline', reason: 'seLinuxOptions', pod: selinux, container: selinux },
  {
    name: '/proc Mount Type',
    level: 'baseline',
    reason: 'procMount',
    container: { allowed: contexts('procMount', ['Default']), forbidden: contexts('procMount', ['Unmasked', 'other']) },
  },
  {
    name: 'Seccomp',
    level: 'baseline',
    reason: 'seccompProfile',
    since: 19,
    pod: profiles('seccompProfile'),
    container: profiles('seccompProfile'),
  },
  {
    name: 'Sysctls',
    level: 'baseline',
    reason: 'forbidden sysctls',
    pod: {
      allowed: [
        'kernel.shm_rmid_forced',
        'net.ipv4.ip_local_port_range',
        'net.ipv4.ip_unprivileged_port_start',
        'net.ipv4.tcp_syncookies',
        'net.ipv4.ping_group_range',
        'net.ipv4.ip_local_reserved_ports',
        'net.ipv4.tcp_keepalive_time',
        'net.ipv4.tcp_fin_timeout',
        'net.ipv4.tcp_keepalive_intvl',
        'net.ipv4.tcp_keepalive_probes',
        'net.ipv4.tcp_rmem',
        'net.ipv4.tcp_wmem',
        'net.ipv4.tcp_slow_start_after_idle',
        'net.ipv4.tcp_notsent_lowat',
      ].map(sysctl),
      forbidden: ['kernel.msgmax', 'net.core.somaxconn', 'net/ipv4/tcp_syncookies'].map(sysctl),
    },
  },
  {
    name: 'Volume Types',
    level: 'restricted',
    reason: 'restricted volume types',
    pod: {
      allowed: [
        'configMap',
        'csi',
        'downwardAPI',
        'emptyDir',
        'ephemeral',
        'image',
        'persistentVolumeClaim',
        'projected',
        'secret',
      ].map(volume),
      forbidden: [
        'hostPath',
        'gcePersistentDisk',
        'awsElasticBlockStore',
        'gitRepo',
        'nfs',
        'iscsi',
        'glusterfs',
        'rbd',
        'flexVolume',
        'cinder',
        'cephfs',
        'flocker',
        'fc',
        'azureFile',
        'vsphereVolume',
        'quobyte',
        'azureDisk',
        'photonPersistentDisk',
        'portworxVolume',
        'scaleIO',
        'storageos',
        'anythingNew',
      ].map(volume),
    },
  },
  {
    name: 'Privilege Escalation',
    level: 'restricted',
    reason: 'allowPrivilegeEscalation != false',
    since: 8,
    container: {
      allowed: contexts('allowPrivilegeEscalation', [false]),
      forbidden: contexts('allowPrivilegeEscalation', [undefined, true]),
    },
  },
  {
    name: 'Running as Non-root',
    level: 'restricted',
    reason: 'runAsNonRoot != true',
    pod: { allowed: contexts('runAsNonRoot', [true]), forbidden: contexts('runAsNonRoot', [false]) },
    container: { allowed: contexts('runAsNonRoot', [true]), forbidden: contexts('runAsNonRoot', [false]) },
  },
  {
    name: 'Running as Non-root user',
    level: 'restricted',
    reason: 'runAsUser=0',
    since: 23,
    pod: { allowed: [context({}), ...contexts('runAsUser', [1, 1000])], forbidden: contexts('runAsUser', [0]) },
    container: { allowed: [context({}), ...contexts('runAsUser', [1, 1000])], forbidden: contexts('runAsUser', [0]) },
  },
  {
    name: 'Seccomp',
    level: 'restricted',
    reason: 'seccompProfile',
    since: 19,
    pod: profiles('seccompProfile'),
    container: profiles('seccompProfile'),
  },
  {
    name: 'Capabilities',
    level: 'restricted',
    reason: 'unrestricted capabilities',
    since: 22,
    container: {
      allowed: [capabilities([]), capabilities(['NET_BIND_SERVICE']), capabilities([], ['ALL', 'KILL'])],
      forbidden: [
        capabilities([], []),
        capabilities([], ['KILL']),
        capabilities(['CHOWN']),
        capabilities(['ALL']),
        context({ capabilities: undefined }),
      ],
    },
  },
];

type Fields = Record<string, object>;

/** `parts` over `base`, a security context field by field. */
const over = (base: object, parts: object): object => ({
  ...base,
  ...parts,
  securityContext: { ...(base as Fields)['securityContext'], ...(parts as Fields)['securityContext'] },
});

const SAFE = over(
  { name: 'c', image: 'i' },
  context({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  }),
);
const POD = { containers: [SAFE] };

function reasons(level: Level, spec: object, version: PolicyVersion = 'latest'): readonly string[] {
  return violatedReasons({ level, version }, {}, spec as PodSpec)?.split(', ') ?? [];
}

const PLACES: readonly (readonly [string, (container: object) => object])[] = [
  ['a container', (container) => ({ containers: [container] })],
  ['one container of several', (container) => ({ containers: [SAFE, container, SAFE] })],
  ['an init container', (container) => ({ ...POD, initContainers: [container] })],
  ['a sidecar', (container) => ({ ...POD, initContainers: [{ ...container, restartPolicy: 'Always' }] })],
  ['an ephemeral container', (container) => ({ ...POD, ephemeralContainers: [container] })],
];

describe.each(CONTROLS.map((control) => [`${control.level}: ${control.name}`, control] as const))(
  '%s',
  (_name, { level, reason, since = 0, pod, container }) => {
    const places = [
      ...(pod ? [['the pod', (parts: object) => over(POD, parts), pod] as const] : []),
      ...(container
        ? PLACES.map(([name, within]) => [name, (parts: object) => within(over(SAFE, parts)), container] as const)
        : []),
    ];

    it.each(places)('allows what it allows on %s', (_place, specOf, { allowed }) => {
      for (const parts of allowed) expect(reasons(level, specOf(parts)), JSON.stringify(parts)).not.toContain(reason);
    });

    it.each(places)('forbids what it forbids on %s', (_place, specOf, { forbidden }) => {
      for (const parts of forbidden) expect(reasons(level, specOf(parts)), JSON.stringify(parts)).toContain(reason);
    });

    it(`is there since 1.${since}`, () => {
      if (since === 0) return;
      for (const [, specOf, { forbidden }] of places) {
        for (const parts of forbidden) {
          expect(reasons(level, specOf(parts), since), JSON.stringify(parts)).toContain(reason);
          expect(reasons(level, specOf(parts), since - 1), JSON.stringify(parts)).not.toContain(reason);
        }
      }
    });

    it('is none of privileged', () => {
      for (const [, specOf, { forbidden }] of places) {
        for (const parts of forbidden) expect(reasons('privileged', specOf(parts))).toEqual([]);
      }
    });

    it('is part of restricted too, if only by something stricter', () => {
      for (const [, specOf, { forbidden }] of places) {
        for (const parts of forbidden)
          expect(reasons('restricted', specOf(parts)), JSON.stringify(parts)).not.toEqual([]);
      }
    });
  },
);

it('a pod that is safe is let through by every version of every level', () => {
  for (let version = 0; version <= 40; version += 1) {
    for (const level of ['baseline', 'restricted'] as const) expect(reasons(level, POD, version)).toEqual([]);
  }
});

describe('what the pod says counts for containers that say nothing', () => {
  const silent = {
    name: 'c',
    image: 'i',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };

  it('of seccomp and root', () => {
    const securityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
    expect(reasons('restricted', { containers: [silent], securityContext })).toEqual([]);
    expect(reasons('restricted', { containers: [silent] })).toEqual(['runAsNonRoot != true', 'seccompProfile']);
    expect(reasons('restricted', { containers: [silent], initContainers: [silent], securityContext })).toEqual([]);
  });
});

describe('pods of Windows nodes', () => {
  it('need none of what Linux containers need, since 1.25', () => {
    const bare = {
      containers: [{ name: 'c', image: 'i', securityContext: { runAsNonRoot: true } }],
      os: { name: 'windows' },
    };
    expect(reasons('restricted', bare)).toEqual([]);
    expect(reasons('restricted', bare, 24)).toEqual([
      'allowPrivilegeEscalation != false',
      'unrestricted capabilities',
      'seccompProfile',
    ]);
    expect(reasons('restricted', { ...bare, os: { name: 'linux' } })).toHaveLength(3);
  });
});

describe('pods in a user namespace', () => {
  const root = over(SAFE, context({ runAsNonRoot: false, runAsUser: 0, procMount: 'Unmasked' }));
  const inside = { containers: [root], hostUsers: false };

  it('may be root in it, since 1.35', () => {
    expect(reasons('restricted', inside)).toEqual(['procMount']);
    expect(reasons('restricted', inside, 34)).toEqual(['procMount', 'runAsNonRoot != true', 'runAsUser=0']);
    expect(reasons('restricted', { ...inside, hostUsers: true })).toEqual([
      'procMount',
      'runAsNonRoot != true',
      'runAsUser=0',
    ]);
  });

  it('may see all of /proc under baseline, since 1.35', () => {
    expect(reasons('baseline', inside)).toEqual([]);
    expect(reasons('baseline', inside, 34)).toEqual(['procMount']);
    expect(reasons('baseline', { containers: [root] })).toEqual(['procMount']);
  });
});

it.each([
  [26, 'net.ipv4.ip_local_reserved_ports'],
  [28, 'net.ipv4.tcp_keepalive_time'],
  [28, 'net.ipv4.tcp_fin_timeout'],
  [28, 'net.ipv4.tcp_keepalive_intvl'],
  [28, 'net.ipv4.tcp_keepalive_probes'],
  [31, 'net.ipv4.tcp_rmem'],
  [31, 'net.ipv4.tcp_wmem'],
  [36, 'net.ipv4.tcp_slow_start_after_idle'],
  [36, 'net.ipv4.tcp_notsent_lowat'],
])('up to 1.%i, %s was not safe', (version, name) => {
  expect(reasons('baseline', over(POD, sysctl(name)), version)).toEqual(['forbidden sysctls']);
  expect(reasons('baseline', over(POD, sysctl(name)), version + 1)).toEqual([]);
});

it('up to 1.30, container_engine_t was no type', () => {
  const parts = context({ seLinuxOptions: { type: 'container_engine_t' } });
  expect(reasons('baseline', over(POD, parts), 30)).toEqual(['seLinuxOptions']);
  expect(reasons('baseline', over(POD, parts), 31)).toEqual([]);
});

describe('annotations of old', () => {
  const seen = (annotations: Record<string, string>, version: PolicyVersion = 'latest') =>
    violatedReasons({ level: 'baseline', version }, { annotations }, POD as unknown as PodSpec);

  it.each([
    ['', undefined],
    ['runtime/default', undefined],
    ['localhost/mine', undefined],
    ['unconfined', 'forbidden AppArmor profile'],
  ])('of AppArmor: "%s"', (value, reason) => {
    expect(seen({ 'container.apparmor.security.beta.kubernetes.io/c': value })).toBe(reason);
  });

  it.each([
    ['seccomp.security.alpha.kubernetes.io/pod', 'runtime/default', undefined],
    ['seccomp.security.alpha.kubernetes.io/pod', 'docker/default', undefined],
    ['seccomp.security.alpha.kubernetes.io/pod', 'unconfined', 'seccompProfile'],
    ['container.seccomp.security.alpha.kubernetes.io/c', 'localhost/mine', undefined],
    ['container.seccomp.security.alpha.kubernetes.io/c', 'unconfined', 'seccompProfile'],
    ['container.seccomp.security.alpha.kubernetes.io/none', 'unconfined', undefined],
  ])('of seccomp, up to 1.18: %s=%s', (key, value, reason) => {
    expect(seen({ [key]: value }, 18)).toBe(reason);
    expect(seen({ [key]: value }, 19)).toBeUndefined();
  });
});
