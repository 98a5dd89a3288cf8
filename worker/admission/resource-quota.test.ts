import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { resourceQuotaController } from '../controllers/resource-quota.ts';
import { runControllers } from '../controllers/runtime/run-controllers.ts';
import { applyControllerWrite } from '../registry/controller-write.ts';
import { accepted, podOf, refused, ShardFixture, sizedPod } from './shard-fixture.ts';

type Hard = Record<string, string>;

const quotaOf = (name: string, hard: Hard, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name },
  spec: { hard, ...spec },
});

/** Runs the controller over what has changed since the last time, or over these keys. Gives its timers, in ms. */
function settle(shard: ShardFixture, work: { controller: string; key: string }[] = []): number[] {
  const environment = shard.environment();
  const { timers, failures } = runControllers({
    controllers: [resourceQuotaController],
    view: shard.tx,
    context: { now: shard.now, randomSuffix: (length) => 'x'.repeat(length) },
    work,
    takeChanges: () => shard.takeChanges(),
    applyWrite: (write, name) => applyControllerWrite(write, name, shard.tx, environment),
    hasRoom: () => true,
  });
  expect(failures).toEqual([]);
  return timers.flatMap(({ at }) => at ?? []);
}

function shardWith(hard: Hard, spec: object = {}): ShardFixture {
  const shard = new ShardFixture();
  accepted(shard.create('resourcequotas', quotaOf('q', hard, spec)));
  settle(shard);
  return shard;
}

interface Status {
  readonly hard?: Hard;
  readonly used?: Hard;
}

const statusOf = (shard: ShardFixture, name = 'q'): Status => shard.tx.get('resourcequotas', name)?.status ?? {};

const used = (shard: ShardFixture, name = 'q') => statusOf(shard, name).used;

const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const object = (kind: string, name: string, spec: object, apiVersion = 'v1') => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

function change(shard: ShardFixture, resource: string, name: string, edit: (object: UntypedObject) => void, at = '') {
  const next = shard.stored(resource, name);
  edit(next);
  accepted(shard.update(resource, next, at ? { subresource: at } : {}));
  settle(shard);
}

describe('the count of objects', () => {
  it('is exact within one transaction, and no request goes beyond it', () => {
    const shard = shardWith({ pods: '2' });
    expect(statusOf(shard)).toEqual({ hard: { pods: '2' }, used: { pods: '0' } });
    accepted(shard.create('pods', podOf('a')));
    accepted(shard.create('pods', podOf('b')));
    expect(used(shard)).toEqual({ pods: '2' });
    expect(refused(shard.create('pods', podOf('c')))).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: 'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
      details: { name: 'c', kind: 'pods' },
    });
    expect(used(shard)).toEqual({ pods: '2' });
  });

  it('holds already for what comes in the same transaction as the quota', () => {
    const shard = new ShardFixture();
    accepted(shard.create('configmaps', configMap('before')));
    accepted(shard.create('resourcequotas', quotaOf('q', { configmaps: '1', resourcequotas: '1' })));
    expect(refused(shard.create('configmaps', configMap('after'))).message).toContain(
      'requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
    );
    expect(refused(shard.create('resourcequotas', quotaOf('r', {}))).message).toContain('requested: resourcequotas=1');
    settle(shard);
    expect(used(shard)).toEqual({ configmaps: '1', resourcequotas: '1' });
  });

  it('goes by any kind of the namespace', () => {
    const shard = shardWith({
      'count/deployments.apps': '0',
      'count/configmaps': '1',
      'count/nothing.example.com': '1',
    });
    expect(used(shard)).toEqual({ 'count/deployments.apps': '0', 'count/configmaps': '0' });
    const template = { metadata: { labels: { a: 'b' } }, spec: podOf('').spec };
    const deployment = object('Deployment', 'web', { selector: { matchLabels: { a: 'b' } }, template }, 'apps/v1');
    expect(refused(shard.create('deployments.apps', deployment)).message).toBe(
      'deployments.apps "web" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
    );
    accepted(shard.create('configmaps', configMap('a')));
    expect(used(shard)?.['count/configmaps']).toBe('1');
  });

  it('shrinks with what is deleted', () => {
    const shard = shardWith({ configmaps: '1' });
    accepted(shard.create('configmaps', configMap('a')));
    accepted(shard.write({ resource: 'configmaps', verb: 'delete', name: 'a', options: {} } as never));
    settle(shard);
    expect(used(shard)).toEqual({ configmaps: '0' });
    accepted(shard.create('configmaps', configMap('b')));
  });

  it('is not touched by dry runs and by requests that fail otherwise', () => {
    const shard = shardWith({ configmaps: '2' });
    accepted(shard.create('configmaps', configMap('a'), { dryRun: true }));
    expect(used(shard)).toEqual({ configmaps: '0' });
    accepted(shard.create('configmaps', configMap('a')));
    expect(refused(shard.create('configmaps', configMap('a'))).reason).toBe('AlreadyExists');
    expect(used(shard)).toEqual({ configmaps: '1' });
  });

  it('follows a new limit', () => {
    const shard = shardWith({ pods: '1' });
    change(shard, 'resourcequotas', 'q', (quota) => {
      quota.spec = { hard: { pods: '2', secrets: '3' } };
    });
    expect(statusOf(shard)).toEqual({ hard: { pods: '2', secrets: '3' }, used: { pods: '0', secrets: '0' } });
  });
});

