/** Verifies signatures with the platform's cryptography, without waiting: it is done inside transactions. */
import { verify } from 'node:crypto';
import { encodeBase64 } from '../schema/meta/base64.ts';
import type { SignatureVerifier } from '../schema/meta/signature.ts';

const pemOf = (spki: Uint8Array): string =>
  `-----BEGIN PUBLIC KEY-----\n${encodeBase64(spki)}\n-----END PUBLIC KEY-----\n`;

export const verifySignature: SignatureVerifier = ({ hash, spki, signed, signature }) => {
  try {
    return verify(hash, signed, { key: pemOf(spki), format: 'pem' }, signature);
  } catch {
    // The platform throws at keys it cannot read; nothing else can go wrong here.
    return false;
  }
};
