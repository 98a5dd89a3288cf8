import { createHmac } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasKubectl, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, eventually } from './api-calls.ts';
import { ISSUER_PATHS, newKey, OidcIssuers, type SigningKey } from './oidc-issuer.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1';
const configFile = join(tmpdir(), `zeroplane-authentication-${process.pid}.yaml`);

let issuers: OidcIssuers;
let cluster: RunningCluster;
let calls: ApiCalls;
let rsa: SigningKey;
let ec: SigningKey;

/** One entry for each of the issuers; all trust the same authority and map claims alike. */
const configuration = () => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: ISSUER_PATHS.map((path) => ({
    issuer: {
      url: issuers.url(path),
      audiences: ['zeroplane', 'ci'],
      audienceMatchPolicy: 'MatchAny',
      certificateAuthority: issuers.ca,
    },
    claimValidationRules: [{ claim: 'tenant', requiredValue: '' }].slice(path === 'good' ? 1 : 0),
    claimMappings: {
      username: { claim: 'sub', prefix: path === 'good' ? 'oidc:' : '' },
      groups: { claim: 'groups', prefix: '' },
    },
  })),
  anonymous: { enabled: true, conditions: [{ path: '/healthz' }, { path: '/readyz' }] },
});

beforeAll(async () => {
  issuers = await OidcIssuers.start();
  rsa = await newKey('rsa');
  ec = await newKey('ec', 'ES256');
  issuers.keys = [rsa, ec];
  writeFileSync(configFile, JSON.stringify(configuration()));
  cluster = await startCluster({ flags: ['--authentication-config', configFile] });
  calls = new ApiCalls(cluster);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
  issuers?.stop();
  rmSync(configFile, { force: true });
});

const whoAmI = (token: string) =>
  calls.call('POST', `${REVIEWS}/selfsubjectreviews`, {
    token,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });

const review = async (token: string, audiences?: string[]) => {
  const body = { spec: { token, ...(audiences ? { audiences } : {}) } };
  return (await calls.call('POST', `${REVIEWS}/tokenreviews`, { body })).json.status;
};

const codeOf = async (token: string): Promise<number> => (await whoAmI(token)).code;

