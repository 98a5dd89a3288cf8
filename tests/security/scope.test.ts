/** Reaching for what is not one's own: other namespaces, other users, other nodes, more rights. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, ApiCalls, eventually } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ROLE_REF = { apiGroup: 'rbac.authorization.k8s.io' };

let cluster: RunningCluster;
let calls: ApiCalls;

type Method = Parameters<ApiCalls['call']>[0];

/** One row: the request, the code, and how its message goes on. */
type Row = readonly [what: string, request: string, body: unknown, code: number, message?: string | RegExp];

async function ask(headers: Record<string, string>, request: string, body: unknown): Promise<Answer> {
  const [method, path] = request.split(' ') as [Method, string];
  const type: Record<string, string> = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
  return calls.call(method, path, { ...(body === undefined ? {} : { body }), headers: { ...type, ...headers } });
}

async function check(headers: Record<string, string>, [, request, body, code, message]: Row): Promise<void> {
  const answer = await ask(headers, request, body);
  expect(answer.code, answer.text).toBe(code);
  if (code >= 400) expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code });
  if (typeof message === 'string') expect(answer.json.message).toContain(message);
  else if (message) expect(answer.json.message).toMatch(message);
}

const created = async (path: string, body: object): Promise<Answer['json']> => {
  const answer = await calls.call('POST', path, { body });
  expect(answer.code, answer.text).toBe(201);
  return answer.json;
};

const as = (user: string): Record<string, string> => ({ 'impersonate-user': user });

async function grant(user: string, namespace: string, rules: readonly object[]): Promise<void> {
  await created(`${RBAC}/namespaces/${namespace}/roles`, { metadata: { name: user }, rules });
  await created(`${RBAC}/namespaces/${namespace}/rolebindings`, {
    metadata: { name: user },
    roleRef: { ...ROLE_REF, kind: 'Role', name: user },
    subjects: [{ kind: 'User', name: user }],
  });
}

async function grantEverywhere(user: string, rules: readonly object[]): Promise<void> {
  await created(`${RBAC}/clusterroles`, { metadata: { name: user }, rules });
  await created(`${RBAC}/clusterrolebindings`, {
    metadata: { name: user },
    roleRef: { ...ROLE_REF, kind: 'ClusterRole', name: user },
    subjects: [{ kind: 'User', name: user }],
  });
}

const core = (resources: readonly string[], verbs: readonly string[]): object => ({
  apiGroups: [''],
  resources,
  verbs,
});
const pod = (name: string, spec: object = {}, metadata: object = {}): object => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  for (const name of ['mine', 'theirs']) {
    await created('/api/v1/namespaces', { metadata: { name } });
    await created(`/api/v1/namespaces/${name}/secrets`, { metadata: { name: 'word' }, stringData: { word: 'sesame' } });
    await created(`/api/v1/namespaces/${name}/configmaps`, { metadata: { name: 'map' } });
    await created(`/api/v1/namespaces/${name}/pods`, pod('web'));
  }
  await grant('reader', 'mine', [
    core(['pods', 'configmaps', 'events'], ['get', 'list', 'watch', 'create', 'update', 'patch']),
  ]);
  await grant('accountant', 'mine', [core(['serviceaccounts'], ['get', 'create', 'update'])]);
  await grant('roler', 'mine', [
    core(['configmaps'], ['get']),
    {
      apiGroups: [ROLE_REF.apiGroup],
      resources: ['roles', 'rolebindings'],
      verbs: ['get', 'create', 'update', 'patch'],
    },
  ]);
  await grantEverywhere('actor', [{ ...core(['users'], ['impersonate']), resourceNames: ['reader'] }]);
  await grantEverywhere('cluster-roler', [
    core(['configmaps'], ['get']),
    {
      apiGroups: [ROLE_REF.apiGroup],
      resources: ['clusterroles', 'clusterrolebindings'],
      verbs: ['get', 'create', 'update', 'patch'],
    },
  ]);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

