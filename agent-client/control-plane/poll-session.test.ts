import { describe, expect, test } from 'vitest';
import {
  conflict,
  fail,
  failure,
  ok,
  type Result,
  serviceUnavailable,
  unauthorized,
} from '../../schema/meta/status.ts';
import type { PollReply } from '../../schema/protocol/agent.ts';
import { ManualClock } from '../manual-clock.ts';
import { testPod } from '../pods/testing-pods.ts';
import type { ApiCall, ApiClient } from './api-client.ts';
import type { Credentials } from './credentials.ts';
import { PollSession } from './poll-session.ts';
import { retryDelay } from './retry-delay.ts';
import { TokenSource } from './token-source.ts';

const reply = (revision: number): Result<PollReply> =>
  ok({ revision, full: false, objects: [], removed: [], streams: [] });

/** A client that gives these answers in order and then waits for ever. */
function clientOf(answers: Result<unknown>[], asked: string[]): ApiClient {
  const partial: Pick<ApiClient, 'call'> = {
    call: async <T>(call: ApiCall) => {
      asked.push(`${call.path.split('?')[1] ?? call.path} ${call.token}`);
      const answer = answers.shift();
      return (answer ?? (await new Promise(() => undefined))) as Result<T>;
    },
  };
  return partial as ApiClient;
}

function session(answers: Result<unknown>[]) {
  const asked: string[] = [];
  const told = { refused: 0, superseded: 0, revisions: [] as number[] };
  const clock = new ManualClock();
  const polls = new PollSession({
    client: clientOf(answers, asked),
    clock,
    log: () => undefined,
    node: 'n1',
    session: 's1',
    random: () => 1,
    prepare: async () => ok('t'),
    refused: () => void told.refused++,
    deliver: async (r) => void told.revisions.push(r.revision),
    superseded: () => void told.superseded++,
  });
  polls.start();
  return { asked, told, clock };
}
const since = (asked: readonly string[]): string[] => asked.map((a) => /since=(\d+)/.exec(a)?.[1] ?? '');

describe('a node’s long-poll', () => {
  test('goes on from the last revision, over failures too', async () => {
    const { asked, told, clock } = session([
      reply(5),
      reply(8),
      fail(serviceUnavailable('away')),
      fail(serviceUnavailable('away')),
      reply(9),
    ]);
    await clock.pass(5_000);
    expect(since(asked)).toEqual(['0', '5', '8', '8', '8', '9']);
    expect(told.revisions).toEqual([5, 8, 9]);
    expect(asked[0]).toBe('since=0&session=s1 t');
  });

  test('begins anew when its history is gone', async () => {
    const gone = fail(failure({ code: 410, reason: 'Expired', message: '' }));
    const { asked, clock } = session([reply(5), gone, reply(9)]);
    await clock.pass(5_000);
    expect(since(asked)).toEqual(['0', '5', '0', '9']);
  });

  test('asks for a new credential when its own is refused', async () => {
    const { told, clock } = session([fail(unauthorized()), reply(1)]);
    await clock.pass(5_000);
    expect(told).toMatchObject({ refused: 1, revisions: [1] });
  });

  test('ends when another process polls for the node', async () => {
    const { asked, told, clock } = session([fail(conflict('nodes', 'n1', 'newer'))]);
    await clock.pass(60_000);
    expect(told.superseded).toBe(1);
    expect(asked).toHaveLength(1);
  });
});

test('waits double from 100 ms to 10 s, spread by half', () => {
  expect([1, 2, 3, 8, 20].map((n) => retryDelay(n, 1))).toEqual([100, 200, 400, 10_000, 10_000]);
  expect(retryDelay(1, 0)).toBe(50);
});

test('a token is asked anew at 80 % of its life, and the old one kept while that fails', async () => {
  const clock = new ManualClock();
  const answers: Result<unknown>[] = [];
  const asked: string[] = [];
  const issued = (token: string): Result<unknown> =>
    ok({ status: { token, expirationTimestamp: new Date(clock.now() + 3_600_000).toISOString() } });
  const credentials: Pick<Credentials, 'token'> = { token: 'node' };
  const tokens = new TokenSource(clientOf(answers, asked), credentials as Credentials, clock, () => 0);
  const query = { pod: testPod({ serviceAccountName: 'robot' }), audience: undefined, expirationSeconds: 3600 };
  const token = async (): Promise<string> => {
    const result = await tokens.token(query);
    return result.ok ? result.value.token : `failed: ${result.status.message}`;
  };
  answers.push(issued('one'));
  expect([await token(), await token()]).toEqual(['one', 'one']);
  expect(asked).toEqual(['/api/v1/namespaces/default/serviceaccounts/robot/token node']);
  expect(tokens.nextRefresh('u1')).toBe(clock.now() + 2_880_000);
  await clock.pass(2_880_000);
  answers.push(fail(serviceUnavailable('away')));
  expect(await token()).toBe('one');
  expect(await token()).toBe('one');
  expect(asked).toHaveLength(2);
  await clock.pass(30_000);
  answers.push(issued('two'));
  expect(await token()).toBe('two');
  await clock.pass(3_600_000);
  answers.push(fail(serviceUnavailable('away')));
  expect(await token()).toBe('failed: away');
  tokens.forget('u1');
  expect(tokens.nextRefresh('u1')).toBeUndefined();
});
