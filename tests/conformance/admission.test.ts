/**
 * The behaviour of upstream's conformance tests of quotas, limit ranges and priority classes, and what
 * admission says over the wire. Source: test/e2e/apimachinery/resource_quota.go,
 * test/e2e/scheduling/limit_range.go and preemption.go.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, ApiCalls, eventually } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import {
  create,
  done,
  get,
  gone,
  JSON_PATCH,
  list,
  MERGE_PATCH,
  replace,
  STRATEGIC_PATCH,
} from './object-lifecycle.ts';

let cluster: RunningCluster;
let calls: ApiCalls;
let spaces = 0;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

/** A namespace of its own, as each of upstream's tests has. */
async function newNamespace(labels: Record<string, string> = {}): Promise<string> {
  const name = `admission-${(spaces += 1)}`;
  await create(calls, '/api/v1/namespaces', { metadata: { name, labels } });
  const namespace = `/api/v1/namespaces/${name}`;
  await eventually('the default service account', async () => {
    const { code } = await calls.call('GET', `${namespace}/serviceaccounts/default`);
    return code === 200 ? true : undefined;
  });
  return namespace;
}

const post = (path: string, body: object) => calls.call('POST', path, { body });

const patch = async (path: string, body: object, headers: Record<string, string>) =>
  done(await calls.call('PATCH', path, { body, headers }));

const remove = async (path: string) => done(await calls.call('DELETE', path, { body: { gracePeriodSeconds: 0 } }));

const refusal = (answer: Answer): string => {
  expect(answer.code, answer.text).toBe(403);
  return answer.json.message;
};

interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

const pod = (name: string, resources: Resources = {}, spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'pause', image: 'pause', resources }], ...spec },
});

const HARD = {
  pods: '5',
  services: '10',
  'services.nodeports': '1',
  'services.loadbalancers': '1',
  replicationcontrollers: '10',
  resourcequotas: '1',
  cpu: '1',
  memory: '500Mi',
  configmaps: '10',
  secrets: '10',
  persistentvolumeclaims: '10',
  'requests.storage': '10Gi',
  'requests.ephemeral-storage': '50Gi',
  'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '10',
  'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
  'count/replicasets.apps': '5',
  'requests.example.com/dongle': '3',
};

const newQuota = (namespace: string, hard: object = HARD, spec: object = {}, name = 'test-quota') =>
  create(calls, `${namespace}/resourcequotas`, { metadata: { name }, spec: { hard, ...spec } });

/** Waits until the quota says that this much is used. */
const used = (namespace: string, amounts: Record<string, string>, name = 'test-quota') =>
  eventually(`${JSON.stringify(amounts)} used in ${namespace}`, async () => {
    const { status } = await get(calls, `${namespace}/resourcequotas/${name}`);
    const isSo = Object.entries(amounts).every(([key, value]) => status?.used?.[key] === value);
    if (!isSo) throw new Error(JSON.stringify(status));
    return true;
  });

