import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiCalls } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { LABELS, supportsApiOperations } from './api-operations.ts';
import { ResourceClient } from './resource-client.ts';

let cluster: RunningCluster;
let calls: ApiCalls;
/** Each test has a namespace of its own, as upstream's framework gives it. */
let namespace: string;
let tests = 0;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 0, runtime: 'simulated' });
  calls = new ApiCalls(cluster);
});
beforeEach(async () => {
  tests += 1;
  namespace = `network-${tests}`;
  await new ResourceClient(calls, { plural: 'namespaces' }).create({ metadata: { name: namespace } });
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const namespaced = (plural: string, group = ''): ResourceClient =>
  new ResourceClient(calls, { plural, group, namespace });

test('Endpoints should test the lifecycle of an Endpoint', async () => {
  const client = namespaced('endpoints');
  const query = { labelSelector: 'test-endpoint-static=true' };
  const start = (await client.everywhere().list(query)).metadata.resourceVersion;
  const watch = await client.watch({ ...query, resourceVersion: start });
  const created = await client.create({
    metadata: { name: 'testservice', labels: { 'test-endpoint-static': 'true' } },
    subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }],
  });
  await watch.until('ADDED');
  const [found] = (await client.everywhere().list(query)).items;
  expect(found.metadata).toMatchObject({ name: 'testservice', namespace });
  found.metadata.labels['test-service'] = 'updated';
  await client.put(found);
  await watch.until('MODIFIED', ({ metadata }) => metadata.labels['test-service'] === 'updated');
  const patched = await client.patch('testservice', 'strategic', {
    metadata: { labels: { 'test-service': 'patched' } },
    subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] }],
  });
  expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
  await watch.until('MODIFIED', ({ metadata }) => metadata.labels['test-service'] === 'patched');
  expect((await client.get('testservice')).subsets).toEqual([
    { addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080, protocol: 'TCP' }] },
  ]);
  await client.deleteCollection(query);
  await watch.until('DELETED');
  watch.close();
  expect(await client.isGone('testservice')).toBe(true);
});

test('EndpointSlice should support creating EndpointSlice API operations', async () => {
  const slice = {
    metadata: { generateName: 'e2e-example-ing', labels: LABELS },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['1.2.3.4', '5.6.7.8'] }],
  };
  const client = namespaced('endpointslices', 'discovery.k8s.io');
  await supportsApiOperations({ calls, client, objects: [slice, slice, slice] });
});

test('Ingress API should support creating Ingress API operations', async () => {
  const ingress = {
    metadata: { generateName: 'e2e-example-ing', labels: LABELS },
    spec: {
      defaultBackend: { service: { name: 'default-backend', port: { number: 80 } } },
      rules: [
        {
          host: 'foo.bar.com',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'test-backend', port: { number: 8080 } } } },
            ],
          },
        },
      ],
    },
  };
  const status = (ip: string) => ({ loadBalancer: { ingress: [{ ip }] } });
  await supportsApiOperations({
    calls,
    client: namespaced('ingresses', 'networking.k8s.io'),
    objects: [ingress, ingress, ingress],
    statuses: [status('169.1.1.1'), status('169.1.1.2')],
  });
});

test('IngressClass API should support creating IngressClass API operations', async () => {
  const ingressClass = (name: string) => ({
    metadata: { name, labels: LABELS },
    spec: { controller: 'example.com/controller' },
  });
  await supportsApiOperations({
    calls,
    client: new ResourceClient(calls, { plural: 'ingressclasses', group: 'networking.k8s.io' }),
    objects: [ingressClass('ingressclass1'), ingressClass('ingressclass2'), ingressClass('ingressclass3')],
  });
});

describe('Services', () => {
  const service = (name: string, labels: object, spec: object = {}) => ({
    metadata: { name, labels },
    spec: { ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }], ...spec },
  });

  test('should provide secure master service', async () => {
    const { spec } = await new ResourceClient(calls, { plural: 'services', namespace: 'default' }).get('kubernetes');
    expect(spec).toMatchObject({ type: 'ClusterIP', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] });
  });

  test('should find a service from listing all namespaces', async () => {
    const { items } = await namespaced('services').everywhere().list();
    expect(
      items.map(({ metadata }: { metadata: Record<string, string> }) => `${metadata.namespace}/${metadata.name}`),
    ).toContain('default/kubernetes');
  });

  test('should complete a service status lifecycle', async () => {
    const client = namespaced('services');
    const query = { labelSelector: 'test-service-static=true' };
    const start = (await client.everywhere().list(query)).metadata.resourceVersion;
    const watch = await client.watch({ ...query, resourceVersion: start });
    const labels = { 'test-service-static': 'true' };
    const spec = { type: 'LoadBalancer', loadBalancerClass: 'example.com/internal-vip' };
    await client.create(service('test-service', labels, spec));
    await watch.until('ADDED', ({ metadata }) => metadata.name === 'test-service');
    expect((await client.get('test-service', 'status')).status).toEqual({ loadBalancer: {} });

    const balancer = { loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'VIP' }] } };
    const patched = await client.patch(
      'test-service',
      'merge',
      {
        metadata: { annotations: { patchedstatus: 'true' } },
        status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
      },
      'status',
    );
    expect(patched.status).toEqual(balancer);
    await watch.until('MODIFIED', ({ metadata }) => metadata.annotations?.patchedstatus === 'true');

    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
    const updated = await client.update(
      'test-service',
      ({ status }) => (status.conditions = [...(status.conditions ?? []), { ...condition, lastTransitionTime: null }]),
      'status',
    );
    expect(updated.status).toMatchObject({ ...balancer, conditions: [condition] });
    await watch.until('MODIFIED', ({ status }) => status.conditions?.[0]?.type === 'StatusUpdate');

    await client.patch('test-service', 'strategic', { metadata: { labels: { 'test-service': 'patched' } } });
    await watch.until('MODIFIED', ({ metadata }) => metadata.labels['test-service'] === 'patched');
    await client.delete('test-service');
    await watch.until('DELETED', ({ metadata }) => metadata.name === 'test-service');
    watch.close();
  });

  test('should delete a collection of services', async () => {
    const client = namespaced('services');
    for (const name of ['e2e-svc-a', 'e2e-svc-b']) await client.create(service(name, { 'e2e-test': 'some' }));
    await client.create(service('e2e-svc-c', { 'e2e-test': 'other' }));
    expect((await client.list()).items).toHaveLength(3);
    await client.deleteCollection({ labelSelector: 'e2e-test=some' });
    const { items } = await client.list();
    expect(items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(['e2e-svc-c']);
  });
});
