import { beforeAll, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { ANONYMOUS_ANYWHERE } from './anonymous.ts';
import type { AuthenticationDeps } from './authenticator.ts';
import { authenticate, authenticateToken, TOKEN_CHARS_MAX } from './chain.ts';
import { newNodeCredential } from './node-credential.ts';
import { newSigningKeysSecret, signingKeys } from './signing-keys.ts';
import { tokenDigest } from './token-digest.ts';
import { issueToken, withTokenRequestDefaults } from './token-request.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const NOW = Date.parse('2026-11-21T12:00:00Z');

const object = (kind: string, name: string, fields: object = {}, metadata: object = {}): UntypedObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...metadata },
  ...fields,
});

/** A cluster's objects by `resource/namespace/name`. */
class Objects {
  readonly stored = new Map<string, UntypedObject>();
  get = async (resource: string, namespace: string, name: string) =>
    this.stored.get(`${resource}/${namespace}/${name}`);
  list = async () => [];
}

let objects: Objects;
let deps: AuthenticationDeps;
let now = NOW;
let keysSecret: UntypedObject;

beforeAll(async () => {
  keysSecret = await newSigningKeysSecret();
});

async function fresh(): Promise<void> {
  now = NOW;
  objects = new Objects();
  objects.stored.set('secrets/kube-system/service-account-signing-keys', keysSecret);
  deps = {
    objects,
    adminTokenSha256: await tokenDigest('the-admin'),
    issuer: ISSUER,
    audiences: [ISSUER],
    anonymous: ANONYMOUS_ANYWHERE,
    jwtIssuers: [],
    clientCertificateIssuers: new Set(),
    now: () => now,
  };
}

const request = (token?: string, path = '/api/v1/pods') => ({
  headers: new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  path,
});

async function userOf(token: string) {
  const result = await authenticate(request(token), deps);
  return result.ok ? result.value : undefined;
}

describe('[AN1] anonymous requests', () => {
  const anonymous = { ok: true, value: { username: 'system:anonymous', groups: ['system:unauthenticated'] } };
  const refused = { ok: false, status: { code: 401, reason: 'Unauthorized', message: 'Unauthorized' } };

  it.each(['/', '/healthz', '/api', '/metrics', '/agent/v1/join'])(
    'are let on to the authorizer at %s',
    async (path) => {
      await fresh();
      expect(await authenticate(request(undefined, path), deps)).toMatchObject(anonymous);
    },
  );

  it('are let in to the configured paths only', async () => {
    await fresh();
    deps = { ...deps, anonymous: { enabled: true, paths: new Set(['/healthz']) } };
    expect(await authenticate(request(undefined, '/healthz'), deps)).toMatchObject(anonymous);
    expect(await authenticate(request(undefined, '/healthz/'), deps)).toMatchObject(refused);
  });

  it('are refused where they are not allowed', async () => {
    await fresh();
    deps = { ...deps, anonymous: { enabled: false, paths: new Set() } };
    expect(await authenticate(request(undefined, '/healthz'), deps)).toMatchObject(refused);
  });

  it('are not what a wrong token becomes', async () => {
    await fresh();
    expect(await authenticate(request('nonsense', '/healthz'), deps)).toMatchObject(refused);
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer  two-spaces', 'bearer'])('are what comes with %j', async (authorization) => {
    await fresh();
    const headers = new Headers({ authorization });
    expect(await authenticate({ headers, path: '/' }, deps)).toMatchObject(anonymous);
  });
});

describe('a client certificate', () => {
  const certificate = {
    certPresented: '1',
    certVerified: 'SUCCESS',
    certRevoked: '0',
    certIssuerDNRFC2253: 'CN=ca',
    certSubjectDNRFC2253: 'CN=jane,O=devs',
  };
  const outcome = async (fields: object, token?: string) => {
    await fresh();
    deps = { ...deps, clientCertificateIssuers: new Set(['CN=ca']) };
    const result = await authenticate({ ...request(token), certificate: { ...certificate, ...fields } }, deps);
    return result.ok ? [result.value.username, ...result.value.groups] : result.status.code;
  };

  it('comes before a token', async () => {
    expect(await outcome({})).toEqual(['jane', 'devs', 'system:authenticated']);
    expect(await outcome({}, 'nonsense')).toEqual(['jane', 'devs', 'system:authenticated']);
  });

  it('that is wrong counts for nothing beside a token that is right, and is refused alone', async () => {
    const untrusted = { certVerified: 'FAILED:expired' };
    expect(await outcome(untrusted, 'the-admin')).toContain('kubernetes-admin');
    expect(await outcome(untrusted)).toBe(401);
    expect(await outcome({ certPresented: '0' })).toContain('system:anonymous');
  });
});

