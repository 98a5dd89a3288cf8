import { describe, expect, it } from 'vitest';
import type { Change } from '../../schema/protocol/change.ts';
import { MergedLog } from './merged-log.ts';

const change = (revision: number, length = 100): Change => ({
  revision,
  type: 'ADDED',
  resource: 'pods',
  namespace: 'a',
  name: `p${revision}`,
  text: 'x'.repeat(length),
  meta: { labels: {}, fields: {} },
});

const revisions = (changes: readonly Change[] | undefined) => changes?.map(({ revision }) => revision);

describe('the merged log', () => {
  it('gives what follows a revision', () => {
    const log = new MergedLog(10);
    log.append([change(11), change(14)], 20);
    log.append([change(25)], 30);
    expect(revisions(log.since(10))).toEqual([11, 14, 25]);
    expect(revisions(log.since(14))).toEqual([25]);
    expect(revisions(log.since(99))).toEqual([]);
    expect(log.through).toBe(30);
  });

  it('knows what it no longer has', () => {
    const log = new MergedLog(10, 1_000);
    for (let revision = 11; revision <= 20; revision++) log.append([change(revision)], revision);
    expect(log.since(10)).toBeUndefined();
    expect(log.floor).toBe(18);
    expect(revisions(log.since(18))).toEqual([19, 20]);
  });

  it('stays right over many more changes than it holds', () => {
    const log = new MergedLog(0, 50_000);
    for (let revision = 1; revision <= 10_000; revision++) log.append([change(revision)], revision);
    expect(revisions(log.since(9_990))).toEqual([9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999, 10000]);
    expect(log.since(log.floor)?.[0]?.revision).toBe(log.floor + 1);
    expect(log.since(log.floor - 1)).toBeUndefined();
  });

  it('takes older history in front, as far as it fits', () => {
    const log = new MergedLog(10, 2_000);
    log.append([change(11)], 11);
    log.prepend([change(5), change(8)], 4);
    expect(revisions(log.since(4))).toEqual([5, 8, 11]);
    const small = new MergedLog(10, 1_000);
    small.append([change(11)], 11);
    small.prepend([change(5), change(8)], 4);
    expect(small.since(4)).toBeUndefined();
    expect(revisions(small.since(small.floor))).toEqual([8, 11]);
  });
});
