import { describe, expect, it } from 'vitest';
import { TokenSigning } from './token-signing.ts';

const subject = (secret: string) => ({ namespace: 'ns', account: 'a', accountUid: 'u', secret });

describe('signing between batches', () => {
  it('signs what was asked for and makes it be looked at', async () => {
    const looked: string[][] = [];
    const signing = new TokenSigning({
      sign: async (subjects) => subjects.map(({ secret }) => `token of ${secret}`),
      signed: (secrets) => looked.push([...secrets]),
      report: () => {},
    });
    expect(signing.token(subject('x'))).toBeUndefined();
    expect(signing.token(subject('x'))).toBeUndefined();
    expect(signing.isDue).toBe(true);
    await signing.run();
    expect(looked).toEqual([['x']]);
    // Again, should the batch that writes it be undone.
    for (let times = 0; times < 2; times += 1) expect(signing.token(subject('x'))).toBe('token of x');
    expect(signing.token({ ...subject('x'), accountUid: 'of another' })).toBeUndefined();
  });

  it('tells of a failure, after which what was wanted is asked for anew', async () => {
    const failures: unknown[] = [];
    const signing = new TokenSigning({
      sign: () => Promise.reject(new Error('no key')),
      signed: () => {},
      report: (error) => failures.push(error),
    });
    signing.token(subject('x'));
    await signing.run();
    expect(failures).toHaveLength(1);
    expect(signing.isDue).toBe(false);
    expect(signing.token(subject('x'))).toBeUndefined();
    expect(signing.isDue).toBe(true);
  });
});
