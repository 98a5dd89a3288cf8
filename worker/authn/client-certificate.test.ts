import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientCertificateUser, type PresentedCertificate } from './client-certificate.ts';
import { parseDistinguishedName } from './distinguished-name.ts';

const ISSUER = 'CN=Managed CA,O=Example';
const ISSUERS = new Set([ISSUER]);
const FINGERPRINT = 'AB'.repeat(32);

const certificate = (fields: Partial<PresentedCertificate> = {}): PresentedCertificate => ({
  certPresented: '1',
  certVerified: 'SUCCESS',
  certRevoked: '0',
  certIssuerDNRFC2253: ISSUER,
  certSubjectDNRFC2253: 'CN=jane,O=ops,O=devs',
  certFingerprintSHA256: FINGERPRINT,
  ...fields,
});

const outcome = (fields: Partial<PresentedCertificate>, issuers: ReadonlySet<string> = ISSUERS) => {
  const result = clientCertificateUser(certificate(fields), issuers);
  return result.kind === 'invalid' ? result.why : result.kind;
};

describe('a client certificate', () => {
  it('names its user and groups', () => {
    expect(clientCertificateUser(certificate(), ISSUERS)).toEqual({
      kind: 'user',
      user: {
        username: 'jane',
        uid: '',
        groups: ['devs', 'ops'],
        extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${FINGERPRINT.toLowerCase()}`] },
      },
    });
  });

  it.each<[string, Partial<PresentedCertificate>, string]>([
    ['that is none', { certPresented: '0' }, 'none'],
    ['of nobody', { certSubjectDNRFC2253: 'O=devs' }, 'none'],
    ['of an empty name', { certSubjectDNRFC2253: 'CN=,O=devs' }, 'none'],
    ['that is not trusted', { certVerified: 'FAILED:self signed certificate' }, 'x509: certificate is not trusted'],
    ['that was not checked', { certVerified: 'NONE' }, 'x509: certificate is not trusted'],
    ['that is revoked', { certRevoked: '1' }, 'x509: certificate is revoked'],
    ['of another authority', { certIssuerDNRFC2253: 'CN=Managed CA' }, 'x509: certificate signed by unknown authority'],
    ['of an unreadable subject', { certSubjectDNRFC2253: 'jane' }, "x509: the certificate's subject cannot be read"],
  ])('%s is nobody', (_what, fields, expected) => {
    expect(outcome(fields)).toBe(expected);
  });

  it('means nothing where no authority is named', () => {
    expect(outcome({}, new Set())).toBe('none');
    expect(clientCertificateUser(undefined, ISSUERS).kind).toBe('none');
  });
});

describe('a distinguished name', () => {
  const shown = (text: string) => parseDistinguishedName(text)?.map(({ type, value }) => `${type}|${value}`);

  it.each<[string, string[]]>([
    ['', []],
    ['CN=a', ['CN|a']],
    ['CN=system:node:n1,O=system:nodes', ['CN|system:node:n1', 'O|system:nodes']],
    ['cn = a b , o= c ', ['CN|a b', 'O|c']],
    [String.raw`CN=a\,O=system:masters`, ['CN|a,O=system:masters']],
    [String.raw`CN=a\+O=b;O=c+OU=d`, ['CN|a+O=b', 'O|c', 'OU|d']],
    [String.raw`CN="a,O=b",O="c\"d"`, ['CN|a,O=b', 'O|c"d']],
    [String.raw`CN=\4A\c3\bcrgen\ `, ['CN|Jürgen ']],
    ['CN=Jürgen 🦀,2.5.4.10=c', ['CN|Jürgen 🦀', '2.5.4.10|c']],
    ['CN=a=b', ['CN|a=b']],
  ])('%s', (text, expected) => {
    expect(shown(text)).toEqual(expected);
  });

  it.each([
    'a',
    'CN=a,',
    'CN=a,b',
    '=a',
    'CN=#0403',
    String.raw`CN=a\ `.trimEnd(),
    'CN="a',
    'CN="a"b',
    String.raw`CN=\ff`,
    `CN=${'a'.repeat(9000)}`,
  ])('%s is none', (text) => {
    expect(shown(text)).toBeUndefined();
  });

  it('says of any value what went in', () => {
    const escaped = (value: string): string => value.replaceAll(/[,+"\\<>;=# ]/g, (character) => `\\${character}`);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (name, group) => {
        expect(parseDistinguishedName(`CN=${escaped(name)},O=${escaped(group)}`)).toEqual([
          { type: 'CN', value: name },
          { type: 'O', value: group },
        ]);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