describe('ResourceQuota', () => {
  test('should create a ResourceQuota and ensure its status is promptly calculated', async () => {
    const namespace = await newNamespace();
    await newQuota(namespace);
    await used(namespace, { resourcequotas: '1', pods: '0', 'count/replicasets.apps': '0' });
    expect((await get(calls, `${namespace}/resourcequotas/test-quota`)).status.hard).toEqual(HARD);
  });

  test('should create a ResourceQuota and capture the life of a service', async () => {
    const namespace = await newNamespace();
    await newQuota(namespace);
    const service = (name: string, type: string) => ({
      metadata: { name },
      spec: {
        type,
        ports: [{ port: 80 }],
        ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: false } : {}),
      },
    });
    const services = `${namespace}/services`;
    await create(calls, services, service('cluster', 'ClusterIP'));
    await create(calls, services, service('node', 'NodePort'));
    expect(refusal(await post(services, service('other', 'NodePort')))).toBe(
      'services "other" is forbidden: exceeded quota: test-quota, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    );
    await create(calls, services, service('balanced', 'LoadBalancer'));
    await used(namespace, { services: '3', 'services.nodeports': '1', 'services.loadbalancers': '1' });
    for (const name of ['cluster', 'node', 'balanced']) await remove(`${services}/${name}`);
    await used(namespace, { services: '0', 'services.nodeports': '0', 'services.loadbalancers': '0' });
  });

  test.each<[string, string, string, string, object]>([
    ['secret', '', 'secrets', 'secrets', { data: { top: 'c2VjcmV0' } }],
    [
      'replica set',
      'apps',
      'replicasets',
      'count/replicasets.apps',
      {
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: pod('').spec },
        },
      },
    ],
    [
      'replication controller',
      '',
      'replicationcontrollers',
      'replicationcontrollers',
      {
        spec: { replicas: 0, selector: { a: 'b' }, template: { metadata: { labels: { a: 'b' } }, spec: pod('').spec } },
      },
    ],
  ])('should create a ResourceQuota and capture the life of a %s', async (_what, group, plural, counted, body) => {
    const namespace = await newNamespace();
    await newQuota(namespace);
    await used(namespace, { [counted]: '0' });
    const collection = `${group ? namespace.replace('/api/v1', `/apis/${group}/v1`) : namespace}/${plural}`;
    await create(calls, collection, { metadata: { name: 'test' }, ...body });
    await used(namespace, { [counted]: '1' });
    await remove(`${collection}/test`);
    await used(namespace, { [counted]: '0' });
  });

  test('should create a ResourceQuota and capture the life of a configMap', async () => {
    const namespace = await newNamespace();
    const before = (await list(calls, `${namespace}/configmaps`)).length;
    await newQuota(namespace);
    await used(namespace, { configmaps: String(before) });
    await create(calls, `${namespace}/configmaps`, { metadata: { name: 'test' } });
    await used(namespace, { configmaps: String(before + 1) });
    await remove(`${namespace}/configmaps/test`);
    await used(namespace, { configmaps: String(before) });
  });

  test('should create a ResourceQuota and capture the life of a pod', async () => {
    const namespace = await newNamespace();
    await newQuota(namespace);
    const pods = `${namespace}/pods`;
    const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', 'example.com/dongle': '2' };
    const dongles = { requests, limits: { 'example.com/dongle': '2' } };
    await create(calls, pods, pod('test', dongles));
    const taken = {
      pods: '1',
      cpu: '500m',
      memory: '252Mi',
      'requests.ephemeral-storage': '30Gi',
      'requests.example.com/dongle': '2',
    };
    await used(namespace, taken);
    expect(refusal(await post(pods, pod('fail', { requests: { cpu: '600m', memory: '100Mi' } })))).toBe(
      'pods "fail" is forbidden: exceeded quota: test-quota, requested: cpu=600m, used: cpu=500m, limited: cpu=1',
    );
    expect(
      refusal(await post(pods, pod('fail', { ...dongles, requests: { ...requests, cpu: '500m', memory: '100Mi' } }))),
    ).toContain('requested: requests.ephemeral-storage=30Gi,requests.example.com/dongle=2');
    expect(refusal(await post(pods, pod('fail')))).toBe(
      'pods "fail" is forbidden: failed quota: test-quota: must specify cpu for: pause; memory for: pause',
    );
    const labelled = await patch(`${pods}/test`, { metadata: { labels: { a: 'b' } } }, MERGE_PATCH);
    expect(labelled.metadata.labels).toEqual({ a: 'b' });
    await used(namespace, taken);
    await remove(`${pods}/test`);
    await used(namespace, { pods: '0', cpu: '0', memory: '0', 'requests.example.com/dongle': '0' });
  });

  test('should create a ResourceQuota and capture the life of a persistent volume claim', async () => {
    const namespace = await newNamespace();
    await newQuota(namespace);
    const claims = `${namespace}/persistentvolumeclaims`;
    const claim = (name: string, storageClassName: string, storage = '1Gi') => ({
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
    });
    await create(calls, claims, claim('plain', ''));
    await create(calls, claims, claim('gold', 'gold', '2Gi'));
    await used(namespace, {
      persistentvolumeclaims: '2',
      'requests.storage': '3Gi',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '2Gi',
    });
    expect(refusal(await post(claims, claim('more', 'gold', '9Gi')))).toContain(
      'exceeded quota: test-quota, requested: gold.storageclass.storage.k8s.io/requests.storage=9Gi,requests.storage=9Gi',
    );
  });

  test('should verify ResourceQuota with terminating scopes', async () => {
    const namespace = await newNamespace();
    const hard = {
      pods: '5',
      'requests.cpu': '1',
      'requests.memory': '500Mi',
      'limits.cpu': '2',
      'limits.memory': '1Gi',
    };
    await newQuota(namespace, hard, { scopes: ['Terminating'] }, 'terminating');
    await newQuota(namespace, hard, { scopes: ['NotTerminating'] }, 'not-terminating');
    const resources = { requests: { cpu: '500m', memory: '200Mi' }, limits: { cpu: '1', memory: '400Mi' } };
    const taken = {
      pods: '1',
      'requests.cpu': '500m',
      'requests.memory': '200Mi',
      'limits.cpu': '1',
      'limits.memory': '400Mi',
    };
    const none = { pods: '0', 'requests.cpu': '0', 'limits.memory': '0' };
    await create(calls, `${namespace}/pods`, pod('long', resources));
    await used(namespace, taken, 'not-terminating');
    await used(namespace, none, 'terminating');
    await remove(`${namespace}/pods/long`);
    await used(namespace, none, 'not-terminating');
    await create(calls, `${namespace}/pods`, pod('short', resources, { activeDeadlineSeconds: 3600 }));
    await used(namespace, taken, 'terminating');
    await used(namespace, none, 'not-terminating');
    await remove(`${namespace}/pods/short`);
    await used(namespace, none, 'terminating');
  });

  test('should verify ResourceQuota with best effort scope', async () => {
    const namespace = await newNamespace();
    await newQuota(namespace, { pods: '5' }, { scopes: ['BestEffort'] }, 'best');
    await newQuota(namespace, { pods: '5' }, { scopes: ['NotBestEffort'] }, 'not-best');
    await create(calls, `${namespace}/pods`, pod('best'));
    await used(namespace, { pods: '1' }, 'best');
    await used(namespace, { pods: '0' }, 'not-best');
    await remove(`${namespace}/pods/best`);
    await create(calls, `${namespace}/pods`, pod('burst', { requests: { cpu: '500m', memory: '200Mi' } }));
    await used(namespace, { pods: '0' }, 'best');
    await used(namespace, { pods: '1' }, 'not-best');
  });

  test('tells pods apart by priority class and by whom they want to be near', async () => {
    const namespace = await newNamespace();
    await create(calls, '/apis/scheduling.k8s.io/v1/priorityclasses', {
      metadata: { name: 'quota-high' },
      value: 1000,
    });
    const byClass = { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['quota-high'] }] };
    await newQuota(namespace, { pods: '1' }, { scopeSelector: byClass }, 'high');
    const near = { matchExpressions: [{ scopeName: 'CrossNamespacePodAffinity', operator: 'Exists' }] };
    await newQuota(namespace, { pods: '0' }, { scopeSelector: near }, 'near');
    const high = { priorityClassName: 'quota-high' };
    await create(calls, `${namespace}/pods`, pod('low'));
    await create(calls, `${namespace}/pods`, pod('high', {}, high));
    await used(namespace, { pods: '1' }, 'high');
    expect(refusal(await post(`${namespace}/pods`, pod('higher', {}, high)))).toContain('exceeded quota: high');
    const term = { topologyKey: 'zone', namespaces: ['default'], labelSelector: {} };
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    expect(refusal(await post(`${namespace}/pods`, pod('close', {}, { affinity })))).toContain('exceeded quota: near');
  });

  test('should be able to update and delete ResourceQuota', async () => {
    const namespace = await newNamespace();
    const quotas = `${namespace}/resourcequotas`;
    await newQuota(namespace, { cpu: '1', memory: '500Mi' });
    const updated = await replace(calls, `${quotas}/test-quota`, (quota) => {
      quota.spec.hard = { cpu: '2', memory: '1Gi' };
    });
    expect(updated.spec.hard).toEqual({ cpu: '2', memory: '1Gi' });
    expect((await get(calls, `${quotas}/test-quota`)).spec.hard).toEqual({ cpu: '2', memory: '1Gi' });
    await remove(`${quotas}/test-quota`);
    expect((await calls.call('GET', `${quotas}/test-quota`)).code).toBe(404);
  });

  test('should manage the lifecycle of a ResourceQuota', async () => {
    const namespace = await newNamespace();
    const quotas = `${namespace}/resourcequotas`;
    const labels = { life: 'cycle' };
    await create(calls, quotas, { metadata: { name: 'life', labels }, spec: { hard: { cpu: '1', memory: '500Mi' } } });
    expect(await list(calls, '/api/v1/resourcequotas', 'life=cycle')).toHaveLength(1);
    const patched = await patch(
      `${quotas}/life`,
      { metadata: { labels: { patched: 'true' } }, spec: { hard: { memory: '750Mi' } } },
      STRATEGIC_PATCH,
    );
    expect(patched.metadata.labels).toEqual({ ...labels, patched: 'true' });
    expect(patched.spec.hard).toEqual({ cpu: '1', memory: '750Mi' });
    done(await calls.call('DELETE', `${quotas}?labelSelector=life%3Dcycle`));
    await gone(calls, quotas, 'life=cycle');
  });

  test('should apply changes to a resourcequota status', async () => {
    const namespace = await newNamespace();
    const path = `${namespace}/resourcequotas/test-quota`;
    await newQuota(namespace, { cpu: '500m', memory: '500Mi' });
    await used(namespace, { cpu: '0', memory: '0' });
    const updated = await replace(calls, `${path}/status`, (quota) => {
      quota.status.hard = { cpu: '250m', memory: '250Mi' };
    });
    expect(updated.status.hard).toEqual({ cpu: '250m', memory: '250Mi' });
    // The controller puts back what follows from the spec.
    await eventually('the status', async () => {
      const { status } = await get(calls, path);
      return status.hard.cpu === '500m' && status.hard.memory === '500Mi' ? true : undefined;
    });
    await patch(`${path}/status`, { metadata: {}, status: { hard: { cpu: '1', memory: '1Gi' } } }, MERGE_PATCH);
    await patch(`${path}/status`, [{ op: 'replace', path: '/status/hard/cpu', value: '2' }], JSON_PATCH);
    expect((await get(calls, `${path}/status`)).metadata.name).toBe('test-quota');
  });

  test('holds under many who write at once', async () => {
    const namespace = await newNamespace();
    await newQuota(namespace, { 'count/configmaps': '12' });
    const there = (await list(calls, `${namespace}/configmaps`)).length;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => post(`${namespace}/configmaps`, { metadata: { name: `many-${i}` } })),
    );
    const codes = answers.map(({ code }) => code);
    expect(codes.filter((code) => code === 201)).toHaveLength(12 - there);
    expect(codes.filter((code) => code === 403)).toHaveLength(28 + there);
    await used(namespace, { 'count/configmaps': '12' });
  });
});

