/**
 * Users with client certificates, where the edge has checked them: Cloudflare tells a Worker of the
 * certificate in `request.cf.tlsClientAuth`, which no client can write. Source for what a certificate
 * means: apiserver pkg/authentication/request/x509 CommonNameUserConversion.
 */
import { type AuthenticationOutcome, invalidToken, NOT_MINE } from './authenticator.ts';
import { parseDistinguishedName } from './distinguished-name.ts';

/** What is used of Cloudflare's IncomingRequestCfPropertiesTLSClientAuth. */
export interface PresentedCertificate {
  readonly certPresented?: string;
  /** `SUCCESS`, `FAILED:reason` or `NONE`; of revoked certificates too it is `SUCCESS`. */
  readonly certVerified?: string;
  readonly certRevoked?: string;
  readonly certIssuerDNRFC2253?: string;
  readonly certSubjectDNRFC2253?: string;
  readonly certFingerprintSHA256?: string;
}

/**
 * The user of a certificate. `issuers`: names (RFC 2253) of the authorities whose certificates stand for
 * users of this cluster; with none, certificates are not looked at.
 */
export function clientCertificateUser(
  certificate: PresentedCertificate | undefined,
  issuers: ReadonlySet<string>,
): AuthenticationOutcome {
  if (issuers.size === 0 || certificate?.certPresented !== '1') return NOT_MINE;
  if (certificate.certVerified !== 'SUCCESS') return invalidToken('x509: certificate is not trusted');
  if (certificate.certRevoked !== '0') return invalidToken('x509: certificate is revoked');
  if (!issuers.has(certificate.certIssuerDNRFC2253 ?? ''))
    return invalidToken('x509: certificate signed by unknown authority');
  const subject = parseDistinguishedName(certificate.certSubjectDNRFC2253 ?? '');
  if (!subject) return invalidToken("x509: the certificate's subject cannot be read");
  // The text begins with what the certificate ends with, and there the last of several names counts.
  const username = subject.find(({ type }) => type === 'CN')?.value ?? '';
  if (username === '') return NOT_MINE;
  const fingerprint = certificate.certFingerprintSHA256 ?? '';
  return {
    kind: 'user',
    user: {
      username,
      uid: '',
      groups: subject.flatMap(({ type, value }) => (type === 'O' ? [value] : [])).reverse(),
      extra: fingerprint
        ? { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint.toLowerCase()}`] }
        : {},
    },
  };
}
