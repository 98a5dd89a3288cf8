/** What the plugins of certificates.k8s.io let pass. */
import { beforeAll, describe, expect, it } from 'vitest';
import { base64, makeAuthority, makeCertificate, makeKeys, makeRequest } from '../../tests/certificates/made.ts';
import type { SignerVerb } from '../../schema/meta/resource.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import { accepted, NOW, refused, ShardFixture } from './shard-fixture.ts';

const CSR = 'certificatesigningrequests.certificates.k8s.io';
const BUNDLE = 'clustertrustbundles.certificates.k8s.io';
const SIGNER = 'example.com/signer';
const jane = { username: 'jane', uid: '', groups: ['system:authenticated'], extra: {} };
const requests: Record<string, string> = {};
let certificate = '';
let anchors = '';
let otherAnchors = '';

beforeAll(async () => {
  for (const subject of ['CN=jane', 'CN=jane,O=system:masters', 'CN=system:node:a', 'CN=system:node:b']) {
    requests[subject] = base64((await makeRequest(await makeKeys(), subject)).toString('pem'));
  }
  const signer = await makeKeys();
  const [notBefore, notAfter] = [new Date(NOW), new Date(NOW + 3_600_000)];
  const wanted = { key: signer.pair.publicKey, signer, notBefore, notAfter };
  certificate = base64((await makeCertificate(wanted)).toString('pem'));
  anchors = (await makeAuthority('CN=one', notBefore, notAfter)).pem;
  otherAnchors = (await makeAuthority('CN=two', notBefore, notAfter)).pem;
});

const clusterScoped = (more: object = {}) => ({ namespace: '', user: jane, ...more });
const signers = { apiGroup: 'certificates.k8s.io', resource: 'signers', subresource: '', namespace: '' };
const grant = (verb: SignerVerb, name = SIGNER) => ({ verdicts: [{ permission: { ...signers, verb, name } }] });

const csr = (signerName = SIGNER, subject = 'CN=jane') => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'mine' },
  spec: { request: requests[subject], signerName, usages: ['client auth'] },
});

function withRequest() {
  const shard = new ShardFixture();
  accepted(shard.create(CSR, csr(), clusterScoped()));
  const write = (subresource: string, status: object, more: object = {}) =>
    shard.update(
      CSR,
      { ...shard.stored(CSR, 'mine'), status } as UntypedObject,
      clusterScoped({ subresource, ...more }),
    );
  return { shard, write };
}

describe('CertificateApproval', () => {
  const approved = { conditions: [{ type: 'Approved', status: 'True', reason: 'Mine' }] };

  it('asks for the permission to approve for the signer', () => {
    const { write } = withRequest();
    expect(refused(write('approval', approved)).message).toBe(
      'certificatesigningrequests.certificates.k8s.io "mine" is forbidden: user not permitted to approve requests with signerName "example.com/signer"',
    );
    expect(write('approval', approved).questions).toEqual(
      [SIGNER, 'example.com/*'].map((name) => ({ ...signers, verb: 'approve', name })),
    );
    expect(write('approval', approved, grant('approve', 'example.com/other')).code).toBe(403);
    const dryRun = { dryRun: true };
    expect(write('approval', approved, { ...grant('approve', 'example.com/*'), ...dryRun }).code).toBe(200);
    expect(write('approval', approved, grant('sign')).code).toBe(403);
    expect(accepted(write('approval', approved, grant('approve')))['status']).toMatchObject(approved);
  });
});

describe('CertificateSigning', () => {
  it('asks for the permission to sign, of those who change something', () => {
    const { write } = withRequest();
    expect(write('status', {}).code).toBe(200);
    expect(refused(write('status', { certificate })).message).toBe(
      'certificatesigningrequests.certificates.k8s.io "mine" is forbidden: user not permitted to sign requests with signerName "example.com/signer"',
    );
    expect(write('status', { conditions: [{ type: 'Failed', status: 'True' }] }).code).toBe(403);
    expect(write('status', { certificate }, grant('approve')).code).toBe(403);
    expect(accepted(write('status', { certificate }, grant('sign')))['status']).toMatchObject({ certificate });
  });

  it('lets masters do it', () => {
    expect(withRequest().write('status', { certificate }, { user: systemUser('master') }).code).toBe(200);
  });
});

describe('CertificateSubjectRestriction', () => {
  it('keeps masters from being made by certificate', () => {
    const shard = new ShardFixture();
    const client = 'kubernetes.io/kube-apiserver-client';
    const wanted = csr(client, 'CN=jane,O=system:masters');
    expect(refused(shard.create(CSR, wanted, clusterScoped())).message).toBe(
      'certificatesigningrequests.certificates.k8s.io "mine" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
    expect(shard.create(CSR, csr(client), clusterScoped()).code).toBe(201);
  });

  it('leaves other signers to judge', () => {
    const shard = new ShardFixture();
    expect(shard.create(CSR, csr(SIGNER, 'CN=jane,O=system:masters'), clusterScoped()).code).toBe(201);
  });
});

describe('NodeRestriction', () => {
  const node = { username: 'system:node:a', uid: '', groups: ['system:nodes'], extra: {} };

  it("gives nodes certificates of their own name from the nodes' signers", () => {
    const shard = new ShardFixture();
    const kubelet = 'kubernetes.io/kubelet-serving';
    expect(refused(shard.create(CSR, csr(kubelet, 'CN=system:node:b'), clusterScoped({ user: node }))).message).toBe(
      'certificatesigningrequests.certificates.k8s.io "mine" is forbidden: can only create a node CSR with CN=system:node:a',
    );
    expect(shard.create(CSR, csr(kubelet, 'CN=system:node:a'), clusterScoped({ user: node })).code).toBe(201);
    expect(new ShardFixture().create(CSR, csr(SIGNER, 'CN=system:node:b'), clusterScoped({ user: node })).code).toBe(
      201,
    );
  });
});

describe('ClusterTrustBundleAttest', () => {
  const bundle = (signerName = SIGNER, name = 'example.com:signer:v1') => ({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'ClusterTrustBundle',
    metadata: { name },
    spec: { ...(signerName ? { signerName } : {}), trustBundle: anchors },
  });

  it('asks for the permission to attest for the signer', () => {
    const shard = new ShardFixture();
    expect(refused(shard.create(BUNDLE, bundle(), clusterScoped())).message).toBe(
      'clustertrustbundles.certificates.k8s.io "example.com:signer:v1" is forbidden: user not permitted to attest for signerName "example.com/signer"',
    );
    expect(shard.create(BUNDLE, bundle(), clusterScoped(grant('attest'))).code).toBe(201);
  });

  it('asks nothing for bundles without signer', () => {
    const shard = new ShardFixture();
    expect(shard.create(BUNDLE, bundle('', 'plain'), clusterScoped()).code).toBe(201);
  });

  it('asks nothing of the garbage collector', () => {
    const shard = new ShardFixture();
    accepted(shard.create(BUNDLE, bundle(), clusterScoped(grant('attest'))));
    const stored = shard.stored(BUNDLE, 'example.com:signer:v1');
    const held = { ...stored, metadata: { ...stored.metadata, finalizers: ['example.com/hold'] } };
    const kept = accepted(shard.update(BUNDLE, held, clusterScoped()));
    const changed = { ...kept, spec: { signerName: SIGNER, trustBundle: otherAnchors } };
    expect(shard.update(BUNDLE, changed, clusterScoped()).code).toBe(403);
    expect(shard.update(BUNDLE, changed, clusterScoped(grant('attest'))).code).toBe(200);
  });
});
