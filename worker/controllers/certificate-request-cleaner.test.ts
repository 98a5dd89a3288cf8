import { describe, expect, it } from 'vitest';
import { base64, makeCertificate, makeKeys } from '../../tests/certificates/made.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { MemoryTransaction } from '../registry/memory-transaction.ts';
import { certificateRequestCleaner, podCertificateRequestCleaner } from './certificate-request-cleaner.ts';

const CREATED = Date.parse('2026-11-21T12:00:00Z');
const HOUR = 3_600_000;
const CSR = 'certificatesigningrequests.certificates.k8s.io';
const POD_REQUEST = 'podcertificaterequests.certificates.k8s.io';

const time = (ms: number): string => new Date(ms).toISOString();

const object = (kind: string, status: object): UntypedObject => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind,
  metadata: { name: 'mine', uid: 'u1', creationTimestamp: time(CREATED) },
  status,
});

function look(status: object, now: number) {
  const tx = new MemoryTransaction('');
  tx.put(CSR, object('CertificateSigningRequest', status));
  return certificateRequestCleaner.reconcile(tx, 'mine', { now, randomSuffix: () => 'x' });
}

const condition = (type: string, at = CREATED) => ({ type, status: 'True', lastUpdateTime: time(at) });

const deletion = (resource: string) => ({
  writes: [{ op: 'delete', resource, name: 'mine', options: { preconditions: { uid: 'u1' } } }],
});

describe('a request', () => {
  it.each<[string, object, number]>([
    ['nobody has decided on', {}, 24 * HOUR],
    ['that was denied', { conditions: [condition('Denied', CREATED + HOUR)] }, 2 * HOUR],
    ['that failed', { conditions: [condition('Approved'), condition('Failed', CREATED + HOUR)] }, 2 * HOUR],
    ['that was issued', { conditions: [condition('Approved')], certificate: base64('unreadable') }, HOUR],
  ])('%s goes when its time has come', (_name, status, after) => {
    expect(look(status, CREATED + after - 1)).toEqual({ writes: [], requeueAt: CREATED + after });
    expect(look(status, CREATED + after)).toEqual(deletion(CSR));
  });

  it('that was issued goes with its certificate', async () => {
    const signer = await makeKeys();
    const end = CREATED + HOUR / 2;
    const wanted = { key: signer.pair.publicKey, signer, notBefore: new Date(CREATED), notAfter: new Date(end) };
    const certificate = base64((await makeCertificate(wanted)).toString('pem'));
    const status = { conditions: [condition('Approved')], certificate };
    expect(look(status, CREATED)).toEqual({ writes: [], requeueAt: end });
    expect(look(status, end)).toEqual(deletion(CSR));
  });

  it('that was approved waits for its signer', () => {
    expect(look({ conditions: [condition('Approved')] }, CREATED + 1000 * HOUR)).toEqual({ writes: [] });
  });

  it('that is gone needs nothing', () => {
    const context = { now: CREATED, randomSuffix: () => 'x' };
    expect(certificateRequestCleaner.reconcile(new MemoryTransaction(''), 'mine', context)).toEqual({ writes: [] });
  });
});

it("a pod's request goes after a quarter of an hour", () => {
  const tx = new MemoryTransaction('shop');
  tx.put(POD_REQUEST, object('PodCertificateRequest', {}));
  const at = (now: number) => podCertificateRequestCleaner.reconcile(tx, 'mine', { now, randomSuffix: () => 'x' });
  expect(at(CREATED)).toEqual({ writes: [], requeueAt: CREATED + HOUR / 4 });
  expect(at(CREATED + HOUR / 4)).toEqual(deletion(POD_REQUEST));
});
