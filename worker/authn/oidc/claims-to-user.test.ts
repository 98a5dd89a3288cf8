import { describe, expect, it } from 'vitest';
import type { JwtAuthenticatorConfig } from '../../../schema/configuration/authentication-types.ts';
import { tokenProblem, userOfClaims } from './claims-to-user.ts';

const config = (fields: Partial<JwtAuthenticatorConfig> = {}): JwtAuthenticatorConfig => ({
  issuer: { url: 'https://issuer.example', audiences: ['zeroplane'] },
  claimMappings: { username: { claim: 'sub', prefix: 'x:' }, groups: { claim: 'groups', prefix: 'g:' } },
  ...fields,
});
const byEmail = config({ claimMappings: { username: { claim: 'email', prefix: '' } } });
const withRule = config({ claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }] });
const withUid = config({ claimMappings: { username: { claim: 'sub', prefix: '' }, uid: { claim: 'id' } } });
const bare = config({
  claimMappings: { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' } },
});

const outcome = (claims: Record<string, unknown>, given = config()) => {
  const mapped = userOfClaims(claims, given);
  return mapped.ok ? mapped.user : mapped.why;
};

describe('the user of a token', () => {
  it('has prefixed names and the id of the token', () => {
    expect(outcome({ sub: 'jane', groups: ['a', 'b'], jti: '7' })).toEqual({
      username: 'x:jane',
      uid: '',
      groups: ['g:a', 'g:b'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=7'] },
    });
  });

  it('may have one group, no group, and a uid', () => {
    expect(outcome({ sub: 'jane', groups: 'a' })).toMatchObject({ groups: ['g:a'] });
    expect(outcome({ sub: 'jane' })).toMatchObject({ groups: [], extra: {} });
    expect(outcome({ sub: 'jane', id: '7' }, withUid)).toMatchObject({ uid: '7' });
  });

  it('goes by a verified e-mail address', () => {
    expect(outcome({ email: 'j@example.com', email_verified: true }, byEmail)).toMatchObject({
      username: 'j@example.com',
    });
    expect(outcome({ email: 'j@example.com' }, byEmail)).toMatchObject({ username: 'j@example.com' });
  });

  it.each<[string, Record<string, unknown>, JwtAuthenticatorConfig, string]>([
    ['no username', {}, config(), 'oidc: parse username claims "sub": claim not present'],
    [
      'a username of another type',
      { sub: 7 },
      config(),
      'oidc: parse username claims "sub": json: cannot unmarshal number into Go value of type string',
    ],
    ['an empty username', { sub: '' }, config(), 'oidc: empty username is not allowed'],
    [
      'an inherited claim',
      {},
      config({ claimMappings: { username: { claim: 'toString', prefix: '' } } }),
      'not present',
    ],
    ['groups of another type', { sub: 'a', groups: [1] }, config(), 'oidc: parse groups claim "groups"'],
    ['no uid', { sub: 'a' }, withUid, 'oidc: parse uid claim "id": claim not present'],
    ['an unverified address', { email: 'a', email_verified: false }, byEmail, 'oidc: email not verified'],
    [
      'a verification of another type',
      { email: 'a', email_verified: 'true' },
      byEmail,
      "oidc: parse 'email_verified' claim: json: cannot unmarshal string into Go value of type bool",
    ],
    ['a missing claim', { sub: 'a' }, withRule, 'oidc: required claim hd not present in ID token'],
    [
      'a claim of another value',
      { sub: 'a', hd: 'b' },
      withRule,
      'oidc: required claim hd value does not match. Got = b, want = example.com',
    ],
    ['a reserved name', { sub: 'system:admin' }, bare, 'oidc: "system:admin" is reserved'],
    ['a reserved group', { sub: 'a', groups: ['system:masters'] }, bare, 'oidc: "system:masters" is reserved'],
  ])('is refused for %s', (_what, claims, given, why) => {
    expect(outcome(claims, given)).toContain(why);
  });
});

describe('a token', () => {
  const NOW = 1_800_000_000_000;
  const SECONDS = NOW / 1000;
  const problem = (claims: Record<string, unknown>) =>
    tokenProblem({ aud: 'zeroplane', exp: SECONDS + 60, ...claims }, ['zeroplane', 'other'], NOW) ?? 'good';

  it.each<[string, Record<string, unknown>, string]>([
    ['for us', {}, 'good'],
    ['for us among others', { aud: ['b', 'other'] }, 'good'],
    ['for others', { aud: ['b'] }, 'expected audience in ["other","zeroplane"] got ["b"]'],
    ['for a part of our name', { aud: 'zeroplane-2' }, 'expected audience'],
    ['for nobody', { aud: undefined }, 'expected audience'],
    ['that has expired', { exp: SECONDS - 1 }, 'token is expired'],
    ['that never expires', { exp: undefined }, 'token is expired'],
    ['that expires some day', { exp: 'tomorrow' }, 'token is expired'],
    ['of a clock that runs fast', { nbf: SECONDS + 299 }, 'good'],
    ['of the future', { nbf: SECONDS + 301 }, 'before the nbf'],
    ['of no time', { nbf: 'later' }, 'before the nbf'],
  ])('%s', (_what, claims, expected) => {
    expect(problem(claims)).toContain(expected);
  });
});
