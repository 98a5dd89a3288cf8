import { beforeEach, expect, it } from 'vitest';
import { newNodeCredential } from '../authn/node-credential.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { ANONYMOUS, ANONYMOUS_ANYWHERE } from '../authn/anonymous.ts';
import { type Checked, RECHECK_INTERVAL_MS, whileKnown } from './revocation.ts';
import type { SecurityDeps } from './security-deps.ts';

const ISSUER = 'https://issuer.test';
let now = Date.parse('2026-11-21T12:00:00Z');
let secret: UntypedObject | undefined;
let reads: number;
let shardIsAway: boolean;
let tasks: Promise<void>[];
let wakeUp: () => void;
let checked: Checked;
let gone: AbortController;

beforeEach(async () => {
  // Beyond what earlier tests have found out.
  now += 3_600_000;
  reads = 0;
  shardIsAway = false;
  tasks = [];
  gone = new AbortController();
  const { token, secret: made } = await newNodeCredential('n1', (count) =>
    crypto.getRandomValues(new Uint8Array(count)),
  );
  secret = made;
  const security: SecurityDeps = {
    objects: {
      get: async () => {
        reads += 1;
        if (shardIsAway) throw new Error('away');
        return secret;
      },
      list: async () => [],
    },
    adminTokenSha256: '',
    issuer: ISSUER,
    audiences: [ISSUER],
    anonymous: ANONYMOUS_ANYWHERE,
    clientCertificateIssuers: new Set(),
    jwtIssuers: [],
    now: () => now,
    nodeReaches: async () => false,
  };
  checked = {
    runtime: {
      now: () => now,
      sleep: (ms) =>
        new Promise((resolve) => {
          wakeUp = () => {
            now += ms;
            resolve();
          };
        }),
      background: (task) => tasks.push(task),
    },
    security,
    credentials: { headers: new Headers({ authorization: `Bearer ${token}` }), path: '/' },
    caller: { username: 'system:node:n1', uid: '', groups: ['system:nodes', 'system:authenticated'], extra: {} },
    gone: gone.signal,
  };
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function passes(times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    wakeUp();
    await settled();
  }
}

it('a watch goes on while its user is known', async () => {
  const signal = whileKnown(checked, 3600);
  await passes(5);
  expect([signal.aborted, reads > 0]).toEqual([false, true]);
});

it('a watch ends when its user is no longer known', async () => {
  const signal = whileKnown(checked, 3600);
  await passes();
  secret = undefined;
  await passes();
  expect(signal.aborted).toBe(true);
  await Promise.all(tasks);
});

it('a watch goes on when nobody can say whether its user is known', async () => {
  const signal = whileKnown(checked, 3600);
  shardIsAway = true;
  await passes(3);
  expect(signal.aborted).toBe(false);
});

it('a client is checked once for all its watches', async () => {
  const wakeUps: (() => void)[] = [];
  for (let i = 0; i < 20; i += 1) {
    whileKnown(checked, 3600);
    wakeUps.push(wakeUp);
  }
  const before = now;
  for (const wake of wakeUps) {
    wake();
    now = before + RECHECK_INTERVAL_MS;
    await settled();
  }
  expect(reads).toBe(1);
});

it('what is found out of one token says nothing of another, also where subprotocols carry them', async () => {
  const overWebSocket = (token: string): Checked => {
    const protocol = `base64url.bearer.authorization.k8s.io.${btoa(token).replaceAll('=', '')}, v1`;
    const headers = new Headers({ upgrade: 'websocket', 'sec-websocket-protocol': protocol });
    return { ...checked, credentials: { headers, path: '/' } };
  };
  const valid = checked.credentials.headers.get('authorization')?.slice('Bearer '.length) ?? '';
  const { token: withdrawn } = await newNodeCredential('n1', (count) => crypto.getRandomValues(new Uint8Array(count)));
  const signals: AbortSignal[] = [];
  const wakeUps: (() => void)[] = [];
  for (const token of [valid, withdrawn]) {
    signals.push(whileKnown(overWebSocket(token), 3600));
    wakeUps.push(wakeUp);
  }
  for (const wake of wakeUps) {
    wake();
    await settled();
    now -= RECHECK_INTERVAL_MS;
  }
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
});

it('nothing is checked for those that nothing can be taken from, nor beyond the end of a watch', async () => {
  expect(whileKnown({ ...checked, caller: ANONYMOUS }, 3600)).toBe(gone.signal);
  expect(whileKnown({ ...checked, caller: { ...checked.caller, groups: ['system:masters'] } }, 3600)).toBe(gone.signal);
  expect(tasks).toEqual([]);
  const signal = whileKnown(checked, 15);
  await passes(2);
  await Promise.all(tasks);
  gone.abort();
  expect(signal.aborted).toBe(true);
});
