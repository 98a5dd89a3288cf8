/** A shard and its hub as Durable Objects in workerd: evictions, aborts, alarms. */
import {
  abortAllDurableObjects,
  env,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Answer, ListRequest, ReadRequest, WatchRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import { type Env, shardName } from '../env.ts';

const bindings = env as unknown as Env;
const shard = (namespace: string) =>
  bindings.SHARD.get(bindings.SHARD.idFromName(shardName(bindings.CLUSTER, namespace)));
const hub = () => bindings.HUB.get(bindings.HUB.idFromName(bindings.CLUSTER));

const target = (namespace: string) => ({
  resource: 'configmaps',
  apiVersion: 'v1',
  namespace,
  user: systemUser('test'),
});

const writing = (namespace: string) => ({ ...target(namespace), dryRun: false, fieldManager: 'test' });

const bodyOf = (name: string, data: Record<string, string>) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

const creating = (namespace: string, name: string, data: Record<string, string> = { key: 'value' }): WriteRequest => ({
  ...writing(namespace),
  verb: 'create',
  body: bodyOf(name, data),
});

const listing = (namespace: string, more: Partial<ListRequest> = {}): ListRequest => ({
  ...target(namespace),
  verb: 'list',
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
  ...more,
});

const watching = (namespace: string, resourceVersion: string): WatchRequest => ({
  resource: 'configmaps',
  apiVersion: 'v1',
  namespace,
  labelSelector: '',
  fieldSelector: '',
  resourceVersion,
  resourceVersionMatch: '',
  allowWatchBookmarks: false,
  sendInitialEvents: undefined,
  timeoutSeconds: 600,
  format: 'object',
});

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly UntypedObject[];
}

const parse = <T>(answer: Answer, code = 200): T => {
  expect(answer.code, answer.body).toBe(code);
  return JSON.parse(answer.body) as T;
};

const created = async (namespace: string, name: string): Promise<UntypedObject> =>
  parse<UntypedObject>(await shard(namespace).write(creating(namespace, name)), 201);

const namesOf = (list: List): string[] =>
  list.items.map(({ metadata }) => metadata.name ?? '').filter((name) => name !== 'kube-root-ca.crt');

async function newNamespace(name: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  parse(await shard('').write({ ...writing(''), resource: 'namespaces', verb: 'create', body }), 201);
}

/** Events as they come; the caller must not ask for more than there will be. */
async function* eventsOf(response: Response): AsyncGenerator<{ type: string; object: UntypedObject }> {
  let rest = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + new TextDecoder().decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line);
  }
}

const watch = async (stub: { fetch(url: string, init: RequestInit): Promise<Response> }, request: WatchRequest) =>
  eventsOf(await stub.fetch('https://zeroplane/watch', { headers: { 'x-zeroplane-watch': JSON.stringify(request) } }));

let next = 0;
let namespace = '';

beforeEach(async () => {
  await shard('').ready();
  namespace = `ns-${++next}`;
  await newNamespace(namespace);
});

