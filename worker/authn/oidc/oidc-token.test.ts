import * as fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JwtAuthenticatorConfig } from '../../../schema/configuration/authentication-types.ts';
import { ANONYMOUS_ANYWHERE } from '../anonymous.ts';
import type { AuthenticationDeps } from '../authenticator.ts';
import { authenticateToken } from '../chain.ts';
import { userOfClaims } from './claims-to-user.ts';
import { jwtIssuer } from './jwt-issuer.ts';
import { oidcToken } from './oidc-token.ts';

const ISSUER = 'https://issuer.example';
const OWN = 'https://kubernetes.default.svc.cluster.local';
const NOW = Date.parse('2026-11-21T12:00:00Z');

const config: JwtAuthenticatorConfig = {
  issuer: { url: ISSUER, audiences: ['zeroplane'] },
  claimMappings: {
    username: { claim: 'sub', prefix: '' },
    groups: { claim: 'groups', prefix: '' },
    uid: { claim: 'uid' },
  },
  claimValidationRules: [{ claim: 'hd', requiredValue: 'a' }],
};

let deps: AuthenticationDeps;
let sign: (claims: Record<string, unknown>) => Promise<string>;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const published: Record<string, object> = {
    [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` },
    [`${ISSUER}/keys`]: { keys: [{ ...(await exportJWK(publicKey)), kid: 'a' }] },
  };
  const issuer = jwtIssuer(config, async (url) => Response.json(published[url]), {
    now: () => NOW,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    background: () => {},
  });
  deps = {
    objects: { get: async () => undefined, list: async () => [] },
    adminTokenSha256: '',
    issuer: OWN,
    audiences: [OWN],
    anonymous: ANONYMOUS_ANYWHERE,
    clientCertificateIssuers: new Set(),
    jwtIssuers: [issuer],
    now: () => NOW,
  };
  sign = (claims) =>
    new SignJWT({ iss: ISSUER, aud: 'zeroplane', sub: 'jane', uid: '7', hd: 'a', exp: NOW / 1000 + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'a' })
      .sign(privateKey);
});

describe('a token of an outside issuer', () => {
  it('is for the API server, and for no other audience', async () => {
    const token = await sign({});
    expect(await authenticateToken(token, [OWN, 'vault'], deps)).toEqual({
      kind: 'user',
      user: { username: 'jane', uid: '7', groups: ['system:authenticated'], extra: {} },
      audiences: [OWN],
    });
    expect(await authenticateToken(token, ['vault'], deps)).toEqual({ kind: 'none' });
  });

  it('is checked for its time again although its signature is known', async () => {
    const token = await sign({ exp: NOW / 1000 + 60 });
    expect((await oidcToken.authenticateToken(token, [OWN], deps)).kind).toBe('user');
    const later = { ...deps, now: () => NOW + 61_000 };
    expect((await oidcToken.authenticateToken(token, [OWN], later)).kind).toBe('invalid');
  });

  it('is of no use when a part of it is another', async () => {
    const parts = (await sign({})).split('.');
    const other = (await sign({ sub: 'joe' })).split('.');
    for (const at of [1, 2]) {
      const mixed = parts.with(at, other[at] as string).join('.');
      expect((await oidcToken.authenticateToken(mixed, [OWN], deps)).kind).toBe('invalid');
    }
  });
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');

it('no token, however strange, is an error of ours', async () => {
  const header = fc.record(
    {
      alg: fc.constantFrom('ES256', 'none', 'HS256', '__proto__', 7, null),
      kid: fc.oneof(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const claims = fc.oneof(fc.jsonValue(), fc.record({ iss: fc.constantFrom(ISSUER, '', 7, null, '__proto__') }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(header, fc.jsonValue()), claims, fc.base64String(), async (head, body, signature) => {
      const token = `${part(head)}.${part(body)}.${signature.replaceAll(/[+/=]/g, '_')}`;
      expect((await oidcToken.authenticateToken(token, [OWN], deps)).kind).not.toBe('user');
    }),
    { numRuns: 500, seed: 1 },
  );
});

it('no claims, however strange, are an error of ours, or make a user of the cluster', () => {
  const claim = fc.oneof(fc.jsonValue(), fc.constantFrom('system:admin', ['system:masters'], 'a', true));
  fc.assert(
    fc.property(
      fc.record({ sub: claim, groups: claim, uid: claim, hd: claim, jti: claim }, { requiredKeys: [] }),
      (claims) => {
        const mapped = userOfClaims(JSON.parse(JSON.stringify(claims)), config);
        if (!mapped.ok) return;
        for (const name of [mapped.user.username, ...mapped.user.groups]) {
          expect(typeof name).toBe('string');
          expect(name.startsWith('system:')).toBe(false);
        }
      },
    ),
    { numRuns: 1_000, seed: 1 },
  );
});
