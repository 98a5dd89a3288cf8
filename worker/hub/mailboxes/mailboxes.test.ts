import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { PollReply } from '../../../schema/protocol/agent.ts';
import type { Change } from '../../../schema/protocol/change.ts';
import type { Answer, ReadRequest } from '../../../schema/protocol/shard.ts';
import { CREDENTIAL_CHANGE_MS, MAILBOX_IDLE_MS_MAX, Mailboxes, type PollOutcome } from './mailboxes.ts';

/** A hub's surroundings in memory: objects that reads find, a clock, timers that fire when told. */
function world({ restored = true } = {}) {
  const stored = new Map<string, UntypedObject>();
  const timers = new Set<() => void>();
  const seen: string[] = [];
  let now = 1_000_000;
  let revision = 100;
  let failing = false;
  const key = (resource: string, namespace: string, name: string) => `${resource}/${namespace}/${name}`;

  const read = (request: ReadRequest): Answer => {
    if (failing) return { code: 503, body: '{}' };
    if (request.verb === 'get') {
      const object = stored.get(key(request.resource, request.namespace, request.name));
      return object ? { code: 200, body: JSON.stringify(object) } : { code: 404, body: '{}' };
    }
    // Two items make a part.
    const from = Number(request.continue);
    const items = [...stored]
      .filter(([at]) => at.startsWith(`${request.resource}/${request.namespace}/`))
      .map(([, { kind: _kind, apiVersion: _apiVersion, ...item }]) => item);
    const metadata = items.length > from + 2 ? { continue: String(from + 2) } : {};
    const part = items.slice(from, from + 2);
    return { code: 200, body: JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata, items: part }) };
  };

  const mailboxes = new Mailboxes({
    services: { now: () => now, readAll: async (requests) => requests.map(read) },
    heartbeats: { seen: (node) => seen.push(node) },
    timers: {
      set: (callback) => {
        timers.add(callback);
        return callback;
      },
      clear: (timer) => timers.delete(timer as () => void),
    },
  });

  if (restored) mailboxes.restore([], revision);

  const change = (type: Change['type'], resource: string, object: UntypedObject): Change => {
    const { namespace = '', name = '' } = object.metadata;
    const at = key(resource, namespace, name);
    const before = stored.get(at);
    revision += 1;
    object.metadata.resourceVersion = String(revision);
    if (type === 'DELETED') stored.delete(at);
    else stored.set(at, object);
    const meta = { labels: {}, fields: { 'spec.nodeName': (object['spec'] as { nodeName?: string })?.nodeName ?? '' } };
    return {
      revision,
      type,
      resource,
      namespace,
      name,
      text: JSON.stringify(object),
      meta,
      ...(type === 'MODIFIED' && before ? { previous: { text: JSON.stringify(before), meta } } : {}),
    };
  };

  return {
    mailboxes,
    seen,
    stored,
    timers,
    advance: (ms: number) => {
      now += ms;
    },
    fail: (yes: boolean) => {
      failing = yes;
    },
    fireTimers: () => {
      for (const fire of timers) fire();
    },
    /** Stores an object without telling the mailboxes: state from before the hub woke. */
    put: (resource: string, object: UntypedObject) => change('ADDED', resource, object),
    publish: (type: Change['type'], resource: string, object: UntypedObject) => {
      const published = change(type, resource, object);
      mailboxes.apply([published], published.revision);
      return published;
    },
    revision: () => revision,
  };
}

const pod = (name: string, node: string, spec: object = {}, metadata: object = {}): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...metadata },
  spec: { nodeName: node, containers: [{ name: 'c' }], ...spec },
});

const configMap = (name: string, value = 'x'): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  data: { value },
});

const usingConfig = (name: string) => ({ volumes: [{ name: 'v', configMap: { name } }] });

const open = new AbortController().signal;

const replyOf = (outcome: PollOutcome): PollReply => {
  if (outcome.kind !== 'reply') throw new Error(`expected a reply, got ${outcome.kind}`);
  return JSON.parse(outcome.text) as PollReply;
};