describe('resources of pods', () => {
  const resources = {
    requests: { cpu: '500m', memory: '1Gi', 'example.com/gpu': '2' },
    limits: { cpu: '1', 'example.com/gpu': '2' },
  };
  const hard = { cpu: '1', 'requests.memory': '3Gi', 'limits.cpu': '4', 'requests.example.com/gpu': '4' };

  it('are summed under each name of theirs', () => {
    const shard = shardWith(hard);
    accepted(shard.create('pods', sizedPod('a', resources)));
    expect(used(shard)).toEqual({
      cpu: '500m',
      'requests.memory': '1Gi',
      'limits.cpu': '1',
      'requests.example.com/gpu': '2',
    });
    const big = { requests: { cpu: '600m', memory: '2.5Gi' }, limits: { cpu: '1' } };
    expect(refused(shard.create('pods', sizedPod('b', big))).message).toBe(
      'pods "b" is forbidden: exceeded quota: q, requested: cpu=600m,requests.memory=2560Mi, used: cpu=500m,requests.memory=1Gi, limited: cpu=1,requests.memory=3Gi',
    );
  });

  it('must be stated where they are limited', () => {
    const shard = shardWith({ 'limits.cpu': '1', 'requests.memory': '1Gi' });
    const spec = { initContainers: [{ name: 'init', image: 'i' }] };
    expect(refused(shard.create('pods', sizedPod('a', { limits: { cpu: '1' } }, spec))).message).toBe(
      'pods "a" is forbidden: failed quota: q: must specify limits.cpu for: init; requests.memory for: init,main',
    );
  });

  it('are free again when the pod has ended, is gone, or is past its grace', () => {
    const shard = shardWith({ pods: '9', 'count/pods': '9' });
    for (const name of ['ends', 'goes', 'stays']) accepted(shard.create('pods', podOf(name, { nodeName: 'n' })));
    change(shard, 'pods', 'ends', (pod) => (pod.status = { ...(pod.status as object), phase: 'Succeeded' }), 'status');
    expect(used(shard)).toEqual({ pods: '2', 'count/pods': '3' });
    accepted(
      shard.write({ resource: 'pods', verb: 'delete', name: 'goes', options: { gracePeriodSeconds: 0 } } as never),
    );
    settle(shard);
    expect(used(shard)).toEqual({ pods: '1', 'count/pods': '2' });
    accepted(shard.write({ resource: 'pods', verb: 'delete', name: 'stays', options: {} } as never));
    const [at = 0] = settle(shard);
    expect(used(shard)).toEqual({ pods: '1', 'count/pods': '2' });
    shard.now = at;
    settle(shard, [{ controller: 'resourcequota-controller', key: 'q' }]);
    expect(used(shard)).toEqual({ pods: '0', 'count/pods': '2' });
  });
});