describe('LimitRange', () => {
  const RANGE = {
    limits: [
      {
        type: 'Container',
        min: { cpu: '50m', memory: '100Mi', 'ephemeral-storage': '100Gi' },
        max: { cpu: '500m', memory: '500Mi', 'ephemeral-storage': '500Gi' },
        default: { cpu: '500m', memory: '500Mi', 'ephemeral-storage': '500Gi' },
        defaultRequest: { cpu: '100m', memory: '200Mi', 'ephemeral-storage': '200Gi' },
        maxLimitRequestRatio: {},
      },
    ],
  };
  const resourcesOf = (object: Answer['json']) => object.spec.containers[0].resources;

  test('should create a LimitRange with defaults and ensure pod has those defaults applied', async () => {
    const namespace = await newNamespace();
    const [ranges, pods] = [`${namespace}/limitranges`, `${namespace}/pods`];
    await create(calls, ranges, { metadata: { name: 'limit-range' }, spec: RANGE });
    const [{ default: limits, defaultRequest: requests }] = RANGE.limits as [(typeof RANGE.limits)[0]];
    expect(resourcesOf(await create(calls, pods, pod('none')))).toEqual({ limits, requests });
    const given = { requests: { cpu: '100m', memory: '150Mi', 'ephemeral-storage': '150Gi' }, limits: { cpu: '300m' } };
    expect(resourcesOf(await create(calls, pods, pod('partial', given)))).toEqual({
      requests: given.requests,
      limits: { cpu: '300m', memory: '500Mi', 'ephemeral-storage': '500Gi' },
    });
    expect(refusal(await post(pods, pod('less', { requests: { cpu: '10m' } })))).toBe(
      'pods "less" is forbidden: minimum cpu usage per Container is 50m, but request is 10m',
    );
    expect(refusal(await post(pods, pod('more', { limits: { cpu: '600m' } })))).toContain(
      'maximum cpu usage per Container is 500m, but limit is 600m',
    );
    await replace(calls, `${ranges}/limit-range`, (range) => {
      range.spec.limits[0].min = { cpu: '9m', memory: '49Mi' };
      range.spec.limits[0].max = { cpu: '600m' };
    });
    await create(calls, pods, pod('less', { requests: { cpu: '10m' } }));
    await remove(`${ranges}/limit-range`);
    expect(await list(calls, ranges)).toEqual([]);
    await create(calls, pods, pod('free', { requests: { cpu: '700m' } }));
  });

  test('should list, patch and delete a LimitRange by collection', async () => {
    const [namespace, other] = [await newNamespace(), await newNamespace()];
    const labels = { e2e: 'limits' };
    for (const at of [namespace, other]) {
      await create(calls, `${at}/limitranges`, { metadata: { name: 'limits', labels }, spec: RANGE });
    }
    expect(await list(calls, '/api/v1/limitranges', 'e2e=limits')).toHaveLength(2);
    const patched = await patch(
      `${namespace}/limitranges/limits`,
      { metadata: { labels: { patched: 'yes' } }, spec: { limits: [{ type: 'Container', max: { cpu: '600m' } }] } },
      STRATEGIC_PATCH,
    );
    expect(patched.metadata.labels).toEqual({ ...labels, patched: 'yes' });
    done(await calls.call('DELETE', `${namespace}/limitranges?labelSelector=patched%3Dyes`));
    await gone(calls, `${namespace}/limitranges`, 'e2e=limits');
    expect(await list(calls, '/api/v1/limitranges', 'e2e=limits')).toHaveLength(1);
  });
});