const shown = (reply: PollReply): string[] =>
  reply.objects.map(({ resource, object }) => `${resource}/${object.metadata.name}`);

async function joined(w: ReturnType<typeof world>, node = 'n1', session = 's1'): Promise<number> {
  return replyOf(await w.mailboxes.poll({ node, since: 0, session }, open)).revision;
}

describe('a first poll', () => {
  it('is answered in full: the Node, its pods, what they use, the Services they see', async () => {
    const w = world();
    const before = [
      w.put('pods', pod('web', 'n1', usingConfig('settings'))),
      w.put('pods', pod('other', 'n2')),
      w.put('configmaps', configMap('settings')),
      w.put('configmaps', configMap('unused')),
      w.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }),
      w.put('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop', namespace: 'shop' } }),
      w.put('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', namespace: 'default' } }),
    ];
    w.mailboxes.restore(before, w.revision());
    const reply = replyOf(await w.mailboxes.poll({ node: 'n1', since: 0, session: 's1' }, open));
    expect(reply.full).toBe(true);
    expect(reply.revision).toBe(w.revision());
    expect(shown(reply).sort()).toEqual([
      'configmaps/settings',
      'nodes/n1',
      'pods/web',
      'services/kubernetes',
      'services/shop',
    ]);
    const service = reply.objects.find(({ object }) => object.metadata.name === 'shop');
    expect(service?.object.kind).toBe('Service');
  });

  it("waits until the hub knows the cluster's pods", async () => {
    const w = world({ restored: false });
    const poll = w.mailboxes.poll({ node: 'n1', since: 0, session: 's1' }, open);
    w.mailboxes.restore([w.put('pods', pod('web', 'n1'))], w.revision());
    expect(shown(replyOf(await poll))).toContain('pods/web');
  });

  it('is refused, not cut short, when a shard does not answer', async () => {
    const w = world();
    w.mailboxes.restore([w.put('pods', pod('web', 'n1'))], w.revision());
    w.fail(true);
    expect(await w.mailboxes.poll({ node: 'n1', since: 0, session: 's1' }, open)).toEqual({ kind: 'unavailable' });
    w.fail(false);
    expect(replyOf(await w.mailboxes.poll({ node: 'n1', since: 0, session: 's1' }, open)).full).toBe(true);
  });

  it('is answered in full again when the hub does not know the revision', async () => {
    const w = world();
    w.mailboxes.restore([], 100);
    expect(replyOf(await w.mailboxes.poll({ node: 'n1', since: 50, session: 's1' }, open)).full).toBe(true);
  });
});

describe('a node whose credential changes', () => {
  const credential = (node: string, digest: string): UntypedObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `node-credential-${node}`, namespace: 'kube-system' },
    type: 'zeroplane.dev/node-credential',
    data: { 'node-name': btoa(node), 'token-sha256': btoa(digest) },
  });

  it.each<[string, Change['type']]>([
    ['taken away', 'DELETED'],
    ['replaced', 'MODIFIED'],
  ])('is told nothing by the poll that was open when it was %s, nor shortly after', async (_how, type) => {
    const w = world();
    w.publish('ADDED', 'secrets', credential('n1', 'a'));
    w.publish('ADDED', 'secrets', credential('n2', 'a'));
    const since = await joined(w);
    const other = await joined(w, 'n2', 's2');
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    const neighbour = w.mailboxes.poll({ node: 'n2', since: other, session: 's2' }, open);
    w.publish(type, 'secrets', credential('n1', 'b'));
    expect(await poll).toEqual({ kind: 'unavailable' });
    w.publish('ADDED', 'pods', pod('web', 'n1'));
    expect(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open)).toEqual({ kind: 'unavailable' });
    w.advance(CREDENTIAL_CHANGE_MS);
    expect(shown(replyOf(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open)))).toContain('pods/web');
    w.publish('ADDED', 'pods', pod('next', 'n2'));
    expect(shown(replyOf(await neighbour))).toContain('pods/next');
  });

  it('is not taken for another by a Secret of another type', async () => {
    const w = world();
    w.publish('ADDED', 'secrets', { ...credential('n1', 'a'), type: 'Opaque' });
    const since = await joined(w);
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    w.publish('DELETED', 'secrets', { ...credential('n1', 'a'), type: 'Opaque' });
    w.publish('ADDED', 'pods', pod('web', 'n1'));
    expect(shown(replyOf(await poll))).toContain('pods/web');
  });
});

