import { exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Status } from '../../../schema/meta/status.ts';

const ADMIN = 'admin-token-of-the-tests';
const SHOP = '/api/v1/namespaces/shop';

interface Sent {
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

/** `GET /path` as the administrator; bodies that are no texts go as JSON. */
async function send(line: string, { body, type = 'application/json', headers = {} }: Sent = {}) {
  const [method = 'GET', path = '/'] = line.split(' ');
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await exports.default.fetch(`https://api.test${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN}`, ...(text === undefined ? {} : { 'content-type': type }), ...headers },
    ...(text === undefined ? {} : { body: text }),
  });
  const answer = await response.text();
  return { code: response.status, text: answer, object: parsed(answer), headers: response.headers };
}

function parsed(text: string): UntypedObject & Partial<Status> & { items: UntypedObject[] } {
  try {
    return JSON.parse(text);
  } catch {
    return {} as never;
  }
}

const deployment = (name: string, replicas = 2) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'busybox' }] } },
  },
});

beforeAll(async () => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await send('GET /readyz')).code === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect((await send('POST /api/v1/namespaces', { body: { metadata: { name: 'shop' } } })).code).toBe(201);
});

describe('an object from creation to deletion', () => {
  it('keeps upstream rules over the real shard', async () => {
    const created = await send(`POST ${SHOP}/configmaps`, { body: { metadata: { name: 'a' }, data: { x: '1' } } });
    expect([created.code, created.object.metadata.namespace]).toEqual([201, 'shop']);
    const version = created.object.metadata.resourceVersion ?? '';

    const patched = await send(`PATCH ${SHOP}/configmaps/a`, {
      body: { data: { y: '2' } },
      type: 'application/merge-patch+json',
    });
    expect(patched.object).toMatchObject({ data: { x: '1', y: '2' } });
    expect(Number(patched.object.metadata.resourceVersion)).toBeGreaterThan(Number(version));

    const stale = await send(`PUT ${SHOP}/configmaps/a`, { body: created.object });
    expect([stale.code, stale.object.reason]).toEqual([409, 'Conflict']);
    const same = await send(`PUT ${SHOP}/configmaps/a`, { body: patched.object });
    expect(same.object.metadata.resourceVersion).toBe(patched.object.metadata.resourceVersion);

    const read = await send(`GET ${SHOP}/configmaps/a`);
    expect(read.object).toEqual(patched.object);
    const deleted = await send(`DELETE ${SHOP}/configmaps/a`);
    expect(deleted.object).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'a', kind: 'configmaps' },
    });
    expect((await send(`GET ${SHOP}/configmaps/a`)).object.message).toBe('configmaps "a" not found');
  });

  it('takes YAML and dry runs', async () => {
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dry}\ndata: {on: "yes"}\n';
    const dry = await send(`POST ${SHOP}/configmaps?dryRun=All`, { body, type: 'application/yaml' });
    expect([dry.code, dry.object.metadata.resourceVersion]).toEqual([201, undefined]);
    expect((await send(`GET ${SHOP}/configmaps/dry`)).code).toBe(404);
  });
});

