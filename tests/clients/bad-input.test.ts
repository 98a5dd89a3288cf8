import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, type CallOptions } from './api-calls.ts';

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  await calls.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'taken' }, data: { a: '1' } } });
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const YAML = { 'content-type': 'application/yaml' };
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const aliasBomb = ['a: &a ["x","x","x","x","x","x","x","x","x"]']
  .concat([...'bcdefghi'].map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`))
  .join('\n');

interface Row {
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly options?: CallOptions;
  readonly code: number;
  readonly reason: string;
  readonly message?: RegExp;
  readonly causes?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    what: 'an unknown resource',
    path: '/api/v1/namespaces/default/things',
    code: 404,
    reason: 'NotFound',
    message: /the server could not find the requested resource/,
  },
  {
    what: 'a missing object',
    path: `${CONFIG_MAPS}/none`,
    code: 404,
    reason: 'NotFound',
    message: /^configmaps "none" not found$/,
  },
  {
    what: 'no credentials',
    path: CONFIG_MAPS,
    options: { token: null },
    code: 403,
    reason: 'Forbidden',
    message:
      /^configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"$/,
  },
  {
    what: 'a wrong token',
    path: CONFIG_MAPS,
    options: { token: 'wrong' },
    code: 401,
    reason: 'Unauthorized',
    message: /^Unauthorized$/,
  },
  {
    what: 'a token that looks like a JWT',
    path: CONFIG_MAPS,
    options: { token: 'eyJhbGciOiJub25lIn0.e30.' },
    code: 401,
    reason: 'Unauthorized',
  },
  {
    what: 'malformed JSON',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: '{"a":' },
    code: 400,
    reason: 'BadRequest',
  },
  { what: 'an empty body', method: 'POST', path: CONFIG_MAPS, options: { body: '' }, code: 400, reason: 'BadRequest' },
  { what: 'an array', method: 'POST', path: CONFIG_MAPS, options: { body: '[]' }, code: 400, reason: 'BadRequest' },
  {
    what: 'malformed YAML',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: 'a: [', headers: YAML },
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'a YAML alias bomb',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: aliasBomb, headers: YAML },
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'very deep JSON',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: nested(100_000) },
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'a body of over 3 MiB',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: { metadata: { name: 'big' }, data: { a: 'x'.repeat(3_200_000) } } },
    code: 413,
    reason: 'RequestEntityTooLarge',
  },
  {
    what: 'a media type nobody reads',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: 'x', headers: { 'content-type': 'text/html' } },
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    what: 'a media type nobody writes',
    path: CONFIG_MAPS,
    options: { headers: { accept: 'text/html' } },
    code: 406,
    reason: 'NotAcceptable',
  },
  {
    what: 'another kind',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } } },
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'a field of the wrong type',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: { metadata: { name: 'x' }, data: { a: 1 } } },
    code: 400,
    reason: 'BadRequest',
    message: /cannot unmarshal number into Go struct field ConfigMap\.data of type string/,
  },
  {
    what: 'an unknown field under strict validation',
    method: 'POST',
    path: `${CONFIG_MAPS}?fieldValidation=Strict`,
    options: { body: { metadata: { name: 'x' }, daat: {} } },
    code: 400,
    reason: 'BadRequest',
    message: /strict decoding error: unknown field "daat"/,
  },
  {
    what: 'no name',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: {} },
    code: 422,
    reason: 'Invalid',
    message: /name or generateName is required/,
    causes: ['metadata.name'],
  },
  {
    what: 'a name against the rules',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: { metadata: { name: 'No Good' } } },
    code: 422,
    reason: 'Invalid',
    causes: ['metadata.name'],
  },
  {
    what: 'a name that is taken',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: { metadata: { name: 'taken' } } },
    code: 409,
    reason: 'AlreadyExists',
    message: /^configmaps "taken" already exists$/,
  },
  {
    what: 'a namespace that is not there',
    method: 'POST',
    path: '/api/v1/namespaces/none/configmaps',
    options: { body: { metadata: { name: 'x' } } },
    code: 404,
    reason: 'NotFound',
    message: /^namespaces "none" not found$/,
  },
  {
    what: 'another namespace in the body',
    method: 'POST',
    path: CONFIG_MAPS,
    options: { body: { metadata: { name: 'x', namespace: 'kube-system' } } },
    code: 400,
    reason: 'BadRequest',
    message: /does not match the namespace/,
  },
  {
    what: 'a stale resourceVersion',
    method: 'PUT',
    path: `${CONFIG_MAPS}/taken`,
    options: { body: { metadata: { name: 'taken', resourceVersion: '1' } } },
    code: 409,
    reason: 'Conflict',
    message: /the object has been modified/,
  },
  {
    what: 'a resourceVersion that is no number',
    path: `${CONFIG_MAPS}?resourceVersion=abc`,
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'a resourceVersion of the future',
    path: `${CONFIG_MAPS}?resourceVersion=999999999999`,
    code: 504,
    reason: 'Timeout',
    message: /Too large resource version/,
  },
  {
    what: 'an impossible label selector',
    path: `${CONFIG_MAPS}?labelSelector=a%20in`,
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'an unknown field selector',
    path: `${CONFIG_MAPS}?fieldSelector=data.a%3D1`,
    code: 400,
    reason: 'BadRequest',
    message: /^"data\.a" is not a known field selector: only "metadata\.name", "metadata\.namespace"$/,
  },
  {
    what: 'a broken continue token',
    path: `${CONFIG_MAPS}?limit=1&continue=nonsense`,
    code: 400,
    reason: 'BadRequest',
  },
  { what: 'a limit that is no number', path: `${CONFIG_MAPS}?limit=x`, code: 400, reason: 'BadRequest' },
  {
    what: 'a patch of an unknown type',
    method: 'PATCH',
    path: `${CONFIG_MAPS}/taken`,
    options: { body: {} },
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    what: 'a JSON patch that fails its test',
    method: 'PATCH',
    path: `${CONFIG_MAPS}/taken`,
    options: {
      body: [{ op: 'test', path: '/data/a', value: '9' }],
      headers: { 'content-type': 'application/json-patch+json' },
    },
    code: 422,
    reason: 'Invalid',
  },
  {
    what: 'a JSON patch that is none',
    method: 'PATCH',
    path: `${CONFIG_MAPS}/taken`,
    options: { body: '{"a":1}', headers: { 'content-type': 'application/json-patch+json' } },
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'a delete with another uid',
    method: 'DELETE',
    path: `${CONFIG_MAPS}/taken`,
    options: { body: { preconditions: { uid: 'other' } } },
    code: 409,
    reason: 'Conflict',
    message: /the UID in the precondition \(other\) does not match the UID in record/,
  },
  {
    what: 'a method nobody serves',
    method: 'POST',
    path: `${CONFIG_MAPS}/taken`,
    options: { body: {} },
    code: 405,
    reason: 'MethodNotAllowed',
  },
  {
    what: 'a pod without containers',
    method: 'POST',
    path: '/api/v1/namespaces/default/pods',
    options: { body: { metadata: { name: 'p' }, spec: {} } },
    code: 422,
    reason: 'Invalid',
    message: /^Pod "p" is invalid: spec\.containers: Required value$/,
    causes: ['spec.containers'],
  },
  {
    what: 'a Deployment whose selector misses its template',
    method: 'POST',
    path: '/apis/apps/v1/namespaces/default/deployments',
    options: {
      body: {
        metadata: { name: 'd' },
        spec: {
          replicas: -1,
          selector: { matchLabels: { a: '1' } },
          template: { metadata: { labels: { a: '2' } }, spec: { containers: [{ name: 'm' }] } },
        },
      },
    },
    code: 422,
    reason: 'Invalid',
    causes: ['spec.replicas', 'spec.template.metadata.labels', 'spec.template.spec.containers[0].image'],
  },
];

describe('[W1] bad input gets a Status, never a 500', () => {
  test.each(ROWS)('$what', async ({ method = 'GET', path, options, code, reason, message, causes }) => {
    const answer = await calls.call(method, path, options);
    expect(answer.code, answer.text).toBe(code);
    expect(answer.json).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason });
    if (message) expect(answer.json.message).toMatch(message);
    if (causes)
      expect(answer.json.details.causes.map((cause: { field: string }) => cause.field)).toEqual(
        expect.arrayContaining([...causes]),
      );
  });

  test.each(['/nowhere', '/apis/none.example/v1/things'])('%s is a plain 404, as nobody serves it', async (path) => {
    const answer = await calls.call('GET', path);
    expect(answer.code).toBe(404);
    expect(answer.text).toBe('404 page not found\n');
  });

  test('nothing of it was stored', async () => {
    const list = await calls.call('GET', CONFIG_MAPS);
    const names = list.json.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    expect(names.filter((name: string) => name !== 'kube-root-ca.crt')).toEqual(['taken']);
    expect(list.json.items.find((item: { metadata: { name: string } }) => item.metadata.name === 'taken').data).toEqual(
      { a: '1' },
    );
  });

  test('health and version need no credentials; nothing else answers a stranger', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
      expect((await calls.call('GET', path, { token: null })).code, path).toBe(200);
    }
    for (const path of [
      '/api',
      '/apis',
      '/api/v1/nodes',
      '/openapi/v3',
      '/metrics',
      '/openid/v1/jwks',
      '/agent/v1/nodes/x/poll',
    ]) {
      const answer = await calls.call('GET', path, { token: null });
      expect(answer.code, path).toBe(403);
      expect(answer.json.message).toContain('User "system:anonymous" cannot');
    }
  });
});
