/** CertificateSigningRequest. Source: pkg/registry/certificates/certificates, pkg/apis/certificates. */
import { humanDuration } from '../../meta/duration.ts';
import { nameIsPathSegment } from '../../meta/name-rules.ts';
import { defineResource, type StrategyContext } from '../../meta/resource.ts';
import { formatTime } from '../../meta/time.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import type { CertificateSigningRequest } from './certificate-signing-request-types.ts';
import { validateNewSpec, validateStatusChange } from './certificate-signing-request-validation.ts';

/** Who asks is for the server to say. */
function setRequester({ spec }: CertificateSigningRequest, { user }: StrategyContext): void {
  if (!spec) return;
  const { username, uid = '', groups, extra = {} } = user;
  for (const field of ['username', 'uid', 'groups', 'extra'] as const) delete spec[field];
  Object.assign(spec, {
    ...(username ? { username } : {}),
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups: [...groups] } : {}),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  });
}

/** Where decisions are neither more nor fewer than before, they stay as they were. */
function keepDecisions(next: CertificateSigningRequest, previous: CertificateSigningRequest): void {
  for (const type of ['Approved', 'Denied']) {
    const kept = (previous.status?.conditions ?? []).filter((condition) => condition.type === type);
    const conditions = next.status?.conditions ?? [];
    if (conditions.filter((condition) => condition.type === type).length !== kept.length) continue;
    conditions.forEach((condition, i) => {
      if (condition.type === type) conditions[i] = kept.shift() ?? condition;
    });
  }
}

function setConditionTimes(
  next: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  { now }: StrategyContext,
): void {
  for (const condition of next.status?.conditions ?? []) {
    condition.lastUpdateTime ??= formatTime(now);
    condition.lastTransitionTime ??=
      previous.status?.conditions?.find(
        ({ type, status, lastTransitionTime }) =>
          type === condition.type && status === condition.status && lastTransitionTime,
      )?.lastTransitionTime ?? formatTime(now);
  }
}

/** `Pending`, or what became of it: `Approved,Issued`, `Denied`, `Approved,Failed`. */
export function conditionText({ status }: CertificateSigningRequest): string {
  const has = (type: string) => (status?.conditions ?? []).some((condition) => condition.type === type);
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [decision, ...(has('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(',');
}

const SIGNER_NAME_DESCRIPTION =
  'signerName indicates the requested signer, and is a qualified name.\n\nList/watch requests for CertificateSigningRequests can filter on this field using a "spec.signerName=NAME" fieldSelector.';

export const certificateSigningRequest = defineResource<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  shortNames: ['csr'],
  scope: 'Cluster',
  schema: 'V1CertificateSigningRequest',
  validateName: nameIsPathSegment,
  defaults(csr) {
    csr.status ??= {};
  },
  prepareForCreate(csr, context) {
    setRequester(csr, context);
    csr.status = {};
  },
  validate: validateNewSpec,
  update: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
      next.status = previous.status;
    },
    validateUpdate: validateStatusChange({ decisions: false, certificate: false }),
  },
  status: {
    prepareForUpdate(next, previous, context) {
      next.spec = previous.spec;
      keepDecisions(next, previous);
      setConditionTimes(next, previous, context);
    },
    validateUpdate: validateStatusChange({ decisions: false, certificate: true }),
  },
  updateSubresources: {
    approval: {
      prepareForUpdate(next, previous, context) {
        setConditionTimes(next, previous, context);
        next.spec = previous.spec;
        const { certificate: _certificate, ...status } = next.status ?? {};
        const kept = previous.status?.certificate;
        next.status = { ...status, ...(kept ? { certificate: kept } : {}) };
      },
      validateUpdate: validateStatusChange({ decisions: true, certificate: false }),
    },
  },
  selectableFieldNames: ['spec.signerName'],
  selectableFields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
  table: {
    columns: [
      nameColumn,
      ageColumn,
      column('SignerName', 'string', SIGNER_NAME_DESCRIPTION),
      column(
        'Requestor',
        'string',
        'request contains an x509 certificate signing request encoded in a "CERTIFICATE REQUEST" PEM block. When serialized as JSON or YAML, the data is additionally base64-encoded.',
      ),
      column(
        'RequestedDuration',
        'string',
        'expirationSeconds is the requested duration of validity of the issued certificate.',
      ),
      column(
        'Condition',
        'string',
        'conditions applied to the request. Known conditions are "Approved", "Denied", and "Failed".',
      ),
    ],
    cells: (csr, now) => [
      csr.metadata.name ?? '',
      age(csr, now),
      csr.spec?.signerName || '<none>',
      csr.spec?.username ?? '',
      csr.spec?.expirationSeconds === undefined ? '<none>' : humanDuration(csr.spec.expirationSeconds * 1000),
      conditionText(csr),
    ],
  },
});