describe('an open poll', () => {
  it('is answered when a pod is bound, with what the pod needs before the pod', async () => {
    const w = world();
    const since = await joined(w);
    w.put('configmaps', configMap('settings'));
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    w.publish('ADDED', 'pods', pod('web', 'n1', usingConfig('settings')));
    const reply = replyOf(await poll);
    expect(reply.full).toBe(false);
    expect(shown(reply)).toEqual(['configmaps/settings', 'pods/web']);
    expect(w.timers.size).toBe(0);
  });

  it('is answered with every Service of the namespace, however many parts their list comes in', async () => {
    const w = world();
    const since = await joined(w);
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names)
      w.put('services', { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' } });
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    w.publish('ADDED', 'pods', pod('web', 'n1'));
    expect(shown(replyOf(await poll))).toEqual([...names.map((name) => `services/${name}`), 'pods/web']);
  });

  it('is not disturbed by what concerns other nodes', async () => {
    const w = world();
    const since = await joined(w);
    let answered = false;
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open).then((outcome) => {
      answered = true;
      return outcome;
    });
    w.publish('ADDED', 'pods', pod('web', 'n2', usingConfig('settings')));
    w.publish('ADDED', 'configmaps', configMap('settings'));
    await Promise.resolve();
    expect(answered).toBe(false);
    w.fireTimers();
    const reply = replyOf(await poll);
    expect(reply.objects).toEqual([]);
    expect(reply.revision).toBe(w.revision());
  });

  it('tells of changes and ends of what the pods use', async () => {
    const w = world();
    w.mailboxes.restore([w.put('pods', pod('web', 'n1', usingConfig('settings')))], w.revision());
    const since = await joined(w);
    w.publish('ADDED', 'configmaps', configMap('settings', 'one'));
    w.publish('MODIFIED', 'configmaps', configMap('settings', 'two'));
    const reply = replyOf(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open));
    expect(reply.objects.map(({ object }) => object['data'])).toEqual([{ value: 'two' }]);
    w.publish('DELETED', 'configmaps', configMap('settings'));
    const next = replyOf(await w.mailboxes.poll({ node: 'n1', since: reply.revision, session: 's1' }, open));
    expect(next.objects).toEqual([]);
    expect(next.removed).toEqual([{ resource: 'configmaps', namespace: 'shop', name: 'settings', uid: '' }]);
  });

  it('leaves out the echo of the status the node itself reported', async () => {
    const w = world();
    w.mailboxes.restore([w.put('pods', pod('web', 'n1'))], w.revision());
    const since = await joined(w);
    const reported = {
      ...pod('web', 'n1'),
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    };
    w.publish('MODIFIED', 'pods', reported);
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    const gated = structuredClone(reported);
    (gated['status'] as { conditions: object[] }).conditions.push({ type: 'example.com/gate', status: 'True' });
    w.publish('MODIFIED', 'pods', gated);
    const reply = replyOf(await poll);
    expect(reply.revision).toBe(w.revision());
    expect(reply.objects).toHaveLength(1);
  });

  it('tells of a pod that is being deleted, and of its end', async () => {
    const w = world();
    w.mailboxes.restore([w.put('pods', pod('web', 'n1'))], w.revision());
    const since = await joined(w);
    w.publish('MODIFIED', 'pods', pod('web', 'n1', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
    const reply = replyOf(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open));
    expect(reply.objects[0]?.object.metadata.deletionTimestamp).toBe('2026-01-01T00:00:00Z');
    w.publish('DELETED', 'pods', pod('web', 'n1'));
    const next = replyOf(await w.mailboxes.poll({ node: 'n1', since: reply.revision, session: 's1' }, open));
    expect(next.removed).toEqual([{ resource: 'pods', namespace: 'shop', name: 'web', uid: 'uid-web' }]);
  });

  it('is repeated with the same content until it is acknowledged', async () => {
    const w = world();
    const since = await joined(w);
    w.publish('ADDED', 'pods', pod('web', 'n1'));
    const lost = replyOf(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open));
    const again = replyOf(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open));
    expect(shown(again)).toEqual(shown(lost));
    const poll = w.mailboxes.poll({ node: 'n1', since: again.revision, session: 's1' }, open);
    w.fireTimers();
    expect(replyOf(await poll).objects).toEqual([]);
  });

  it('ends when the agent goes away, and is a heartbeat until then', async () => {
    const w = world();
    const since = await joined(w);
    const gone = new AbortController();
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, gone.signal);
    expect(w.mailboxes.isPolling('n1')).toBe(true);
    const heartbeats = w.seen.length;
    gone.abort();
    await poll;
    expect(w.timers.size).toBe(0);
    expect(w.seen).toHaveLength(heartbeats);
  });
});

