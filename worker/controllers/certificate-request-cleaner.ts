/**
 * Deletes requests for certificates that nobody needs any more. Source: pkg/controller/certificates/cleaner.
 * Upstream looks once an hour (a minute for pods' requests); here each is looked at when its time has come.
 */
import { decodeBase64Bytes } from '../../schema/meta/base64.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { parseTime } from '../../schema/meta/time.ts';
import { parseCertificates } from '../../schema/resources/certificates/certificate.ts';
import type { CertificateSigningRequest } from '../../schema/resources/certificates/certificate-signing-request-types.ts';
import { pemBlocks } from '../../schema/resources/certificates/pem.ts';
import { defineController, type ReconcileResult } from './controller.ts';

const HOUR_MS = 3_600_000;
/** After its last update, a request that was approved and issued, denied, or failed. */
const SETTLED_MS = HOUR_MS;
/** After its creation, one that nobody has decided on. */
const PENDING_MS = 24 * HOUR_MS;
/** After its creation, a pod's request, whatever became of it. */
const POD_REQUEST_MS = HOUR_MS / 4;

const REQUESTS = 'certificatesigningrequests.certificates.k8s.io';
const POD_REQUESTS = 'podcertificaterequests.certificates.k8s.io';

/** ms since the epoch; undefined: none, or it cannot be read. */
function expiryOf(certificate: string): number | undefined {
  const [block] = pemBlocks(decodeBase64Bytes(certificate));
  const certificates = block ? parseCertificates(block.bytes) : [];
  return typeof certificates === 'string' ? undefined : certificates[0]?.notAfter;
}

function timesOf({ metadata, status }: CertificateSigningRequest): readonly (number | undefined)[] {
  const { conditions = [], certificate } = status ?? {};
  const after = (text: string | undefined, ms: number): number | undefined => {
    const since = parseTime(text ?? '');
    return since === undefined ? undefined : since + ms;
  };
  if (conditions.length === 0) return [after(metadata.creationTimestamp, PENDING_MS)];
  return conditions.flatMap(({ type, lastUpdateTime }) => {
    if (type === 'Denied' || type === 'Failed') return [after(lastUpdateTime, SETTLED_MS)];
    return type === 'Approved' && certificate ? [after(lastUpdateTime, SETTLED_MS), expiryOf(certificate)] : [];
  });
}

/** When the request is to go, in ms since the epoch; undefined: not before something changes. */
export function endOf(csr: CertificateSigningRequest): number | undefined {
  const times = timesOf(csr).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function deletedAt(resource: string, object: UntypedObject, at: number | undefined, now: number): ReconcileResult {
  if (at === undefined || object.metadata.deletionTimestamp) return { writes: [] };
  if (at > now) return { writes: [], requeueAt: at };
  const { name = '', uid } = object.metadata;
  return { writes: [{ op: 'delete', resource, name, options: uid ? { preconditions: { uid } } : {} }] };
}

export const certificateRequestCleaner = defineController({
  name: 'certificatesigningrequest-cleaner-controller',
  for: REQUESTS,
  owns: [],
  reconcile(view, name, { now }) {
    const csr = view.get(REQUESTS, name);
    return csr ? deletedAt(REQUESTS, csr, endOf(csr as unknown as CertificateSigningRequest), now) : { writes: [] };
  },
});

export const podCertificateRequestCleaner = defineController({
  name: 'podcertificaterequest-cleaner-controller',
  for: POD_REQUESTS,
  owns: [],
  reconcile(view, name, { now }) {
    const request = view.get(POD_REQUESTS, name);
    if (!request) return { writes: [] };
    const created = parseTime(request.metadata.creationTimestamp ?? '');
    return deletedAt(POD_REQUESTS, request, created === undefined ? undefined : created + POD_REQUEST_MS, now);
  },
});
