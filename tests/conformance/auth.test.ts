/** The sig-auth conformance tests that need nothing but the API. Source: test/e2e/auth (v1.37). */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { base64, makeAuthority, makeCertificate, makeKeys, makeRequest, type Keys } from '../certificates/made.ts';
import { type Answer, ApiCalls, type CallOptions } from '../clients/api-calls.ts';
import { hasKubectl, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { PATCH_TYPES, ResourceRun } from './resource-case.ts';

const API = '/apis/certificates.k8s.io/v1';
const CSRS = `${API}/certificatesigningrequests`;

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
  calls = new ApiCalls(cluster);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

type Method = Parameters<ApiCalls['call']>[0];

/** A call that must answer `code`. */
async function call(code: number, method: Method, path: string, options: CallOptions = {}): Promise<Answer['json']> {
  const answer = await calls.call(method, path, options);
  expect(answer.code, `${method} ${path}: ${answer.text}`).toBe(code);
  return answer.json;
}

const patch = (code: number, path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(code, 'PATCH', path, { body, headers: { 'content-type': PATCH_TYPES.merge, ...headers } });

const as = (user: string) => ({ 'impersonate-user': user });

async function newRequest(signerName: string, name = '', fields: object = {}) {
  const keys = await makeKeys();
  const request = base64((await makeRequest(keys, 'CN=e2e.example.com')).toString('pem'));
  const metadata = { ...(name ? { name } : { generateName: 'e2e-' }), labels: { test: signerName.replace('/', '.') } };
  const spec = { request, signerName, usages: ['digital signature', 'key encipherment', 'server auth'], ...fields };
  return { keys, body: { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata, spec } };
}

async function eventsSince(path: string, since: string): Promise<readonly { type: string; object: Answer['json'] }[]> {
  const separator = path.includes('?') ? '&' : '?';
  const { text } = await calls.call('GET', `${path}${separator}watch=true&resourceVersion=${since}&timeoutSeconds=1`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from an e2e test' });

describe('Certificates API', () => {
  test('should support CSR API operations', async () => {
    const { body } = await newRequest('example.com/e2e-operations');
    const resources = (await call(200, 'GET', API)).resources.map(({ name }: { name: string }) => name);
    for (const part of ['', '/approval', '/status']) expect(resources).toContain(`certificatesigningrequests${part}`);

    const created = await call(201, 'POST', CSRS, { body });
    await call(201, 'POST', CSRS, { body });
    const third = await call(201, 'POST', CSRS, { body });
    const path = `${CSRS}/${created.metadata.name}`;
    expect(created.spec).toMatchObject({ signerName: body.spec.signerName, username: 'kubernetes-admin' });
    expect(created.spec.groups).toContain('system:masters');
    expect((await call(200, 'GET', path)).metadata.uid).toBe(created.metadata.uid);
    const bySigner = `fieldSelector=${encodeURIComponent(`spec.signerName=${body.spec.signerName}`)}`;
    const list = await call(200, 'GET', `${CSRS}?${bySigner}`);
    expect(list.items).toHaveLength(3);
    expect((await call(200, 'GET', `${CSRS}?fieldSelector=spec.signerName%3Dexample.com%2Fnone`)).items).toEqual([]);

    const patched = await patch(200, path, {
      metadata: { annotations: { patched: 'true' }, labels: { patched: 'true' } },
      spec: { expirationSeconds: 900 },
    });
    expect(patched.metadata.annotations).toEqual({ patched: 'true' });
    expect(patched.spec).toEqual(created.spec);
    const updated = await call(200, 'PUT', path, {
      body: { ...patched, metadata: { ...patched.metadata, annotations: { updated: 'true' } } },
    });
    expect(updated.metadata.annotations).toEqual({ updated: 'true' });

    expect((await call(200, 'GET', `${path}/approval`)).metadata.uid).toBe(created.metadata.uid);
    const decided = await patch(200, `${path}/approval`, {
      metadata: { annotations: { patchedapproval: 'true' } },
      status: { conditions: [condition('ApprovalPatch')] },
    });
    expect(decided.status.conditions).toEqual([
      { ...condition('ApprovalPatch'), lastUpdateTime: expect.any(String), lastTransitionTime: expect.any(String) },
    ]);
    expect(decided.metadata.annotations).toMatchObject({ patchedapproval: 'true' });
    const approved = await call(200, 'PUT', `${path}/approval`, {
      body: { ...decided, status: { conditions: [...decided.status.conditions, condition('Approved')] } },
    });
    expect(approved.status.conditions).toHaveLength(2);

    const signer = await makeKeys();
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(body.spec.request, 'base64').toString());
    const certificate = base64(await issue(request.publicKey, signer));
    const signed = await patch(200, `${path}/status`, {
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { certificate },
    });
    expect(signed.status).toEqual({ ...approved.status, certificate });
    const last = await call(200, 'PUT', `${path}/status`, {
      body: {
        ...signed,
        status: { ...signed.status, conditions: [...signed.status.conditions, condition('StatusUpdate')] },
      },
    });
    expect(last.status.conditions).toHaveLength(3);

    await call(200, 'DELETE', path);
    await call(404, 'GET', path);
    await call(200, 'DELETE', `${CSRS}?${bySigner}`);
    expect((await call(200, 'GET', `${CSRS}?${bySigner}`)).items).toEqual([]);
    await call(404, 'GET', `${CSRS}/${third.metadata.name}`);
    const seen = await eventsSince(`${CSRS}?${bySigner}`, String(Number(created.metadata.resourceVersion) - 1));
    const types = seen.filter(({ object }) => object.metadata.uid === created.metadata.uid).map(({ type }) => type);
    expect(types).toEqual(['ADDED', ...Array.from({ length: 6 }, () => 'MODIFIED'), 'DELETED']);
  });

  test('says what is wrong with a request, and who may not do what', async () => {
    const { body } = await newRequest('example.com/e2e-refused', 'refused');
    const bad = { ...body, spec: { ...body.spec, request: base64('none'), usages: ['magic'], expirationSeconds: 1 } };
    const refused = await call(422, 'POST', CSRS, { body: bad });
    expect(refused.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      'spec.request',
      'spec.usages[0]',
      'spec.expirationSeconds',
    ]);
    await call(201, 'POST', CSRS, { body });
    await call(201, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      body: {
        metadata: { name: 'e2e-writers' },
        rules: [
          {
            apiGroups: ['certificates.k8s.io'],
            resources: [
              'certificatesigningrequests',
              'certificatesigningrequests/approval',
              'certificatesigningrequests/status',
              'clustertrustbundles',
            ],
            verbs: ['*'],
          },
        ],
      },
    });
    const bind = (role: string, user: string) =>
      call(201, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
        body: {
          metadata: { name: `${role}-${user}` },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
          subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
        },
      });
    await bind('e2e-writers', 'jane');
    const decision = { status: { conditions: [condition('Approved')] } };
    const forbidden = await patch(403, `${CSRS}/refused/approval`, decision, as('jane'));
    expect(forbidden.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "refused" is forbidden: user not permitted to approve requests with signerName "example.com/e2e-refused"',
    );
    await call(201, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      body: {
        metadata: { name: 'e2e-signers' },
        rules: [
          {
            apiGroups: ['certificates.k8s.io'],
            resources: ['signers'],
            resourceNames: ['example.com/*'],
            verbs: ['approve', 'attest'],
          },
        ],
      },
    });
    await bind('e2e-signers', 'jane');
    await patch(200, `${CSRS}/refused/approval`, decision, as('jane'));
    const sign = await call(403, 'PATCH', `${CSRS}/refused/status`, {
      body: [{ op: 'add', path: '/status/conditions/-', value: condition('Failed') }],
      headers: { 'content-type': PATCH_TYPES.json, ...as('jane') },
    });
    expect(sign.message).toContain('user not permitted to sign requests with signerName "example.com/e2e-refused"');

    const { pem } = await makeAuthority('CN=e2e', new Date(), new Date(Date.now() + 86_400_000));
    const bundle = (signerName: string) => ({
      metadata: { name: `${signerName.replace('/', ':')}:one` },
      spec: { signerName, trustBundle: pem },
    });
    const bundles = `${API}/clustertrustbundles`;
    await call(201, 'POST', bundles, { body: bundle('example.com/e2e'), headers: as('jane') });
    const other = await call(403, 'POST', bundles, { body: bundle('example.net/e2e'), headers: as('jane') });
    expect(other.message).toContain('user not permitted to attest for signerName "example.net/e2e"');
    await patch(200, `${bundles}/example.com:e2e:one`, { spec: { trustBundle: `# more\n${pem}` } }, as('jane'));
  });
});