describe('a Deployment', () => {
  it('is created with what follows from it, in one commit', async () => {
    const root = '/apis/apps/v1/namespaces/shop';
    const created = await send(`POST ${root}/deployments`, { body: deployment('web') });
    expect(created.code).toBe(201);
    const sets = await send(`GET ${root}/replicasets?labelSelector=app%3Dweb`);
    expect(sets.object.items).toHaveLength(1);
    const pods = await send(`GET ${SHOP}/pods?labelSelector=app%3Dweb`);
    expect(pods.object.items.map(({ metadata }) => metadata.generateName)).toEqual(
      Array(2).fill(`${sets.object.items[0]?.metadata.name}-`),
    );

    const scale = await send(`PATCH ${root}/deployments/web/scale`, {
      body: { spec: { replicas: 3 } },
      type: 'application/merge-patch+json',
    });
    expect(scale.object).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 3 },
      status: { selector: 'app=web' },
    });
    expect((await send(`GET ${SHOP}/pods?labelSelector=app%3Dweb`)).object.items).toHaveLength(3);

    const foreground = await send(`DELETE ${root}/deployments/web`, { body: { propagationPolicy: 'Foreground' } });
    expect(foreground.object.metadata.finalizers).toEqual(['foregroundDeletion']);
  });

  it('names every cause when it is invalid', async () => {
    const bad = deployment('bad', -1);
    const answer = await send('POST /apis/apps/v1/namespaces/shop/deployments', {
      body: { ...bad, spec: { ...bad.spec, selector: { matchLabels: { app: 'other' } } } },
    });
    expect([answer.code, answer.object.reason]).toEqual([422, 'Invalid']);
    expect(answer.object.details?.causes?.map(({ field }) => field)).toEqual([
      'spec.replicas',
      'spec.template.metadata.labels',
    ]);
  });
});

describe('lists', () => {
  it('come in pages, as tables, and over all namespaces', async () => {
    for (const name of ['p1', 'p2', 'p3']) {
      await send(`POST ${SHOP}/configmaps`, { body: { metadata: { name, labels: { paged: 'yes' } } } });
    }
    const query = 'labelSelector=paged%3Dyes&limit=2';
    const first = await send(`GET ${SHOP}/configmaps?${query}`);
    const { continue: token } = first.object.metadata as { continue?: string };
    expect(first.object.items.map(({ metadata }) => metadata.name)).toEqual(['p1', 'p2']);
    const second = await send(`GET ${SHOP}/configmaps?${query}&continue=${token}`);
    expect(second.object.items.map(({ metadata }) => metadata.name)).toEqual(['p3']);

    const everywhere = await send('GET /api/v1/configmaps?labelSelector=paged%3Dyes', {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    });
    expect(everywhere.object).toMatchObject({ kind: 'Table', rows: [{ cells: ['p1', 0, '0s'] }, {}, {}] });
  });

  it('print a scale with columns of its own', async () => {
    await send('POST /apis/apps/v1/namespaces/shop/deployments', { body: deployment('sized', 0) });
    const { object } = await send('GET /apis/apps/v1/namespaces/shop/deployments/sized/scale', {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    });
    const { columnDefinitions } = object as unknown as { columnDefinitions: { name: string }[] };
    expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Desired', 'Available', 'Age']);
    expect(object).toMatchObject({ kind: 'Table', rows: [{ cells: ['sized', 0, 0, '0s'] }] });
  });
});

describe('events', () => {
  it('are one thing in two groups', async () => {
    const event = {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'shop' },
      reason: 'Tested',
      message: 'all is well',
      type: 'Normal',
      source: { component: 'test' },
    };
    expect((await send(`POST ${SHOP}/events`, { body: event })).code).toBe(201);
    const other = await send('GET /apis/events.k8s.io/v1/namespaces/shop/events/e');
    expect(other.object).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      note: 'all is well',
      regarding: { name: 'p' },
    });
    const gone = await send('GET /apis/events.k8s.io/v1/namespaces/shop/events/none');
    expect(gone.object.message).toBe('events.events.k8s.io "none" not found');
  });
});

