import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasKubectl, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls } from './api-calls.ts';

let cluster: RunningCluster;
let calls: ApiCalls;
/** Of a user that kubectl need not ask for; the server does not look at passwords. */
const NOTHING = 'username: nobody, password: none';
/** The administrator's kubeconfig without its credential. */
let nobody: string;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  nobody = join(cluster.dataDir, 'kubeconfig-of-nobody');
  writeFileSync(nobody, readFileSync(cluster.kubeconfig, 'utf8').replace(/"?token"?: "?[\w-]+"?/, NOTHING));
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const PODS = '/api/v1/namespaces/default/pods';
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';

test('a request without credentials is refused by the authorizer, in its words', async () => {
  const root = await calls.call('GET', '/', { token: null });
  expect(root.json).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'forbidden: User "system:anonymous" cannot get path "/"',
    reason: 'Forbidden',
    details: {},
    code: 403,
  });
  const pods = await calls.call('GET', PODS, { token: null });
  expect([pods.code, pods.json.message]).toEqual([
    403,
    'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
  ]);
  expect((await calls.call('GET', PODS, { token: null, headers: { authorization: 'Basic YTpi' } })).code).toBe(403);
  expect((await calls.call('GET', PODS, { token: 'wrong' })).code).toBe(401);
});

test('it may do what is granted to everyone', async () => {
  const body = {
    metadata: { name: 'everyone' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' }],
  };
  expect((await calls.call('POST', BINDINGS, { body })).code).toBe(201);
  await expect.poll(async () => (await calls.call('GET', PODS, { token: null })).code).toBe(200);
  await calls.call('DELETE', `${BINDINGS}/everyone`);
  await expect.poll(async () => (await calls.call('GET', PODS, { token: null })).code).toBe(403);
});

test('it may not ask who it is, nor act as anyone', async () => {
  const review = { token: null, body: {} };
  expect((await calls.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review)).code).toBe(403);
  const asAdmin = { token: null, headers: { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' } };
  expect((await calls.call('GET', PODS, asAdmin)).json.message).toBe(
    'users "admin" is forbidden: User "system:anonymous" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
});

test.skipIf(!hasKubectl())('kubectl says so, of those it is and of those it acts as', async () => {
  const refused = await cluster.kubectl(['--kubeconfig', nobody, 'get', '--raw', PODS]);
  expect([refused.code, refused.stderr.trim()]).toEqual([
    1,
    'Error from server (Forbidden): pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
  ]);
  expect((await cluster.kubectl(['--kubeconfig', nobody, 'get', '--raw', '/version'])).stdout).toContain('gitVersion');
  const canI = await cluster.kubectl(['auth', 'can-i', 'list', 'pods', '--as', 'system:anonymous']);
  expect(canI.stderr).toContain('User "system:anonymous" cannot create resource "selfsubjectaccessreviews"');
  const whoAmI = await cluster.kubectl(['auth', 'whoami', '--as', 'system:anonymous']);
  expect(whoAmI.stderr).toContain('you do not have permission to call it');
});
