/** What a signer may write into a PodCertificateRequest. Source: pkg/apis/certificates/validation (1.37). */
import { semanticEqual } from '../../meta/deep-equal.ts';
import {
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  OMIT_VALUE,
  required,
  tooLong,
} from '../../meta/field-error.ts';
import { byteLength, goQuote } from '../../meta/go-format.ts';
import type { StrategyContext } from '../../meta/resource.ts';
import { formatTime, parseTime } from '../../meta/time.ts';
import { validateConditions } from '../conditions.ts';
import { CERTIFICATE_SECONDS_MIN } from '../core/pod-validation/projected-volumes.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { pemBlocks } from './pem.ts';
import type { PodCertificateRequest, PodCertificateStatus } from './pod-certificate-request-types.ts';
import { requestedKey } from './pod-certificate-request-spec.ts';

const TERMINAL_TYPES = ['Issued', 'Denied', 'Failed'];
const CHAIN_BYTES_MAX = 100 * 1024;
const CHAIN = 'status.certificateChain';
const CLOCK_SKEW_MS_MAX = 5 * 60_000;
const REFRESH_MARGIN_MS = 10 * 60_000;

const statusOf = ({ status }: PodCertificateRequest): PodCertificateStatus => status ?? {};

const hasCome = (request: PodCertificateRequest, types: readonly string[]): boolean =>
  (statusOf(request).conditions ?? []).some(({ type = '', status }) => types.includes(type) && status === 'True');

function conditionErrors(status: PodCertificateStatus): FieldError[] {
  const conditions = status.conditions ?? [];
  const known = conditions.flatMap(({ type = '', status = '' }, i) => {
    const at = `status.conditions[${i}]`;
    // Upstream joins the index to the path as a name.
    const field = at.replace('[', '.[');
    if (!TERMINAL_TYPES.includes(type)) return [notSupported(`${field}.type`, type, TERMINAL_TYPES)];
    const isSecond = conditions.slice(0, i).some((other) => TERMINAL_TYPES.includes(other.type ?? ''));
    const second = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
    return [
      ...(isSecond ? [invalid(`${field}.type`, type, second)] : []),
      ...(status === 'True' ? [] : [notSupported(`${field}.status`, status, ['True'])]),
    ];
  });
  return [...known, ...validateConditions(conditions, 'status.conditions')];
}

function nameErrors({ dnsNames, emailAddresses }: Certificate): FieldError[] {
  const dns = dnsNames.flatMap((name) =>
    [
      ...(name === '' ? ['leaf certificate should not contain empty DNSName'] : []),
      ...(name.includes('..') ? ["leaf certificate's DNSName should not contain '..'"] : []),
      ...(name.startsWith('.') || name.endsWith('.')
        ? ["leaf certificate's DNSName should not start or end with '.'"]
        : []),
    ].map((text) => invalid(CHAIN, name, text)),
  );
  const mail = emailAddresses
    .filter((address) => !/^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/.test(address))
    .map((address) => invalid(CHAIN, address, 'leaf certificate should not contain invalid EmailAddress'));
  return [...dns, ...mail];
}

