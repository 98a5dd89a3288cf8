import 'reflect-metadata';
import { X509Certificate, createHash, webcrypto } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const CA_LIFE_MS = 10 * 365 * 86_400_000;
const SERVER_LIFE_MS = 365 * 86_400_000;
const RENEW_BEFORE_MS = 30 * 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface ServingCertificates {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caPem: string;
}

/** Names and addresses under which clients, nodes and pods may reach this machine's API server. */
export function servingNames(): { dns: string[]; ip: string[] } {
  const ip = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.address.startsWith('fe80:'))
    .map((address) => address.address);
  return {
    dns: [
      'localhost',
      hostname().toLowerCase(),
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ],
    ip: [...new Set(['127.0.0.1', '::1', '10.96.0.1', ...ip])].sort(),
  };
}

/** The CA is made once; the server's certificate anew when it is about to end or the machine's names changed. */
export async function ensureCertificates(folder: string, now: number): Promise<ServingCertificates> {
  x509.cryptoProvider.set(webcrypto as unknown as Crypto);
  const files = {
    caFile: join(folder, 'ca.crt'),
    caKeyFile: join(folder, 'ca.key'),
    certificateFile: join(folder, 'server.crt'),
    keyFile: join(folder, 'server.key'),
  };
  if (!existsSync(files.caFile) || !existsSync(files.caKeyFile))
    await writeAuthority(files.caFile, files.caKeyFile, now);
  const names = servingNames();
  if (!stillGood(files.certificateFile, files.keyFile, names, now)) await writeServerCertificate(files, names, now);
  return { ...files, caPem: readFileSync(files.caFile, 'utf8') };
}

function stillGood(
  certificateFile: string,
  keyFile: string,
  names: { dns: string[]; ip: string[] },
  now: number,
): boolean {
  if (!existsSync(certificateFile) || !existsSync(keyFile)) return false;
  const certificate = new X509Certificate(readFileSync(certificateFile));
  return (
    Date.parse(certificate.validTo) - now > RENEW_BEFORE_MS &&
    names.dns.every((name) => certificate.checkHost(name) !== undefined) &&
    names.ip.every((address) => certificate.checkIP(address) !== undefined)
  );
}

const serialNumber = (): string => `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}`;

async function writeAuthority(caFile: string, caKeyFile: string, now: number): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=zeroplane-ca',
    serialNumber: serialNumber(),
    notBefore: new Date(now - 300_000),
    notAfter: new Date(now + CA_LIFE_MS),
    signingAlgorithm: ALGORITHM,
    keys: keys as CryptoKeyPair,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
    ],
  });
  writeFileSync(caKeyFile, await privateKeyPem(keys.privateKey), { mode: 0o600 });
  writeFileSync(caFile, `${certificate.toString('pem')}\n`, { mode: 0o644 });
}

interface ServerFiles {
  caFile: string;
  caKeyFile: string;
  certificateFile: string;
  keyFile: string;
}

async function writeServerCertificate(
  files: ServerFiles,
  names: { dns: string[]; ip: string[] },
  now: number,
): Promise<void> {
  const authority = new x509.X509Certificate(readFileSync(files.caFile, 'utf8'));
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    pemBytes(readFileSync(files.caKeyFile, 'utf8')),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=kube-apiserver',
    issuer: authority.subject,
    serialNumber: serialNumber(),
    notBefore: new Date(now - 300_000),
    notAfter: new Date(now + SERVER_LIFE_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey as CryptoKey,
    signingKey: signingKey as CryptoKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: 'dns', value }) as const),
        ...names.ip.map((value) => ({ type: 'ip', value }) as const),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  writeFileSync(files.keyFile, await privateKeyPem(keys.privateKey), { mode: 0o600 });
  writeFileSync(files.certificateFile, `${certificate.toString('pem')}\n`, { mode: 0o644 });
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

const pemBytes = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');