describe('PriorityClass endpoints', () => {
  const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses';

  test('verify PriorityClass endpoints can be operated with different HTTP methods', async () => {
    const names = ['p1', 'p2'];
    const made: Answer['json'][] = [];
    for (const [i, name] of names.entries()) {
      made.push(await create(calls, CLASSES, { metadata: { name }, value: (i + 1) * 10 }));
    }
    const listed = (await list(calls, CLASSES)).filter(({ metadata }) => names.includes(metadata.name));
    expect(listed).toHaveLength(2);
    for (const object of made) {
      const path = `${CLASSES}/${object.metadata.name}`;
      expect((await get(calls, path)).metadata.uid).toBe(object.metadata.uid);
      const answer = await calls.call('PUT', path, { body: { ...object, value: object.value * 10 } });
      expect(answer.code).toBe(422);
      expect(answer.json.details.causes).toEqual([
        { reason: 'FieldValueForbidden', message: 'Forbidden: may not be changed in an update.', field: 'value' },
      ]);
      const described = await replace(calls, path, (next) => {
        next.description = 'updateDescription';
      });
      expect(described.description).toBe('updateDescription');
      const patched = await patch(
        path,
        { metadata: { labels: { patched: 'yes' } }, description: 'patchDescription' },
        STRATEGIC_PATCH,
      );
      expect(patched).toMatchObject({ description: 'patchDescription', metadata: { labels: { patched: 'yes' } } });
    }
    done(await calls.call('DELETE', `${CLASSES}?labelSelector=patched%3Dyes`));
    await gone(calls, CLASSES, 'patched=yes');
  });

  test('only one is the default, and pods without a class get it', async () => {
    await create(calls, CLASSES, { metadata: { name: 'everyone' }, value: 7, globalDefault: true });
    expect(refusal(await post(CLASSES, { metadata: { name: 'nobody' }, value: 8, globalDefault: true }))).toContain(
      'PriorityClass everyone is already marked as default. Only one default can exist',
    );
    const namespace = await newNamespace();
    const made = await create(calls, `${namespace}/pods`, pod('ordinary'));
    expect(made.spec).toMatchObject({ priority: 7, priorityClassName: 'everyone' });
    expect(refusal(await post(`${namespace}/pods`, pod('none', {}, { priorityClassName: 'missing' })))).toBe(
      'pods "none" is forbidden: no PriorityClass with name missing was found',
    );
    await remove(`${CLASSES}/everyone`);
  });
});

