import { describe, expect, it } from 'vitest';
import { encodeContinue } from '../../schema/meta/continue-token.ts';
import {
  listExpired,
  type ListPlan,
  SNAPSHOT_AGE_MS_MAX,
  parseResourceVersion,
  planList,
  tooLargeResourceVersion,
} from './list-plan.ts';

const NOW = 1_000_000_000;
const base = { continue: '', resourceVersion: '', resourceVersionMatch: '' as const, limit: 0 };

const planned = (request: Partial<Parameters<typeof planList>[0]>): ListPlan => {
  const plan = planList({ ...base, ...request }, NOW);
  if (!plan.ok) throw new Error(plan.status.message);
  return plan.value;
};

const refused = (request: Partial<Parameters<typeof planList>[0]>) => {
  const plan = planList({ ...base, ...request }, NOW);
  return plan.ok ? undefined : { code: plan.status.code, message: plan.status.message };
};

describe('what a list asks for', () => {
  it.each([
    ['unset: the present', {}, { exact: undefined, notOlderThan: 0, isAnyState: false }],
    ['0: any state', { resourceVersion: '0' }, { exact: undefined, notOlderThan: 0, isAnyState: true }],
    ['a revision alone: not older', { resourceVersion: '7' }, { exact: undefined, notOlderThan: 7, isAnyState: false }],
    ['a revision with a limit: exactly that (legacy)', { resourceVersion: '7', limit: 5 }, { exact: 7 }],
    [
      'NotOlderThan with a limit',
      { resourceVersion: '7', resourceVersionMatch: 'NotOlderThan' as const, limit: 5 },
      { exact: undefined, notOlderThan: 7 },
    ],
    ['Exact', { resourceVersion: '7', resourceVersionMatch: 'Exact' as const }, { exact: 7 }],
  ])('%s', (_what, request, plan) => {
    expect(planned(request)).toMatchObject(plan);
  });

  it('goes on from a token at its revision, or at the present where the token says so', () => {
    expect(planned({ continue: encodeContinue({ revision: 9, after: 'a/b' }) })).toMatchObject({
      exact: 9,
      after: 'a/b',
    });
    expect(planned({ continue: encodeContinue({ revision: -1, after: 'b' }), resourceVersion: '0' })).toMatchObject({
      exact: undefined,
      after: 'b',
    });
  });

  it('is refused with upstream’s words', () => {
    expect(refused({ resourceVersion: 'x' })).toEqual({
      code: 400,
      message:
        'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    });
    const token = encodeContinue({ revision: 9, after: 'b' });
    expect(refused({ continue: token, resourceVersion: '3' })?.message).toBe(
      'specifying resource version is not allowed when using continue',
    );
    expect(refused({ continue: 'not base64!' })).toMatchObject({
      code: 400,
      message: expect.stringMatching(/^invalid continue token: continue key is not valid/),
    });
  });

  it.each(['-1', '1.5', ' 1', '1e3', '99999999999999999999'])('does not take %j for a revision', (text) => {
    expect(parseResourceVersion(text).ok).toBe(false);
  });
});

describe('continue tokens', () => {
  it('end after a while, though nothing has changed', () => {
    const token = (since: number) => encodeContinue({ revision: 9, after: 'b', since });
    expect(planned({ continue: token(NOW - SNAPSHOT_AGE_MS_MAX) })).toMatchObject({
      exact: 9,
      since: NOW - SNAPSHOT_AGE_MS_MAX,
    });
    expect(refused({ continue: token(NOW - SNAPSHOT_AGE_MS_MAX - 1) })).toMatchObject({ code: 410 });
  });

  const token = (fields: object) => btoa(JSON.stringify(fields)).replaceAll('=', '');

  it.each([
    [token({ v: 'meta.k8s.io/v2', rv: 1, start: 'a' }), 'server does not recognize this encoded version'],
    [token({ v: 'meta.k8s.io/v1', rv: 0, start: 'a' }), 'incorrect encoded start resourceVersion'],
    [token({ v: 'meta.k8s.io/v1', rv: 5, start: '' }), 'encoded start key empty'],
    [token({ v: 'meta.k8s.io/v1', rv: 5, start: '../secrets/x' }), 'continue key is not valid: ../secrets/x'],
    [token({ v: 'meta.k8s.io/v1', rv: 5, start: 'a/../b' }), 'continue key is not valid'],
    [btoa('null').replaceAll('=', ''), 'continue key is not valid'],
  ])('of another make are refused: %s', (text, why) => {
    expect(refused({ continue: text })?.message).toContain(why);
  });

  it('keep names outside ASCII', () => {
    expect(planned({ continue: encodeContinue({ revision: 3, after: 'größe' }) }).after).toBe('größe');
  });
});

describe('failures of lists', () => {
  it('name a revision from the future as upstream does', () => {
    expect(tooLargeResourceVersion(9, 5)).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: 'Timeout: Too large resource version: 9, current: 5',
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
  });

  it('offer an inconsistent way on when a page has expired', () => {
    const plan = planned({ continue: encodeContinue({ revision: 9, after: 'b' }) });
    const status = listExpired(plan);
    expect(status).toMatchObject({ code: 410, reason: 'Expired' });
    expect(planned({ continue: String(status.metadata.continue) })).toMatchObject({
      exact: undefined,
      after: 'b',
      isInconsistent: true,
    });
    expect(listExpired(planned({ resourceVersion: '3', resourceVersionMatch: 'Exact' })).message).toBe(
      'The resourceVersion for the provided list is too old.',
    );
  });
});