interface Times {
  /** ms since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly beginRefreshAt: number;
}

const REQUIRED_TIMES = {
  notBefore: 'must be present and consistent with the issued certificate',
  notAfter: 'must be present and consistent with the issued certificate',
  beginRefreshAt: 'must be present and in the range [notbefore+10min, notafter-10min]',
} as const;

function missingTimeErrors(status: PodCertificateStatus): FieldError[] {
  return (['notBefore', 'notAfter', 'beginRefreshAt'] as const)
    .filter((name) => !status[name])
    .map((name) => required(`status.${name}`, REQUIRED_TIMES[name]));
}

const timeError = (field: keyof Times, times: Times, text: string): FieldError =>
  invalid(`status.${field}`, formatTime(times[field]), text);

/** The first thing that is wrong about the times, as upstream looks at them one after the other. */
function timeProblem(times: Times, leaf: Certificate, now: number): FieldError | undefined {
  const { notBefore, notAfter } = times;
  if (notBefore !== leaf.notBefore) {
    return timeError('notBefore', times, 'must be set to the NotBefore time encoded in the leaf certificate');
  }
  if (Math.abs(notBefore - now) >= CLOCK_SKEW_MS_MAX) {
    return timeError('notBefore', times, "must be set to within 5 minutes of kube-apiserver's current time");
  }
  if (notAfter !== leaf.notAfter) {
    return timeError('notAfter', times, 'must be set to the NotAfter time encoded in the leaf certificate');
  }
  return undefined;
}

function lifetimeProblem({ notBefore, notAfter }: Certificate, secondsMax: number): FieldError | undefined {
  const seconds = (notAfter - notBefore) / 1000;
  // Go prints a duration in a struct of JSON as nanoseconds.
  const shown = seconds * 1e9;
  if (seconds < CERTIFICATE_SECONDS_MIN) return invalid(CHAIN, shown, 'leaf certificate lifetime must be >= 1 hour');
  if (seconds <= secondsMax) return undefined;
  return invalid(CHAIN, shown, `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${secondsMax})`);
}

function refreshProblem(times: Times): FieldError | undefined {
  const { notBefore, notAfter, beginRefreshAt } = times;
  if (beginRefreshAt < notBefore + REFRESH_MARGIN_MS) {
    return timeError('beginRefreshAt', times, 'must be at least 10 minutes after status.notBefore');
  }
  if (beginRefreshAt > notAfter - REFRESH_MARGIN_MS) {
    return timeError('beginRefreshAt', times, 'must be at least 10 minutes before status.notAfter');
  }
  return undefined;
}

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

function issuedErrors(next: PodCertificateRequest, now: number): FieldError[] {
  const status = statusOf(next);
  const chain = status.certificateChain ?? '';
  const bad = (text: string) => [invalid(CHAIN, chain, text)];
  if (byteLength(chain) > CHAIN_BYTES_MAX) return [tooLong(CHAIN, CHAIN_BYTES_MAX)];
  const [block, ...others] = pemBlocks(chain);
  if (!block) return bad('issued certificate chain must contain at least one certificate');
  if (block.type !== 'CERTIFICATE') {
    return bad('issued certificate chain must consist entirely of CERTIFICATE PEM blocks');
  }
  const leaf = parseCertificate(block.bytes);
  if (typeof leaf === 'string') return bad('leaf certificate does not parse as valid X.509');
  const names = nameErrors(leaf);
  const key = requestedKey(next);
  if (!key || !equalBytes(key.spki, leaf.publicKey.spki)) {
    return [...names, ...bad('leaf certificate was not issued to the requested public key')];
  }
  const missing = [...names, ...missingTimeErrors(status)];
  if (missing.length > 0) return missing;
  const time = (text: string | undefined): number => parseTime(text ?? '') ?? 0;
  const times = {
    notBefore: time(status.notBefore),
    notAfter: time(status.notAfter),
    beginRefreshAt: time(status.beginRefreshAt),
  };
  const problem =
    timeProblem(times, leaf, now) ??
    lifetimeProblem(leaf, next.spec?.maxExpirationSeconds ?? 0) ??
    refreshProblem(times);
  if (problem) return [problem];
  if (others.some(({ type }) => type !== 'CERTIFICATE')) {
    return bad('issued certificate chain must consist entirely of CERTFICATE PEM blocks');
  }
  const isBroken = others.some(({ bytes }) => typeof parseCertificate(bytes) === 'string');
  return isBroken ? bad('intermediate certificate does not parse as valid X.509') : [];
}

const unless = (isFine: boolean, detail: string): FieldError[] =>
  isFine ? [] : [invalid('status', OMIT_VALUE, detail)];

function transitionErrors(next: PodCertificateRequest, previous: PodCertificateRequest, now: number): FieldError[] {
  const isUnchanged = semanticEqual(statusOf(next), statusOf(previous));
  if (hasCome(previous, TERMINAL_TYPES)) {
    return unless(isUnchanged, 'immutable after PodCertificateRequest is issued, denied, or failed');
  }
  if (hasCome(next, ['Denied', 'Failed'])) {
    const { conditions: _conditions, ...others } = statusOf(next);
    return unless(
      semanticEqual(others, {}),
      'non-condition status fields must be empty when denying or failing the PodCertificateRequest',
    );
  }
  if (hasCome(next, ['Issued'])) return issuedErrors(next, now);
  return unless(isUnchanged, 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"');
}

/** Whoever changes the status must be allowed to sign for the signer. Source: registry/certificates/podcertificaterequest. */
function permissionErrors(
  next: PodCertificateRequest,
  previous: PodCertificateRequest,
  { user, mayUseSigner }: StrategyContext,
): FieldError[] {
  const signerName = previous.spec?.signerName ?? '';
  if (semanticEqual(statusOf(next), statusOf(previous)) || mayUseSigner?.('sign', signerName)) return [];
  const text = `User ${goQuote(user.username)} is not permitted to "sign" for signer ${goQuote(signerName)}`;
  return [forbiddenField('spec.signerName', text)];
}

/** All errors of a signer's answer. */
export function validateStatusUpdate(
  next: PodCertificateRequest,
  previous: PodCertificateRequest,
  context: StrategyContext,
): FieldError[] {
  const forbidden = permissionErrors(next, previous, context);
  if (forbidden.length > 0) return forbidden;
  const malformed = conditionErrors(statusOf(next));
  return malformed.length > 0 ? malformed : transitionErrors(next, previous, context.now);
}