describe('a user of an outside issuer', () => {
  test('is who the token says', async () => {
    const token = await issuers.token({ groups: ['devs', 'ops'], jti: '7' });
    const user = {
      username: 'oidc:jane',
      groups: ['devs', 'ops', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=7'] },
    };
    expect((await whoAmI(token)).json.status.userInfo).toEqual(user);
    const own = 'https://kubernetes.default.svc.cluster.local';
    expect(await review(token)).toEqual({ authenticated: true, user, audiences: [own] });
    expect(await review(token, ['vault'])).not.toHaveProperty('authenticated');
  });

  test('may sign with another algorithm, for another audience', async () => {
    expect(await codeOf(await issuers.token({ aud: ['x', 'ci'] }, {}, ec))).toBe(201);
  });

  test('may do what is bound to the user', async () => {
    const token = await issuers.token({ sub: 'viewer' });
    const pods = await calls.call('GET', '/api/v1/namespaces/default/pods', { token });
    expect([pods.code, pods.json.message]).toEqual([
      403,
      'pods is forbidden: User "oidc:viewer" cannot list resource "pods" in API group "" in the namespace "default"',
    ]);
    const body = {
      metadata: { name: 'viewer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'oidc:viewer' }],
    };
    await calls.call('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', { body });
    expect((await calls.call('GET', '/api/v1/namespaces/default/pods', { token })).code).toBe(200);
  });

  test.skipIf(!hasKubectl())('is shown by kubectl auth whoami', async () => {
    const token = await issuers.token({ groups: ['devs'] });
    const { stdout } = await cluster.kubectl(['auth', 'whoami', '-o', 'json', `--token=${token}`]);
    expect(JSON.parse(stdout).status.userInfo.username).toBe('oidc:jane');
  });
});

const unsigned = (header: object, claims: object): string =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

describe('[AN2] nobody is', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const claims = () => ({ iss: issuers.url('good'), aud: 'zeroplane', sub: 'jane', exp: seconds() + 600 });

  const attacks: readonly (readonly [string, () => Promise<string> | string, RegExp])[] = [
    ['whose token is for others', () => issuers.token({ aud: 'other' }), /expected audience in \["ci","zeroplane"\]/],
    ['whose token has expired', () => issuers.token({ exp: seconds() - 5 }), /token is expired/],
    ['whose token never expires', () => issuers.token({ exp: undefined }), /token is expired/],
    ['whose token is of the future', () => issuers.token({ nbf: seconds() + 3600 }), /before the nbf/],
    ['whose token is not signed', () => `${unsigned({ alg: 'none', kid: 'rsa' }, claims())}.`, /invalid bearer token/],
    [
      'whose token is signed with the public key as a secret',
      () => {
        const text = unsigned({ alg: 'HS256', kid: 'rsa' }, claims());
        return `${text}.${createHmac('sha256', JSON.stringify(rsa.publicKey)).update(text).digest('base64url')}`;
      },
      /unsupported algorithm, expected .* got "HS256"/,
    ],
    ['whose token names the key of another type', () => issuers.token({}, { kid: 'ec' }, rsa), /failed to verify/],
    [
      'whose token is signed with a key of their own',
      async () => issuers.token({}, {}, await newKey('rsa')),
      /failed to verify/,
    ],
    [
      'whose token brings its key along',
      async () => {
        const own = await newKey('own');
        return issuers.token({}, { kid: 'rsa', jwk: own.publicKey }, own);
      },
      /failed to verify/,
    ],
    ['whose token demands what nobody knows', () => issuers.token({}, { crit: ['x'], x: 1 }), /failed to verify/],
    ['who takes a name of the cluster’s own', () => issuers.token({ groups: ['system:masters'] }), /is reserved/],
    ['of an issuer with endless keys', () => issuers.token({ iss: issuers.url('huge') }), /is longer than/],
    ['of an issuer that sends us elsewhere', () => issuers.token({ iss: issuers.url('redirecting') }), /answered 302/],
    ['of an issuer that says it is another', () => issuers.token({ iss: issuers.url('impostor') }), /did not match/],
    ['of an issuer that nobody trusts', () => issuers.token({ iss: 'https://other.example' }), /invalid bearer token/],
    [
      'who claims to be of the cluster’s own issuer',
      () => issuers.token({ iss: 'https://kubernetes.default.svc.cluster.local' }),
      /invalid bearer token/,
    ],
  ];
  test.each(attacks)('%s', async (_who, make, why) => {
    const token = await make();
    const answer = await whoAmI(token);
    expect([answer.code, answer.json.message]).toEqual([401, 'Unauthorized']);
    expect((await review(token)).error).toMatch(why);
  });

  test('who comes without a token, but where that is allowed', async () => {
    expect((await calls.call('GET', '/healthz', { token: null })).code).toBe(200);
    expect((await calls.call('GET', '/version', { token: null })).code).toBe(401);
    expect((await calls.call('GET', '/healthz/', { token: null })).code).toBe(401);
  });
});

describe('an issuer', () => {
  test('is not asked for each made-up key id', async () => {
    const path = '/good/keys';
    const before = issuers.requests.get(path) ?? 0;
    const tokens = await Promise.all(Array.from({ length: 40 }, (_, i) => issuers.token({}, { kid: `made-up-${i}` })));
    expect(new Set(await Promise.all(tokens.map(codeOf)))).toEqual(new Set([401]));
    expect((issuers.requests.get(path) ?? 0) - before).toBeLessThanOrEqual(2);
  });

  test('may change its keys', async () => {
    const next = await newKey('next');
    issuers.keys = [next, rsa, ec];
    await eventually('the new key is known', async () =>
      (await codeOf(await issuers.token({ sub: 'next' }, {}, next))) === 201 ? true : undefined,
    );
    expect(await codeOf(await issuers.token({}, {}, rsa))).toBe(201);
  });

  test('that is slow keeps nobody else waiting', async () => {
    const token = await issuers.token({ iss: issuers.url('slow') });
    let waiting = 8;
    const slow = Promise.all(
      Array.from({ length: waiting }, () =>
        codeOf(token).then((code) => {
          waiting -= 1;
          return code;
        }),
      ),
    );
    await eventually('the slow issuer is asked', async () =>
      [...issuers.requests.keys()].find((path) => path.startsWith('/slow')),
    );
    for (let i = 0; i < 20; i += 1) expect(await codeOf(await issuers.token({ jti: String(i) }, {}, rsa))).toBe(201);
    expect(waiting).toBe(8);
    expect(new Set(await slow)).toEqual(new Set([401]));
  });
});

test('a configuration that is wrong is refused at start, with all that is wrong', async () => {
  writeFileSync(configFile, 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: [{}]\n');
  await expect(startCluster({ flags: ['--authentication-config', configFile] })).rejects.toThrow(
    /jwt\[0\]\.issuer\.url: Required value, .*claimMappings\.username: Required value/,
  );
});