/** A certificate for the key, for an hour from a minute ago, in PEM. */
async function issue(
  key: x509.PublicKey,
  signer: Keys,
  from = Math.floor(Date.now() / 1000) * 1000 - 60_000,
): Promise<string> {
  const made = await makeCertificate({ key, signer, notBefore: new Date(from), notAfter: new Date(from + 3_600_000) });
  return `${made.toString('pem')}\n`;
}

describe.skipIf(!hasKubectl())('kubectl', () => {
  const kubectl = async (args: string, stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await cluster.kubectl(args.split(' '), stdin);
    expect(code, stderr + stdout).toBe(0);
    return stdout;
  };
  const rowOf = async (name: string): Promise<string[]> => {
    const [header = '', row = ''] = (await kubectl(`get csr ${name}`)).split('\n');
    expect(header.trim().split(/\s+/)).toEqual([
      'NAME',
      'AGE',
      'SIGNERNAME',
      'REQUESTOR',
      'REQUESTEDDURATION',
      'CONDITION',
    ]);
    const [shown = '', , ...cells] = row.trim().split(/\s+/);
    return [shown, ...cells];
  };

  test('approves, an outside signer signs, and the certificate comes back', async () => {
    const { keys, body } = await newRequest('example.com/outside', 'approved', { expirationSeconds: 7200 });
    await kubectl('create -f -', JSON.stringify(body));
    expect(await rowOf('approved')).toEqual(['approved', 'example.com/outside', 'kubernetes-admin', '120m', 'Pending']);
    expect(await kubectl('certificate approve approved')).toContain('approved');
    expect((await rowOf('approved')).at(-1)).toBe('Approved');

    const found = await call(200, 'GET', `${CSRS}?fieldSelector=spec.signerName%3Dexample.com%2Foutside`);
    const [waiting] = found.items;
    const authority = await makeKeys();
    const wanted = new x509.Pkcs10CertificateRequest(Buffer.from(waiting.spec.request, 'base64').toString());
    expect(await wanted.verify()).toBe(true);
    const certificate = base64(await issue(wanted.publicKey, authority));
    await call(200, 'PUT', `${CSRS}/approved/status`, {
      body: { ...waiting, status: { ...waiting.status, certificate } },
    });
    expect((await rowOf('approved')).at(-1)).toBe('Approved,Issued');
    const issued = Buffer.from(
      await kubectl('get csr approved -o jsonpath={.status.certificate}'),
      'base64',
    ).toString();
    const leaf = new x509.X509Certificate(issued);
    expect(await leaf.verify({ publicKey: authority.pair.publicKey, signatureOnly: true })).toBe(true);
    expect(Buffer.from(leaf.publicKey.rawData)).toEqual(Buffer.from((await makeRequest(keys)).publicKey.rawData));
    const described = await kubectl('describe csr approved');
    for (const line of [
      /Name: +approved/,
      /Requesting User: +kubernetes-admin/,
      /Signer: +example.com\/outside/,
      /Status: +Approved,Issued/,
      /Common Name: +e2e.example.com/,
    ]) {
      expect(described).toMatch(line);
    }
  });

  test('explains and lists the kinds', async () => {
    expect(await kubectl('explain podcertificaterequests.spec.stubPKCS10Request')).toMatch(/PKCS#10/);
    expect(await kubectl('explain clustertrustbundles.spec')).toContain('trust anchors');
    const listed = await kubectl('api-resources --api-group=certificates.k8s.io');
    expect(listed).toMatch(
      /certificatesigningrequests +csr +certificates.k8s.io\/v1 +false +CertificateSigningRequest/,
    );
    expect(listed).toMatch(/clustertrustbundles +certificates.k8s.io\/v1 +false +ClusterTrustBundle/);
    expect(listed).toMatch(/podcertificaterequests +certificates.k8s.io\/v1 +true +PodCertificateRequest/);
  });

  test('denies', async () => {
    const { body } = await newRequest('example.com/outside', 'denied');
    await kubectl('create -f -', JSON.stringify(body));
    expect(await kubectl('certificate deny denied')).toContain('denied');
    expect((await rowOf('denied')).at(-1)).toBe('Denied');
    const { code, stderr } = await cluster.kubectl(['certificate', 'approve', 'denied']);
    expect(code).toBe(1);
    expect(stderr).toContain('is already Denied');
  });
});

describe('PodCertificateRequest API', () => {
  test('should support PodCertificateRequest API operations', async () => {
    const keys = await makeKeys();
    const request = await makeRequest(keys);
    const from = Math.floor(Date.now() / 1000) * 1000 - 60_000;
    const time = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
    const status = {
      certificateChain: await issue(request.publicKey, keys, from),
      notBefore: time(from),
      notAfter: time(from + 3_600_000),
      beginRefreshAt: time(from + 900_000),
      conditions: [
        {
          type: 'Issued',
          status: 'True',
          reason: 'E2E',
          message: 'Issued by E2E test patch',
          lastTransitionTime: time(from),
        },
      ],
    };
    const label = { metadata: { labels: { 'test.podcertificaterequest.example.com': 'test' } } };
    const run = new ResourceRun(calls, {
      api: API,
      plural: 'podcertificaterequests',
      namespace: 'default',
      initial: {
        metadata: { generateName: 'e2e-example-pcr-' },
        spec: {
          signerName: 'example.com/e2e-pcr',
          podName: 'test-pod',
          podUID: '12345678-1234-1234-1234-123456789012',
          serviceAccountName: 'default',
          serviceAccountUID: '12345678-1234-1234-1234-123456789013',
          nodeName: 'test-node',
          nodeUID: '12345678-1234-1234-1234-123456789014',
          maxExpirationSeconds: 86_400,
          stubPKCS10Request: base64(request.rawData),
        },
      },
      change: label,
      jsonPatch: [{ op: 'add', path: '/metadata/labels/test.podcertificaterequest.example.com', value: 'test' }],
      status: { status },
      statusJsonPatch: Object.entries(status).map(([field, value]) => ({ op: 'add', path: `/status/${field}`, value })),
    });
    await run.discovery();
    await run.verbs();
    await run.patches();
    await run.statuses();
  });
});

describe('ClusterTrustBundle', () => {
  test('CRUD Tests certificates.k8s.io/v1 ClusterTrustBundles', async () => {
    const [from, to] = [new Date(Date.now() - 60_000), new Date(Date.now() + 86_400_000)];
    const [{ pem: one }, { pem: two }] = [
      await makeAuthority('CN=one', from, to),
      await makeAuthority('CN=two', from, to),
    ];
    const run = new ResourceRun(calls, {
      api: API,
      plural: 'clustertrustbundles',
      namespace: '',
      initial: {
        metadata: { name: 'test.test:signer-one:e2e' },
        spec: { signerName: 'test.test/signer-one', trustBundle: one },
      },
      change: { spec: { signerName: 'test.test/signer-one', trustBundle: two } },
      jsonPatch: [{ op: 'replace', path: '/spec/trustBundle', value: two }],
    });
    await run.discovery();
    await run.verbs();
    await run.patches();
  });
});

describe('Projected PodCertificate', () => {
  const podWith = (maxExpirationSeconds: number) => ({
    metadata: { generateName: 'pcr-' },
    spec: {
      containers: [{ name: 'main', image: 'pause', volumeMounts: [{ name: 'certificate', mountPath: '/run/tls' }] }],
      volumes: [
        {
          name: 'certificate',
          projected: {
            sources: [
              {
                podCertificate: {
                  signerName: 'example.com/e2e',
                  keyType: 'ECDSAP256',
                  credentialBundlePath: 'bundle.pem',
                  maxExpirationSeconds,
                },
              },
            ],
          },
        },
      ],
    },
  });
  const field = 'spec.volumes[0].projected.sources[0].podCertificate.maxExpirationSeconds';

  test.each([
    ['exceeds maximum (91d)', 7_862_401, 'if provided, maxExpirationSeconds must be <= 7862400'],
    ['is less than minimum (1h)', 3_599, 'if provided, maxExpirationSeconds must be >= 3600'],
  ])('should reject pod creation when MaxExpirationSeconds %s', async (_name, seconds, text) => {
    const refused = await call(422, 'POST', '/api/v1/namespaces/default/pods', { body: podWith(seconds) });
    expect(refused.details.causes).toContainEqual({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${seconds}: ${text}`,
      field,
    });
  });

  test('takes what lies between', async () => {
    const pod = await call(201, 'POST', '/api/v1/namespaces/default/pods', { body: podWith(3_600) });
    await call(200, 'DELETE', `/api/v1/namespaces/default/pods/${pod.metadata.name}?gracePeriodSeconds=0`);
  });
});

describe('ServiceAccounts', () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

  test('should allow opting out of API token automount', async () => {
    await call(201, 'POST', accounts, { body: { metadata: { name: 'mount' } } });
    await call(201, 'POST', accounts, { body: { metadata: { name: 'nomount' }, automountServiceAccountToken: false } });
    const rows: [string, boolean | undefined, boolean][] = [
      ['default', undefined, true],
      ['mount', undefined, true],
      ['nomount', undefined, false],
      ['default', true, true],
      ['mount', true, true],
      ['nomount', true, true],
      ['default', false, false],
      ['mount', false, false],
      ['nomount', false, false],
    ];
    for (const [i, [account, ask, isMounted]] of rows.entries()) {
      const pod = await call(201, 'POST', '/api/v1/namespaces/default/pods', {
        body: {
          metadata: { name: `automount-${i}` },
          spec: {
            containers: [{ name: 'main', image: 'pause' }],
            serviceAccountName: account,
            ...(ask === undefined ? {} : { automountServiceAccountToken: ask }),
          },
        },
      });
      const mounts = (pod.spec.containers[0].volumeMounts ?? []).map(
        ({ mountPath }: { mountPath: string }) => mountPath,
      );
      expect(mounts.includes(TOKEN_PATH), `${account} ${ask}`).toBe(isMounted);
      await call(200, 'DELETE', `/api/v1/namespaces/default/pods/automount-${i}?gracePeriodSeconds=0`);
    }
  });

  test('should create a serviceAccountToken and ensure a successful TokenReview', async () => {
    await call(201, 'POST', accounts, { body: { metadata: { name: 'e2e-token' } } });
    const { status } = await call(201, 'POST', `${accounts}/e2e-token/token`, {
      body: { spec: { audiences: [], expirationSeconds: 3600 } },
    });
    expect(status.token.split('.')).toHaveLength(3);
    const review = await call(201, 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      body: { spec: { token: status.token } },
    });
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:e2e-token' },
    });
    expect(review.status.error ?? '').toBe('');
  });

  test('should run through the lifecycle of a ServiceAccount', async () => {
    const created = await call(201, 'POST', accounts, {
      body: { metadata: { name: 'lifecycle', labels: { 'test-serviceaccount-static': 'true' } } },
    });
    const patched = await call(200, 'PATCH', `${accounts}/lifecycle`, {
      body: { automountServiceAccountToken: false },
      headers: { 'content-type': PATCH_TYPES.strategic },
    });
    expect(patched.automountServiceAccountToken).toBe(false);
    const selector = 'labelSelector=test-serviceaccount-static%3Dtrue';
    const { items } = await call(200, 'GET', `/api/v1/serviceaccounts?${selector}`);
    expect(items.map(({ metadata }: Answer['json']) => metadata.uid)).toEqual([created.metadata.uid]);
    await call(200, 'DELETE', `${accounts}?${selector}`);
    const events = await eventsSince(`${accounts}?${selector}`, String(Number(created.metadata.resourceVersion) - 1));
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
  });

  test('should update a ServiceAccount', async () => {
    const created = await call(201, 'POST', accounts, {
      body: { metadata: { name: 'e2e-update' }, automountServiceAccountToken: false },
    });
    const body = { ...created, automountServiceAccountToken: true };
    expect((await call(200, 'PUT', `${accounts}/e2e-update`, { body })).automountServiceAccountToken).toBe(true);
  });
});

describe('SubjectReview', () => {
  test('should support SubjectReview API operations', async () => {
    const resources = (await call(200, 'GET', '/apis/authorization.k8s.io/v1')).resources.map(
      ({ name }: { name: string }) => name,
    );
    expect(resources).toContain('subjectaccessreviews');
    expect(resources).toContain('localsubjectaccessreviews');
    const user = 'system:serviceaccount:default:e2e-subject';
    const attributes = { namespace: 'default', verb: 'list', resource: 'configmaps', version: 'v1' };
    const list = (code: number) => call(code, 'GET', '/api/v1/namespaces/default/configmaps', { headers: as(user) });
    const review = async (path: string, metadata: object = {}) =>
      (
        await call(201, 'POST', `/apis/authorization.k8s.io/v1/${path}`, {
          body: { metadata, spec: { resourceAttributes: attributes, user } },
        })
      ).status;
    const local = 'namespaces/default/localsubjectaccessreviews';
    expect(await review('subjectaccessreviews')).toMatchObject({ allowed: false });
    expect(await review(local, { namespace: 'default' })).toMatchObject({ allowed: false });
    await list(403);
    await call(201, 'POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      body: {
        metadata: { name: 'e2e-subject' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'e2e-subject', namespace: 'default' }],
      },
    });
    expect(await review('subjectaccessreviews')).toMatchObject({ allowed: true });
    expect(await review(local, { namespace: 'default' })).toMatchObject({ allowed: true });
    await list(200);
  });
});
