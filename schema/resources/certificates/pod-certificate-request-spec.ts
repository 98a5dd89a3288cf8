/** Rules for what a node asks of a signer for a pod. Source: pkg/apis/certificates/validation (1.37). */
import { pushAll } from '../../meta/push-all.ts';
import { decodeBase64Bytes } from '../../meta/base64.ts';
import { type FieldError, invalid, OMIT_VALUE, required, tooLong } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { isDNS1123Subdomain } from '../../meta/name-rules.ts';
import type { StrategyContext } from '../../meta/resource.ts';
import {
  CERTIFICATE_SECONDS_MIN,
  certificateSecondsMax,
  validateUserAnnotations,
} from '../core/pod-validation/projected-volumes.ts';
import { validateSignerName } from '../core/pod-validation/signer-name.ts';
import { type CertificateRequest, parseCertificateRequest, signatureProblem } from './certificate-request.ts';
import { bytesOf } from './pem.ts';
import type { PodCertificateRequest, PodCertificateSpec } from './pod-certificate-request-types.ts';
import type { PublicKey } from './public-key.ts';

const UID_BYTES_MAX = 128;
const REQUEST_BYTES_MAX = 10 * 1024;
const RSA_BITS: readonly number[] = [3072, 4096];
const CURVES: readonly string[] = ['P-256', 'P-384', 'P-521'];
const REQUEST = 'spec.stubPKCS10Request';

const parsedRequest = (encoded: string): CertificateRequest | string =>
  parseCertificateRequest(bytesOf(decodeBase64Bytes(encoded)));

/** The key that the certificate is wanted for. */
export function requestedKey({ spec }: PodCertificateRequest): PublicKey | undefined {
  const request = parsedRequest(spec?.stubPKCS10Request ?? '');
  return typeof request === 'string' ? undefined : request.publicKey;
}

/** The pod, its service account or its node: by name and uid. */
function subjectErrors(spec: PodCertificateSpec, subject: 'pod' | 'serviceAccount' | 'node'): FieldError[] {
  const [name, uid] = [spec[`${subject}Name`] ?? '', spec[`${subject}UID`] ?? ''];
  const field = `spec.${subject}UID`;
  return [
    ...isDNS1123Subdomain(name).map((text) => invalid(`spec.${subject}Name`, name, text)),
    ...(uid === '' ? [invalid(field, uid, 'must not be empty')] : []),
    ...(byteLength(uid) > UID_BYTES_MAX ? [tooLong(field, UID_BYTES_MAX)] : []),
  ];
}

function lifetimeErrors(seconds: number, signerName: string): FieldError[] {
  const max = certificateSecondsMax(signerName);
  if (seconds >= CERTIFICATE_SECONDS_MIN && seconds <= max) return [];
  const range = `must be in the range [${CERTIFICATE_SECONDS_MIN}, ${max}]`;
  return [invalid('spec.maxExpirationSeconds', seconds, range)];
}

function keyProblem(key: PublicKey): FieldError | undefined {
  if (key.type === 'rsa' && !RSA_BITS.includes(key.modulusBits)) {
    return invalid(REQUEST, `${key.modulusBits}-bit modulus`, 'RSA keys must have modulus size 3072 or 4096');
  }
  if (key.type === 'ecdsa' && !CURVES.includes(key.curve)) {
    return invalid(REQUEST, `curve ${key.curve}`, 'elliptic public keys must use curve P256, P384, or P521');
  }
  if (key.type !== 'unknown') return undefined;
  return invalid(REQUEST, OMIT_VALUE, 'unknown public key type; supported types are Ed25519, ECDSA, and RSA');
}

function requestErrors(encoded: string, { verifySignature }: StrategyContext): FieldError[] {
  if (encoded === '') {
    const text = 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
    return [invalid('spec', OMIT_VALUE, text)];
  }
  if (decodeBase64Bytes(encoded).length > REQUEST_BYTES_MAX) return [tooLong(REQUEST, REQUEST_BYTES_MAX)];
  const request = parsedRequest(encoded);
  if (typeof request === 'string') return [invalid(REQUEST, encoded, 'must be a valid PKCS#10 CSR')];
  const problem = keyProblem(request.publicKey);
  if (problem) return [problem];
  if (signatureProblem(request, verifySignature) === undefined) return [];
  return [invalid(REQUEST, OMIT_VALUE, 'could not verify CSR signature')];
}

/** All errors of a new request; afterwards nobody can change it. */
export function validateNewSpec({ spec = {} }: PodCertificateRequest, context: StrategyContext): FieldError[] {
  const errors: FieldError[] = [];
  const { signerName = '', unverifiedUserAnnotations, maxExpirationSeconds } = spec;
  validateSignerName(signerName, 'spec.signerName', errors);
  validateUserAnnotations(unverifiedUserAnnotations, 'spec.unverifiedUserAnnotations', errors);
  for (const subject of ['pod', 'serviceAccount', 'node'] as const) pushAll(errors, subjectErrors(spec, subject));
  if (maxExpirationSeconds === undefined) return [...errors, required('spec.maxExpirationSeconds', 'must be set')];
  return [
    ...errors,
    ...lifetimeErrors(maxExpirationSeconds, signerName),
    ...requestErrors(spec.stubPKCS10Request ?? '', context),
  ];
}
