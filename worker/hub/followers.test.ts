import { describe, expect, it } from 'vitest';
import type { Change } from '../../schema/protocol/change.ts';
import { type FollowerPorts, Followers } from './followers.ts';
import type { HubConsumer } from './hub-consumer.ts';

const change = (revision: number, resource = 'pods'): Change => ({
  revision,
  type: 'ADDED',
  resource,
  namespace: 'ns',
  name: `n${revision}`,
  text: '{}',
  meta: { labels: {}, fields: {} },
});

class Recorder implements HubConsumer {
  readonly resources = new Set(['pods', 'nodes']);
  readonly restored = new Set(['pods']);
  readonly log: string[] = [];
  restore(objects: readonly Change[], revision: number): void {
    this.log.push(`restored ${objects.map(({ name }) => name).join(' ')} at ${revision}`);
  }
  apply(changes: readonly Change[], revision: number): void {
    this.log.push(`${changes.map(({ name }) => name).join(' ')} through ${revision}`);
  }
}

function setUp(more: Partial<FollowerPorts> = {}, consumers: HubConsumer[] = []) {
  const recorder = new Recorder();
  const errors: unknown[] = [];
  const followers = new Followers([...consumers, recorder], {
    objects: async () => [change(3), change(4, 'secrets')],
    since: () => [],
    released: () => 10,
    sleep: async () => {},
    report: (error) => errors.push(error),
    ...more,
  });
  return { followers, recorder, errors };
}

describe('consumers', () => {
  it('are restored once, then given what was released meanwhile, then what comes', async () => {
    let released = 10;
    const { followers, recorder } = setUp({
      released: () => released,
      objects: async () => {
        // Released while the shards are read: not given twice.
        released = 12;
        followers.released([change(11)], 12);
        return [change(3), change(4, 'secrets')];
      },
      since: (revision) => (revision === 10 ? [change(11)] : []),
    });
    await followers.start();
    followers.released([change(13), change(14, 'secrets'), change(15, 'nodes')], 20);
    expect(recorder.log).toEqual(['restored n3 at 10', 'n11 through 12', 'n13 n15 through 20']);
  });

  it('are restored anew when a shard fails, or when what followed is no longer in memory', async () => {
    let round = 0;
    const { followers, recorder, errors } = setUp({
      objects: async () => {
        round += 1;
        if (round === 1) throw new Error('a shard is away');
        return [change(round)];
      },
      since: () => (round < 3 ? undefined : []),
    });
    await followers.start();
    expect(errors).toHaveLength(1);
    expect(recorder.log[0]).toBe('restored n3 at 10');
  });

  it('do not suffer from each other’s bugs', async () => {
    const broken: HubConsumer = {
      resources: new Set(['pods']),
      restore: () => {},
      apply: () => {
        throw new Error('a bug');
      },
    };
    const { followers, recorder, errors } = setUp({}, [broken]);
    await followers.start();
    followers.released([change(11)], 11);
    expect(recorder.log.at(-1)).toBe('n11 through 11');
    expect(errors.length).toBeGreaterThan(0);
  });

  it('defer what must not happen while changes are given out', async () => {
    const order: string[] = [];
    const first: HubConsumer = {
      resources: new Set(['pods']),
      restore: () => {},
      apply: () => {
        order.push('first');
        followers.defer(async () => {
          order.push('deferred');
        });
      },
    };
    const last: HubConsumer = { resources: new Set(['pods']), restore: () => {}, apply: () => order.push('last') };
    const { followers } = setUp({}, [first, last]);
    await followers.start();
    order.length = 0;
    followers.released([change(11)], 11);
    await Promise.resolve();
    expect(order).toEqual(['first', 'last', 'deferred']);
  });
});
