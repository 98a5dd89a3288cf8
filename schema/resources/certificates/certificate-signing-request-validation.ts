/** Rules for CertificateSigningRequests. Source: pkg/apis/certificates/validation (1.37). */
import { firstIndexOf } from '../../meta/first-index.ts';
import { decodeBase64Bytes } from '../../meta/base64.ts';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { goQuote } from '../../meta/go-format.ts';
import type { StrategyContext } from '../../meta/resource.ts';
import { validateSignerName } from '../core/pod-validation/signer-name.ts';
import { parseCertificates } from './certificate.ts';
import { parsePemRequest, signatureProblem } from './certificate-request.ts';
import type { CertificateSigningRequest, Condition } from './certificate-signing-request-types.ts';
import { pemBlocks } from './pem.ts';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const EXPIRATION_SECONDS_MIN = 600;
/** Types that are there or not: never False or Unknown. */
const LASTING_TYPES = ['Approved', 'Denied', 'Failed'];
const STATUSES = ['False', 'True', 'Unknown'];

/** Why the request cannot be taken: it is no PKCS #10, or not signed with its key. */
function requestErrors(request: string, { verifySignature }: StrategyContext): FieldError[] {
  const parsed = parsePemRequest(decodeBase64Bytes(request));
  const problem = typeof parsed === 'string' ? parsed : signatureProblem(parsed, verifySignature);
  return problem === undefined ? [] : [invalid('spec.request', request, problem)];
}

function usageErrors(usages: readonly string[]): FieldError[] {
  if (usages.length === 0) return [required('spec.usages')];
  const unknown = usages.flatMap((usage, i) =>
    USAGES.includes(usage) ? [] : [notSupported(`spec.usages[${i}]`, usage, USAGES)],
  );
  const repeated = usages.flatMap((usage, i) =>
    firstIndexOf(usages, usage) < i ? [duplicate(`spec.usages[${i}]`, usage)] : [],
  );
  return [...unknown, ...repeated];
}

function signerErrors(name: string): FieldError[] {
  const field = 'spec.signerName';
  if (name === LEGACY_SIGNER) {
    return [invalid(field, name, 'the legacy signerName is not allowed via this API version')];
  }
  const errors: FieldError[] = [];
  validateSignerName(name, field, errors);
  return errors;
}

/** All errors of a new request's spec; afterwards nobody can change it. */
export function validateNewSpec({ spec }: CertificateSigningRequest, context: StrategyContext): FieldError[] {
  const { request = '', usages = [], signerName = '', expirationSeconds } = spec ?? {};
  const isShort = expirationSeconds !== undefined && expirationSeconds < EXPIRATION_SECONDS_MIN;
  const tooShort = 'may not specify a duration less than 600 seconds (10 minutes)';
  return [
    ...requestErrors(request, context),
    ...usageErrors(usages),
    ...signerErrors(signerName),
    ...(isShort ? [invalid('spec.expirationSeconds', expirationSeconds, tooShort)] : []),
  ];
}

const conditionsOf = ({ status }: CertificateSigningRequest, type?: string): readonly Condition[] =>
  (status?.conditions ?? []).filter((condition) => type === undefined || condition.type === type);

const certificateOf = ({ status }: CertificateSigningRequest): string => status?.certificate ?? '';

function statusErrors({ type = '', status = '' }: Condition, field: string): FieldError[] {
  if (status === '') return [required(field)];
  const supported = LASTING_TYPES.includes(type) ? ['True'] : STATUSES;
  return supported.includes(status) ? [] : [notSupported(field, status, supported)];
}

const isDecision = (type: string | undefined): boolean => type === 'Approved' || type === 'Denied';

function conditionErrors(csr: CertificateSigningRequest): FieldError[] {
  const conditions = conditionsOf(csr);
  return conditions.flatMap((condition, i) => {
    const at = `status.conditions[${i}]`;
    const { type = '' } = condition;
    const earlier = conditions.slice(0, i);
    const isTorn = isDecision(type) && earlier.some((other) => isDecision(other.type) && other.type !== type);
    const isRepeated = earlier.some((other) => (other.type ?? '') === type);
    const torn = 'Approved and Denied conditions are mutually exclusive';
    return [
      ...(type === '' ? [required(`${at}.type`)] : []),
      ...statusErrors(condition, `${at}.status`),
      ...(isTorn ? [invalid(`${at}.type`, type, torn)] : []),
      ...(isRepeated ? [duplicate(`${at}.type`, type)] : []),
    ];
  });
}

/** Why a text is not certificates in PEM and nothing else in blocks. */
function certificateProblem(text: string): string | undefined {
  const blocks = pemBlocks(text);
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    const certificates = parseCertificates(bytes);
    if (typeof certificates === 'string') return certificates;
    if (certificates.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

function certificateErrors(next: CertificateSigningRequest, previous: CertificateSigningRequest): FieldError[] {
  const certificate = certificateOf(next);
  if (certificate === '' || certificate === certificateOf(previous)) return [];
  const problem = certificateProblem(decodeBase64Bytes(certificate));
  return problem === undefined ? [] : [invalid('status.certificate', '<certificate data>', problem)];
}

const CONDITIONS = 'status.conditions';

const removalErrors = (next: CertificateSigningRequest, previous: CertificateSigningRequest): FieldError[] =>
  LASTING_TYPES.filter((type) => conditionsOf(next, type).length < conditionsOf(previous, type).length).map((type) =>
    forbiddenField(CONDITIONS, `updates may not remove a condition of type ${goQuote(type)}`),
  );

function decisionErrors(next: CertificateSigningRequest, previous: CertificateSigningRequest): FieldError[] {
  return ['Approved', 'Denied'].flatMap((type) => {
    const [after, before] = [conditionsOf(next, type), conditionsOf(previous, type)];
    // That they are fewer is said of all types together.
    if (after.length < before.length) return [];
    if (after.length > before.length) {
      return [forbiddenField(CONDITIONS, `updates may not add a condition of type ${goQuote(type)}`)];
    }
    if (semanticEqual(before, after)) return [];
    return [forbiddenField(CONDITIONS, `updates may not modify a condition of type ${goQuote(type)}`)];
  });
}

/** What one way to write a request may touch. */
export interface Reach {
  readonly decisions: boolean;
  readonly certificate: boolean;
}

function changedCertificateErrors(
  next: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  reach: Reach,
): FieldError[] {
  const [after, before] = [certificateOf(next), certificateOf(previous)];
  if (after === before) return [];
  if (!reach.certificate) return [forbiddenField('status.certificate', 'updates may not set certificate content')];
  return before === ''
    ? []
    : [forbiddenField('status.certificate', 'updates may not modify existing certificate content')];
}

/** All errors of an update along one way. */
export const validateStatusChange =
  (reach: Reach) =>
  (next: CertificateSigningRequest, previous: CertificateSigningRequest): FieldError[] => [
    ...conditionErrors(next),
    ...certificateErrors(next, previous),
    ...removalErrors(next, previous),
    ...(reach.decisions ? [] : decisionErrors(next, previous)),
    ...changedCertificateErrors(next, previous, reach),
  ];
