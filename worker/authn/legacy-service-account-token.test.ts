import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { ANONYMOUS_ANYWHERE } from './anonymous.ts';
import type { AuthenticationDeps } from './authenticator.ts';
import { authenticateToken } from './chain.ts';
import { issueLegacyToken } from './legacy-service-account-token.ts';
import { newSigningKeysSecret, type SigningKeys, signingKeys } from './signing-keys.ts';

const API = 'https://api.test';
const SUBJECT = { namespace: 'shop', account: 'bot', accountUid: 'uid-bot', secret: 'bot-token' };

const stored = new Map<string, UntypedObject>();
const object = (kind: string, name: string, fields: object = {}, metadata: object = {}): UntypedObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...metadata },
  ...fields,
});
const deps: AuthenticationDeps = {
  objects: {
    get: async (resource, namespace, name) => stored.get(`${resource}/${namespace}/${name}`),
    list: async () => [],
  },
  adminTokenSha256: '',
  issuer: API,
  audiences: [API],
  anonymous: ANONYMOUS_ANYWHERE,
  jwtIssuers: [],
  clientCertificateIssuers: new Set(),
  now: () => Date.UTC(2026, 0, 1),
};

let token: string;
const putSecret = (value: string, metadata: object = {}) =>
  stored.set('secrets/shop/bot-token', object('Secret', 'bot-token', { data: { token: btoa(value) } }, metadata));
const putAccount = (metadata: object = {}) =>
  stored.set('serviceaccounts/shop/bot', object('ServiceAccount', 'bot', {}, metadata));
const outcome = (audiences: readonly string[] = [API]) => authenticateToken(token, audiences, deps);

describe('tokens that lie in Secrets', () => {
  beforeEach(async () => {
    stored.clear();
    stored.set('secrets/kube-system/service-account-signing-keys', await newSigningKeysSecret());
    token = await issueLegacyToken(SUBJECT, (await signingKeys(deps.objects)) as SigningKeys);
    putSecret(token);
    putAccount();
  });

  it('stand for their account', async () => {
    for (let times = 0; times < 2; times += 1) {
      expect(await outcome()).toMatchObject({
        kind: 'user',
        audiences: [API],
        user: {
          username: 'system:serviceaccount:shop:bot',
          uid: 'uid-bot',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
          extra: {},
        },
      });
    }
  });

  it.each<[string, () => void, string]>([
    ['the Secret is gone', () => stored.delete('secrets/shop/bot-token'), 'Token has been invalidated'],
    ['it is being deleted', () => putSecret(token, { deletionTimestamp: 'now' }), 'Token has been invalidated'],
    [
      'it was declared invalid',
      () => putSecret(token, { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } }),
      'Token has been invalidated',
    ],
    ['it holds another token', () => putSecret('other'), "Token does not match server's copy"],
    ['the account is gone', () => stored.delete('serviceaccounts/shop/bot'), 'serviceaccounts "bot" not found'],
    [
      'the account is being deleted',
      () => putAccount({ deletionTimestamp: 'now' }),
      'ServiceAccount shop/bot has been deleted',
    ],
    ['the account is another', () => putAccount({ uid: 'x' }), 'ServiceAccount UID (x) does not match claim (uid-bot)'],
    [
      'the cluster has not signed it',
      () => {
        token = `${token.slice(0, -4)}AAAA`;
        putSecret(token);
      },
      'invalid bearer token',
    ],
  ])('are refused when %s', async (_what, spoil, why) => {
    spoil();
    expect(await outcome()).toEqual({ kind: 'invalid', why });
  });

  it('are for the API server only', async () => {
    expect(await outcome(['elsewhere'])).toEqual({
      kind: 'invalid',
      why: `token audiences ["${API}"] is invalid for the target audiences ["elsewhere"]`,
    });
  });

  it('do not pass for another account’s', async () => {
    const keys = (await signingKeys(deps.objects)) as SigningKeys;
    token = await issueLegacyToken({ ...SUBJECT, secret: '' }, keys);
    putSecret(token);
    expect(await outcome()).toEqual({ kind: 'invalid', why: 'invalid bearer token' });
  });
});
