/** Keys, requests and certificates for tests, made as an outside signer makes them. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Crypto);

const RSA = { name: 'RSASSA-PKCS1-v1_5', publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };

export const ALGORITHMS = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  Ed25519: { name: 'Ed25519' },
  'RSA 2048': { ...RSA, modulusLength: 2048 },
  'RSA 3072': { ...RSA, modulusLength: 3072 },
  'RSA 2048 with SHA-1': { ...RSA, modulusLength: 2048, hash: 'SHA-1' },
} as const;

export type AlgorithmName = keyof typeof ALGORITHMS;

export interface Keys {
  readonly algorithm: AlgorithmName;
  readonly pair: CryptoKeyPair;
}

export async function makeKeys(algorithm: AlgorithmName = 'P-256'): Promise<Keys> {
  const pair = await webcrypto.subtle.generateKey(ALGORITHMS[algorithm], true, ['sign', 'verify']);
  return { algorithm, pair: pair as CryptoKeyPair };
}

/** `subject` as `CN=jane,O=devs`. */
export async function makeRequest(keys: Keys, subject = ''): Promise<x509.Pkcs10CertificateRequest> {
  const signingAlgorithm = { ...ALGORITHMS[keys.algorithm] };
  return x509.Pkcs10CertificateRequestGenerator.create({
    keys: keys.pair,
    signingAlgorithm,
    ...(subject ? { name: subject } : {}),
  });
}

export interface Wanted {
  /** The key that goes into the certificate. */
  readonly key: x509.PublicKeyType;
  /** Who signs it. */
  readonly signer: Keys;
  readonly subject?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isCa?: boolean;
  readonly dnsNames?: readonly string[];
  readonly emailAddresses?: readonly string[];
}

export async function makeCertificate(wanted: Wanted): Promise<x509.X509Certificate> {
  const names = [
    ...(wanted.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(wanted.emailAddresses ?? []).map((value) => ({ type: 'email' as const, value })),
  ];
  return x509.X509CertificateGenerator.create({
    serialNumber: '01',
    subject: wanted.subject ?? 'CN=made',
    issuer: 'CN=signer',
    notBefore: wanted.notBefore,
    notAfter: wanted.notAfter,
    publicKey: wanted.key,
    signingKey: wanted.signer.pair.privateKey,
    signingAlgorithm: { ...ALGORITHMS[wanted.signer.algorithm] },
    extensions: [
      new x509.BasicConstraintsExtension(wanted.isCa ?? false, undefined, true),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
}

/** A self-signed certificate of an authority. */
export async function makeAuthority(subject: string, from: Date, to: Date): Promise<{ keys: Keys; pem: string }> {
  const keys = await makeKeys();
  const wanted = { key: keys.pair.publicKey, signer: keys, subject, notBefore: from, notAfter: to, isCa: true };
  return { keys, pem: `${(await makeCertificate(wanted)).toString('pem')}\n` };
}

export const base64 = (data: ArrayBuffer | string): string =>
  (typeof data === 'string' ? Buffer.from(data) : Buffer.from(data)).toString('base64');
