/** What makes containers more than ordinary processes. Source: policy check_privileged.go, check_capabilities_*.go, check_procMount_*.go, check_seLinuxOptions.go. */
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
  unlessInUserNamespace,
  unlessWindows,
} from './check.ts';

const privileged: CheckPod = (_metadata, spec) => {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.privileged);
  if (bad.length === 0) return undefined;
  return { reason: 'privileged', detail: `${named(namesOf(bad))} must not set securityContext.privileged=true` };
};

const escalation: CheckPod = (_metadata, spec) => {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${named(namesOf(bad))} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const DEFAULT_CAPABILITIES: ReadonlySet<string> = new Set([
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
]);

const RESTRICTED_CAPABILITIES: ReadonlySet<string> = new Set(['NET_BIND_SERVICE']);

/** Who adds others than these, and what. */
function addedBeyond(spec: PodSpec, allowed: ReadonlySet<string>): string | undefined {
  const beyond = ({ securityContext }: Container): readonly string[] =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !allowed.has(name));
  const bad = containersOf(spec).filter((container) => beyond(container).length > 0);
  if (bad.length === 0) return undefined;
  const added = joinQuoted(sorted(bad.flatMap(beyond)));
  return `${named(namesOf(bad))} must not include ${added} in securityContext.capabilities.add`;
}

const capabilitiesBaseline: CheckPod = (_metadata, spec) => {
  const detail = addedBeyond(spec, DEFAULT_CAPABILITIES);
  return detail === undefined ? undefined : { reason: 'non-default capabilities', detail };
};

const capabilitiesRestricted: CheckPod = (_metadata, spec) => {
  const keeping = containersOf(spec).filter(
    ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'),
  );
  const details = [
    keeping.length > 0 ? `${named(namesOf(keeping))} must set securityContext.capabilities.drop=["ALL"]` : undefined,
    addedBeyond(spec, RESTRICTED_CAPABILITIES),
  ].filter((detail) => detail !== undefined);
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

const procMount: CheckPod = (_metadata, spec) => {
  const bad = containersOf(spec).filter(
    ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default',
  );
  if (bad.length === 0) return undefined;
  const types = sorted(bad.flatMap(({ securityContext }) => securityContext?.procMount ?? []));
  return {
    reason: 'procMount',
    detail: `${named(namesOf(bad))} must not set securityContext.procMount to ${joinQuoted(types)}`,
  };
};

type SeLinux = NonNullable<NonNullable<PodSpec['securityContext']>['seLinuxOptions']>;

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

function seLinuxAllowing(types: readonly string[]): CheckPod {
  const isBad = (options: SeLinux | undefined): options is SeLinux =>
    options !== undefined && (!types.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role));
  return (_metadata, spec) => {
    const containers = containersOf(spec).filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions));
    const setters = settersOf(isBad(spec.securityContext?.seLinuxOptions), containers);
    if (setters === '') return undefined;
    const all = [spec.securityContext, ...containers.map(({ securityContext }) => securityContext)];
    const options = all.map((context) => context?.seLinuxOptions).filter(isBad);
    const badTypes = sorted(options.map(({ type }) => type ?? '').filter((type) => !types.includes(type)));
    const data = [
      ...(badTypes.length > 0 ? [`${plural('type', 'types', badTypes.length)} ${joinQuoted(badTypes)}`] : []),
      ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
    ];
    const detail = `${setters} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`;
    return { reason: 'seLinuxOptions', detail };
  };
}

const overrides = ['capabilities_baseline'];

export const privilegeChecks: readonly Check[] = [
  { id: 'privileged', level: 'baseline', versions: [{ since: 0, check: privileged }] },
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    versions: [
      { since: 8, check: escalation },
      { since: 25, check: unlessWindows(escalation) },
    ],
  },
  { id: 'capabilities_baseline', level: 'baseline', versions: [{ since: 0, check: capabilitiesBaseline }] },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    versions: [
      { since: 22, check: capabilitiesRestricted, overrides },
      { since: 25, check: unlessWindows(capabilitiesRestricted), overrides },
    ],
  },
  {
    id: 'procMount',
    level: 'baseline',
    versions: [
      { since: 0, check: procMount },
      { since: 35, check: unlessInUserNamespace(procMount) },
    ],
  },
  {
    id: 'procMount_restricted',
    level: 'restricted',
    versions: [{ since: 35, check: procMount, overrides: ['procMount'] }],
  },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    versions: [
      { since: 0, check: seLinuxAllowing(SELINUX_TYPES) },
      { since: 31, check: seLinuxAllowing([...SELINUX_TYPES, 'container_engine_t']) },
    ],
  },
];