describe('sessions', () => {
  it('end when a newer one polls, and stay out', async () => {
    const w = world();
    const since = await joined(w);
    const old = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    const next = w.mailboxes.poll({ node: 'n1', since: 0, session: 's2' }, open);
    expect(await old).toEqual({ kind: 'superseded' });
    expect(replyOf(await next).full).toBe(true);
    expect(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open)).toEqual({ kind: 'superseded' });
  });
});

describe('streams', () => {
  const stream = {
    kind: 'logs',
    id: 'a1',
    namespace: 'shop',
    pod: 'web',
    uid: 'uid-web',
    container: 'c',
    follow: false,
    previous: false,
    timestamps: false,
  } as const;

  it('are told with the open poll, and again if the agent does not dial', async () => {
    const w = world();
    const since = await joined(w);
    const poll = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    w.mailboxes.beginStream('n1', stream);
    expect(replyOf(await poll).streams).toEqual([stream]);
    const quiet = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    w.fireTimers();
    expect(replyOf(await quiet).streams).toEqual([]);
    w.advance(3_000);
    expect(replyOf(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open)).streams).toEqual([stream]);
    w.mailboxes.endStream('n1', 'a1');
    w.advance(3_000);
    const after = w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open);
    w.fireTimers();
    expect(replyOf(await after).streams).toEqual([]);
  });
});

describe('a node that stays away', () => {
  it('is forgotten, and resynchronised in full when it returns', async () => {
    const w = world();
    const since = await joined(w);
    w.advance(MAILBOX_IDLE_MS_MAX + 1);
    await joined(w, 'n2', 's9');
    w.publish('ADDED', 'pods', pod('web', 'n1'));
    const reply = replyOf(await w.mailboxes.poll({ node: 'n1', since, session: 's1' }, open));
    expect(reply.full).toBe(true);
    expect(shown(reply)).toContain('pods/web');
  });
});

describe('the index', () => {
  it('says what a node may read: its pods and what they reference, no longer than they do', () => {
    const w = world();
    const web = pod('web', 'n1', usingConfig('settings'));
    w.publish('ADDED', 'pods', web);
    const settings = { resource: 'configmaps', namespace: 'shop', name: 'settings' };
    expect(w.mailboxes.index.reaches('n1', settings)).toBe(true);
    expect(w.mailboxes.index.reaches('n2', settings)).toBe(false);
    expect(w.mailboxes.index.reaches('n1', { ...settings, namespace: 'other' })).toBe(false);
    expect(w.mailboxes.index.reaches('n1', { resource: 'pods', namespace: 'shop', name: 'web' })).toBe(true);
    w.publish('DELETED', 'pods', web);
    expect(w.mailboxes.index.reaches('n1', settings)).toBe(false);
    expect([...w.mailboxes.index.podsOf('n1')]).toEqual([]);
  });
});