describe('scopes', () => {
  const both = (first: object, second: object): ShardFixture => {
    const shard = new ShardFixture({}, [
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 9 },
    ]);
    accepted(shard.create('resourcequotas', quotaOf('in', { pods: '5' }, first)));
    accepted(shard.create('resourcequotas', quotaOf('out', { pods: '5' }, second)));
    settle(shard);
    return shard;
  };
  const selector = (scopeName: string, operator: string, values?: string[]) => ({
    scopeSelector: { matchExpressions: [{ scopeName, operator, ...(values ? { values } : {}) }] },
  });
  it.each([
    [{ scopes: ['Terminating'] }, { scopes: ['NotTerminating'] }, { activeDeadlineSeconds: 60 }],
    [{ scopes: ['BestEffort'] }, { scopes: ['NotBestEffort'] }, {}],
    [
      { scopes: ['PriorityClass'] },
      { scopes: ['BestEffort', 'PriorityClass', 'Terminating'] },
      { priorityClassName: 'high' },
    ],
    [
      selector('PriorityClass', 'In', ['high', 'mid']),
      selector('PriorityClass', 'NotIn', ['high']),
      { priorityClassName: 'high' },
    ],
    [selector('PriorityClass', 'DoesNotExist'), selector('PriorityClass', 'Exists'), {}],
    [selector('NotTerminating', 'Exists'), selector('CrossNamespacePodAffinity', 'Exists'), {}],
  ])('%j holds and %j does not', (first, second, spec) => {
    const shard = both(first, second);
    accepted(shard.create('pods', podOf('a', spec)));
    expect([used(shard, 'in'), used(shard, 'out')]).toEqual([{ pods: '1' }, { pods: '0' }]);
  });

  it('move a pod whose deadline is set later', () => {
    const shard = both({ scopes: ['Terminating'] }, { scopes: ['NotTerminating'] });
    accepted(shard.create('pods', podOf('a')));
    change(shard, 'pods', 'a', (pod) => (pod.spec = { ...(pod.spec as object), activeDeadlineSeconds: 5 }));
    expect([used(shard, 'in'), used(shard, 'out')]).toEqual([{ pods: '1' }, { pods: '0' }]);
  });
});

describe('services and claims', () => {
  it('count by type and ports', () => {
    const shard = shardWith({ services: '2', 'services.nodeports': '2', 'services.loadbalancers': '0' });
    const service = (name: string, type: string, count: number) => {
      const ports = Array.from({ length: count }, (_, i) => ({ name: `p${i}`, port: 80 + i }));
      return { ...object('Service', name, { type, ports, selector: { a: 'b' } }), metadata: { name } };
    };
    const external = { ...service('x', 'ExternalName', 1), spec: { type: 'ExternalName', externalName: 'a.example' } };
    accepted(shard.create('services', external));
    expect(used(shard)).toEqual({ services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' });
  });

  it('count storage, by class as well', () => {
    const gold = 'gold.storageclass.storage.k8s.io/requests.storage';
    const shard = shardWith({ persistentvolumeclaims: '3', 'requests.storage': '10Gi', [gold]: '2Gi' });
    const claim = (name: string, storage: string, storageClassName: string) =>
      object('PersistentVolumeClaim', name, {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage } },
        storageClassName,
      });
    accepted(shard.create('persistentvolumeclaims', claim('a', '2Gi', 'gold')));
    accepted(shard.create('persistentvolumeclaims', claim('b', '3Gi', 'iron')));
    expect(used(shard)).toEqual({ persistentvolumeclaims: '2', 'requests.storage': '5Gi', [gold]: '2Gi' });
    expect(refused(shard.create('persistentvolumeclaims', claim('c', '1Gi', 'gold'))).message).toBe(
      `persistentvolumeclaims "c" is forbidden: exceeded quota: q, requested: ${gold}=1Gi, used: ${gold}=2Gi, limited: ${gold}=2Gi`,
    );
  });
});