describe('a shard', () => {
  it('keeps what it acknowledged when it is evicted, and goes on above it', async () => {
    const before = await created(namespace, 'a');
    await evictDurableObject(shard(namespace));
    const list = parse<List>(await shard(namespace).read(listing(namespace)));
    expect(namesOf(list)).toEqual(['a']);
    const after = await created(namespace, 'b');
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
  });

  it('[R1] [R3] [R5] loses nothing and repeats no revision when everything is aborted at once', async () => {
    const revisions: number[] = [];
    for (let round = 0; round < 3; round++) {
      const writes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => created(namespace, `r${round}-${index}`)),
      );
      revisions.push(...writes.map(({ metadata }) => Number(metadata.resourceVersion)));
      await abortAllDurableObjects();
    }
    expect(new Set(revisions).size).toBe(60);
    const list = parse<List>(await hub().list(listing('')));
    expect(list.items.filter(({ metadata }) => metadata.namespace === namespace)).toHaveLength(61);
  });

  it('[R5] gives the hub what it committed but never published', async () => {
    await created(namespace, 'a');
    await evictDurableObject(shard(namespace));
    const last = await runInDurableObject(shard(namespace), async (_instance, state) => {
      const revision = 500 + (await hub().reserve({ shard: namespace, count: 1000 })).first;
      // A commit whose publish the crash of its process has swallowed.
      const text = bodyOf('lost', {}).replace(
        '"name":"lost"',
        `"name":"lost","namespace":"${namespace}","uid":"u","resourceVersion":"${revision}"`,
      );
      const canonical = text.replace(
        '{"apiVersion":"v1","kind":"ConfigMap",',
        '{"kind":"ConfigMap","apiVersion":"v1",',
      );
      const meta = JSON.stringify({ labels: {}, fields: { 'metadata.name': 'lost', 'metadata.namespace': namespace } });
      state.storage.sql.exec(
        'INSERT INTO objects (resource, name, revision, uid, owners, meta, text) VALUES (?, ?, ?, ?, ?, ?, ?)',
        'configmaps',
        'lost',
        revision,
        'u',
        '',
        meta,
        canonical,
      );
      state.storage.sql.exec(
        "INSERT INTO changes (revision, type, resource, name) VALUES (?, 'ADDED', 'configmaps', 'lost')",
        revision,
      );
      return revision;
    });
    // The hub asks about the span that stays open; a consistent read waits for that.
    const list = parse<List>(await hub().list(listing('')));
    expect(namesOf(list)).toContain('lost');
    expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(last);
  });

  it('answers 500 to the request that meets a bug and stores its neighbours', async () => {
    const answers = await runInDurableObject(shard(namespace), (instance) =>
      instance.writeAll([
        creating(namespace, 'good'),
        { ...creating(namespace, 'bad'), body: '{"metadata":' } as WriteRequest,
        creating(namespace, 'fine'),
      ]),
    );
    expect(answers.map(({ code }) => code)).toEqual([201, 500, 201]);
    expect(JSON.parse((answers[1] as Answer).body)).toMatchObject({ reason: 'InternalError' });
    expect(namesOf(parse<List>(await shard(namespace).read(listing(namespace))))).toEqual(['fine', 'good']);
  });

  it('lists pages from one snapshot while it changes', async () => {
    for (const name of ['a', 'c', 'e']) await created(namespace, name);
    const first = parse<List>(await shard(namespace).read(listing(namespace, { limit: 2 })));
    await created(namespace, 'd');
    const remove: WriteRequest = { ...writing(namespace), verb: 'delete', name: 'e', options: {} };
    parse(await shard(namespace).write(remove));
    const page = listing(namespace, { limit: 10, continue: first.metadata.continue ?? '' });
    const second = parse<List>(await shard(namespace).read(page));
    expect([...namesOf(first), ...namesOf(second)]).toEqual(['a', 'c', 'e']);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(namesOf(parse<List>(await shard(namespace).read(listing(namespace))))).toEqual(['a', 'c', 'd']);
  });

  it('gives a list a resourceVersion that a watch can start from, though nothing was ever written', async () => {
    const empty = await shard('never-written').read(listing('never-written'));
    expect(Number(parse<List>(empty).metadata.resourceVersion)).toBeGreaterThan(0);
  });

  it('answers 504 to a revision from the future', async () => {
    const request: ReadRequest = { ...target(namespace), verb: 'get', name: 'a', resourceVersion: '900000000000' };
    const status = parse<UntypedObject>(await shard(namespace).read(request), 504);
    expect(status).toMatchObject({
      reason: 'Timeout',
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
  });

  it('[R4] watches on from a list, in the namespace and across all', async () => {
    await created(namespace, 'before');
    const list = parse<List>(await shard(namespace).read(listing(namespace)));
    await created(namespace, 'between');
    const own = await watch(shard(namespace), watching(namespace, list.metadata.resourceVersion));
    const all = await watch(hub(), watching('', list.metadata.resourceVersion));
    await created(namespace, 'after');
    for (const events of [own, all]) {
      const seen = [(await events.next()).value, (await events.next()).value];
      expect(seen.map((event) => `${event?.type} ${event?.object.metadata.name}`)).toEqual([
        'ADDED between',
        'ADDED after',
      ]);
      await events.return(undefined);
    }
  });

  it('[R2] replays from the history after everything was aborted', async () => {
    const list = parse<List>(await shard(namespace).read(listing(namespace)));
    await created(namespace, 'a');
    await created(namespace, 'b');
    await abortAllDurableObjects();
    for (const [stub, scope] of [
      [shard(namespace), namespace],
      [hub(), ''],
    ] as const) {
      const events = await watch(stub, watching(scope, list.metadata.resourceVersion));
      const seen = [(await events.next()).value, (await events.next()).value];
      expect(seen.map((event) => event?.object.metadata.name)).toEqual(['a', 'b']);
      await events.return(undefined);
    }
  });

  it('forgets history by its alarm, and tells who asks for it 410', async () => {
    const list = parse<List>(await shard(namespace).read(listing(namespace)));
    await created(namespace, 'a');
    // The first alarm notes which revision is the newest now, the second finds that an hour has passed.
    expect(await runDurableObjectAlarm(shard(namespace))).toBe(true);
    await runInDurableObject(shard(namespace), (_instance, state) => {
      state.storage.sql.exec('UPDATE moments SET at = at - 3600000');
    });
    expect(await runDurableObjectAlarm(shard(namespace))).toBe(true);
    const exact = listing(namespace, { resourceVersion: list.metadata.resourceVersion, resourceVersionMatch: 'Exact' });
    expect(parse<UntypedObject>(await shard(namespace).read(exact), 410)).toMatchObject({ reason: 'Expired' });
    const events = await watch(shard(namespace), watching(namespace, list.metadata.resourceVersion));
    const event = (await events.next()).value;
    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    const across = await watch(hub(), watching('', '2'));
    expect((await across.next()).value).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  it('knows after an eviction who it is when its alarm wakes it', async () => {
    await created(namespace, 'a');
    await evictDurableObject(shard(namespace));
    expect(await runDurableObjectAlarm(shard(namespace))).toBe(true);
    expect(namesOf(parse<List>(await shard(namespace).read(listing(namespace))))).toEqual(['a']);
  });

  it('gives a new namespace its account and root certificate, and empties one that is deleted', async () => {
    const named = (resource: string, name: string): ReadRequest => ({
      ...target(namespace),
      resource,
      verb: 'get',
      name,
      resourceVersion: '',
    });
    const has = async (resource: string, name: string) =>
      (await shard(namespace).read(named(resource, name))).code === 200;
    await expect.poll(() => has('serviceaccounts', 'default')).toBe(true);
    await expect.poll(() => has('configmaps', 'kube-root-ca.crt')).toBe(true);
    await created(namespace, 'content');
    await shard('').write({ ...writing(''), resource: 'namespaces', verb: 'delete', name: namespace, options: {} });
    const exists = async () =>
      (
        await shard('').read({
          ...target(''),
          resource: 'namespaces',
          verb: 'get',
          name: namespace,
          resourceVersion: '',
        })
      ).code;
    await expect.poll(exists, { timeout: 10_000 }).toBe(404);
    expect(namesOf(parse<List>(await shard(namespace).read(listing(namespace))))).toEqual([]);
    const late = await shard(namespace).write(creating(namespace, 'late'));
    expect([403, 404]).toContain(late.code);
  });
});

describe('the hub', () => {
  it('lists all namespaces in pages that fit together', async () => {
    const other = `${namespace}-b`;
    await newNamespace(other);
    for (const name of ['a', 'b', 'c']) {
      await created(namespace, name);
      await created(other, name);
    }
    const whole = parse<List>(await hub().list(listing('')));
    const keys = (list: List) => list.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    // As etcd's keys are ordered: `ns-b/…` comes before `ns/…`.
    expect(keys(whole)).toEqual([...keys(whole)].sort());
    const paged: string[] = [];
    let token = '';
    do {
      const page = parse<List>(await hub().list(listing('', { limit: 2, continue: token })));
      paged.push(...keys(page));
      token = page.metadata.continue ?? '';
      if (paged.length < 4) await created(other, `later-${paged.length}`);
    } while (token !== '');
    expect(paged).toEqual(keys(whole));
  });

  it('begins a new epoch when it is evicted, above all revisions it ever handed out', async () => {
    const { issued } = await hub().revision();
    const before = await hub().reserve({ shard: namespace, count: 1 });
    await evictDurableObject(hub());
    const after = await hub().reserve({ shard: namespace, count: 1 });
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(after.first).toBeGreaterThan(Math.max(issued, before.last));
  });
});
