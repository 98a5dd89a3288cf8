import { describe, expect, it } from 'vitest';
import { shardMigrations } from '../../tests/sim/migrations.ts';
import { SqliteHost } from '../../tests/sim/sqlite-host.ts';
import { ShardStore } from '../storage/shard-store.ts';
import { compactHistory, expiredNames, HISTORY_MS_MIN, nextAlarmAt, TIME_TO_LIVE_MS } from './upkeep.ts';

const MINUTE_MS = 60_000;
const T0 = 1_000 * MINUTE_MS;

function setUp() {
  const store = new ShardStore(new SqliteHost().host, shardMigrations);
  /** A change, and what is noted of its time. */
  const commit = (revision: number, time: number, resource = 'things'): void => {
    const name = `n${revision}`;
    store.putObject({ resource, name, revision, uid: name, owners: '', meta: '{}', text: '{}' });
    store.appendChange({ revision, type: 'ADDED', resource, name, previousMeta: null, previousText: null });
    store.putMoment(time, revision);
  };
  return { store, commit };
}

describe('history', () => {
  it('is kept for five minutes at least, and then goes', () => {
    const { store, commit } = setUp();
    commit(10, T0);
    commit(20, T0 + 4 * MINUTE_MS);
    compactHistory(store, Number.POSITIVE_INFINITY, T0 + HISTORY_MS_MIN);
    expect(store.firstChange()).toBe(10);
    compactHistory(store, Number.POSITIVE_INFINITY, T0 + HISTORY_MS_MIN + MINUTE_MS);
    expect(store.firstChange()).toBe(20);
    expect(store.fact('compactedThrough')).toBe(10);
  });

  it('is never taken from the hub before it has it', () => {
    const { store, commit } = setUp();
    commit(10, T0);
    commit(20, T0);
    compactHistory(store, 20, T0 + 60 * MINUTE_MS);
    expect(store.firstChange()).toBe(20);
  });

  it('of a shard that falls silent goes too', () => {
    const { store, commit } = setUp();
    commit(10, T0);
    // Committed shortly after, when no moment was noted.
    store.appendChange({
      revision: 11,
      type: 'DELETED',
      resource: 'things',
      name: 'n10',
      previousMeta: '{}',
      previousText: '{}',
    });
    let now = T0;
    for (let alarm = nextAlarmAt(store, false, now); alarm !== undefined; alarm = nextAlarmAt(store, false, now)) {
      now = alarm;
      compactHistory(store, Number.POSITIVE_INFINITY, now);
    }
    expect(store.firstChange()).toBeUndefined();
    expect(store.lastRevision).toBe(11);
    expect(now - T0).toBeLessThan(15 * MINUTE_MS);
  });
});

describe('events', () => {
  it('expire an hour after their last change', () => {
    const { store, commit } = setUp();
    const hour = TIME_TO_LIVE_MS.events;
    commit(10, T0, 'events');
    commit(20, T0 + MINUTE_MS, 'events');
    commit(30, T0, 'things');
    expect(expiredNames(store, T0 + hour - 1)).toEqual([]);
    expect(expiredNames(store, T0 + MINUTE_MS + hour)).toEqual([{ resource: 'events', names: ['n10', 'n20'] }]);
  });
});

describe('the alarm', () => {
  it('is set for whatever is due first, or not at all', () => {
    const { store } = setUp();
    expect(nextAlarmAt(store, false, T0)).toBeUndefined();
    store.putTimer({ controller: 'c', key: 'k', at: T0 + 5, failures: 0 });
    store.putEffect({ kind: 'drain', key: 'ns', uid: 'u', at: T0 + 3, attempts: 0 });
    expect(nextAlarmAt(store, true, T0)).toBe(T0 + 3);
    store.removeEffect('drain', 'ns', 'another uid');
    expect(store.effects()).toHaveLength(1);
    store.removeEffect('drain', 'ns', 'u');
    expect(nextAlarmAt(store, true, T0)).toBe(T0 + 5);
    store.removeTimer('c', 'k');
    expect(nextAlarmAt(store, true, T0)).toBeGreaterThan(T0 + 5);
  });
});
