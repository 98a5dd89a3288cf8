/**
 * The sig-node DRA conformance tests, which need nothing but the API, and what a user of kubectl sees of
 * the same kinds. Source: test/e2e/dra (v1.37).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, ApiCalls, type CallOptions } from '../clients/api-calls.ts';
import { hasKubectl, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { type ResourceCase, ResourceRun } from './resource-case.ts';

const API = '/apis/resource.k8s.io/v1';
const NAMESPACE = 'dra';

let cluster: RunningCluster;
let calls: ApiCalls;

type Method = Parameters<ApiCalls['call']>[0];

/** A call that must answer `code`. */
async function call(code: number, method: Method, path: string, options: CallOptions = {}): Promise<Answer['json']> {
  const answer = await calls.call(method, path, options);
  expect(answer.code, `${method} ${path}: ${answer.text}`).toBe(code);
  return answer.json;
}

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
  calls = new ApiCalls(cluster);
  await call(201, 'POST', '/api/v1/namespaces', { body: { metadata: { name: NAMESPACE } } });
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const labelled = {
  change: { metadata: { labels: { foo: 'bar' } } },
  jsonPatch: [{ op: 'add', path: '/metadata/labels/foo', value: 'bar' }],
};
const requests = [{ name: 'req-0', exactly: { deviceClassName: 'gpu.example.com' } }];
const allocation = {
  devices: { results: [{ request: 'req-0', driver: 'gpu.example.com', pool: 'n1', device: 'd0' }] },
};
const selecting = (expression: string) => [{ cel: { expression } }];
const slice = (generation: number) => ({
  driver: 'gpu.example.com',
  nodeName: 'n1',
  pool: { name: 'n1', generation, resourceSliceCount: 1 },
  devices: [{ name: 'd0', attributes: { model: { string: 'a' } }, capacity: { memory: { value: '80Gi' } } }],
});
const condition = {
  type: 'EvictionInProgress',
  status: 'True',
  reason: 'E2E',
  message: 'Set from an e2e test',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

const KINDS: Readonly<Record<string, Omit<ResourceCase, 'api'>>> = {
  DeviceClass: {
    plural: 'deviceclasses',
    namespace: '',
    initial: { metadata: { name: 'e2e' }, spec: { selectors: selecting('device.driver == "a.example.com"') } },
    change: { spec: { selectors: selecting('device.driver == "b.example.com"') } },
    jsonPatch: [{ op: 'replace', path: '/spec/selectors/0/cel/expression', value: 'device.driver == "b.example.com"' }],
  },
  DeviceTaintRule: {
    plural: 'devicetaintrules',
    namespace: '',
    initial: {
      metadata: { name: 'e2e' },
      spec: {
        deviceSelector: { driver: 'gpu.example.com' },
        taint: { key: 'example.com/broken', effect: 'NoSchedule' },
      },
    },
    change: { spec: { taint: { key: 'example.com/broken', effect: 'NoExecute' } } },
    jsonPatch: [{ op: 'replace', path: '/spec/taint/effect', value: 'NoExecute' }],
    status: { status: { conditions: [condition] } },
    statusJsonPatch: [{ op: 'add', path: '/status/conditions', value: [condition] }],
  },
  ResourceClaim: {
    plural: 'resourceclaims',
    namespace: NAMESPACE,
    initial: { metadata: { name: 'e2e' }, spec: { devices: { requests } } },
    ...labelled,
    status: { status: { allocation } },
    statusJsonPatch: [{ op: 'add', path: '/status/allocation', value: allocation }],
  },
  ResourceClaimTemplate: {
    plural: 'resourceclaimtemplates',
    namespace: NAMESPACE,
    initial: { metadata: { name: 'e2e' }, spec: { spec: { devices: { requests } } } },
    ...labelled,
  },
  ResourceSlice: {
    plural: 'resourceslices',
    namespace: '',
    initial: { metadata: { name: 'e2e' }, spec: slice(1) },
    change: { spec: slice(2) },
    jsonPatch: [{ op: 'replace', path: '/spec/pool/generation', value: 2 }],
  },
};

describe.each(Object.entries(KINDS))('CRUD Tests resource.k8s.io/v1 %s', (_kind, of) => {
  test('is discovered, and taken through every verb', async () => {
    const run = new ResourceRun(calls, { api: API, ...of });
    await run.discovery();
    await run.verbs();
  });

  test('takes every kind of patch', async () => {
    const run = new ResourceRun(calls, { api: API, ...of });
    await run.patches();
    if (of.status) await run.statuses();
  });
});

const claim = (name: string, exactly: object = {}) => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: { name },
  spec: { devices: { requests: [{ ...requests[0], exactly: { deviceClassName: 'gpu.example.com', ...exactly } }] } },
});
const CLAIMS = `${API}/namespaces/${NAMESPACE}/resourceclaims`;