describe('devices', () => {
  const GPU = 'gpu.deviceclass.resource.k8s.io/devices';
  const NIC = 'nic.deviceclass.resource.k8s.io/devices';
  const CLAIMS = 'resourceclaims.resource.k8s.io';
  const exactly = (deviceClassName: string, more: object = { allocationMode: 'ExactCount', count: 1 }) => ({
    deviceClassName,
    ...more,
  });
  const claim = (name: string, ...requests: object[]) =>
    object(
      'ResourceClaim',
      name,
      { devices: { requests: requests.map((request, i) => ({ name: `r${i}`, ...request })) } },
      'resource.k8s.io/v1',
    );

  it('count by class: all there are as many as a claim can have, alternatives as the most of each', () => {
    const shard = shardWith({ [GPU]: '40', [NIC]: '2', [`count/${CLAIMS}`]: '4' });
    accepted(shard.create(CLAIMS, claim('one', { exactly: exactly('gpu') }, { exactly: exactly('nic') })));
    expect(used(shard)).toEqual({ [GPU]: '1', [NIC]: '1', [`count/${CLAIMS}`]: '1' });
    accepted(shard.create(CLAIMS, claim('all', { exactly: exactly('gpu', { allocationMode: 'All' }) })));
    expect(used(shard)?.[GPU]).toBe('33');
    const some = (count: number) => exactly('gpu', { allocationMode: 'ExactCount', count });
    const firstAvailable = [
      { name: 'a', ...some(2) },
      { name: 'b', ...some(4) },
      { name: 'c', ...exactly('nic') },
    ];
    accepted(shard.create(CLAIMS, claim('first', { firstAvailable })));
    expect(used(shard)).toEqual({ [GPU]: '37', [NIC]: '2', [`count/${CLAIMS}`]: '3' });
    expect(refused(shard.create(CLAIMS, claim('more', { exactly: some(4) }))).message).toBe(
      `resourceclaims.resource.k8s.io "more" is forbidden: exceeded quota: q, requested: ${GPU}=4, used: ${GPU}=37, limited: ${GPU}=40`,
    );
  });

  it('are free again with the claim', () => {
    const shard = shardWith({ [GPU]: '1' });
    accepted(shard.create(CLAIMS, claim('one', { exactly: exactly('gpu') })));
    settle(shard);
    accepted(shard.write({ resource: CLAIMS, verb: 'delete', name: 'one', options: {} } as never));
    settle(shard);
    expect(used(shard)).toEqual({ [GPU]: '0' });
  });
});

describe('devices as extended resources', () => {
  const classOf = (name: string, spec: object) => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'DeviceClass',
    metadata: { name },
    spec,
  });
  const shardOf = (hard: Hard) => {
    const shard = new ShardFixture({}, [classOf('gpu', { extendedResourceName: 'example.com/gpu' })]);
    accepted(shard.create('resourcequotas', quotaOf('q', hard)));
    settle(shard);
    return shard;
  };
  const claim = (name: string, count: number, annotations: object = {}) => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name, annotations },
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', count } }] } },
  });
  const podWith = (count: string) => {
    const amounts = { 'example.com/gpu': count };
    return sizedPod('p', { requests: amounts, limits: amounts });
  };
  const CLAIMS = 'resourceclaims.resource.k8s.io';
  const EXTENDED = 'requests.example.com/gpu';

  it('are limited together with what pods request', () => {
    const shard = shardOf({ [EXTENDED]: '3' });
    accepted(shard.create('pods', podWith('1')));
    accepted(shard.create(CLAIMS, claim('a', 2)));
    expect(used(shard)).toEqual({ [EXTENDED]: '3' });
    expect(refused(shard.create(CLAIMS, claim('b', 1))).message).toContain(`used: ${EXTENDED}=3`);
    accepted(shard.create('resourcequotas', quotaOf('later', { [EXTENDED]: '9' })));
    settle(shard);
    expect(used(shard, 'later')).toEqual({ [EXTENDED]: '3' });
  });

  it('of a claim that stops being part of its pod count from the update that says so', () => {
    const shard = shardOf({ [EXTENDED]: '3' });
    accepted(shard.create('pods', podWith('2')));
    const { uid = '' } = shard.stored('pods', 'p').metadata;
    const ours = claim('a', 2, { 'resource.kubernetes.io/extended-resource-claim': 'true' });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid, controller: true }];
    accepted(shard.create(CLAIMS, { ...ours, metadata: { ...ours.metadata, ownerReferences } }));
    expect(used(shard)).toEqual({ [EXTENDED]: '2' });
    const next = shard.stored(CLAIMS, 'a');
    next.metadata.annotations = {};
    expect(refused(shard.update(CLAIMS, next)).message).toContain(`requested: ${EXTENDED}=2, used: ${EXTENDED}=2`);
  });
});
