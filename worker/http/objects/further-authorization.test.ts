import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { ClaimStatus } from '../../../schema/resources/resource/device-types.ts';
import { TestServer } from '../testing/test-server.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const CLAIM = '/apis/resource.k8s.io/v1/namespaces/shop/resourceclaims/a';
const DRIVER = 'system:serviceaccount:shop:driver';
const MERGE = { 'content-type': 'application/merge-patch+json' };

const allocation = {
  nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }] },
  devices: { results: [{ request: 'gpu', driver: 'gpu.example.com', pool: 'p', device: 'd0' }] },
};
const reported = { devices: [{ driver: 'gpu.example.com', pool: 'p', device: 'd0' }] };
const reserved = { reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] };
const rule = (resources: string, ...verbs: string[]) => ({
  apiGroups: ['resource.k8s.io'],
  resources: [resources],
  verbs,
});

let server: TestServer;

async function grant(...rules: object[]): Promise<void> {
  const created = [
    await server.request(`POST ${RBAC}/clusterroles`, { body: { metadata: { name: 'driver' }, rules } }),
    await server.request(`POST ${RBAC}/clusterrolebindings`, {
      body: {
        metadata: { name: 'driver' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'driver' },
        subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'driver' }],
      },
    }),
  ];
  expect(created.map(({ status }) => status)).toEqual([201, 201]);
}

const BASE = [rule('resourceclaims/status', 'update', 'patch'), rule('resourceclaims', 'get')];

interface Reply {
  readonly code: number;
  readonly message: string;
  readonly status?: ClaimStatus;
}

async function replyTo(line: string, options: object): Promise<Reply> {
  const response = await server.request(line, options);
  const body = (await response.json()) as { message?: string; status?: ClaimStatus };
  return { ...body, code: response.status, message: body.message ?? '' };
}

/** What the driver's service account gets for a change of the status. */
async function update(change: object, headers: Record<string, string> = {}): Promise<Reply> {
  const claim = (await (await server.request(`GET ${CLAIM}`)).json()) as UntypedObject;
  const status = { ...(claim['status'] as object), ...change };
  const as = { 'impersonate-user': DRIVER, ...headers };
  return replyTo(`PUT ${CLAIM}/status`, { body: { ...claim, status }, headers: as });
}

beforeEach(async () => {
  server = new TestServer();
  await server.request('POST /api/v1/namespaces', { body: { metadata: { name: 'shop' } } });
  const requests = [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }];
  await server.request(`POST ${CLAIM.slice(0, -2)}`, {
    body: { metadata: { name: 'a' }, spec: { devices: { requests } } },
  });
  const allocated = await replyTo(`PATCH ${CLAIM}/status`, { body: { status: { allocation } }, headers: MERGE });
  expect([allocated.code, allocated.status?.allocation]).toEqual([200, allocation]);
});

const onNode = (name: string) => ({ 'impersonate-extra-authentication.kubernetes.io%2Fnode-name': name });

describe('the status of a claim', () => {
  it('takes no devices of a driver that the writer may not speak for', async () => {
    await grant(...BASE);
    const { code, message } = await update(reported);
    expect(code).toBe(422);
    expect(message).toBe(
      'ResourceClaim.resource.k8s.io "a" is invalid: status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:update]" permission: resourceclaims.resource.k8s.io "gpu.example.com" is forbidden: User "system:serviceaccount:shop:driver" cannot arbitrary-node:update resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "shop"',
    );
  });

  it('takes devices of a driver that speaks for its own node', async () => {
    await grant(...BASE, rule('resourceclaims/driver', 'associated-node:update'));
    expect((await update(reported, onNode('n2'))).code).toBe(422);
    const taken = await update(reported, onNode('n1'));
    expect([taken.code, taken.message]).toEqual([200, '']);
    expect(taken.status?.devices).toEqual([{ ...reported.devices[0], conditions: null }]);
  });

  it('is given back by those who may bind', async () => {
    await grant(...BASE);
    const { code, message } = await update({ allocation: undefined });
    expect([code, message.includes('Forbidden: changing status.allocation')]).toEqual([422, true]);
  });

  it('is reserved by those who may bind', async () => {
    await grant(...BASE, rule('resourceclaims/binding', 'update'));
    expect((await update(reserved)).code).toBe(200);
  });

  it('asks for all that a change takes', async () => {
    await grant(...BASE, rule('resourceclaims/driver', 'arbitrary-node:update'));
    const { code, message } = await update({ ...reserved, ...reported });
    expect([code, message.includes('changing status.allocation'), message.includes('changing status.devices')]).toEqual(
      [422, true, false],
    );
  });

  it('asks by the verb of the request', async () => {
    await grant(...BASE, rule('resourceclaims/driver', 'arbitrary-node:update'));
    const headers = { ...MERGE, 'impersonate-user': DRIVER };
    const { message } = await replyTo(`PATCH ${CLAIM}/status`, { body: { status: reported }, headers });
    expect(message).toContain('verb="[arbitrary-node:patch]"');
  });
});
