import { describe, expect, it } from 'vitest';
import { readAuthenticationConfiguration } from './authentication-configuration.ts';
import type { JwtAuthenticatorConfig } from './authentication-types.ts';

const OWN_ISSUER = 'https://kubernetes.default.svc.cluster.local';

const GOOD = {
  issuer: { url: 'https://issuer.example/a', audiences: ['zeroplane'] },
  claimMappings: { username: { claim: 'sub', prefix: 'x:' } },
} satisfies JwtAuthenticatorConfig;

const read = (configuration: object) =>
  readAuthenticationConfiguration(
    JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', ...configuration }),
    [OWN_ISSUER],
  );

const errorOf = (configuration: object): string => {
  const result = read(configuration);
  return result.ok ? '' : result.error;
};

const issuer = (fields: object) => ({ jwt: [{ ...GOOD, issuer: { ...GOOD.issuer, ...fields } }] });
const mappings = (fields: object) => ({ jwt: [{ ...GOOD, claimMappings: { ...GOOD.claimMappings, ...fields } }] });
const rules = (...claimValidationRules: object[]) => ({ jwt: [{ ...GOOD, claimValidationRules }] });

const CEL = 'Forbidden: CEL expressions are not supported yet';

describe('an AuthenticationConfiguration', () => {
  it('is read from YAML', () => {
    const result = readAuthenticationConfiguration(
      `apiVersion: apiserver.config.k8s.io/v1beta1
kind: AuthenticationConfiguration
jwt:
- issuer: {url: "https://issuer.example", audiences: [a, b], audienceMatchPolicy: MatchAny}
  claimMappings:
    username: {claim: email, prefix: ""}
    groups: {claim: roles, prefix: "oidc:"}
    uid: {claim: sub}
  claimValidationRules: [{claim: hd, requiredValue: example.com}]
anonymous: {enabled: true, conditions: [{path: /healthz}]}
`,
      [OWN_ISSUER],
    );
    expect(result).toMatchObject({ ok: true, value: { jwt: [{ claimMappings: { uid: { claim: 'sub' } } }] } });
  });

  it('may be of no issuer at all', () => {
    expect(read({ jwt: [] }).ok).toBe(true);
    expect(read({}).ok).toBe(true);
  });

  const rows: readonly (readonly [string, object, string])[] = [
    ['another kind', { kind: 'AuthorizationConfiguration' }, 'expected apiVersion'],
    ['an unknown version', { apiVersion: 'apiserver.config.k8s.io/v7' }, 'expected apiVersion'],
    ['an unknown field', { jwt: [{ ...GOOD, isuer: {} }] }, 'strict decoding error: unknown field "jwt[0].isuer"'],
    ['a field of another type', issuer({ audiences: 'a' }), 'jwt[0].issuer.audiences is of type string, not array'],
    ['no issuer', { jwt: [{ claimMappings: GOOD.claimMappings }] }, 'jwt[0].issuer.url: Required value'],
    ['plain HTTP', issuer({ url: 'http://issuer.example' }), 'URL scheme must be https'],
    ['a user in the URL', issuer({ url: 'https://me@issuer.example' }), 'URL must not contain a username or password'],
    ['a query', issuer({ url: 'https://issuer.example?a=b' }), 'URL must not contain a query'],
    ['a fragment', issuer({ url: 'https://issuer.example#a' }), 'URL must not contain a fragment'],
    ['no host', issuer({ url: 'https:///a' }), 'URL must have a host'],
    [
      "the cluster's own issuer",
      issuer({ url: OWN_ISSUER }),
      `jwt[0].issuer.url: Invalid value: "${OWN_ISSUER}": URL must not overlap with disallowed issuers: [${OWN_ISSUER}]`,
    ],
    [
      'discovery at the issuer itself',
      issuer({ discoveryURL: 'https://issuer.example/a/' }),
      'must be different from URL',
    ],
    ['discovery without TLS', issuer({ discoveryURL: 'http://other.example/d' }), 'issuer.discoveryURL: Invalid value'],
    ['the same issuer twice', { jwt: [GOOD, GOOD] }, 'jwt[1].issuer.url: Duplicate value: "https://issuer.example/a"'],
    ['no audience', issuer({ audiences: [] }), 'jwt[0].issuer.audiences: Required value: at least one'],
    ['an empty audience', issuer({ audiences: [''] }), 'jwt[0].issuer.audiences[0]: Required value'],
    [
      'several audiences without a policy',
      issuer({ audiences: ['a', 'b'] }),
      'must be MatchAny for multiple audiences',
    ],
    ['an unknown policy', issuer({ audienceMatchPolicy: 'All' }), 'must be empty or MatchAny for single audience'],
    ['an authority that is none', issuer({ certificateAuthority: 'x' }), 'Invalid value: "<omitted>"'],
    ['no username', { jwt: [{ ...GOOD, claimMappings: {} }] }, 'claimMappings.username: Required value'],
    [
      'a claim without prefix',
      mappings({ groups: { claim: 'g' } }),
      'groups.prefix: Required value: prefix is required',
    ],
    [
      'claim and expression',
      mappings({ uid: { claim: 'a', expression: 'b' } }),
      "claim and expression can't both be set",
    ],
    ['a username expression', mappings({ username: { expression: 'claims.sub' } }), CEL],
    ['extra fields', mappings({ extra: [{ key: 'a/b', valueExpression: "'c'" }] }), 'extra mappings are expressions'],
    ['a rule of nothing', rules({}), 'claimValidationRules[0]: Required value: claim or expression is required'],
    ['a rule that is an expression', rules({ expression: 'true' }), CEL],
    ['a claim with a message', rules({ claim: 'a', message: 'b' }), 'may not be specified when claim is set'],
    ['a claim twice', rules({ claim: 'a' }, { claim: 'a' }), 'claimValidationRules[1].claim: Duplicate value: "a"'],
    ['a user rule', { jwt: [{ ...GOOD, userValidationRules: [{ expression: 'true' }] }] }, CEL],
    [
      'too many issuers',
      { jwt: Array.from({ length: 65 }, () => GOOD) },
      'jwt: Too many: 65: must have at most 64 items',
    ],
    ['conditions of no access', { anonymous: { conditions: [{ path: '/' }] } }, 'enabled should be set to true'],
  ];
  it.each(rows)('of %s is refused', (_what, configuration, error) => {
    expect(errorOf(configuration)).toContain(error);
  });

  it('tells everything that is wrong with it', () => {
    expect(errorOf({ jwt: [{}] })).toBe(
      '[jwt[0].issuer.url: Required value, jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required, jwt[0].claimMappings.username: Required value: claim or expression is required]',
    );
  });

  it('that is no YAML is refused', () => {
    expect(readAuthenticationConfiguration('a: [', [])).toMatchObject({ ok: false });
    expect(readAuthenticationConfiguration('', [])).toMatchObject({ ok: false });
  });
});
