import { describe, expect, it } from 'vitest';
import type { PublishRequest, ReserveReply } from '../../schema/protocol/hub.ts';
import {
  type BatchItem,
  type Committed,
  CommitLoop,
  type CommitPorts,
  PENDING_WRITES_MAX,
  SPAN_REVISIONS_MAX,
} from './commit-loop.ts';

type Item = BatchItem<null, string>;

const item = (name: string): Item => ({ run: () => name, dryRun: false });

interface Log {
  readonly batches: string[][];
  readonly published: PublishRequest[];
  readonly events: string[];
  readonly errors: unknown[];
}

/** A loop over a hub that hands out spans from 1 on; `more` replaces ports. */
function loopOf(more: Partial<CommitPorts<null, string>> = {}) {
  const log: Log = { batches: [], published: [], events: [], errors: [] };
  let issued = 0;
  let voided = 0;
  const ports: CommitPorts<null, string> = {
    shard: 'ns',
    reserve: async (count): Promise<ReserveReply> => {
      const first = issued + 1;
      issued += count;
      return { epoch: 1, first, last: issued, configRevision: 0 };
    },
    publish: async (request) => {
      log.events.push('published');
      log.published.push(request);
    },
    issued: async () => issued,
    refresh: async () => {},
    commit: (items): Committed<string> => {
      log.batches.push(items.map((one) => one.run(null)));
      log.events.push('committed');
      return { outcomes: items.map((one) => ({ kind: 'done', result: one.run(null) })), changes: [], hasMore: false };
    },
    sync: async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.events.push('durable');
    },
    deliver: () => log.events.push('delivered'),
    sleep: async () => {},
    logged: (_after, through) => ({ changes: [], complete: through }),
    voids: {
      get: () => voided,
      set: (through) => {
        voided = through;
      },
    },
    report: (error) => log.errors.push(error),
    ...more,
  };
  return { loop: new CommitLoop(ports, 0), log, hub: { issue: (count: number) => (issued += count) } };
}

describe('group commit', () => {
  it('gathers what arrives while a batch is under way', async () => {
    const { loop, log } = loopOf();
    const first = loop.submit(item('a'));
    await first;
    await Promise.all(['b', 'c', 'd'].map((name) => loop.submit(item(name))));
    expect(log.batches).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('[R3] answers, delivers and publishes only what is durable', async () => {
    const { loop, log } = loopOf();
    const outcome = await loop.submit(item('a'));
    await loop.idle();
    expect(outcome).toEqual({ kind: 'done', result: 'a' });
    expect(log.events).toEqual(['committed', 'durable', 'published', 'delivered']);
  });

  it('answers 429 when too many wait', async () => {
    const { loop } = loopOf({ reserve: () => new Promise(() => {}) });
    for (let index = 0; index < PENDING_WRITES_MAX; index++) void loop.submit(item('x'));
    expect(await loop.submit(item('y'))).toMatchObject({
      kind: 'refused',
      status: { code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } },
    });
  });

  it('answers 503 when the hub does not, and goes on afterwards', async () => {
    let isAway = true;
    const { loop } = loopOf({
      reserve: async (count) => {
        if (isAway) throw new Error('away');
        return { epoch: 1, first: 1, last: count, configRevision: 0 };
      },
    });
    expect(await loop.submit(item('a'))).toMatchObject({ kind: 'refused', status: { code: 503 } });
    isAway = false;
    expect(await loop.submit(item('b'))).toMatchObject({ kind: 'done' });
  });

  it('answers 500 when the commit throws, and gives the span back', async () => {
    const { loop, log } = loopOf({
      commit: () => {
        throw new Error('disk full');
      },
    });
    expect(await loop.submit(item('a'))).toMatchObject({
      kind: 'refused',
      status: { code: 500, reason: 'InternalError' },
    });
    await loop.idle();
    expect(log.published).toMatchObject([{ first: 1, changes: [] }]);
    expect(log.errors).toHaveLength(1);
  });
});

describe('reservations', () => {
  it('[R5] are not used once they are void', async () => {
    const spans: number[] = [];
    let answer: ((reply: ReserveReply) => void) | undefined;
    let asked = 0;
    const { loop } = loopOf({
      reserve: (count) => {
        asked += 1;
        if (asked > 1) return Promise.resolve({ epoch: 1, first: 1001, last: 1000 + count, configRevision: 0 });
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      commit: (items, { first }) => {
        spans.push(first);
        return { outcomes: items.map(() => ({ kind: 'done', result: '' })), changes: [], hasMore: false };
      },
    });
    const done = loop.submit(item('a'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await loop.resolve({ epoch: 1, releasedThrough: 0, through: 1000 });
    answer?.({ epoch: 1, first: 1, last: 1000, configRevision: 0 });
    await done;
    expect(spans).toEqual([1001]);
  });

  it('grow until a request finds room, and one that never does is refused', async () => {
    const counts: number[] = [];
    const { loop } = loopOf({
      reserve: async (count) => {
        counts.push(count);
        return { epoch: 1, first: 1, last: count, configRevision: 0 };
      },
      commit: (items) => ({ outcomes: items.map(() => ({ kind: 'exhausted' })), changes: [], hasMore: false }),
    });
    expect(await loop.submit(item('huge'))).toMatchObject({ kind: 'refused', status: { code: 500 } });
    expect(counts.at(-1)).toBe(SPAN_REVISIONS_MAX);
    expect([...counts].sort((a, b) => a - b)).toEqual(counts);
  });

  it('carry what requests may take of cluster-wide values, and more when it did not suffice', async () => {
    const one = (count: number) => ({ clusterIPs: { count, named: [] }, nodePorts: { count: 0, named: [] } });
    const asked: unknown[] = [];
    const { loop } = loopOf({
      reserve: async (count, values) => {
        asked.push(values?.clusterIPs.count);
        return { epoch: 1, first: 1, last: count, configRevision: 0 };
      },
      commit: (items) => ({
        outcomes: items.map(() =>
          asked.length < 2 ? { kind: 'exhausted', missing: one(2) } : { kind: 'done', result: '' },
        ),
        changes: [],
        hasMore: false,
      }),
    });
    await loop.submit({ ...item('a'), demand: one(1) });
    expect(asked).toEqual([1, 3]);
  });
});

describe('the position', () => {
  it('moves with each batch, and to what the hub has handed out while nothing is reserved', async () => {
    const { loop, hub } = loopOf();
    await loop.submit(item('a'));
    const own = loop.position;
    expect(own).toBeGreaterThan(0);
    hub.issue(500);
    await loop.refreshPosition();
    expect(loop.position).toBe(own + 500);
  });

  it('[R4] does not take the hub’s word while a reservation of its own is under way', async () => {
    const issued: ((revision: number) => void)[] = [];
    const replies: ((reply: ReserveReply) => void)[] = [];
    const { loop } = loopOf({
      issued: () => new Promise((resolve) => issued.push(resolve)),
      reserve: () => new Promise((resolve) => replies.push(resolve)),
    });
    const refreshed = loop.refreshPosition();
    const written = loop.submit(item('a'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    // The hub reserved 1 to 10 for us before it answered 10.
    issued[0]?.(10);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(loop.position).toBe(0);
    replies[0]?.({ epoch: 1, first: 1, last: 10, configRevision: 0 });
    await written;
    await refreshed;
    expect(loop.position).toBe(10);
  });
});
