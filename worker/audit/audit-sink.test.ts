import { describe, expect, it } from 'vitest';
import { BatchSink, WAITING_EVENTS_MAX } from './audit-sink.ts';

function setUp(send: (lines: string) => Promise<void>) {
  const state = { now: 0, warnings: [] as string[], tasks: [] as Promise<void>[] };
  const sink = new BatchSink({
    send,
    now: () => state.now,
    sleep: async (ms) => {
      state.now += ms;
    },
    background: (task) => state.tasks.push(task),
    warn: (text) => state.warnings.push(text),
  });
  return { sink, state };
}

describe('the sink of audit events', () => {
  it('sends what gathers at once, in order', async () => {
    const sent: string[] = [];
    const { sink, state } = setUp(async (lines) => void sent.push(lines));
    for (const line of ['a', 'b', 'c']) sink.write(line);
    await Promise.all(state.tasks);
    sink.write('d');
    await Promise.all(state.tasks);
    expect(sent).toEqual(['a\nb\nc\n', 'd\n']);
    expect(state.tasks).toHaveLength(2);
  });

  it('splits what is large', async () => {
    const sizes: number[] = [];
    const { sink, state } = setUp(async (lines) => void sizes.push(lines.length));
    for (let n = 0; n < 5; n += 1) sink.write('x'.repeat(400_000));
    await Promise.all(state.tasks);
    expect(sizes).toEqual([800_002, 800_002, 400_001]);
  });

  it('sends again what was not taken', async () => {
    const sent: string[] = [];
    let failures = 2;
    const { sink, state } = setUp(async (lines) => {
      if (failures-- > 0) throw new Error('away');
      sent.push(lines);
    });
    sink.write('a');
    await Promise.all(state.tasks);
    expect(sent).toEqual(['a\n']);
  });

  it('keeps what fits while nothing is taken, drops the rest, says so, and goes on later', async () => {
    let isAway = true;
    let lines = 0;
    const { sink, state } = setUp(async (text) => {
      if (isAway) throw new Error('away');
      lines += text.split('\n').length - 1;
    });
    for (let n = 0; n < WAITING_EVENTS_MAX + 5; n += 1) sink.write('a');
    await Promise.all(state.tasks);
    expect(state.warnings).toEqual(['audit log: 1 events dropped, what takes them does not keep up']);
    isAway = false;
    state.now += 60_000;
    sink.write('late');
    await Promise.all(state.tasks);
    expect(lines).toBe(WAITING_EVENTS_MAX);
    expect(state.warnings.at(-1)).toContain('6 events dropped');
  });

  it('is taken over when who was sending has vanished', () => {
    const { sink, state } = setUp(() => new Promise(() => {}));
    sink.write('a');
    state.now += 5_000;
    sink.write('b');
    expect(state.tasks).toHaveLength(1);
    state.now += 6_000;
    sink.write('c');
    expect(state.tasks).toHaveLength(2);
  });

  it('loses nothing when who was only slow comes back after being taken over', async () => {
    const sent: string[] = [];
    const taken: (() => void)[] = [];
    const { sink, state } = setUp(async (lines) => {
      sent.push(lines);
      await new Promise<void>((resolve) => taken.push(resolve));
    });
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    sink.write('a');
    await settle();
    state.now += 11_000;
    sink.write('b');
    await settle();
    sink.write('c');
    expect(sent).toEqual(['a\n', 'a\nb\n']);
    taken[0]?.();
    await settle();
    taken[1]?.();
    await settle();
    expect(sent.slice(2)).toEqual(['c\n']);
  });
});
