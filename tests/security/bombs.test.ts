/** Requests made to cost much: each is refused, or answered within bounds, and the next one is served. */
import { connect } from 'node:tls';
import { request } from 'node:https';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiCalls, type CallOptions } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const REVISIONS = '/apis/apps/v1/namespaces/default/controllerrevisions';
const QUOTAS = '/api/v1/namespaces/default/resourcequotas';
const YAML = { 'content-type': 'application/yaml' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const MIB = 1024 * 1024;

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  await calls.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'target' }, data: { a: 'x'.repeat(100_000) } } });
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const aliasBomb = ['a: &a ["x","x","x","x","x","x","x","x","x"]']
  .concat([...'bcdefghi'].map((key, i) => `${key}: &${key} [${many(9, () => `*${'abcdefghi'[i]}`).join(',')}]`))
  .join('\n');
const mergeBomb = `metadata: &m {name: x, labels: &l {a: b}}\n${many(20_000, (i) => `k${i}: {<<: [*m, *l]}`).join('\n')}`;
const pod = (spec: object, metadata: object = {}) => ({
  metadata: { name: 'bomb', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

interface Bomb {
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly options?: CallOptions;
  readonly code: number;
}

const BOMBS: readonly Bomb[] = [
  { what: 'YAML aliases that double', path: CONFIG_MAPS, options: { body: aliasBomb, headers: YAML }, code: 400 },
  {
    what: 'YAML maps merged again and again',
    path: CONFIG_MAPS,
    options: { body: mergeBomb, headers: YAML },
    code: 400,
  },
  {
    what: 'YAML nested without end',
    path: CONFIG_MAPS,
    options: { body: '['.repeat(200_000), headers: YAML },
    code: 400,
  },
  {
    what: 'YAML flow maps without end',
    path: CONFIG_MAPS,
    options: { body: '{a: '.repeat(100_000), headers: YAML },
    code: 400,
  },
  { what: 'JSON nested without end', path: CONFIG_MAPS, options: { body: '{"a":'.repeat(500_000) }, code: 400 },
  {
    what: 'JSON nested in what has no fields',
    path: REVISIONS,
    options: { body: `{"metadata":{"name":"r"},"revision":1,"data":${'['.repeat(90_000)}${']'.repeat(90_000)}}` },
    code: 400,
  },
  {
    what: 'a patch nested without end',
    method: 'PATCH',
    path: `${CONFIG_MAPS}/target`,
    options: {
      body: `${'{"a":'.repeat(90_000)}1${'}'.repeat(90_000)}`,
      headers: { 'content-type': 'application/merge-patch+json' },
    },
    code: 400,
  },
  {
    what: 'a number of very many digits',
    path: REVISIONS,
    options: { body: `{"metadata":{"name":"r"},"revision":${'9'.repeat(MIB)},"data":{}}` },
    code: 400,
  },
  {
    what: 'a quantity of a huge exponent',
    path: PODS,
    options: { body: pod({ overhead: { cpu: '1e999999999' } }) },
    code: 400,
  },
  {
    what: 'a quantity of very many digits',
    path: PODS,
    options: {
      body: pod({ containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '9'.repeat(MIB) } } }] }),
    },
    code: 400,
  },
  {
    what: 'a body above 3 MiB',
    path: CONFIG_MAPS,
    options: { body: { metadata: { name: 'x' }, data: { a: 'x'.repeat(3 * MIB) } } },
    code: 413,
  },
  {
    what: 'very many unknown fields',
    path: CONFIG_MAPS,
    options: { body: `{"metadata":{"name":"unknown-fields"},${many(100_000, (i) => `"f${i}":1`).join(',')}}` },
    code: 201,
  },
  {
    what: 'very many duplicate fields',
    path: `${CONFIG_MAPS}?fieldValidation=Strict`,
    options: { body: `{"metadata":{"name":"x"},"data":{${many(100_000, () => '"a":"1"').join(',')}}}` },
    code: 400,
  },
  {
    what: 'very many bad labels',
    path: CONFIG_MAPS,
    options: { body: { metadata: { name: 'x', labels: Object.fromEntries(many(150_000, (i) => [`-${i}`, '-'])) } } },
    code: 422,
  },
  {
    what: 'very many owners',
    path: CONFIG_MAPS,
    options: {
      body: {
        metadata: {
          name: 'owners',
          ownerReferences: many(15_000, (i) => ({ apiVersion: 'v1', kind: 'Node', name: `n${i}`, uid: 'u' })),
        },
      },
    },
    code: 201,
  },
  {
    what: 'very many ports of one number',
    path: PODS,
    options: {
      body: pod({ containers: [{ name: 'c', image: 'i', ports: many(40_000, () => ({ containerPort: 80 })) }] }),
    },
    code: 201,
  },
  {
    what: 'very many files of one path',
    path: PODS,
    options: {
      body: pod(
        { volumes: [{ name: 'v', configMap: { name: 'm', items: many(50_000, () => ({ key: 'k', path: 'p' })) } }] },
        { name: 'files' },
      ),
    },
    code: 201,
  },
  {
    what: 'very many claims',
    path: PODS,
    options: {
      body: pod({
        resourceClaims: many(10_000, (i) => ({ name: `c${i}`, resourceClaimName: 'a' })),
        containers: [{ name: 'c', image: 'i', resources: { claims: many(20_000, (i) => ({ name: `d${i}` })) } }],
      }),
    },
    code: 422,
  },
  {
    what: 'very many spreads',
    path: PODS,
    options: {
      body: pod(
        {
          topologySpreadConstraints: many(6_000, (i) => ({
            maxSkew: 1,
            topologyKey: `z${i}`,
            whenUnsatisfiable: 'DoNotSchedule',
          })),
        },
        { name: 'spreads' },
      ),
    },
    code: 201,
  },
  {
    what: 'very many scopes',
    path: QUOTAS,
    options: {
      body: { metadata: { name: 'q' }, spec: { hard: { pods: '1' }, scopes: many(100_000, (i) => `s${i}`) } },
    },
    code: 422,
  },
  {
    what: 'very many families',
    path: '/api/v1/namespaces/default/services',
    options: {
      body: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], ipFamilies: many(140_000, (i) => `f${i}`) } },
    },
    code: 422,
  },
  {
    what: 'a path of very many slashes',
    path: PODS,
    options: {
      body: pod(
        { volumes: [{ name: 'v', configMap: { name: 'm', items: [{ key: 'k', path: `a${'/'.repeat(MIB)}b` }] } }] },
        { name: 'slashes' },
      ),
    },
    code: 201,
  },
  {
    what: 'an initiator that nearly begins everywhere',
    path: PODS,
    options: {
      body: pod({ volumes: [{ name: 'v', iscsi: { targetPortal: 'a', iqn: 'iqn.2020-01.'.repeat(80_000) } }] }),
    },
    code: 422,
  },
  {
    what: 'a schedule of very many digits',
    path: '/apis/batch/v1/namespaces/default/cronjobs',
    options: {
      body: {
        metadata: { name: 'c' },
        spec: {
          schedule: `@every ${'1'.repeat(MIB)}`,
          jobTemplate: {
            spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
          },
        },
      },
    },
    code: 422,
  },
  {
    what: 'an image of a very long name',
    path: PODS,
    options: { body: pod({ containers: [{ name: 'c', image: `${'a-'.repeat(MIB / 2)}!` }] }, { name: 'image' }) },
    code: 201,
  },
  {
    what: 'a rule of very many stars',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    options: {
      body: { metadata: { name: 'stars' }, rules: [{ nonResourceURLs: [`${'*'.repeat(MIB)}x*`], verbs: ['get'] }] },
    },
    code: 201,
  },
  {
    what: 'a label selector of very many terms',
    method: 'GET',
    path: `${CONFIG_MAPS}?labelSelector=${many(1_500, (i) => `a${i}`).join('%2C')}`,
    code: 200,
  },
  {
    what: 'a label selector of very many values',
    method: 'GET',
    path: `${CONFIG_MAPS}?labelSelector=a+in+(${many(2_500, (i) => `v${i}`).join(',')})`,
    code: 200,
  },
  {
    what: 'a field selector of very many terms',
    method: 'GET',
    path: `${CONFIG_MAPS}?fieldSelector=${many(400, () => 'metadata.name!=a').join(',')}`,
    code: 200,
  },
  {
    what: 'a path of very many slashes before and after',
    method: 'GET',
    path: `/api/v1/${'/'.repeat(15_000)}x`,
    code: 404,
  },
  { what: 'a query beyond all', method: 'GET', path: `${CONFIG_MAPS}?x=${'x'.repeat(17_000)}`, code: 400 },
  {
    what: 'a namespace of a very long name',
    method: 'GET',
    path: `/api/v1/namespaces/${'x'.repeat(9_000)}/configmaps/a`,
    code: 404,
  },
  {
    what: 'a JSON patch of too many operations',
    method: 'PATCH',
    path: `${CONFIG_MAPS}/target`,
    options: { body: many(10_001, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })), headers: JSON_PATCH },
    code: 413,
  },
  {
    what: 'a JSON patch that copies without end',
    method: 'PATCH',
    path: `${CONFIG_MAPS}/target`,
    options: {
      body: many(5_000, (i) => ({ op: 'copy', from: i ? `/data/c${i - 1}` : '/data/a', path: `/data/c${i}` })),
      headers: JSON_PATCH,
    },
    code: 422,
  },
  {
    what: 'a JSON patch that copies an object into itself',
    method: 'PATCH',
    path: `${CONFIG_MAPS}/target`,
    options: { body: many(200, () => ({ op: 'copy', from: '/data', path: '/data/a' })), headers: JSON_PATCH },
    code: 422,
  },
  {
    what: 'a grace period beyond all time',
    method: 'DELETE',
    path: `${PODS}/long?gracePeriodSeconds=9223372036854775807`,
    code: 200,
  },
];