describe('the token of a WebSocket request', () => {
  const PREFIX = 'base64url.bearer.authorization.k8s.io.';
  const TOKEN = Buffer.from('the-admin').toString('base64url');
  const outcome = async (protocols: string, upgrade = 'websocket') => {
    await fresh();
    const headers = new Headers({ upgrade, 'sec-websocket-protocol': protocols });
    const result = await authenticate({ headers, path: '/' }, deps);
    return result.ok ? result.value.username : result.status.code;
  };

  it.each([
    [`${PREFIX}${TOKEN}, v4.channel.k8s.io`, 'kubernetes-admin'],
    [`v4.channel.k8s.io,${PREFIX}${TOKEN}`, 'kubernetes-admin'],
    [`${PREFIX}${TOKEN}`, 401],
    [`${PREFIX}${TOKEN}, ${PREFIX}${TOKEN}, x`, 401],
    [`${PREFIX}${TOKEN}=, x`, 401],
    [`${PREFIX}${Buffer.from('wrong').toString('base64url')}, x`, 401],
    [`${PREFIX}${Buffer.from([0xff]).toString('base64url')}, x`, 401],
    [`${PREFIX}, x`, 'system:anonymous'],
    ['v4.channel.k8s.io', 'system:anonymous'],
  ])('%s', async (protocols, expected) => {
    expect(await outcome(protocols)).toBe(expected);
  });

  it('is not looked for in other requests', async () => {
    expect(await outcome(`${PREFIX}${TOKEN}, x`, 'h2c')).toBe('system:anonymous');
  });
});

describe('the admin token', () => {
  it('is known by its digest', async () => {
    await fresh();
    expect(await userOf('the-admin')).toEqual({
      username: 'kubernetes-admin',
      uid: '',
      groups: ['system:masters', 'system:authenticated'],
      extra: {},
    });
  });

  it('does not exist where no digest is given', async () => {
    await fresh();
    deps = { ...deps, adminTokenSha256: '' };
    expect(await userOf('the-admin')).toBeUndefined();
    expect((await userOf(''))?.username).toBe('system:anonymous');
  });

  it('is not looked for in endless tokens', async () => {
    await fresh();
    expect(await authenticateToken('x'.repeat(TOKEN_CHARS_MAX + 1), [], deps)).toMatchObject({ kind: 'invalid' });
  });
});

const JOIN = 'abcdef.0123456789abcdef';

function joinSecret(data: Record<string, string> = {}, fields: object = {}, metadata: object = {}): UntypedObject {
  const all = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    ...data,
  };
  const encoded = Object.fromEntries(Object.entries(all).map(([key, value]) => [key, btoa(value)]));
  return object(
    'Secret',
    'bootstrap-token-abcdef',
    { type: 'bootstrap.kubernetes.io/token', data: encoded, ...fields },
    metadata,
  );
}

describe('join tokens', () => {
  const store = (secret: UntypedObject) => objects.stored.set('secrets/kube-system/bootstrap-token-abcdef', secret);

  it('give the user and groups of their Secret', async () => {
    await fresh();
    store(joinSecret({ 'auth-extra-groups': 'system:bootstrappers:b,system:bootstrappers:a' }));
    expect(await userOf(JOIN)).toEqual({
      username: 'system:bootstrap:abcdef',
      uid: '',
      groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b', 'system:authenticated'],
      extra: {},
    });
  });

  it.each([
    ['another secret', joinSecret({ 'token-secret': 'ffffffffffffffff' })],
    ['another id', joinSecret({ 'token-id': 'fedcba' })],
    ['another use', joinSecret({ 'usage-bootstrap-authentication': 'false' })],
    ['another type', joinSecret({}, { type: 'Opaque' })],
    ['a group outside system:bootstrappers', joinSecret({ 'auth-extra-groups': 'system:masters' })],
    ['an end that is past', joinSecret({ expiration: '2026-11-21T11:59:59Z' })],
    ['an end that cannot be read', joinSecret({ expiration: 'soon' })],
    ['a deletion under way', joinSecret({}, {}, { deletionTimestamp: '2026-11-21T12:00:00Z' })],
  ])('are worth nothing with %s', async (_what, secret) => {
    await fresh();
    store(secret);
    expect(await userOf(JOIN)).toBeUndefined();
  });

  it('end at their expiration', async () => {
    await fresh();
    store(joinSecret({ expiration: '2026-11-21T12:00:01Z' }));
    expect(await userOf(JOIN)).toBeDefined();
    now += 1_000;
    expect(await userOf(JOIN)).toBeUndefined();
  });
});

