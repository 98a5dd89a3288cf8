import { describe, expect, it } from 'vitest';
import { GATHER_MS_MAX, GATHERED_WRITES_MIN, Gathering } from './gathering.ts';

/** A gathering in which `count` writes came, of which `answered` were answered. */
function gatheringAfter(count: number, answered: number): Gathering {
  const gathering = new Gathering();
  for (let index = 1; index <= count; index++) gathering.came(index);
  for (let index = 0; index < answered; index++) gathering.answered();
  return gathering;
}

const never = () => new Promise<void>(() => {});
const neverCalled = (): Promise<void> => {
  throw new Error('nobody should sleep');
};

describe('gathering', () => {
  it('lets one who writes alone go at once', () => {
    const gathering = new Gathering();
    for (let index = 0; index < 3; index++) {
      gathering.came(1);
      expect(gathering.patience(1, neverCalled)).toBeUndefined();
      gathering.answered();
    }
  });

  it('waits for as many as were lately under way, and no longer', async () => {
    const gathering = gatheringAfter(3, 2);
    const patience = gathering.patience(1, never);
    expect(patience).toBeDefined();
    gathering.came(2);
    gathering.came(3);
    await patience;
  });

  it('waits a bounded time', async () => {
    const slept: number[] = [];
    await gatheringAfter(3, 2).patience(1, async (ms) => {
      slept.push(ms);
    });
    expect(slept).toEqual([GATHER_MS_MAX]);
  });

  it('takes a fair number for enough, however many write', () => {
    expect(gatheringAfter(100, 0).patience(GATHERED_WRITES_MIN, neverCalled)).toBeUndefined();
  });

  it('does not wait when nobody writes', () => {
    expect(gatheringAfter(5, 5).patience(0, neverCalled)).toBeUndefined();
  });

  it('forgets how many there were', async () => {
    const gathering = gatheringAfter(3, 2);
    await gathering.patience(1, async () => {});
    expect(gathering.patience(1, neverCalled)).toBeUndefined();
  });
});