describe('bad input', () => {
  const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
    .map(
      (name, i) =>
        `${name}: &${name} [${Array(9)
          .fill(`*${String.fromCharCode(97 + i)}`)
          .join()}]`,
    )
    .join('\n')}\n`;
  const rows: readonly (readonly [string, string, Sent, number])[] = [
    ['deep nesting', `POST ${SHOP}/configmaps`, { body: deep }, 400],
    ['an alias bomb', `POST ${SHOP}/configmaps`, { body: bomb, type: 'application/yaml' }, 400],
    ['a list for a body', `POST ${SHOP}/configmaps`, { body: [] }, 400],
    ['null for a body', `POST ${SHOP}/configmaps`, { body: 'null' }, 422],
    ['no body', `POST ${SHOP}/configmaps`, {}, 400],
    ['metadata of a wrong type', `POST ${SHOP}/configmaps`, { body: { metadata: 7 } }, 400],
    ['a name against the rules', `POST ${SHOP}/configmaps`, { body: { metadata: { name: 'Not_A_Name' } } }, 422],
    [
      'a namespace that is not there',
      'POST /api/v1/namespaces/nowhere/configmaps',
      { body: { metadata: { name: 'a' } } },
      404,
    ],
    ['an impossible label selector', `GET ${SHOP}/configmaps?labelSelector=${encodeURIComponent('a in (')}`, {}, 400],
    ['an impossible field selector', `GET ${SHOP}/configmaps?fieldSelector=nonsense`, {}, 400],
    ['a malformed resourceVersion', `GET ${SHOP}/configmaps?resourceVersion=abc`, {}, 400],
    ['a malformed continue token', `GET ${SHOP}/configmaps?limit=1&continue=xyz`, {}, 400],
    ['a malformed limit', `GET ${SHOP}/configmaps?limit=many`, {}, 400],
    ['a patch that is no JSON', `PATCH ${SHOP}/configmaps/x`, { body: '{', type: 'application/merge-patch+json' }, 400],
    [
      'a patch for what is not there',
      `PATCH ${SHOP}/configmaps/x`,
      { body: '{}', type: 'application/merge-patch+json' },
      404,
    ],
    [
      'protobuf that is none',
      `POST ${SHOP}/configmaps`,
      { body: 'k8s', type: 'application/vnd.kubernetes.protobuf' },
      400,
    ],
    ['delete options of a wrong type', `DELETE ${SHOP}/configmaps/x`, { body: { gracePeriodSeconds: 'soon' } }, 400],
    ['a name with a slash in it', `GET ${SHOP}/configmaps/a%2Fb`, {}, 404],
    [
      'a prototype for a field',
      `POST ${SHOP}/configmaps?fieldValidation=Strict`,
      { body: '{"metadata":{"name":"a"},"__proto__":{"x":1}}' },
      400,
    ],
  ];
  it.each(rows)('%s', async (_title, line, sent, code) => {
    const answer = await send(line, sent);
    expect(answer.code, answer.text).toBe(code);
    expect(answer.object).toMatchObject({ kind: 'Status', status: 'Failure', code });
  });
});

describe('a node', () => {
  it('may tell of the pods it runs by itself, as mirror pods of its own Node', async () => {
    const { object: node } = await send('POST /api/v1/nodes', { body: { metadata: { name: 'alone' } } });
    const headers = { 'impersonate-user': 'system:node:alone', 'impersonate-group': 'system:nodes' };
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'alone', controller: true };
    const mirror = (name: string, uid: string | undefined) => ({
      metadata: {
        name,
        annotations: { 'kubernetes.io/config.mirror': 'x', 'kubernetes.io/config.source': 'file' },
        ownerReferences: [{ ...owner, uid }],
      },
      spec: { nodeName: 'alone', containers: [{ name: 'c', image: 'i' }] },
    });
    const made = await send(`POST ${SHOP}/pods`, { body: mirror('static-alone', node.metadata.uid), headers });
    expect([made.code, made.object.message]).toEqual([201, undefined]);
    const other = await send(`POST ${SHOP}/pods`, { body: mirror('other-alone', 'made-up'), headers });
    expect(other.object.message).toContain('node alone UID mismatch: expected made-up got ');
    await send('DELETE /api/v1/nodes/alone');
    const late = await send(`POST ${SHOP}/pods`, { body: mirror('late-alone', node.metadata.uid), headers });
    expect([late.code, late.object.message]).toEqual([404, 'nodes "alone" not found']);
  });
});