describe('node credentials', () => {
  const countingBytes = (count: number) => Uint8Array.from({ length: count }, (_, i) => i * 7);

  it('are those of one node until their Secret is gone', async () => {
    await fresh();
    const { token, secret } = await newNodeCredential('n1', countingBytes);
    const key = `secrets/kube-system/${secret.metadata.name}`;
    objects.stored.set(key, secret);
    expect(await userOf(token)).toMatchObject({
      username: 'system:node:n1',
      groups: ['system:nodes', 'system:authenticated'],
    });
    expect(JSON.stringify(secret)).not.toContain(token.split('.')[1]);
    objects.stored.delete(key);
    expect(await userOf(token)).toBeUndefined();
  });

  it('end when the node joins again', async () => {
    await fresh();
    const first = await newNodeCredential('n1', countingBytes);
    const again = await newNodeCredential('n1', (count) => countingBytes(count).map((byte) => byte + 1));
    const other = await newNodeCredential('n2', countingBytes);
    expect(again.secret.metadata.name).toBe(first.secret.metadata.name);
    expect(other.secret.metadata.name).not.toBe(first.secret.metadata.name);
    objects.stored.set(`secrets/kube-system/${again.secret.metadata.name}`, again.secret);
    expect(await userOf(again.token)).toBeDefined();
    expect(await userOf(first.token)).toBeUndefined();
  });

  it('do not open with a guessed secret', async () => {
    await fresh();
    const { token, secret } = await newNodeCredential('n1', countingBytes);
    objects.stored.set(`secrets/kube-system/${secret.metadata.name}`, secret);
    expect(await userOf(`${token.slice(0, -1)}x`)).toBeUndefined();
  });
});

describe('ServiceAccount tokens', () => {
  const account = object('ServiceAccount', 'robot');
  const pod = object('Pod', 'web', { spec: { serviceAccountName: 'robot', nodeName: 'n1' } });
  const node = object('Node', 'n1', {}, { namespace: undefined });

  async function issue(bound: boolean, spec: object = {}): Promise<string> {
    await fresh();
    objects.stored.set('serviceaccounts/shop/robot', account);
    objects.stored.set('pods/shop/web', pod);
    const keys = await signingKeys(objects);
    if (keys === undefined) throw new Error('no keys');
    const asked = { apiVersion: '', kind: '', metadata: {}, spec };
    const tokenRequest = withTokenRequestDefaults(asked, account, [ISSUER], '2026-11-21T12:00:00Z');
    const issued = await issueToken(tokenRequest, bound ? { account, pod, node } : { account }, {
      keys,
      issuer: ISSUER,
      audiences: [ISSUER],
      now,
      tokenId: 'token-1',
    });
    return issued.status?.token ?? '';
  }

  it('speak for their account, pod and node', async () => {
    expect(await userOf(await issue(true))).toEqual({
      username: 'system:serviceaccount:shop:robot',
      uid: 'uid-robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': ['JTI=token-1'],
        'authentication.kubernetes.io/node-name': ['n1'],
        'authentication.kubernetes.io/node-uid': ['uid-n1'],
        'authentication.kubernetes.io/pod-name': ['web'],
        'authentication.kubernetes.io/pod-uid': ['uid-web'],
      },
    });
  });

  it('end with their time', async () => {
    const token = await issue(false, { expirationSeconds: 600 });
    now += 600_000;
    expect(await userOf(token)).toBeDefined();
    now += 61_000;
    expect(await authenticateToken(token, [ISSUER], deps)).toEqual({
      kind: 'invalid',
      why: 'service account token has expired',
    });
  });

  it('end with their account, whoever comes after it', async () => {
    const token = await issue(false);
    objects.stored.set('serviceaccounts/shop/robot', object('ServiceAccount', 'robot', {}, { uid: 'another' }));
    expect(await authenticateToken(token, [ISSUER], deps)).toEqual({
      kind: 'invalid',
      why: 'service account UID (another) does not match claim (uid-robot)',
    });
    objects.stored.delete('serviceaccounts/shop/robot');
    expect(await userOf(token)).toBeUndefined();
  });

  it('end with the pod they are bound to', async () => {
    const token = await issue(true);
    objects.stored.delete('pods/shop/web');
    expect(await authenticateToken(token, [ISSUER], deps)).toEqual({
      kind: 'invalid',
      why: 'service account token has been invalidated',
    });
  });

  it('are good only for the audiences they were made for', async () => {
    const token = await issue(false, { audiences: ['vault'] });
    expect(await userOf(token)).toBeUndefined();
    expect(await authenticateToken(token, ['vault', 'other'], deps)).toMatchObject({
      kind: 'user',
      audiences: ['vault'],
    });
  });

  it('of injected volumes outlive their hour, as old clients need', async () => {
    const token = await issue(true, { expirationSeconds: 3607 });
    now += 24 * 3_600_000;
    expect(await userOf(token)).toBeDefined();
  });

  it('do not pass with another signature or none', async () => {
    const token = await issue(false);
    const [head, payload] = token.split('.');
    expect(await userOf(`${head}.${payload}.AAAA`)).toBeUndefined();
    const unsigned = btoa('{"alg":"none"}').replaceAll('=', '');
    expect(await userOf(`${unsigned}.${payload}.`)).toBeUndefined();
    expect(await userOf('a.b.c')).toBeUndefined();
  });
});
