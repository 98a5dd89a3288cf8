import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { shardMigrations } from '../../tests/sim/migrations.ts';
import { SqliteHost } from '../../tests/sim/sqlite-host.ts';
import { ShardStore } from '../storage/shard-store.ts';
import { Batcher, type BatchSettings, type ControlRun } from './batch.ts';
import { WorkingSet } from './working-set.ts';

const thing = (name: string): UntypedObject => ({
  kind: 'Thing',
  apiVersion: 'v1',
  metadata: { name, uid: `uid-${name}` },
});

const putting = (name: string) => ({
  run: (tx: WorkingSet) => tx.put('things', thing(name)).metadata.resourceVersion ?? '',
  dryRun: false,
});

function setUp(control?: (run: ControlRun) => ReturnType<NonNullable<BatchSettings['control']>>) {
  const host = new SqliteHost();
  const store = new ShardStore(host.host, shardMigrations);
  const state = { now: 10_000 };
  const errors: unknown[] = [];
  const open = () => {
    const tx = new WorkingSet({
      namespace: 'ns',
      store,
      selectable: () => ({ labels: {}, fields: {} }),
      config: () => undefined,
    });
    return new Batcher<string>({
      store,
      tx,
      now: () => state.now,
      report: (error) => errors.push(error),
      ...(control ? { control } : {}),
    });
  };
  const batcher = open();
  let next = 1;
  const commit = (items: Parameters<typeof batcher.commit>[0], size = 1_000, by = batcher) => {
    const span = { epoch: 1, first: next, last: next + size - 1, configRevision: 0 };
    next += size;
    return by.commit(items, span);
  };
  const names = () => store.objectHeads().map(({ name }) => name);
  return { store, state, errors, commit, names, open };
}

describe('a batch', () => {
  it('gives each request its outcome and stores only what succeeded', () => {
    const { commit, names, errors } = setUp();
    const committed = commit([
      putting('a'),
      {
        dryRun: false,
        run: (tx) => {
          tx.put('things', thing('half'));
          throw new Error('a bug');
        },
      },
      { ...putting('tried'), dryRun: true },
      putting('b'),
    ]);
    expect(committed.outcomes.map(({ kind }) => kind)).toEqual(['done', 'refused', 'done', 'done']);
    expect(committed.changes.map(({ name, revision }) => `${name} ${revision}`)).toEqual(['a 1', 'b 2']);
    expect(names()).toEqual(['a', 'b']);
    expect(errors).toHaveLength(1);
  });

  it('asks for a larger span when a request does not fit, without harm to the others', () => {
    const { commit, names } = setUp();
    const many = {
      dryRun: false,
      run: (tx: WorkingSet) => String(['x', 'y', 'z'].map((name) => tx.put('things', thing(name))).length),
    };
    expect(commit([putting('a'), many, putting('b')], 2).outcomes.map(({ kind }) => kind)).toEqual([
      'done',
      'exhausted',
      'done',
    ]);
    expect(names()).toEqual(['a', 'b']);
  });

  it('leaves everything as it was when storage fails', () => {
    const { store, commit, names } = setUp();
    commit([putting('a')]);
    const transact = store.transact.bind(store);
    store.transact = (body) =>
      transact(() => {
        body();
        throw new Error('disk full');
      });
    expect(() => commit([putting('b')])).toThrow('disk full');
    store.transact = transact;
    commit([putting('c')]);
    expect(names()).toEqual(['a', 'c']);
  });
});

describe('controllers in a batch', () => {
  it('see every change and write in the same commit', () => {
    const { commit, names } = setUp(({ tx, takeChanges }) => {
      for (const { name } of takeChanges()) tx.put('shadows', thing(`${name}-shadow`));
      expect(takeChanges().map(({ resource }) => resource)).toEqual(['shadows']);
      return { work: [], timers: [] };
    });
    expect(commit([putting('a')]).changes).toHaveLength(2);
    expect(names()).toEqual(['a-shadow', 'a']);
  });

  it('are given their timers when these are due, once, also after a restart', () => {
    const seen: string[] = [];
    const { store, state, commit, open } = setUp(({ work }) => {
      seen.push(...work.map(({ controller, key, failures }) => `${controller}/${key}/${failures}`));
      return { work: [], timers: [] };
    });
    store.putTimer({ controller: 'c', key: 'k', at: 15_000, failures: 2 });
    const restarted = open();
    commit([], 10, restarted);
    state.now = 15_000;
    commit([], 10, restarted);
    commit([], 10, restarted);
    expect(seen).toEqual(['c/k/2']);
    expect(store.nextTimerAt()).toBeUndefined();
  });

  it('leave what they did not reach as due at once, so that a crash keeps it', () => {
    let rounds = 0;
    const { store, commit } = setUp(() => {
      rounds += 1;
      return rounds === 1
        ? { work: [{ controller: 'c', key: 'rest' }], timers: [{ controller: 'c', key: 'later', at: 99_000 }] }
        : { work: [], timers: [{ controller: 'c', key: 'later', at: undefined }] };
    });
    expect(commit([putting('a')]).hasMore).toBe(true);
    expect(store.dueTimers(10_000, 10).map(({ key }) => key)).toEqual(['rest']);
    expect(commit([]).hasMore).toBe(false);
    expect(store.dueTimers(100_000, 10)).toEqual([]);
  });

  it('do not take the requests with them when their runtime fails', () => {
    const { store, commit, names, errors } = setUp(({ tx }) => {
      tx.put('shadows', thing('half'));
      throw new Error('a bug');
    });
    store.putTimer({ controller: 'c', key: 'k', at: 1, failures: 0 });
    const committed = commit([putting('a')]);
    expect(committed.outcomes[0]).toMatchObject({ kind: 'done' });
    expect(names()).toEqual(['a']);
    expect(errors).toHaveLength(1);
  });
});
