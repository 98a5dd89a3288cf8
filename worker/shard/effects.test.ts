import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { shardMigrations } from '../../tests/sim/migrations.ts';
import { SqliteHost } from '../../tests/sim/sqlite-host.ts';
import { ShardStore } from '../storage/shard-store.ts';
import { type EffectPorts, Effects, effectsOf } from './effects.ts';
import type { PendingChange } from './working-set.ts';

const object = (name: string, more: Partial<UntypedObject['metadata']> = {}): UntypedObject => ({
  kind: 'Namespace',
  apiVersion: 'v1',
  metadata: { name, uid: `uid-${name}`, ...more },
});

const change = (
  type: PendingChange['type'],
  resource: string,
  now: UntypedObject,
  before?: UntypedObject,
): PendingChange =>
  ({ type, resource, name: now.metadata.name, object: now, previousObject: before }) as unknown as PendingChange;

const DELETED_AT = { deletionTimestamp: '2026-01-01T00:00:00Z' };

describe('what follows from a change', () => {
  it.each([
    ['a new namespace is activated', change('ADDED', 'namespaces', object('a')), ['activate a']],
    ['a change of it is nothing', change('MODIFIED', 'namespaces', object('a'), object('a')), []],
    ['its deletion drains it', change('MODIFIED', 'namespaces', object('a', DELETED_AT), object('a')), ['drain a']],
    [
      'a change while it is deleted is nothing',
      change('MODIFIED', 'namespaces', object('a', DELETED_AT), object('a', DELETED_AT)),
      [],
    ],
    ['its end is nothing', change('DELETED', 'namespaces', object('a', DELETED_AT), object('a', DELETED_AT)), []],
    [
      'a cluster-scoped owner that is gone has dependents',
      change('DELETED', 'nodes', object('n')),
      ['ownerDeleted uid-n'],
    ],
  ])('%s', (_what, made, wanted) => {
    expect(effectsOf(made).map(({ kind, key }) => `${kind} ${key}`)).toEqual(wanted);
  });
});

function setUp(more: Partial<EffectPorts> = {}) {
  const store = new ShardStore(new SqliteHost().host, shardMigrations);
  const state = { now: 1_000, namespaces: new Map([['a', object('a')]]) };
  const calls: string[] = [];
  const effects = new Effects({
    store,
    now: () => state.now,
    activate: async (namespace) => {
      calls.push(`activate ${namespace}`);
    },
    drain: async (namespace) => {
      calls.push(`drain ${namespace}`);
      return { remaining: {}, finalizers: {} };
    },
    ownerDeleted: async (namespace, uid) => {
      calls.push(`ownerDeleted ${namespace} ${uid}`);
    },
    namespaces: () => [...state.namespaces.keys()],
    namespace: (name) => state.namespaces.get(name),
    drained: async (name) => {
      calls.push(`drained ${name}`);
      state.namespaces.delete(name);
    },
    report: () => {},
    ...more,
  });
  return { store, state, calls, effects };
}

const effect = (kind: 'activate' | 'drain' | 'ownerDeleted', key: string, uid = `uid-${key}`) => ({
  kind,
  key,
  uid,
  at: 0,
  attempts: 0,
});

describe('effects', () => {
  it('are done once', async () => {
    const { store, calls, effects } = setUp();
    store.putEffect(effect('activate', 'a'));
    store.putEffect(effect('ownerDeleted', 'o', 'o'));
    await effects.run();
    await effects.run();
    expect(calls.sort()).toEqual(['activate a', 'ownerDeleted a o']);
    expect(store.effects()).toEqual([]);
  });

  it('are repeated, later each time, until they succeed', async () => {
    let fails = 3;
    const { store, state, effects } = setUp({
      activate: async () => {
        if (fails-- > 0) throw new Error('the shard is away');
      },
    });
    store.putEffect(effect('activate', 'a'));
    const delays: number[] = [];
    for (let round = 0; round < 3; round++) {
      await effects.run();
      const at = store.effects()[0]?.at ?? 0;
      delays.push(at - state.now);
      await effects.run();
      state.now = at;
    }
    await effects.run();
    expect(store.effects()).toEqual([]);
    expect(delays).toEqual([1_000, 2_000, 4_000]);
  });

  it('drain a namespace until it is gone', async () => {
    let left = 2;
    const { store, state, calls, effects } = setUp({
      drained: async () => {
        if (--left === 0) state.namespaces.delete('a');
      },
    });
    store.putEffect(effect('drain', 'a'));
    while (store.effects().length > 0) {
      await effects.run();
      state.now = store.effects()[0]?.at ?? state.now;
    }
    expect(calls).toEqual(['drain a', 'drain a']);
  });

  it('of an earlier namespace of the same name are dropped', async () => {
    const { store, calls, effects } = setUp();
    store.putEffect(effect('drain', 'a', 'uid of before'));
    await effects.run();
    expect(calls).toEqual([]);
    expect(store.effects()).toEqual([]);
  });
});