describe('PodSecurity', () => {
  const ENFORCE = 'pod-security.kubernetes.io/enforce';

  test('holds pods to the level, warns of workloads, and says which pods do not keep to a new one', async () => {
    const namespace = await newNamespace();
    const host = { hostNetwork: true };
    await create(calls, `${namespace}/pods`, pod('old', {}, host));
    const relabelled = await calls.call('PATCH', namespace, {
      body: { metadata: { labels: { [ENFORCE]: 'baseline' } } },
      headers: MERGE_PATCH,
    });
    const name = namespace.split('/').at(-1);
    expect(relabelled.code).toBe(200);
    expect(relabelled.headers['warning']).toEqual([
      `299 - "existing pods in namespace \\"${name}\\" violate the new PodSecurity enforce level \\"baseline:latest\\""`,
      '299 - "old: host namespaces"',
    ]);
    await eventually('the refusal', async () => {
      const answer = await post(`${namespace}/pods`, pod('new', {}, host));
      if (answer.code === 201) await remove(`${namespace}/pods/new`);
      return answer.code === 403 ? refusal(answer) : undefined;
    }).then((text) =>
      expect(text).toBe(
        'pods "new" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
      ),
    );
    const deployment = await post(`${namespace.replace('/api/v1', '/apis/apps/v1')}/deployments`, {
      metadata: { name: 'web' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: pod('', {}, host).spec },
      },
    });
    expect(deployment.code).toBe(201);
    expect(String(deployment.headers['warning'])).toContain(
      'would violate PodSecurity \\"baseline:latest\\": host namespaces (hostNetwork=true)',
    );
  });
});