describe('[W1] what costs much is bounded', () => {
  beforeAll(async () => {
    const long = pod({ nodeName: 'n1', terminationGracePeriodSeconds: 9_223_372_036_854_775_000 }, { name: 'long' });
    expect((await calls.call('POST', PODS, { body: long })).code).toBe(201);
  });

  test.each(BOMBS)('$what', { timeout: 30_000 }, async ({ method = 'POST', path, options = {}, code }) => {
    const answer = await calls.call(method, path, options);
    expect(answer.code, answer.text.slice(0, 2_000)).toBe(code);
    if (code >= 400) expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code });
    expect(String(answer.headers.warning ?? '').length).toBeLessThan(16_384);
  });

  test('the server goes on', async () => {
    expect((await calls.call('GET', '/readyz')).code).toBe(200);
    expect((await calls.call('GET', `${CONFIG_MAPS}/target`)).json.data.a.length).toBe(100_000);
  });
});

describe('bodies of other kinds', () => {
  const send = (
    headers: Record<string, string | number>,
    write: (end: (data?: Buffer) => void, chunk: (data: Buffer, next: () => void) => void) => void,
  ) =>
    new Promise<{ code: number; text: string }>((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: cluster.port,
          ca: cluster.ca,
          path: CONFIG_MAPS,
          method: 'POST',
          headers: { authorization: `Bearer ${cluster.adminToken}`, 'content-type': 'application/json', ...headers },
        },
        (answer) => {
          let text = '';
          answer.on('data', (piece) => (text += piece));
          answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text }));
        },
      );
      sent.on('error', reject);
      write(
        (data) => sent.end(data),
        (data, next) => sent.write(data, next),
      );
    });

  test('compressed ones are not opened', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * MIB, 0x20));
    const answer = await send({ 'content-encoding': 'gzip', 'content-length': bomb.length }, (end) => end(bomb));
    expect(answer.code, answer.text).toBe(415);
  });

  test('ones of unknown length are read up to the limit', async () => {
    const answer = await send({ 'transfer-encoding': 'chunked' }, (end, chunk) => {
      let sent = 0;
      const next = (): void => (sent++ < 5 ? chunk(Buffer.alloc(MIB, 0x20), next) : end());
      next();
    });
    expect(answer.code, answer.text).toBe(413);
  });

  test('ones that never come hold nobody up', async () => {
    const slow = Array.from({ length: 20 }, () => {
      const socket = connect({ host: '127.0.0.1', port: cluster.port, ca: cluster.ca });
      socket.on('error', () => {});
      socket.write(
        `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${cluster.adminToken}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a`,
      );
      return socket;
    });
    expect((await calls.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'beside-the-slow' } } })).code).toBe(201);
    for (const socket of slow) socket.destroy();
  });
});
