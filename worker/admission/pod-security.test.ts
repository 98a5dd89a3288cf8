import { describe, expect, it } from 'vitest';
import type { PodSpec } from '../../schema/resources/core/pod-types.ts';
import { violationsOf } from './pod-security/evaluate.ts';
import type { PolicyVersion } from './pod-security/level.ts';
import { definitionOf } from '../../schema/resources/lookup.ts';
import { accepted, podOf, refused, ShardFixture } from './shard-fixture.ts';

const SAFE = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

const container = (name: string, securityContext?: object, fields: object = {}) => ({
  name,
  image: 'i',
  ...(securityContext ? { securityContext } : {}),
  ...fields,
});

const safeWith = (context: object) => ({ containers: [container('a', { ...SAFE, ...context })] });

const violated = (
  level: 'baseline' | 'restricted',
  spec: object,
  version: PolicyVersion = 'latest',
  annotations: Record<string, string> = {},
) => violationsOf({ level, version }, { annotations }, { containers: [], ...spec } as unknown as PodSpec);

describe('baseline', () => {
  it.each<[object, string | undefined]>([
    [{ containers: [container('a')] }, undefined],
    [{ hostNetwork: true, hostPID: true }, 'host namespaces (hostNetwork=true, hostPID=true)'],
    [{ volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'hostPath volumes (volume "v")'],
    [
      { containers: [container('a', undefined, { ports: [{ hostPort: 80 }, { hostPort: 443 }] })] },
      'hostPort (container "a" uses hostPorts 443, 80)',
    ],
    [
      {
        initContainers: [container('i', { privileged: true })],
        containers: [container('a')],
        ephemeralContainers: [container('e', { privileged: true })],
      },
      'privileged (containers "i", "e" must not set securityContext.privileged=true)',
    ],
    [
      { containers: [container('a', { capabilities: { add: ['NET_RAW', 'CHOWN', 'SYS_ADMIN'] } })] },
      'non-default capabilities (container "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      { containers: [container('a', { procMount: 'Unmasked' })] },
      'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } }, containers: [container('a')] },
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
    ],
    [
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
    ],
    [{ securityContext: { sysctls: [{ name: 'kernel.msgmax' }] } }, 'forbidden sysctls (kernel.msgmax)'],
    [
      { securityContext: { windowsOptions: { hostProcess: true } } },
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      { containers: [container('a', undefined, { livenessProbe: { httpGet: { host: '10.0.0.1' } } })] },
      'probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")',
    ],
  ])('%j', (spec, text) => expect(violated('baseline', spec)).toBe(text));

  it('reads the annotations of old', () => {
    const spec = { containers: [container('a')] };
    const seccomp = { 'container.seccomp.security.alpha.kubernetes.io/a': 'unconfined' };
    expect(violated('baseline', spec, 10, seccomp)).toBe(
      'seccompProfile (forbidden annotation container.seccomp.security.alpha.kubernetes.io/a="unconfined")',
    );
    expect(violated('baseline', spec, 19, seccomp)).toBeUndefined();
    const armor = { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' };
    expect(violated('baseline', spec, 'latest', armor)).toBe(
      'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/a="unconfined"")',
    );
  });
});

describe('restricted', () => {
  it.each<[object, string | undefined]>([
    [safeWith({}), undefined],
    [
      safeWith({ runAsNonRoot: false }),
      'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
    ],
    [safeWith({ runAsUser: 0 }), 'runAsUser=0 (container "a" must not set runAsUser=0)'],
    [
      safeWith({ capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] } }),
      'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    [
      {
        ...safeWith({}),
        volumes: [
          { name: 'n', nfs: {} },
          { name: 'c', configMap: {} },
          { name: 'h', hostPath: {} },
        ],
      },
      'restricted volume types (volumes "n", "h" use restricted volume types "hostPath", "nfs")',
    ],
    [{ containers: [container('a', { ...SAFE, runAsNonRoot: undefined })], hostUsers: false }, undefined],
    [{ containers: [container('a', { runAsNonRoot: true })], os: { name: 'windows' } }, undefined],
  ])('%j', (spec, text) => expect(violated('restricted', spec)).toBe(text));

  it('is as it was in the version that is named; versions to come are the latest', () => {
    const spec = { containers: [container('a', { runAsNonRoot: true })] };
    expect(violated('restricted', spec, 7)).toBeUndefined();
    expect(violated('restricted', spec, 21)).toBe(
      'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
    expect(violated('restricted', spec, 99)).toBe(violated('restricted', spec));
  });
});

const ENFORCE = 'pod-security.kubernetes.io/enforce';

describe('a namespace', () => {
  const all =
    'allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), ' +
    'unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), ' +
    'runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), ' +
    'seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

  it('that enforces a level refuses pods, and warns of what would make such', () => {
    const shard = new ShardFixture({ [ENFORCE]: 'restricted', [`${ENFORCE}-version`]: 'v1.30' });
    expect(refused(shard.create('pods', podOf('web')))).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: `pods "web" is forbidden: violates PodSecurity "restricted:v1.30": ${all}`,
    });
    accepted(shard.create('pods', podOf('web', { containers: [container('main', SAFE)] })));
    const template = { metadata: { labels: { a: 'b' } }, spec: podOf('').spec };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: { a: 'b' } }, template },
    };
    const answer = shard.create('deployments.apps', deployment);
    accepted(answer);
    expect(answer.warnings).toEqual([`would violate PodSecurity "restricted:v1.30": ${all}`]);
  });

  it('that warns lets pods pass', () => {
    const shard = new ShardFixture({ 'pod-security.kubernetes.io/warn': 'baseline' });
    const answer = shard.create('pods', podOf('web', { hostNetwork: true }));
    accepted(answer);
    expect(answer.warnings).toEqual([
      'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    ]);
  });

  it('tells the audit log what it enforces and what would not pass', () => {
    const audit = 'pod-security.kubernetes.io/audit';
    const shard = new ShardFixture({ [ENFORCE]: 'baseline', [audit]: 'restricted', [`${audit}-version`]: 'v1.21' });
    const violations =
      'would violate PodSecurity "restricted:v1.21": ' +
      'allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), ' +
      'runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
    expect(shard.create('pods', podOf('web')).auditAnnotations).toEqual({
      'pod-security.kubernetes.io/enforce-policy': 'baseline:latest',
      'pod-security.kubernetes.io/audit-violations': violations,
    });
    const template = { metadata: { labels: { a: 'b' } }, spec: podOf('').spec };
    const replicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: { a: 'b' } }, template },
    };
    expect(shard.create('replicasets.apps', replicaSet).auditAnnotations).toEqual({
      'pod-security.kubernetes.io/audit-violations': violations,
    });
    const free = new ShardFixture().create('pods', podOf('web', { hostNetwork: true }));
    expect(free.auditAnnotations).toEqual({ 'pod-security.kubernetes.io/enforce-policy': 'privileged:latest' });
  });

  it.each<[string, object]>([
    ['podtemplates', { template: podOf('').spec }],
    ['replicationcontrollers', {}],
    ['replicasets.apps', {}],
    ['deployments.apps', {}],
    ['statefulsets.apps', { serviceName: 'a' }],
    ['daemonsets.apps', {}],
    ['jobs.batch', {}],
    ['cronjobs.batch', {}],
  ])('warns of the template of %s, when it is made and when it changes', (resource, more) => {
    const shard = new ShardFixture({ 'pod-security.kubernetes.io/warn': 'baseline' });
    const labels = { a: 'b' };
    const isJob = resource.endsWith('.batch');
    const spec = { ...podOf('', { hostPID: true }).spec, ...(isJob ? { restartPolicy: 'Never' } : {}) };
    const template = { metadata: { labels }, spec };
    const definition = definitionOf(resource);
    const selector = resource === 'replicationcontrollers' ? labels : { matchLabels: labels };
    const specs: Record<string, object> = {
      podtemplates: { template },
      'jobs.batch': { spec: { template } },
      'cronjobs.batch': { spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template } } } },
    };
    const body = {
      apiVersion: definition?.group ? `${definition.group}/${definition.version}` : 'v1',
      kind: definition?.kind,
      metadata: { name: 'web' },
      ...(specs[resource] ?? { spec: { ...more, selector, template } }),
    };
    const warning = 'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)';
    const created = shard.create(resource, body);
    accepted(created);
    expect(created.warnings).toContain(warning);
    const stored = shard.stored(resource, 'web');
    stored.metadata.labels = { c: 'd' };
    const updated = shard.update(resource, stored);
    accepted(updated);
    expect(updated.warnings).toContain(warning);
    const status = shard.update(resource, shard.stored(resource, 'web'), { subresource: 'status' });
    expect(status.warnings ?? []).not.toContain(warning);
  });

  it('with a level nobody knows is held to the strictest', () => {
    const answer = new ShardFixture({ [ENFORCE]: 'strict' }).create('pods', podOf('web'));
    expect(refused(answer).message).toContain('violates PodSecurity "restricted:latest"');
  });

  it('looks at updates that bring other images or ephemeral containers, and at no others', () => {
    const shard = new ShardFixture({});
    accepted(shard.create('pods', podOf('web')));
    const labels = { [ENFORCE]: 'restricted' };
    const [namespace] = shard.tx.configuration;
    if (namespace) namespace.object = { ...namespace.object, metadata: { name: 'shop', labels } };
    const relabelled = shard.stored('pods', 'web');
    relabelled.metadata.labels = { a: 'b' };
    accepted(shard.update('pods', relabelled));
    const debugged = shard.stored('pods', 'web');
    const ephemeral = { name: 'debug', image: 'i', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' };
    debugged.spec = {
      ...(debugged.spec as object),
      ephemeralContainers: [{ ...ephemeral, terminationMessagePath: '/dev/termination-log' }],
    };
    const answer = shard.update('pods', debugged, { subresource: 'ephemeralcontainers' });
    expect(refused(answer).message).toContain('containers "main", "debug" must set');
  });

  it('is refused labels that cannot be read', () => {
    const shard = new ShardFixture();
    Object.defineProperty(shard.tx, 'namespace', { value: '' });
    const bad = (labels: object) =>
      shard.create(
        'namespaces',
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', labels } },
        { namespace: '' },
      );
    expect(refused(bad({ [ENFORCE]: 'strict', [`${ENFORCE}-version`]: '1.2' })).message).toBe(
      `Namespace "n" is invalid: [metadata.labels[${ENFORCE}]: Invalid value: "strict": must be one of privileged, baseline, restricted, ` +
        `metadata.labels[${ENFORCE}-version]: Invalid value: "1.2": must be "latest" or "v1.x"]`,
    );
    accepted(bad({ [ENFORCE]: 'baseline' }));
  });
});
