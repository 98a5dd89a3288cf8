/** PodCertificateRequest: a node asks a signer for a pod. Source: pkg/registry/certificates/podcertificaterequest. */
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { defineResource, type StrategyContext } from '../../meta/resource.ts';
import { formatTime } from '../../meta/time.ts';
import { immutableStructErrors } from '../field-checks.ts';
import { column, nameColumn } from '../printing.ts';
import { validateNewSpec } from './pod-certificate-request-spec.ts';
import { validateStatusUpdate } from './pod-certificate-request-status.ts';
import type { PodCertificateRequest, PodCertificateSpec } from './pod-certificate-request-types.ts';

const DEFAULT_EXPIRATION_SECONDS = 86_400;
const TERMINAL_TYPES = ['Issued', 'Denied', 'Failed'];

/** A condition that is there already stays as it was. */
function keepConditions(next: PodCertificateRequest, previous: PodCertificateRequest): void {
  const conditions = next.status?.conditions ?? [];
  for (const type of TERMINAL_TYPES) {
    const kept = (previous.status?.conditions ?? []).filter((condition) => condition.type === type);
    if (conditions.filter((condition) => condition.type === type).length !== kept.length) continue;
    conditions.forEach((condition, i) => {
      if (condition.type === type) conditions[i] = kept.shift() ?? condition;
    });
  }
}

function setTransitionTimes(next: PodCertificateRequest, previous: PodCertificateRequest, now: number): void {
  for (const condition of next.status?.conditions ?? []) {
    condition.lastTransitionTime ??=
      previous.status?.conditions?.find(({ type, status }) => type === condition.type && status === condition.status)
        ?.lastTransitionTime ?? formatTime(now);
  }
}

function prepareStatusUpdate(
  next: PodCertificateRequest,
  previous: PodCertificateRequest,
  { now }: StrategyContext,
): void {
  if (previous.spec) next.spec = previous.spec;
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    delete next.metadata[field];
    if (previous.metadata[field]) Object.assign(next.metadata, { [field]: previous.metadata[field] });
  }
  keepConditions(next, previous);
  setTransitionTimes(next, previous, now);
}

/** The spec as upstream's internal type prints. */
const printed = (spec: PodCertificateSpec = {}): object => ({
  SignerName: spec.signerName ?? '',
  PodName: spec.podName ?? '',
  PodUID: spec.podUID ?? '',
  ServiceAccountName: spec.serviceAccountName ?? '',
  ServiceAccountUID: spec.serviceAccountUID ?? '',
  NodeName: spec.nodeName ?? '',
  NodeUID: spec.nodeUID ?? '',
  MaxExpirationSeconds: spec.maxExpirationSeconds ?? null,
  PKIXPublicKey: null,
  ProofOfPossession: null,
  StubPKCS10Request: spec.stubPKCS10Request ?? null,
  UnverifiedUserAnnotations: spec.unverifiedUserAnnotations ?? null,
});

const stateOf = ({ status }: PodCertificateRequest): string =>
  (status?.conditions ?? []).findLast(({ type = '', status: isSo }) => TERMINAL_TYPES.includes(type) && isSo === 'True')
    ?.type ?? 'Pending';

export const podCertificateRequest = defineResource<PodCertificateRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'PodCertificateRequest',
  plural: 'podcertificaterequests',
  singular: 'podcertificaterequest',
  scope: 'Namespaced',
  schema: 'V1PodCertificateRequest',
  validateName: nameIsDNSSubdomain,
  defaults(request) {
    request.spec ??= {};
    request.spec.maxExpirationSeconds ??= DEFAULT_EXPIRATION_SECONDS;
    request.status ??= {};
  },
  prepareForCreate(request) {
    request.status = {};
  },
  validate: validateNewSpec,
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status ?? {};
    },
    validateUpdate: (next, previous) => immutableStructErrors(next.spec, previous.spec, 'spec', printed(next.spec)),
  },
  status: { prepareForUpdate: prepareStatusUpdate, validateUpdate: validateStatusUpdate },
  allowUnconditionalUpdate: false,
  selectableFieldNames: ['spec.nodeName', 'spec.podName', 'spec.signerName'],
  selectableFields: ({ spec = {} }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.podName': spec.podName ?? '',
    'spec.signerName': spec.signerName ?? '',
  }),
  table: {
    columns: [
      nameColumn,
      column('PodName', 'string', 'podName is the name of the pod into which the certificate will be mounted.'),
      column(
        'ServiceAccountName',
        'string',
        'serviceAccountName is the name of the service account the pod is running as.',
      ),
      column('NodeName', 'string', 'nodeName is the name of the node the pod is assigned to.'),
      column('SignerName', 'string', 'signerName indicates the requested signer.'),
      column('State', 'string', 'Is the request Pending, Issued, Denied, or Failed?'),
    ],
    cells: (request) => [
      request.metadata.name ?? '',
      request.spec?.podName ?? '',
      request.spec?.serviceAccountName ?? '',
      request.spec?.nodeName ?? '',
      request.spec?.signerName ?? '',
      stateOf(request),
    ],
  },
});
