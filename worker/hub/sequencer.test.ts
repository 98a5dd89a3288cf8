import { describe, expect, it } from 'vitest';
import type { Change } from '../../schema/protocol/change.ts';
import { Sequencer } from './sequencer.ts';

const change = (revision: number): Change => ({
  revision,
  type: 'ADDED',
  resource: 'pods',
  namespace: 'a',
  name: `p${revision}`,
  text: '{}',
  meta: { labels: {}, fields: {} },
});

const open = (base = 100): Sequencer => {
  const sequencer = new Sequencer(base);
  sequencer.liftBarrier();
  return sequencer;
};

describe('the sequencer', () => {
  it('releases nothing before the barrier of a new epoch is lifted', () => {
    const sequencer = new Sequencer(100);
    const span = sequencer.reserve('a', 10, 0);
    expect(span).toMatchObject({ first: 101, last: 110 });
    expect(sequencer.close('a', 101, [change(101)])).toBeUndefined();
    expect(sequencer.released).toBe(0);
    expect(sequencer.liftBarrier()).toEqual({ changes: [change(101)], through: 110 });
  });

  it('[R2] releases in revision order, never above an open span', () => {
    const sequencer = open();
    const first = sequencer.reserve('a', 10, 0);
    const second = sequencer.reserve('b', 10, 0);
    expect(sequencer.close('b', second.first, [change(111)])).toBeUndefined();
    expect(sequencer.close('a', first.first, [change(101), change(105)])).toEqual({
      changes: [change(101), change(105), change(111)],
      through: 120,
    });
    expect(sequencer.hasOpen).toBe(false);
    expect(sequencer.released).toBe(sequencer.issued);
  });

  it('closes a span once; a repeated publish changes nothing', () => {
    const sequencer = open();
    const span = sequencer.reserve('a', 5, 0);
    expect(sequencer.close('a', span.first, [change(101)])).toBeDefined();
    expect(sequencer.close('a', span.first, [change(101)])).toBeUndefined();
  });

  it('takes a large span in parts, and a part that comes again in place of the first', () => {
    const sequencer = open();
    const span = sequencer.reserve('a', 10, 0);
    sequencer.collect('a', span.first, [change(101), change(102)]);
    sequencer.collect('a', span.first, [change(101), change(102)]);
    expect(sequencer.released).toBe(100);
    const release = sequencer.close('a', span.first, [change(103)]);
    expect(release?.changes.map(({ revision }) => revision)).toEqual([101, 102, 103]);
  });

  it('closes all spans of a shard that has said what it committed', () => {
    const sequencer = open();
    sequencer.reserve('a', 10, 0);
    const other = sequencer.reserve('b', 10, 0);
    sequencer.reserve('a', 10, 0);
    const through = sequencer.openThrough('a') as number;
    expect(sequencer.closeAll('a', through, [change(103), change(121)])?.through).toBe(110);
    expect(sequencer.close('b', other.first, [])).toEqual({ changes: [change(121)], through: 130 });
  });

  it('leaves a span open that was reserved after the question', () => {
    const sequencer = open();
    sequencer.reserve('a', 10, 0);
    const asked = sequencer.openThrough('a') as number;
    const later = sequencer.reserve('a', 10, 0);
    sequencer.closeAll('a', asked, []);
    expect(sequencer.released).toBe(110);
    expect(sequencer.openThrough('a')).toBe(later.last);
  });

  it('names the shards whose spans are overdue, each once', () => {
    const sequencer = open();
    sequencer.reserve('a', 1, 1_000);
    sequencer.reserve('a', 1, 1_001);
    sequencer.reserve('b', 1, 5_000);
    expect(sequencer.overdue(2_000)).toEqual(['a']);
  });
});
