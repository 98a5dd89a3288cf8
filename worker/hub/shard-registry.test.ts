import { describe, expect, it } from 'vitest';
import type { Change } from '../../schema/protocol/change.ts';
import { FORGET_AFTER_MS, ShardRegistry } from './shard-registry.ts';

const change = (type: Change['type'], name: string): Change => ({
  revision: 1,
  type,
  resource: 'namespaces',
  namespace: '',
  name,
  text: '{}',
  meta: { labels: {}, fields: {} },
});

function registry(shards: readonly string[]) {
  const forgotten: string[] = [];
  const state = { now: 1_000 };
  const one = new ShardRegistry({
    now: () => state.now,
    wakeAt: () => {},
    shards: () => shards,
    forget: async (namespace) => {
      forgotten.push(namespace);
    },
    defer: (task) => void task(),
  });
  return { one, forgotten, state };
}

describe('the registry of shards', () => {
  it('forgets a namespace once its history is of no use', () => {
    const { one, forgotten, state } = registry(['', 'a', 'b']);
    one.restore([change('ADDED', 'a'), change('ADDED', 'b')]);
    one.apply([change('DELETED', 'a')]);
    one.tick(state.now + FORGET_AFTER_MS - 1);
    expect(forgotten).toEqual([]);
    one.tick(state.now + FORGET_AFTER_MS);
    expect(forgotten).toEqual(['a']);
  });

  it('keeps one that was made again, and never forgets the cluster shard', () => {
    const { one, forgotten, state } = registry(['', 'a']);
    one.restore([]);
    one.apply([change('ADDED', 'a')]);
    one.tick(state.now + FORGET_AFTER_MS);
    expect(forgotten).toEqual([]);
  });

  it('finds after a restart what went before', () => {
    const { one, forgotten, state } = registry(['', 'a', 'old']);
    one.restore([change('ADDED', 'a')]);
    one.tick(state.now + FORGET_AFTER_MS);
    expect(forgotten).toEqual(['old']);
  });
});
