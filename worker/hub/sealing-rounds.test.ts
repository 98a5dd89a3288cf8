import { describe, expect, it } from 'vitest';
import type { SealReport } from '../../schema/protocol/seal-report.ts';
import { SealingRounds, SHARDS_PER_ROUND_MAX } from './sealing-rounds.ts';

const report = (done: boolean, more: Partial<SealReport> = {}): SealReport => ({
  current: 'one/0a',
  done,
  rows: [{ seal: 'one/0a', rows: 2 }],
  unreadable: 0,
  ...more,
});

function rounds(shards: readonly string[], ask: (namespace: string) => Promise<SealReport>, finished = 0) {
  const state = { finished, asked: [] as string[] };
  const sealing = new SealingRounds({
    shards: () => shards,
    ask: (namespace) => {
      state.asked.push(namespace);
      return ask(namespace);
    },
    finished: { get: () => state.finished, set: (key) => (state.finished = key) },
    current: 'one/0a',
    report: () => {},
  });
  return { sealing, state };
}

describe('rounds of sealing', () => {
  it('ask some shards at a time, each until it is done, and then no more', async () => {
    const shards = Array.from({ length: SHARDS_PER_ROUND_MAX + 1 }, (_, n) => `n${n}`);
    const { sealing, state } = rounds(shards, async () => report(true));
    await sealing.round();
    expect(state).toMatchObject({ finished: 0 });
    expect(state.asked).toHaveLength(SHARDS_PER_ROUND_MAX);
    await sealing.round();
    expect(state.finished).toBe(10);
    await sealing.round();
    expect(state.asked).toHaveLength(SHARDS_PER_ROUND_MAX + 1);
  });

  it('begin anew under another key', () => {
    expect(rounds([], async () => report(true), 9).state.finished).toBe(0);
    expect(rounds([], async () => report(true), 10).state.finished).toBe(10);
  });

  it('go on with shards that are done under another key: they still run what was there before', async () => {
    const current = { seal: 'two/09' };
    const { sealing, state } = rounds(['late'], async () => report(true, { current: current.seal }));
    await sealing.round();
    expect(state.finished).toBe(0);
    expect(await sealing.summary(undefined)).toMatchObject({ current: 'one/0a', pendingShards: 1 });
    current.seal = 'one/0a';
    await sealing.round();
    expect(state.finished).toBe(10);
  });

  it('go on with shards that are not done or do not answer, and know of what does not open', async () => {
    const { sealing, state } = rounds(['away', 'bad'], async (namespace) => {
      if (namespace === 'away') throw new Error('away');
      return report(false, { unreadable: 3 });
    });
    await sealing.round();
    await sealing.round();
    expect(state.asked).toEqual(['away', 'bad', 'away', 'bad']);
    expect(sealing.unreadable).toBe(3);
    expect(await sealing.summary('not set')).toEqual({
      current: 'one/0a',
      shards: 2,
      pendingShards: 2,
      rows: [{ seal: 'one/0a', rows: 2 }],
      unreadable: 3,
      problem: 'not set',
    });
    sealing.note('bad', 0);
    expect(sealing.unreadable).toBe(0);
  });
});
