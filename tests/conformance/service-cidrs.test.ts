/** The behaviour of upstream's `ServiceCIDR and IPAddress API` conformance tests. Source: test/e2e/network/service_cidrs.go. */
import { KubeConfig, NetworkingV1Api, Watch } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiCalls, eventually } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { create, done, get, list, MERGE_PATCH, replace } from './object-lifecycle.ts';

const ROOT = '/apis/networking.k8s.io/v1';
const CIDRS = `${ROOT}/servicecidrs`;
const ADDRESSES = `${ROOT}/ipaddresses`;
const SERVICES = '/api/v1/namespaces/default/services';

let cluster: RunningCluster;
let calls: ApiCalls;
let config: KubeConfig;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const isReady = async (name: string): Promise<true | undefined> => {
  const { status } = await get(calls, `${CIDRS}/${name}`);
  return status.conditions?.some((c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True')
    ? true
    : undefined;
};

test('[Conformance] should support ServiceCIDR API operations', async () => {
  const found = await config.makeApiClient(NetworkingV1Api).readServiceCIDR({ name: 'kubernetes' });
  expect(found.spec?.cidrs).toEqual(['10.96.0.0/12']);
  expect(found.metadata?.finalizers).toEqual(['networking.k8s.io/service-cidr-finalizer']);
  await eventually('the default network', () => isReady('kubernetes'));
  const status = await get(calls, `${CIDRS}/kubernetes/status`);
  expect(status).toMatchObject({ kind: 'ServiceCIDR', apiVersion: 'networking.k8s.io/v1' });
  expect(status.metadata.uid).toBe(found.metadata?.uid);
  expect((await list(calls, CIDRS)).length).toBeGreaterThan(0);
  const seen: string[] = [];
  const watch = await new Watch(config).watch(
    CIDRS,
    {},
    (type, { metadata }) => seen.push(`${type} ${metadata.name}`),
    () => {},
  );
  await eventually('the watch', async () => (seen.includes('ADDED kubernetes') ? true : undefined));
  watch.abort();
});

test('[Conformance] should support IPAddress API operations', async () => {
  const parentRef = { group: 'mygroup', resource: 'myresources', namespace: 'foo', name: 'bar' };
  const made = await create(calls, ADDRESSES, {
    metadata: { name: '255.255.255.255', labels: { type: 'broadcast' } },
    spec: { parentRef },
  });
  await create(calls, ADDRESSES, {
    metadata: { name: 'fe80::42:1dff:fe84:f9e2', labels: { type: 'link-local' } },
    spec: { parentRef },
  });
  const path = `${ADDRESSES}/255.255.255.255`;
  const body = { metadata: { annotations: { patched: 'true' } } };
  const patched = done(await calls.call('PATCH', path, { body, headers: MERGE_PATCH }));
  expect(patched.metadata.annotations).toEqual({ patched: 'true' });
  expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion));
  const updated = await replace(calls, path, ({ metadata }) => {
    metadata.annotations.updated = 'true';
  });
  expect(updated.metadata.annotations).toEqual({ patched: 'true', updated: 'true' });
  expect((await get(calls, path)).spec).toEqual({ parentRef });
  expect(await list(calls, ADDRESSES, 'type=broadcast')).toHaveLength(1);
  done(await calls.call('DELETE', path));
  expect((await calls.call('GET', path)).code).toBe(404);
  done(await calls.call('DELETE', `${ADDRESSES}?labelSelector=type%3Dlink-local`));
  expect(await list(calls, ADDRESSES, 'type=link-local')).toEqual([]);
});

const addressOf = (ip: string) =>
  eventually(`the object of ${ip}`, async () => {
    const answer = await calls.call('GET', `${ADDRESSES}/${ip}`);
    return answer.code === 200 ? answer.json : undefined;
  });

const service = (name: string, clusterIP?: string) => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...(clusterIP ? { clusterIP } : {}) },
});

test('each address of a Service has an object, as long as the Service', async () => {
  expect(await addressOf('10.96.0.1')).toMatchObject({
    metadata: {
      labels: {
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
      },
    },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } },
  });
  const ip: string = (await create(calls, SERVICES, service('web'))).spec.clusterIP;
  await addressOf(ip);
  done(await calls.call('DELETE', `${ADDRESSES}/${ip}`));
  await addressOf(ip);
  const table = await cluster.kubectl(['get', 'ipaddresses', ip, '--no-headers']);
  expect(table.stdout.trim().split(/\s+/)).toEqual([ip, 'services/default/web']);
  done(await calls.call('DELETE', `${SERVICES}/web`));
  await eventually('its end', async () =>
    (await calls.call('GET', `${ADDRESSES}/${ip}`)).code === 404 ? true : undefined,
  );
});

test('an address that somebody else holds is not given to a Service', async () => {
  const parentRef = { group: 'example.com', resource: 'gateways', name: 'edge' };
  await create(calls, ADDRESSES, { metadata: { name: '10.96.7.7' }, spec: { parentRef } });
  await eventually('its reservation', async () => {
    const refused = await calls.call('POST', `${SERVICES}?dryRun=All`, { body: service('edge', '10.96.7.7') });
    return refused.code === 422 && refused.text.includes('provided IP is already allocated') ? true : undefined;
  });
  done(await calls.call('DELETE', `${ADDRESSES}/10.96.7.7`));
});

test('a further ServiceCIDR gives its addresses, and stays while they are used', async () => {
  const outside = await calls.call('POST', SERVICES, { body: service('far', '203.0.113.10') });
  expect(outside.json.message).toContain('the provided network does not match the current range');
  await create(calls, CIDRS, { metadata: { name: 'test-svc-cidr' }, spec: { cidrs: ['203.0.113.0/24'] } });
  await eventually('the network', () => isReady('test-svc-cidr'));
  await eventually('the service', async () => {
    const answer = await calls.call('POST', SERVICES, { body: service('far', '203.0.113.10') });
    return answer.code === 201 ? true : undefined;
  });
  await addressOf('203.0.113.10');
  done(await calls.call('DELETE', `${CIDRS}/test-svc-cidr`));
  const { status } = await get(calls, `${CIDRS}/test-svc-cidr`);
  expect(status.conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'Terminating' }]);
  done(await calls.call('DELETE', `${SERVICES}/far`));
  await eventually(
    'the end of the network',
    async () => ((await calls.call('GET', `${CIDRS}/test-svc-cidr`)).code === 404 ? true : undefined),
    30_000,
  );
});
