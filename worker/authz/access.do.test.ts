import { exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { FRESHNESS_MS_MAX } from '../authn/fresh-objects.ts';

const BASE = 'https://api.test';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await exports.default.fetch(`${BASE}${path}`, {
    method,
    headers: { authorization: 'Bearer admin-token-of-the-tests', 'content-type': 'application/json', ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { code: response.status, body: JSON.parse(await response.text()) as { message?: string; items?: unknown[] } };
}

const jane = (method: string, path: string, body?: object) => call(method, path, body, { 'impersonate-user': 'jane' });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const binding = (name: string, role: string) => ({
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
});

beforeAll(async () => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const response = await exports.default.fetch(`${BASE}/readyz`, {
      headers: { authorization: 'Bearer admin-token-of-the-tests' },
    });
    if (response.status === 200) return;
    await pause(25);
  }
  throw new Error('never ready');
});

describe('access', () => {
  it('is granted from the answer on, and revoked within a second', async () => {
    const bindings = `${RBAC}/namespaces/default/rolebindings`;
    expect(await jane('GET', '/api/v1/namespaces/default/pods')).toMatchObject({
      code: 403,
      body: {
        message:
          'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
      },
    });
    expect((await call('POST', bindings, binding('viewers', 'view'))).code).toBe(201);
    expect((await jane('GET', '/api/v1/namespaces/default/pods')).code).toBe(200);
    expect((await jane('GET', '/api/v1/namespaces/default/secrets')).code).toBe(403);
    expect((await jane('GET', '/api/v1/namespaces/kube-system/pods')).code).toBe(403);
    expect((await call('DELETE', `${bindings}/viewers`)).code).toBe(200);
    await pause(FRESHNESS_MS_MAX);
    expect((await jane('GET', '/api/v1/namespaces/default/pods')).code).toBe(403);
  });

  it('by aggregating roles follows the roles they collect', async () => {
    expect((await call('POST', `${RBAC}/clusterrolebindings`, binding('admins', 'view'))).code).toBe(201);
    const widgets = '/api/v1/nodes';
    expect((await jane('GET', widgets)).code).toBe(403);
    const part = {
      metadata: { name: 'see-nodes', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [{ verbs: ['list'], apiGroups: [''], resources: ['nodes'] }],
    };
    expect((await call('POST', `${RBAC}/clusterroles`, part)).code).toBe(201);
    expect((await jane('GET', widgets)).code).toBe(200);
    expect((await call('DELETE', `${RBAC}/clusterroles/see-nodes`)).code).toBe(200);
    await pause(FRESHNESS_MS_MAX);
    expect((await jane('GET', widgets)).code).toBe(403);
  });

  it('cannot be widened by those who hand it out', async () => {
    const bindings = `${RBAC}/namespaces/default/rolebindings`;
    const roles = `${RBAC}/namespaces/default/roles`;
    expect((await call('POST', bindings, binding('owners', 'admin'))).code).toBe(201);
    const reader = { metadata: { name: 'reader' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] };
    expect((await jane('POST', roles, reader)).code).toBe(201);
    const everything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
    const refused = await jane('POST', roles, { metadata: { name: 'king' }, rules: everything });
    expect(refused.code).toBe(403);
    expect(refused.body.message).toContain('is attempting to grant RBAC permissions not currently held:');
    expect((await jane('POST', bindings, binding('crown', 'cluster-admin'))).code).toBe(403);
    expect((await jane('POST', bindings, binding('more-viewers', 'view'))).code).toBe(201);
    const patch = (rules: object[]) =>
      call(
        'PATCH',
        `${roles}/reader`,
        { rules },
        { 'impersonate-user': 'jane', 'content-type': 'application/merge-patch+json' },
      );
    expect((await patch(everything)).code).toBe(403);
    const wider = await patch([{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }]);
    expect(wider).toMatchObject({ code: 200, body: { rules: [{ verbs: ['get', 'list'] }] } });
    expect((await call('GET', `${roles}/reader`)).body).toMatchObject({ rules: [{ verbs: ['get', 'list'] }] });
  });

  it('is not to be had by nobody', async () => {
    for (const path of [
      '/api/v1/namespaces',
      '/apis',
      '/',
      '/openapi/v2',
      '/openid/v1/jwks',
      '/agent/v1/nodes/n1/poll',
    ]) {
      expect((await exports.default.fetch(`${BASE}${path}`)).status, path).toBe(403);
    }
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
      expect((await exports.default.fetch(`${BASE}${path}`)).status, path).toBe(200);
    }
  });

  it("to the signing keys is the administrators' alone", async () => {
    const asWorkload = { 'impersonate-user': 'system:serviceaccount:default:default' };
    const { body } = await call('GET', '/openid/v1/jwks', undefined, asWorkload);
    const keys = body as { keys: Record<string, string>[] };
    expect(keys.keys).toHaveLength(1);
    expect(keys.keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    expect(keys.keys[0]).not.toHaveProperty('d');
  });
});