describe('who may read pods of one namespace', () => {
  const MINE = '/api/v1/namespaces/mine';
  const THEIRS = '/api/v1/namespaces/theirs';
  const rows: readonly Row[] = [
    ['reads them', `GET ${MINE}/pods/web`, undefined, 200],
    [
      'not those of another',
      `GET ${THEIRS}/pods/web`,
      undefined,
      403,
      'User "reader" cannot get resource "pods" in API group "" in the namespace "theirs"',
    ],
    ['not those of all', 'GET /api/v1/pods', undefined, 403, 'at the cluster scope'],
    [
      'not those of all by a selector of its own',
      'GET /api/v1/pods?fieldSelector=metadata.namespace%3Dmine',
      undefined,
      403,
    ],
    ['not those of all by a watch of old', 'GET /api/v1/watch/pods', undefined, 403],
    ['not by a path that steps up', `GET ${MINE}/../theirs/pods/web`, undefined, 403],
    ['not by a step up in percent', `GET ${MINE}/%2e%2e/theirs/pods/web`, undefined, 403],
    ['not by slashes in percent', `GET ${MINE}/pods/..%2F..%2F..%2Ftheirs%2Fpods%2Fweb`, undefined, 403],
    ['no object named by a step up', `GET ${MINE}/pods/..%2Fweb`, undefined, 403],
    [
      'none of a name that cannot be',
      `GET ${MINE}/configmaps/a%25b`,
      undefined,
      400,
      `Name parameter invalid: "a%b": may not contain '%'`,
    ],
    ['no secrets', `GET ${MINE}/secrets`, undefined, 403],
    ['no secret', `GET ${MINE}/secrets/word`, undefined, 403],
    [
      'no secrets by a watch',
      `GET ${MINE}/secrets?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
      undefined,
      403,
    ],
    ['no log', `GET ${MINE}/pods/web/log`, undefined, 403, 'cannot get resource "pods/log"'],
    [
      'no eviction',
      `POST ${MINE}/pods/web/eviction`,
      { metadata: { name: 'web' } },
      403,
      'cannot create resource "pods/eviction"',
    ],
    [
      'no binding',
      `POST ${MINE}/pods/web/binding`,
      { metadata: { name: 'web' }, target: { name: 'n' } },
      403,
      'cannot create resource "pods/binding"',
    ],
    [
      'no status',
      `PATCH ${MINE}/pods/web/status`,
      { status: { phase: 'Failed' } },
      403,
      'cannot patch resource "pods/status"',
    ],
    [
      'no ephemeral containers',
      `PATCH ${MINE}/pods/web/ephemeralcontainers`,
      {},
      403,
      'cannot patch resource "pods/ephemeralcontainers"',
    ],
    ['no deletion', `DELETE ${MINE}/pods/web`, undefined, 403, 'cannot delete resource "pods"'],
    ['no deletion of all', `DELETE ${MINE}/pods`, undefined, 403, 'cannot deletecollection resource "pods"'],
    [
      'no token',
      `POST ${MINE}/serviceaccounts/default/token`,
      { spec: {} },
      403,
      'cannot create resource "serviceaccounts/token"',
    ],
    [
      'nothing by a namespace in the body',
      `POST ${MINE}/configmaps`,
      { metadata: { name: 'stray', namespace: 'theirs' } },
      400,
      'does not match the namespace',
    ],
    [
      'nothing by a patch of the namespace',
      `PATCH ${MINE}/configmaps/map`,
      { metadata: { namespace: 'theirs' } },
      400,
      'does not match the namespace',
    ],
    ['no cluster-scoped kind through a namespace', `GET ${RBAC}/namespaces/mine/clusterroles`, undefined, 403],
    ['no node', 'GET /api/v1/nodes', undefined, 403],
    ['no metrics', 'GET /metrics', undefined, 403],
  ];
  test.each(rows.map((row) => [row[0], row] as const))('%s', (_what, row) => check(as('reader'), row));

  test('left nothing where it may not write', async () => {
    expect((await calls.call('GET', `${THEIRS}/configmaps/stray`)).code).toBe(404);
    expect((await calls.call('GET', `${MINE}/configmaps/stray`)).code).toBe(404);
  });
});

test('tokens are no part of the right to write service accounts', () =>
  check(as('accountant'), ['', 'POST /api/v1/namespaces/mine/serviceaccounts/default/token', { spec: {} }, 403]));

describe('[AZ1] acting as others', () => {
  const PODS = 'GET /api/v1/namespaces/mine/pods';
  const rows: readonly (readonly [string, Record<string, string>, number, string?])[] = [
    ['whom one may', { 'impersonate-user': 'reader' }, 200],
    ['whom one may not', { 'impersonate-user': 'admin' }, 403, 'users "admin" is forbidden: User'],
    [
      'with a group',
      { 'impersonate-user': 'reader', 'impersonate-group': 'system:masters' },
      403,
      'groups "system:masters" is forbidden',
    ],
    [
      'with a uid',
      { 'impersonate-user': 'reader', 'impersonate-uid': '7' },
      403,
      'uids.authentication.k8s.io "7" is forbidden',
    ],
    [
      'with more',
      { 'impersonate-user': 'reader', 'impersonate-extra-scopes': 'all' },
      403,
      'cannot impersonate resource "userextras/scopes"',
    ],
    [
      'a service account',
      { 'impersonate-user': 'system:serviceaccount:kube-system:default' },
      403,
      'cannot impersonate resource "serviceaccounts"',
    ],
    ['a node', { 'impersonate-user': 'system:node:n1' }, 403],
    ['nobody, with a group', { 'impersonate-group': 'system:masters' }, 400, 'without impersonating a user name'],
    ['nobody, with more', { 'impersonate-extra-scopes': 'all' }, 400, 'without impersonating a user name'],
  ];
  let token: string;

  beforeAll(async () => {
    await created(`${RBAC}/clusterrolebindings`, {
      metadata: { name: 'actor-account' },
      roleRef: { ...ROLE_REF, kind: 'ClusterRole', name: 'actor' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'theirs' }],
    });
    token = (await created('/api/v1/namespaces/theirs/serviceaccounts/default/token', { spec: {} })).status.token;
    const headers = { 'impersonate-user': 'reader' };
    await eventually('the right to be there', async () =>
      (await calls.call('GET', PODS.slice(4), { token, headers })).code === 200 ? true : undefined,
    );
  });

  test.for(rows)('%s', async ([, headers, code, message]) => {
    const answer = await calls.call('GET', PODS.slice(4), { token, headers });
    expect(answer.code, answer.text).toBe(code);
    if (message) expect(answer.json.message).toContain(message);
  });
});

describe('[AZ1] granting more than one has', () => {
  const ROLES = `${RBAC}/namespaces/mine/roles`;
  const BINDINGS = `${RBAC}/namespaces/mine/rolebindings`;
  const SECRETS = [core(['secrets'], ['get'])];
  const rows: readonly (readonly [string, Row])[] = [
    [
      'roler',
      ['what one has', `POST ${ROLES}`, { metadata: { name: 'fine' }, rules: [core(['configmaps'], ['get'])] }, 201],
    ],
    [
      'roler',
      [
        'what one has not',
        `POST ${ROLES}`,
        { metadata: { name: 'more' }, rules: SECRETS },
        403,
        'is attempting to grant RBAC permissions not currently held',
      ],
    ],
    [
      'roler',
      [
        'everything',
        `POST ${ROLES}`,
        { metadata: { name: 'all' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
        403,
      ],
    ],
    ['roler', ['by an update', `PATCH ${ROLES}/fine`, { rules: SECRETS }, 403]],
    [
      'roler',
      [
        'by a binding to a Role',
        `POST ${BINDINGS}`,
        {
          metadata: { name: 'b' },
          roleRef: { ...ROLE_REF, kind: 'Role', name: 'reader' },
          subjects: [{ kind: 'User', name: 'roler' }],
        },
        403,
      ],
    ],
    [
      'roler',
      [
        'by a binding to cluster-admin',
        `POST ${BINDINGS}`,
        {
          metadata: { name: 'b' },
          roleRef: { ...ROLE_REF, kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ kind: 'User', name: 'roler' }],
        },
        403,
      ],
    ],
    [
      'roler',
      [
        'by a binding to what is not there yet',
        `POST ${BINDINGS}`,
        {
          metadata: { name: 'b' },
          roleRef: { ...ROLE_REF, kind: 'Role', name: 'later' },
          subjects: [{ kind: 'User', name: 'roler' }],
        },
        404,
      ],
    ],
    [
      'cluster-roler',
      ['a ClusterRole of more', `POST ${RBAC}/clusterroles`, { metadata: { name: 'more' }, rules: SECRETS }, 403],
    ],
    [
      'cluster-roler',
      [
        'a ClusterRole that others gather',
        `POST ${RBAC}/clusterroles`,
        {
          metadata: { name: 'gathered', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
          rules: SECRETS,
        },
        403,
      ],
    ],
    [
      'cluster-roler',
      [
        'a ClusterRole that gathers all',
        `POST ${RBAC}/clusterroles`,
        { metadata: { name: 'gatherer' }, aggregationRule: { clusterRoleSelectors: [{}] } },
        403,
      ],
    ],
    [
      'cluster-roler',
      [
        'paths',
        `POST ${RBAC}/clusterroles`,
        { metadata: { name: 'paths' }, rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }] },
        403,
      ],
    ],
    [
      'cluster-roler',
      [
        'a binding for all',
        `POST ${RBAC}/clusterrolebindings`,
        {
          metadata: { name: 'b' },
          roleRef: { ...ROLE_REF, kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ kind: 'Group', name: 'system:authenticated' }],
        },
        403,
      ],
    ],
    [
      'cluster-roler',
      [
        'the verb that allows it',
        `POST ${RBAC}/clusterroles`,
        {
          metadata: { name: 'escalator' },
          rules: [{ apiGroups: [ROLE_REF.apiGroup], resources: ['clusterroles'], verbs: ['escalate', 'bind'] }],
        },
        403,
      ],
    ],
  ];
  test.each(rows.map(([user, row]) => [user, row[0], row] as const))('%s grants %s', (user, _what, row) =>
    check(as(user), row),
  );
});

describe('[AZ2] a node', () => {
  const NODE = { 'impersonate-user': 'system:node:n1', 'impersonate-group': 'system:nodes' };
  const PODS = '/api/v1/namespaces/mine/pods';
  const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
  let owned: object;

  beforeAll(async () => {
    const uid = (await created('/api/v1/nodes', { metadata: { name: 'n1' } })).metadata.uid;
    await created('/api/v1/nodes', { metadata: { name: 'n2' } });
    owned = { ...mirror, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true }] };
    await created(PODS, pod('on-other', { nodeName: 'n2', volumes: [{ name: 's', secret: { secretName: 'word' } }] }));
    // The control plane may have made it already.
    await calls.call('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', {
      body: { metadata: { name: 'n2' } },
    });
  });

  const rows: readonly Row[] = [
    ['lists no secrets', 'GET /api/v1/secrets', undefined, 403],
    [
      "reads no secret of others' pods",
      'GET /api/v1/namespaces/mine/secrets/word',
      undefined,
      403,
      "no relationship found between node 'n1' and this object",
    ],
    ['lists no configmaps', 'GET /api/v1/namespaces/mine/configmaps', undefined, 403],
    ['lists no pods but its own', 'GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn2', undefined, 403],
    ["reads no other's pod", `GET ${PODS}/on-other`, undefined, 403],
    ["writes no other's status", `PATCH ${PODS}/on-other/status`, { status: { phase: 'Failed' } }, 403],
    [
      "deletes no other's pod",
      `DELETE ${PODS}/on-other`,
      undefined,
      403,
      'node "n1" can only delete pods with spec.nodeName set to itself',
    ],
    ["evicts no other's pod", `POST ${PODS}/on-other/eviction`, { metadata: { name: 'on-other' } }, 403],
    ['makes no pod but mirrors', `POST ${PODS}`, pod('own', { nodeName: 'n1' }), 403, 'can only create mirror pods'],
    [
      'makes no mirror for others',
      `POST ${PODS}`,
      pod('own', { nodeName: 'n2' }, mirror),
      403,
      'can only create pods with spec.nodeName set to itself',
    ],
    ['makes no mirror without owner', `POST ${PODS}`, pod('own', { nodeName: 'n1' }, mirror), 403, 'owner reference'],
    [
      "writes no other node's status",
      'PATCH /api/v1/nodes/n2/status',
      { status: {} },
      403,
      'node "n1" is not allowed to modify node "n2"',
    ],
    ['reads no other node', 'GET /api/v1/nodes/n2', undefined, 403],
    ['deletes itself not', 'DELETE /api/v1/nodes/n1', undefined, 403],
    [
      'gives itself no reserved label',
      'PATCH /api/v1/nodes/n1',
      { metadata: { labels: { 'node-restriction.kubernetes.io/a': 'b' } } },
      403,
      'is not allowed to modify labels: node-restriction.kubernetes.io/a',
    ],
    [
      'gives itself no role',
      'PATCH /api/v1/nodes/n1',
      { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } } },
      403,
    ],
    [
      'changes its taints not',
      'PATCH /api/v1/nodes/n1',
      { spec: { taints: [{ key: 'mine', effect: 'NoSchedule' }] } },
      403,
      'is not allowed to modify taints',
    ],
    [
      'gives itself no owner',
      'PATCH /api/v1/nodes/n1',
      { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n2', uid: 'u' }] } },
      403,
    ],
    ['has no token of an account', 'POST /api/v1/namespaces/mine/serviceaccounts/default/token', { spec: {} }, 403],
    [
      "has no token for others' pods",
      'POST /api/v1/namespaces/mine/serviceaccounts/default/token',
      { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'on-other', uid: 'u' } } },
      403,
    ],
    [
      "renews no other's lease",
      'PATCH /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n2',
      { spec: { holderIdentity: 'n1' } },
      403,
    ],
    [
      'makes no lease elsewhere',
      'POST /apis/coordination.k8s.io/v1/namespaces/mine/leases',
      { metadata: { name: 'n1' } },
      403,
    ],
    ['binds no role', `POST ${RBAC}/clusterrolebindings`, { metadata: { name: 'x' } }, 403],
    ['acts as nobody else', 'GET /api/v1/nodes/n1', undefined, 200],
  ];
  test.each(rows.map((row) => [row[0], row] as const))('%s', (_what, row) => check(NODE, row));

  test.each<[string, object]>([
    ['a secret', { volumes: [{ name: 's', secret: { secretName: 'word' } }] }],
    [
      'a secret in a variable',
      {
        containers: [
          { name: 'c', image: 'i', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'word', key: 'word' } } }] },
        ],
      },
    ],
    ['a service account', { serviceAccountName: 'default' }],
    ['a token', { volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] }],
    ['a configmap', { volumes: [{ name: 'm', configMap: { name: 'map' } }] }],
    ['a claim', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }],
  ])('makes no mirror with %s', async (_what, spec) => {
    const answer = await ask(NODE, `POST ${PODS}`, pod('mirrored', { nodeName: 'n1', ...spec }, owned));
    // 422: validation may find the reference impossible before admission forbids it.
    expect([403, 422], answer.text).toContain(answer.code);
    expect((await calls.call('GET', `${PODS}/mirrored`)).code).toBe(404);
  });
});

describe('[AZ3] forged owners', () => {
  const maps = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;
  const exists = async (path: string): Promise<boolean> => (await calls.call('GET', path)).code === 200;
  const gone = (path: string): Promise<true> =>
    eventually(`${path} to go`, async () => ((await exists(path)) ? undefined : true));
  const owner = (object: Answer['json'], kind: string, more: object = {}): object[] => [
    {
      apiVersion: kind === 'ClusterRole' ? 'rbac.authorization.k8s.io/v1' : 'v1',
      kind,
      name: object.metadata.name,
      uid: object.metadata.uid,
      ...more,
    },
  ];

  test('of another namespace own nothing, and neither hold nor harm whom they name', async () => {
    const theirs = await created(maps('theirs'), { metadata: { name: 'owner' } });
    const ownerReferences = owner(theirs, 'ConfigMap', { blockOwnerDeletion: true });
    await created(maps('mine'), { metadata: { name: 'forged', ownerReferences, finalizers: ['example.com/held'] } });
    expect(await exists(`${maps('theirs')}/owner`)).toBe(true);
    const deleted = await calls.call('DELETE', `${maps('theirs')}/owner`, {
      body: { propagationPolicy: 'Foreground' },
    });
    expect(deleted.code, deleted.text).toBe(200);
    await gone(`${maps('theirs')}/owner`);
    await calls.call('PATCH', `${maps('mine')}/forged`, {
      body: { metadata: { finalizers: null } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  });

  test('of a namespace own nothing cluster-scoped', async () => {
    const map = await created(maps('mine'), { metadata: { name: 'owner-of-cluster' } });
    await created(`${RBAC}/clusterroles`, {
      metadata: { name: 'owned', ownerReferences: owner(map, 'ConfigMap') },
      rules: [],
    });
    await calls.call('DELETE', `${maps('mine')}/owner-of-cluster`);
    await created(maps('mine'), {
      metadata: {
        name: 'sentinel',
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: 'none' }],
      },
    });
    await gone(`${maps('mine')}/sentinel`);
    expect(await exists(`${RBAC}/clusterroles/owned`)).toBe(true);
  });

  test('of the cluster take along what names them by their uid', async () => {
    const role = await created(`${RBAC}/clusterroles`, { metadata: { name: 'true-owner' }, rules: [] });
    await created(maps('mine'), { metadata: { name: 'rightly', ownerReferences: owner(role, 'ClusterRole') } });
    expect(await exists(`${maps('mine')}/rightly`)).toBe(true);
    await calls.call('DELETE', `${RBAC}/clusterroles/true-owner`);
    await gone(`${maps('mine')}/rightly`);
  });

  test('do not take their owner along', async () => {
    const map = await created(maps('mine'), { metadata: { name: 'stays' } });
    await created(maps('mine'), { metadata: { name: 'child', ownerReferences: owner(map, 'ConfigMap') } });
    await calls.call('DELETE', `${maps('mine')}/child`, { body: { propagationPolicy: 'Foreground' } });
    await gone(`${maps('mine')}/child`);
    expect(await exists(`${maps('mine')}/stays`)).toBe(true);
  });
});

describe('ways inside', () => {
  test.each([
    'GET /api/v1/namespaces/mine/pods/web/proxy/',
    'GET /api/v1/nodes/n1/proxy/',
    'GET /api/v1/namespaces/mine/services/https:kubernetes:443/proxy/',
    'GET /api/v1/namespaces/mine/pods/web/portforward',
  ])('%s leads nowhere', async (request) => {
    const answer = await ask({}, request, undefined);
    expect(answer.code, answer.text).toBeGreaterThanOrEqual(400);
    expect(answer.code).toBeLessThan(500);
    expect(answer.headers.location).toBeUndefined();
  });

  test('what a foreign page may send is not taken', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const body = '{"metadata":{"name":"foreign"}}';
      const answer = await calls.call('POST', '/api/v1/namespaces/mine/configmaps', {
        body,
        headers: { 'content-type': type, origin: 'https://evil.example' },
      });
      expect(answer.code, answer.text).toBe(415);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('a warning brings no header of its own', async () => {
    const body = '{"metadata":{"name":"warned"},"a\\r\\nset-cookie: x=1\\r\\n\\r\\n<script>":1}';
    const answer = await calls.call('POST', '/api/v1/namespaces/mine/configmaps', { body });
    expect(answer.code, answer.text).toBe(201);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers.warning).toContain('unknown field \\"a\\\\r\\\\nset-cookie: x=1');
    expect(answer.text).not.toContain('<script>');
  });
});
