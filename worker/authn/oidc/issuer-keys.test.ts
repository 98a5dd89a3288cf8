import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { IssuerFailure } from './issuer-documents.ts';
import { FETCH_INTERVAL_MS_MIN, IssuerKeys, KEYS_AGE_MS_MAX, REFRESH_AFTER_MS } from './issuer-keys.ts';

let key: JWK;
beforeAll(async () => {
  key = await exportJWK((await generateKeyPair('ES256')).publicKey);
});

let now: number;
let fetches: number;
let published: () => Promise<JWK[]>;
let tasks: Promise<void>[];
let keys: IssuerKeys;

beforeEach(() => {
  now = 1_000_000;
  fetches = 0;
  tasks = [];
  published = async () => [{ ...key, kid: 'a' }];
  keys = new IssuerKeys({
    fetchKeys: () => {
      fetches += 1;
      return published();
    },
    now: () => now,
    sleep: async (ms) => {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    background: (task) => tasks.push(task),
  });
});

const never = () => new Promise<JWK[]>(() => {});
const hasFound = async (kid: string) => {
  const found = await keys.find(kid);
  return found.ok && found.keys.has(kid);
};

it('are fetched once for all who ask at the same time', async () => {
  expect(await Promise.all([hasFound('a'), hasFound('a'), hasFound('a')])).toEqual([true, true, true]);
  expect(fetches).toBe(1);
});

it('are fetched anew for a key that is not among them, but not again and again', async () => {
  await hasFound('a');
  published = async () => [{ ...key, kid: 'b' }];
  now += FETCH_INTERVAL_MS_MIN;
  expect(await hasFound('b')).toBe(true);
  for (let i = 0; i < 100; i += 1) expect(await hasFound(`made-up-${i}`)).toBe(false);
  expect(fetches).toBe(2);
});

it('serve on while new ones are fetched, however slowly', async () => {
  await hasFound('a');
  published = never;
  now += REFRESH_AFTER_MS;
  expect(await hasFound('a')).toBe(true);
  expect(fetches).toBe(2);
});

it('are no longer believed when they cannot be fetched for long', async () => {
  await hasFound('a');
  published = async () => {
    throw new IssuerFailure('https://issuer.example answered 500');
  };
  now += KEYS_AGE_MS_MAX;
  expect(await keys.find('a')).toEqual({ ok: false, why: 'https://issuer.example answered 500' });
});

it('are fetched by the next one when a fetch has died', async () => {
  published = never;
  const first = keys.find('a');
  expect(await first).toMatchObject({ ok: false });
  const before = fetches;
  published = async () => [{ ...key, kid: 'a' }];
  now += FETCH_INTERVAL_MS_MIN;
  expect(await hasFound('a')).toBe(true);
  expect(fetches).toBe(before + 1);
});
