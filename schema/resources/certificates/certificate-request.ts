/** PKCS #10 certification requests, and whether their makers hold the key. Source: RFC 2986, Go's crypto/x509. */
import type { SignatureCheck, SignatureScheme, SignatureVerifier } from '../../meta/signature.ts';
import {
  bitString,
  childrenOf,
  type Element,
  objectIdentifier,
  readDer,
  sequenceOf,
  TAG,
  textOf,
  wholeOf,
} from './der.ts';
import { pemBlocks } from './pem.ts';
import { type PublicKey, publicKeyOf } from './public-key.ts';

export interface CertificateRequest {
  readonly publicKey: PublicKey;
  /** The subject's last common name, the user's where the signer is the cluster's. */
  readonly commonName: string;
  /** The subject's organizations, the user's groups where the signer is the cluster's. */
  readonly organizations: readonly string[];
  /** What was signed, and how. */
  readonly signed: Uint8Array;
  readonly algorithm: Element;
  readonly signature: Uint8Array;
}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';

type Subject = Pick<CertificateRequest, 'commonName' | 'organizations'>;

/** Undefined: malformed. */
function subjectOf(subject: Element | undefined): Subject | undefined {
  let commonName = '';
  const organizations: string[] = [];
  const sets = sequenceOf(subject);
  if (!sets) return undefined;
  for (const set of sets) {
    const attributes = set.tag === TAG.SET ? childrenOf(set) : undefined;
    if (!attributes) return undefined;
    for (const attribute of attributes) {
      const [type, value] = sequenceOf(attribute) ?? [];
      if (!type || !value) return undefined;
      const name = objectIdentifier(type);
      if (name === COMMON_NAME) commonName = textOf(value) ?? '';
      if (name === ORGANIZATION) organizations.push(textOf(value) ?? '');
    }
  }
  return { commonName, organizations };
}

/** A DER request; a text in Go's words when it is none. */
export function parseCertificateRequest(bytes: Uint8Array): CertificateRequest | string {
  const read = readDer(bytes);
  if (!read) return 'asn1: syntax error: data truncated';
  if (read.isTrailed) return 'asn1: syntax error: trailing data';
  const malformed = 'asn1: structure error: malformed certificate request';
  const [signed, algorithm, bits] = sequenceOf(read.element) ?? [];
  const [version, subject, key] = sequenceOf(signed) ?? [];
  const signature = bitString(bits);
  const names = subjectOf(subject);
  const publicKey = publicKeyOf(key);
  if (!signed || !algorithm || version?.tag !== TAG.INTEGER || !signature || !names || !publicKey) {
    return malformed;
  }
  return { publicKey, ...names, signed: wholeOf(signed), algorithm, signature };
}

/** The request in a PEM text; a text in upstream's words when there is none. Source: pkg/apis/certificates ParseCSR. */
export function parsePemRequest(text: string): CertificateRequest | string {
  const [block] = pemBlocks(text);
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  return parseCertificateRequest(block.bytes);
}

type Hash = NonNullable<SignatureCheck['hash']>;

interface Algorithm {
  readonly scheme: SignatureScheme;
  readonly hash?: Hash;
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.11': { scheme: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { scheme: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { scheme: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { scheme: 'ecdsa', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { scheme: 'ecdsa', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { scheme: 'ecdsa', hash: 'sha512' },
  '1.3.101.112': { scheme: 'ed25519' },
};

const INSECURE: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'MD5-RSA',
  '1.2.840.113549.1.1.5': 'SHA1-RSA',
  '1.2.840.10045.4.1': 'ECDSA-SHA1',
};

const KEY_NAMES = { rsa: 'RSA', ecdsa: 'ECDSA', ed25519: 'Ed25519' } as const;
const GO_TYPES = { rsa: '*rsa.PublicKey', ecdsa: '*ecdsa.PublicKey', ed25519: 'ed25519.PublicKey' } as const;
const FAILURES = {
  rsa: 'crypto/rsa: verification error',
  ecdsa: 'x509: ECDSA verification failure',
  ed25519: 'x509: Ed25519 verification failure',
} as const;

const UNSUPPORTED = 'x509: cannot verify signature: algorithm unimplemented';

/** Why the request's signature is not of its key, in Go's words. Without a verifier nothing is taken. */
export function signatureProblem(
  request: CertificateRequest,
  verify: SignatureVerifier | undefined,
): string | undefined {
  const name = objectIdentifier(sequenceOf(request.algorithm)?.[0]) ?? '';
  if (INSECURE[name]) return `x509: cannot verify signature: insecure algorithm ${INSECURE[name]}`;
  const algorithm = ALGORITHMS[name];
  const { publicKey, signed, signature } = request;
  if (!algorithm || publicKey.type === 'unknown') return UNSUPPORTED;
  const { scheme, hash } = algorithm;
  if (scheme !== publicKey.type) {
    return `x509: signature algorithm specifies an ${KEY_NAMES[scheme]} public key, but have public key of type ${GO_TYPES[publicKey.type]}`;
  }
  const check = { scheme, spki: publicKey.spki, signed, signature, ...(hash ? { hash } : {}) };
  return verify?.(check) ? undefined : FAILURES[scheme];
}
