import { describe, expect, it } from 'vitest';
import type { SignatureCheck } from '../schema/meta/signature.ts';
import { verifySignature } from './verify-signature.ts';

const signed = new TextEncoder().encode('what was signed');

async function made(
  key: SubtleCryptoGenerateKeyAlgorithm,
  by: SubtleCryptoSignAlgorithm,
): Promise<Pick<SignatureCheck, 'spki' | 'signed' | 'signature'>> {
  const { publicKey, privateKey } = (await crypto.subtle.generateKey(key, true, ['sign', 'verify'])) as CryptoKeyPair;
  const spki = (await crypto.subtle.exportKey('spki', publicKey)) as ArrayBuffer;
  const signature = await crypto.subtle.sign(by, privateKey, signed);
  return { spki: new Uint8Array(spki), signed, signature: new Uint8Array(signature) };
}

/** One of the two numbers of an ECDSA signature as DER has it: shortest, and never negative. */
function integer(bytes: Uint8Array): number[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const rest = [...bytes.subarray(first)];
  const value = (rest[0] as number) < 0x80 ? rest : [0, ...rest];
  return [0x02, value.length, ...value];
}

function derOf(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const body = [...integer(signature.subarray(0, half)), ...integer(signature.subarray(half))];
  return new Uint8Array([0x30, ...(body.length < 0x80 ? [body.length] : [0x81, body.length]), ...body]);
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
};

async function ecdsa(namedCurve: string, bits: 256 | 384 | 512): Promise<SignatureCheck> {
  const check = await made({ name: 'ECDSA', namedCurve }, { name: 'ECDSA', hash: `SHA-${bits}` });
  return { ...check, scheme: 'ecdsa', hash: `sha${bits}`, signature: derOf(check.signature) };
}

const KINDS: readonly (readonly [string, () => Promise<SignatureCheck>])[] = [
  [
    'RSA',
    async () => ({
      ...(await made(RSA, { name: RSA.name })),
      scheme: 'rsa',
      hash: 'sha256',
    }),
  ],
  ['ECDSA on P-256', () => ecdsa('P-256', 256)],
  ['ECDSA on P-384', () => ecdsa('P-384', 384)],
  ['ECDSA on P-521', () => ecdsa('P-521', 512)],
  ['Ed25519', async () => ({ ...(await made({ name: 'Ed25519' }, { name: 'Ed25519' })), scheme: 'ed25519' })],
];

describe('in the platform', () => {
  it.each(KINDS)('%s signatures are taken when they are right, and only then', async (_name, make) => {
    const check = await make();
    expect(verifySignature(check)).toBe(true);
    expect(verifySignature({ ...check, signed: new TextEncoder().encode('something else') })).toBe(false);
    expect(verifySignature({ ...check, signature: check.signature.subarray(0, 10) })).toBe(false);
    expect(verifySignature({ ...check, signature: new Uint8Array() })).toBe(false);
    expect(verifySignature({ ...check, spki: check.spki.subarray(4) })).toBe(false);
  });
});
