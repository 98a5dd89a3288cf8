import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiCalls, eventually } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { LABELS, supportsApiOperations } from './api-operations.ts';
import { ResourceClient } from './resource-client.ts';

let cluster: RunningCluster;
let calls: ApiCalls;
/** Each test has a namespace of its own, as upstream's framework gives it. */
let namespace: string;
let tests = 0;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
  calls = new ApiCalls(cluster);
});
beforeEach(async () => {
  tests += 1;
  namespace = `core-${tests}`;
  await clusterWide('namespaces').create({ metadata: { name: namespace } });
  await eventually('the default account', async () =>
    (await calls.call('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).code === 200
      ? true
      : undefined,
  );
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const clusterWide = (plural: string, group = ''): ResourceClient => new ResourceClient(calls, { plural, group });
const namespaced = (plural: string, group = ''): ResourceClient =>
  new ResourceClient(calls, { plural, group, namespace });

const names = (list: { items: { metadata: { name: string } }[] }): string[] =>
  list.items.map(({ metadata }) => metadata.name);

describe('Namespaces', () => {
  const create = (name: string) => clusterWide('namespaces').create({ metadata: { name } });

  test('should patch a Namespace', async () => {
    const client = clusterWide('namespaces');
    await create('patched');
    await client.patch('patched', 'strategic', { metadata: { labels: { testLabel: 'testValue' } } });
    expect((await client.get('patched')).metadata.labels).toMatchObject({ testLabel: 'testValue' });
  });

  test('should apply an update to a Namespace', async () => {
    await create('updated');
    const updated = await clusterWide('namespaces').update(
      'updated',
      ({ metadata }) => (metadata.labels.updated = 'yes'),
    );
    expect(updated.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'updated', updated: 'yes' });
  });

  test('should apply changes to a namespace status', async () => {
    const client = clusterWide('namespaces');
    await create('with-status');
    expect((await client.get('with-status', 'status')).status).toEqual({ phase: 'Active' });
    const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set by a test' });
    const annotations = { 'e2e-patched-ns-status': 'with-status' };
    const patched = await client.patch(
      'with-status',
      'merge',
      { metadata: { annotations }, status: { conditions: [condition('StatusPatch')] } },
      'status',
    );
    expect(patched.metadata.annotations).toMatchObject(annotations);
    expect(patched.status).toMatchObject({ phase: 'Active', conditions: [condition('StatusPatch')] });
    const updated = await client.update(
      'with-status',
      ({ status }) => status.conditions.push(condition('StatusUpdate')),
      'status',
    );
    expect(updated.status.conditions).toMatchObject([condition('StatusPatch'), condition('StatusUpdate')]);
  });

  test('should apply a finalizer to a Namespace', async () => {
    const client = clusterWide('namespaces');
    await create('finalized');
    const finalizer = 'e2e.example.com/fakeFinalizer';
    const added = await client.update('finalized', ({ spec }) => spec.finalizers.push(finalizer), 'finalize');
    expect(added.spec.finalizers).toEqual(['kubernetes', finalizer]);
    await client.delete('finalized');
    await eventually('only the added finalizer', async () =>
      (await client.get('finalized')).spec.finalizers.join() === finalizer ? true : undefined,
    );
    expect((await client.get('finalized')).status.phase).toBe('Terminating');
    const body = await client.get('finalized');
    body.spec.finalizers = [];
    await client.put(body, 'finalize');
    await eventually('its end', async () => ((await client.isGone('finalized')) ? true : undefined));
  });
});

describe('Events', () => {
  const event = (name: string, labels: object) => ({
    metadata: { name, labels },
    message: `This is ${name}`,
    reason: 'Test',
    type: 'Normal',
    count: 1,
    involvedObject: { namespace },
  });

  test('should manage the lifecycle of an event', async () => {
    const client = namespaced('events');
    const query = { labelSelector: 'testevent-constant=true' };
    await client.create(event('event-test', { 'testevent-constant': 'true' }));
    expect(names(await client.everywhere().list(query))).toEqual(['event-test']);
    await client.patch('event-test', 'strategic', { message: 'This is a test event - patched' });
    const patched = await client.get('event-test');
    expect(patched.message).toBe('This is a test event - patched');
    const series = { count: 100, lastObservedTime: '2017-09-19T13:49:16.000000Z' };
    await client.update('event-test', (object) => (object.series = series));
    const updated = await client.get('event-test');
    expect({ ...updated, metadata: undefined }).toEqual({ ...patched, series, metadata: undefined });
    await client.delete('event-test');
    expect((await client.everywhere().list(query)).items).toEqual([]);
  });

  test('should delete a collection of events', async () => {
    const client = namespaced('events');
    const query = { labelSelector: 'testevent-set=true' };
    for (const n of [1, 2, 3]) await client.create(event(`test-event-${n}`, { 'testevent-set': 'true' }));
    expect((await client.list(query)).items).toHaveLength(3);
    await client.deleteCollection(query);
    expect((await client.list(query)).items).toEqual([]);
  });
});

describe('Events API', () => {
  const event = (name: string, label: string) => ({
    metadata: { name, labels: { [label]: 'true' } },
    regarding: { namespace },
    eventTime: '2017-09-19T13:49:16.000000Z',
    note: `This is ${name}`,
    action: 'Do',
    reason: 'Test',
    type: 'Normal',
    reportingController: 'test-controller',
    reportingInstance: 'test-node',
  });

  test('should ensure that an event can be fetched, patched, deleted, and listed', async () => {
    const client = namespaced('events', 'events.k8s.io');
    const query = { labelSelector: 'testevent-constant=true' };
    await client.create(event('event-test', 'testevent-constant'));
    for (const listing of [client, client.everywhere()])
      expect(names(await listing.list(query))).toEqual(['event-test']);
    expect(names(await namespaced('events').list({ fieldSelector: 'source=test-controller' }))).toEqual(['event-test']);
    expect(names(await client.list({ fieldSelector: 'reportingController=test-controller' }))).toEqual(['event-test']);

    const steady = ({ metadata, ...rest }: { metadata: Record<string, unknown> }) => {
      const { resourceVersion: _version, managedFields: _managed, ...kept } = metadata;
      return { ...rest, metadata: kept };
    };
    const series = (count: number) => ({ count, lastObservedTime: '2017-09-19T13:49:16.000000Z' });
    const first = await client.get('event-test');
    await client.patch('event-test', 'strategic', { series: series(2) });
    expect(steady(await client.get('event-test'))).toEqual({ ...steady(first), series: series(2) });
    // The object as it was read first, without its version.
    await client.put({ ...steady(first), series: series(100) });
    expect(steady(await client.get('event-test'))).toEqual({ ...steady(first), series: series(100) });

    await client.delete('event-test');
    for (const listing of [client, client.everywhere()]) expect((await listing.list(query)).items).toEqual([]);
  });

  test('should delete a collection of events', async () => {
    const client = namespaced('events', 'events.k8s.io');
    const query = { labelSelector: 'testevent-set=true' };
    for (const n of [1, 2, 3]) await client.create(event(`test-event-${n}`, 'testevent-set'));
    expect((await client.list(query)).items).toHaveLength(3);
    await client.deleteCollection(query);
    expect((await client.list(query)).items).toEqual([]);
  });
});

describe.each([
  ['ConfigMap', 'configmaps', (text: string) => text],
  ['Secrets', 'secrets', (text: string) => Buffer.from(text).toString('base64')],
] as const)('%s', (_kind, plural, encoded) => {
  const invalid = { reason: 'Invalid', code: 422 };

  test('should be immutable if immutable field is set', async () => {
    const client = namespaced(plural);
    await client.create({ metadata: { name: 'immutable' }, data: { a: encoded('1') } });
    await client.update('immutable', ({ data }) => (data.a = encoded('2')));
    const fixed = await client.update('immutable', (object) => (object.immutable = true));
    for (const change of [{ data: { a: encoded('3') } }, { immutable: false }]) {
      const status = await client.refused(422, 'PUT', { ...fixed, ...change });
      expect(status).toMatchObject(invalid);
      expect(status.message).toMatch(/field is immutable when `immutable` is set/);
    }
    const labelled = await client.update('immutable', ({ metadata }) => (metadata.labels = { still: 'mutable' }));
    expect(labelled.metadata.labels).toEqual({ still: 'mutable' });
    await client.delete('immutable');
  });

  test('should fail to create due to empty key', async () => {
    const status = await namespaced(plural).refused(422, 'POST', {
      metadata: { name: 'empty-key' },
      data: { '': encoded('value-1') },
    });
    expect(status).toMatchObject({ ...invalid, details: { causes: [{ field: 'data[]' }] } });
  });
});

describe('ConfigMap', () => {
  test('should update ConfigMap successfully', async () => {
    const client = namespaced('configmaps');
    const object = { metadata: { name: 'replaced' }, data: { 'data-1': 'value-1', 'data-2': 'value-2' } };
    await client.create(object);
    await client.put({ ...object, data: { data: 'value' } });
    expect((await client.get('replaced')).data).toEqual({ data: 'value' });
  });

  test('should run through a ConfigMap lifecycle', async () => {
    const client = namespaced('configmaps');
    const labels = { 'test-configmap-static': 'true' };
    await client.create({ metadata: { name: 'test-configmap', labels }, data: { valueName: 'value' } });
    const read = await client.get('test-configmap');
    expect([read.data, read.metadata.labels]).toEqual([{ valueName: 'value' }, labels]);
    await client.patch('test-configmap', 'strategic', {
      metadata: { creationTimestamp: null, labels: { 'test-configmap': 'patched' } },
      data: { valueName: 'value1' },
    });
    const found = (await client.everywhere().list({ labelSelector: 'test-configmap=patched' })).items;
    expect(found).toMatchObject([
      { metadata: { namespace, labels: { ...labels, 'test-configmap': 'patched' } }, data: { valueName: 'value1' } },
    ]);
    await client.deleteCollection({ labelSelector: 'test-configmap-static=true' });
    expect((await client.list({ labelSelector: 'test-configmap-static=true' })).items).toEqual([]);
  });
});

describe('Secrets', () => {
  test('should patch a secret', async () => {
    const client = namespaced('secrets');
    const query = { labelSelector: 'testsecret-constant=true' };
    const labels = { 'testsecret-constant': 'true' };
    await client.create({ metadata: { name: 'test-secret', labels }, data: { key: 'dmFsdWU=' }, type: 'Opaque' });
    expect(names(await client.everywhere().list(query))).toEqual(['test-secret']);
    await client.patch('test-secret', 'strategic', {
      metadata: { labels: { testsecret: 'true' } },
      data: { key: 'dmFsdWUx' },
    });
    const patched = await client.get('test-secret');
    expect([patched.metadata.labels, patched.data]).toEqual([{ ...labels, testsecret: 'true' }, { key: 'dmFsdWUx' }]);
    await client.deleteCollection(query);
    expect((await client.everywhere().list(query)).items).toEqual([]);
  });
});

describe('PodTemplates', () => {
  const template = (name: string, labels: object) => ({
    metadata: { name, labels },
    template: { spec: { containers: [{ name: 'nginx', image: 'nginx' }] } },
  });

  test('should run the lifecycle of PodTemplates', async () => {
    const client = namespaced('podtemplates');
    const query = { labelSelector: 'podtemplate-static=true' };
    expect((await client.everywhere().list(query)).items).toEqual([]);
    await client.create(template('lifecycle', { 'podtemplate-static': 'true' }));
    await client.get('lifecycle');
    await client.patch('lifecycle', 'strategic', { metadata: { labels: { podtemplate: 'patched' } } });
    expect((await client.get('lifecycle')).metadata.labels).toMatchObject({ podtemplate: 'patched' });
    await client.delete('lifecycle');
    expect((await client.everywhere().list(query)).items).toEqual([]);
  });

  test('should delete a collection of pod templates', async () => {
    const client = namespaced('podtemplates');
    const query = { labelSelector: 'podtemplate-set=true' };
    for (const n of [1, 2, 3]) await client.create(template(`test-podtemplate-${n}`, { 'podtemplate-set': 'true' }));
    expect((await client.list(query)).items).toHaveLength(3);
    await client.deleteCollection(query);
    expect((await client.list(query)).items).toEqual([]);
  });

  test('should replace a pod template', async () => {
    const client = namespaced('podtemplates');
    await client.create(template('replaced', {}));
    const updated = await client.update('replaced', ({ metadata }) => (metadata.annotations = { updated: 'true' }));
    expect(updated.metadata.annotations).toEqual({ updated: 'true' });
  });
});

test('Lease lease API should be available', async () => {
  const client = namespaced('leases', 'coordination.k8s.io');
  const spec = (holderIdentity: string, second: string, leaseTransitions: number) => ({
    holderIdentity,
    leaseDurationSeconds: 30,
    acquireTime: `0001-01-01T00:00:${second}.000000Z`,
    renewTime: '0001-01-01T00:00:50.000000Z',
    leaseTransitions,
  });
  await client.create({ metadata: { name: 'lease' }, spec: spec('holder', '02', 0) });
  expect((await client.get('lease')).spec).toEqual(spec('holder', '02', 0));
  await client.update('lease', (lease) => (lease.spec = spec('holder2', '20', 1)));
  expect((await client.get('lease')).spec).toEqual(spec('holder2', '20', 1));
  await client.patch('lease', 'strategic', { spec: { holderIdentity: 'holder3', leaseTransitions: 2 } });
  expect((await client.get('lease')).spec).toEqual({ ...spec('holder3', '20', 2) });
  await client.create({
    metadata: { name: 'lease2', labels: { deletecollection: 'true' } },
    spec: spec('holder', '02', 0),
  });
  expect((await client.list()).items).toHaveLength(2);
  await client.deleteCollection({ labelSelector: 'deletecollection=true' });
  expect(names(await client.list())).toEqual(['lease']);
  await client.delete('lease');
  expect(await client.isGone('lease')).toBe(true);
  await client.everywhere().list();
});

test('Node Lifecycle should run through the lifecycle of a node', async () => {
  const client = clusterWide('nodes');
  const name = 'e2e-fake-node';
  const condition = { type: 'Ready', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
  const created = await client.create({
    metadata: { name },
    spec: { unschedulable: true },
    status: { phase: 'Running', conditions: [condition] },
  });
  expect((await client.get(name)).metadata.name).toBe(name);
  const patched = await client.patch(name, 'strategic', { metadata: { labels: { [name]: 'patched' } } });
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' });
  expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
  expect(names(await client.list({ labelSelector: `${name}=patched` }))).toEqual([name]);
  const updated = await client.update(name, ({ metadata }) => (metadata.labels[name] = 'updated'));
  expect(updated.metadata.labels).toMatchObject({ [name]: 'updated' });
  await client.delete(name);
  await eventually('its deletion', async () => ((await client.isGone(name)) ? true : undefined));
});

describe('RuntimeClass', () => {
  const pod = (runtimeClassName: string) => ({
    metadata: { generateName: 'test-runtimeclass-' },
    spec: { runtimeClassName, containers: [{ name: 'test', image: 'busybox' }], restartPolicy: 'Never' },
  });
  const classes = () => clusterWide('runtimeclasses', 'node.k8s.io');

  test('should reject a Pod requesting a non-existent RuntimeClass', async () => {
    expect(await namespaced('pods').refused(403, 'POST', pod('nonexistent'))).toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('pod rejected: RuntimeClass "nonexistent" not found'),
    });
  });

  test('should reject a Pod requesting a deleted RuntimeClass', async () => {
    await classes().create({ metadata: { name: 'delete-me' }, handler: 'runc' });
    await classes().delete('delete-me');
    await eventually('the refusal', async () => {
      const { code } = await calls.call('POST', `/api/v1/namespaces/${namespace}/pods`, { body: pod('delete-me') });
      return code === 403 ? true : undefined;
    });
  });

  test('should support RuntimeClasses API operations', async () => {
    const object = (n: number) => ({
      metadata: { name: `conformance-runtime-class${n}`, labels: LABELS },
      handler: `handler${n}`,
    });
    await supportsApiOperations({ calls, client: classes(), objects: [object(1), object(2), object(3)] });
  });
});

test('Sysctls should reject invalid sysctls', async () => {
  const sysctls = [
    { name: 'foo-', value: 'bar' },
    { name: 'kernel.shmmax', value: '100000000' },
    { name: 'safe-and-unsafe', value: '100000000' },
    { name: 'bar..', value: '42' },
  ];
  const status = await namespaced('pods').refused(422, 'POST', {
    metadata: { name: 'sysctl' },
    spec: { securityContext: { sysctls }, containers: [{ name: 'test', image: 'busybox' }], restartPolicy: 'Never' },
  });
  expect(status.message).toContain('Invalid value: "foo-"');
  expect(status.message).toContain('Invalid value: "bar.."');
  expect(status.message).not.toContain('safe-and-unsafe');
  expect(status.message).not.toContain('kernel.shmmax');
});

test('Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu', async () => {
  const resources = { cpu: '100m', memory: '100Mi' };
  await namespaced('pods').create({
    metadata: { name: 'pod-qos-class' },
    spec: {
      containers: [{ name: 'agnhost', image: 'agnhost', resources: { requests: resources, limits: resources } }],
    },
  });
  expect((await namespaced('pods').get('pod-qos-class')).status.qosClass).toBe('Guaranteed');
});

describe('FieldValidation', () => {
  /** A body as text, for what no serializer would write. */
  const deployment = (metadata: string, spec: string) =>
    `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"my-dep",${metadata}"labels":{"app":"nginx"}},
      "spec":{${spec}"selector":{"matchLabels":{"app":"nginx"}},"template":{"metadata":{"labels":{"app":"nginx"}},
      "spec":{"containers":[{"name":"nginx","image":"nginx:latest"}]}}}}`;
  const send = async (body: string, query: string) => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    return calls.call('POST', `${path}?fieldManager=field_validation_mgr&dryRun=All${query}`, { body });
  };
  const warnings = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => [headers['warning'] ?? []].flat();

  test.each([
    [
      'should detect unknown and duplicate fields of a typed object',
      deployment('', '"unknownField":"foo","replicas":2,"replicas":3,'),
      ['unknown field "spec.unknownField"', 'duplicate field "spec.replicas"'],
    ],
    [
      'should detect unknown metadata fields of a typed object',
      deployment('"unknownMeta":"foo",', ''),
      ['unknown field "metadata.unknownMeta"'],
    ],
  ])('%s', async (_name, body, found) => {
    const strict = await send(body, '&fieldValidation=Strict');
    expect([strict.code, strict.json.reason]).toEqual([400, 'BadRequest']);
    expect(strict.json.message).toContain(`strict decoding error: ${found.join(', ')}`);
    for (const query of ['', '&fieldValidation=Warn']) {
      const warned = await send(body, query);
      expect(warned.code, warned.text).toBe(201);
      expect(warnings(warned)).toEqual(found.map((text) => `299 - ${JSON.stringify(text)}`));
    }
    const ignored = await send(body, '&fieldValidation=Ignore');
    expect([ignored.code, warnings(ignored)]).toEqual([201, []]);
    const wrong = await send(body, '&fieldValidation=Some');
    expect(wrong.code).toBe(422);
  });
});

test('LimitRange should list, patch and delete a LimitRange by collection', async () => {
  const client = namespaced('limitranges');
  const labels = { 'e2e-test-limitrange': 'collection' };
  const query = { labelSelector: 'e2e-test-limitrange=collection' };
  const limitRange = {
    metadata: { name: 'limits', labels },
    spec: { limits: [{ type: 'Container', min: { cpu: '50m' } }] },
  };
  const other = new ResourceClient(calls, { plural: 'limitranges', namespace: 'default' });
  await client.create(limitRange);
  await other.create(limitRange);
  expect((await client.everywhere().list(query)).items).toHaveLength(2);
  const patched = await client.patch('limits', 'strategic', {
    metadata: { labels: { limits: 'patched' } },
    spec: { limits: [{ type: 'Container', min: { cpu: '51m' } }] },
  });
  expect(patched).toMatchObject({
    metadata: { labels: { limits: 'patched' } },
    spec: { limits: [{ min: { cpu: '51m' } }] },
  });
  await client.deleteCollection({ labelSelector: 'limits=patched' });
  expect(await client.isGone('limits')).toBe(true);
  expect((await client.everywhere().list(query)).items).toMatchObject([{ metadata: { namespace: 'default' } }]);
  await other.delete('limits');
});

test('ResourceQuota should be able to update and delete ResourceQuota', async () => {
  const client = namespaced('resourcequotas');
  await client.create({ metadata: { name: 'test-quota' }, spec: { hard: { cpu: '1', memory: '500Mi' } } });
  expect((await client.get('test-quota')).spec.hard).toEqual({ cpu: '1', memory: '500Mi' });
  const updated = await client.update('test-quota', ({ spec }) => (spec.hard = { cpu: '2', memory: '1Gi' }));
  expect(updated.spec.hard).toEqual({ cpu: '2', memory: '1Gi' });
  expect((await client.get('test-quota')).spec.hard).toEqual({ cpu: '2', memory: '1Gi' });
  await client.delete('test-quota');
  expect(await client.isGone('test-quota')).toBe(true);
});