describe('control plane', () => {
  test('admin access is for labelled namespaces', async () => {
    const refused = await call(422, 'POST', CLAIMS, { body: claim('admin', { adminAccess: true }) });
    expect(refused.message).toBe(
      'ResourceClaim.resource.k8s.io "admin" is invalid: spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace',
    );
    await call(200, 'PATCH', `/api/v1/namespaces/${NAMESPACE}`, {
      body: { metadata: { labels: { 'resource.kubernetes.io/admin-access': 'true' } } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    await call(201, 'POST', CLAIMS, { body: claim('admin', { adminAccess: true }) });
    await call(200, 'DELETE', `${CLAIMS}/admin`);
  });

  test('claims count towards a quota', async () => {
    await call(201, 'POST', '/api/v1/namespaces', { body: { metadata: { name: 'counted' } } });
    const claims = `${API}/namespaces/counted/resourceclaims`;
    const resource = 'count/resourceclaims.resource.k8s.io';
    await call(201, 'POST', '/api/v1/namespaces/counted/resourcequotas', {
      body: { metadata: { name: 'object-count' }, spec: { hard: { [resource]: '1' } } },
    });
    await call(201, 'POST', claims, { body: claim('claim-0') });
    const { message } = await call(403, 'POST', claims, { body: claim('claim-1') });
    expect(message).toContain(
      `exceeded quota: object-count, requested: ${resource}=1, used: ${resource}=1, limited: ${resource}=1`,
    );
  });

  test('devices count towards a quota under the name of the extended resource', async () => {
    const spec = { extendedResourceName: 'example.com/gpu' };
    await call(201, 'POST', `${API}/deviceclasses`, { body: { metadata: { name: 'counted-gpu' }, spec } });
    await call(201, 'POST', '/api/v1/namespaces', { body: { metadata: { name: 'counted-devices' } } });
    const hard = { 'requests.example.com/gpu': '1', 'counted-gpu.deviceclass.resource.k8s.io/devices': '5' };
    const quotas = '/api/v1/namespaces/counted-devices/resourcequotas';
    await call(201, 'POST', quotas, { body: { metadata: { name: 'devices' }, spec: { hard } } });
    const exactly = { deviceClassName: 'counted-gpu', count: 2 };
    const body = { metadata: { name: 'two' }, spec: { devices: { requests: [{ name: 'gpus', exactly }] } } };
    const claims = `${API}/namespaces/counted-devices/resourceclaims`;
    expect((await call(403, 'POST', claims, { body })).message).toContain(
      'exceeded quota: devices, requested: requests.example.com/gpu=2, used: requests.example.com/gpu=0, limited: requests.example.com/gpu=1',
    );
    exactly.count = 1;
    await call(201, 'POST', claims, { body });
    expect((await call(200, 'GET', `${quotas}/devices`)).status.used).toEqual({
      'requests.example.com/gpu': '1',
      'counted-gpu.deviceclass.resource.k8s.io/devices': '1',
    });
    await call(200, 'DELETE', `${API}/deviceclasses/counted-gpu`);
  });

  test('slices are found by node, driver and pool', async () => {
    const named = (name: string, spec: object) => ({ metadata: { name }, spec: { ...slice(1), ...spec } });
    await call(201, 'POST', `${API}/resourceslices`, { body: named('on-n1', {}) });
    const everywhere = { nodeName: undefined, allNodes: true, driver: 'net.example.com' };
    await call(201, 'POST', `${API}/resourceslices`, { body: named('everywhere', everywhere) });
    const found = async (selector: string) =>
      (await call(200, 'GET', `${API}/resourceslices?fieldSelector=${encodeURIComponent(selector)}`)).items.map(
        ({ metadata }: Answer['json']) => metadata.name,
      );
    expect(await found('spec.nodeName=n1')).toEqual(['on-n1']);
    expect(await found('spec.nodeName=')).toEqual(['everywhere']);
    expect(await found('spec.driver=net.example.com')).toEqual(['everywhere']);
    expect(await found('spec.pool.name=n1')).toEqual(['everywhere', 'on-n1']);
    const path = `${API}/resourceslices?fieldSelector=spec.pool.name%3Dn1`;
    expect((await call(200, 'DELETE', path)).items).toHaveLength(2);
  });

  test('a claim is allocated, reserved, reported on and given back', async () => {
    await call(201, 'POST', CLAIMS, { body: claim('cycle') });
    const patch = (code: number, status: object) =>
      call(code, 'PATCH', `${CLAIMS}/cycle/status`, {
        body: { status },
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    const reservedFor = [{ resource: 'pods', name: 'p', uid: 'u' }];
    expect((await patch(422, { reservedFor })).message).toContain('may not be specified when `allocated` is not set');
    expect((await patch(200, { allocation, reservedFor })).status).toEqual({ allocation, reservedFor });
    const device = { driver: 'gpu.example.com', pool: 'n1', device: 'd0', data: { foo: 'bar' } };
    const networkData = { interfaceName: 'inf1', ips: ['10.9.8.0/24', '2001:db8::/64'], hardwareAddress: 'bc:1c:b6' };
    const reported = await patch(200, { devices: [{ ...device, networkData, conditions: [condition] }] });
    expect(reported.status.devices).toEqual([{ ...device, networkData, conditions: [condition] }]);
    expect((await patch(200, { allocation: null, reservedFor: null })).status).toEqual({});
  });
});

if (!hasKubectl()) console.log('SKIPPED: tests with kubectl, which is not installed');

describe.skipIf(!hasKubectl())('kubectl', () => {
  async function kubectl(args: string, stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await cluster.kubectl(args.split(' '), stdin);
    expect(code, `kubectl ${args}\n${stderr}${stdout}`).toBe(0);
    return stdout;
  }
  const rows = (table: string): string[] => table.trimEnd().split('\n');

  const manifest = [
    { kind: 'DeviceClass', metadata: { name: 'gpu.example.com' }, spec: { selectors: selecting('true') } },
    claim('shown'),
    { kind: 'ResourceClaimTemplate', metadata: { name: 'shown' }, spec: { spec: { devices: { requests } } } },
    { kind: 'ResourceSlice', metadata: { name: 'shown' }, spec: slice(1) },
    { kind: 'DeviceTaintRule', metadata: { name: 'shown' }, spec: { taint: { key: 'a', effect: 'None' } } },
  ]
    .map((object) => JSON.stringify({ apiVersion: 'resource.k8s.io/v1', ...object }))
    .join('\n---\n');

  test('lists the kinds', async () => {
    const resources = await kubectl('api-resources --api-group=resource.k8s.io');
    expect(rows(resources).map((row) => row.split(/ +/).join(' '))).toEqual([
      'NAME SHORTNAMES APIVERSION NAMESPACED KIND',
      'deviceclasses resource.k8s.io/v1 false DeviceClass',
      'devicetaintrules resource.k8s.io/v1 false DeviceTaintRule',
      'resourceclaims resource.k8s.io/v1 true ResourceClaim',
      'resourceclaimtemplates resource.k8s.io/v1 true ResourceClaimTemplate',
      'resourceslices resource.k8s.io/v1 false ResourceSlice',
    ]);
  });

  test('applies, shows and describes each kind', async () => {
    await kubectl(`apply -n ${NAMESPACE} -f -`, manifest);
    expect(await kubectl('get deviceclass')).toMatch(/^NAME +AGE\ngpu\.example\.com +\d+s\n$/);
    expect(await kubectl(`get resourceclaims shown -n ${NAMESPACE}`)).toMatch(
      /^NAME +STATE +AGE\nshown +pending +\d+s\n$/,
    );
    expect(await kubectl(`get resourceclaimtemplate -n ${NAMESPACE}`)).toMatch(/^NAME +AGE\nshown +\d+s\n$/);
    expect(await kubectl('get resourceslices')).toMatch(
      /^NAME +NODE +DRIVER +POOL +AGE\nshown +n1 +gpu\.example\.com +n1 +\d+s\n$/,
    );
    expect(await kubectl('get devicetaintrule')).toMatch(/^NAME +AGE\nshown +\d+s\n$/);
    expect(await kubectl('describe deviceclass gpu.example.com')).toMatch(/Selectors:\n +Cel:\n +Expression: +true\n/);
    expect(await kubectl(`describe resourceclaim shown -n ${NAMESPACE}`)).toMatch(/Allocation Mode: +ExactCount\n/);
    expect(await kubectl(`describe resourceclaimtemplate shown -n ${NAMESPACE}`)).toMatch(/Device Class Name: /);
    expect(await kubectl('describe resourceslice shown')).toMatch(/Resource Slice Count: +1\n/);
    expect(await kubectl('describe devicetaintrule shown')).toMatch(/Effect: +None\n/);
    const stored = await call(200, 'GET', `${CLAIMS}/shown`);
    await kubectl(`apply -n ${NAMESPACE} -f -`, manifest);
    expect((await call(200, 'GET', `${CLAIMS}/shown`)).metadata).toEqual(stored.metadata);
  });

  test('explains each kind at every depth', async () => {
    expect(await kubectl('explain deviceclass.spec.selectors.cel.expression')).toContain('CEL expression');
    expect(await kubectl('explain resourceclaim.status.reservedFor')).toContain('uid\t<string> -required-');
    expect(await kubectl('explain resourceclaimtemplate.spec.spec.devices.requests.exactly')).toContain('adminAccess');
    expect(await kubectl('explain resourceslice.spec.devices.capacity.requestPolicy')).toContain('validRange');
    expect(await kubectl('explain devicetaintrule.spec.taint')).toContain('effect\t<string> -required-');
  });
});
