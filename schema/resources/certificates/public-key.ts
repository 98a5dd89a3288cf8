/** Public keys as certificates and their requests carry them. Source: RFC 5280 SubjectPublicKeyInfo, RFC 3279, 5480, 8410. */
import { bitString, contentOf, type Element, objectIdentifier, readDer, sequenceOf, TAG, wholeOf } from './der.ts';

export type PublicKey = { readonly spki: Uint8Array } & (
  | { readonly type: 'rsa'; readonly modulusBits: number }
  | { readonly type: 'ecdsa'; readonly curve: string }
  | { readonly type: 'ed25519' }
  | { readonly type: 'unknown' }
);

const CURVES: Readonly<Record<string, string>> = {
  '1.3.132.0.33': 'P-224',
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

const ED25519_KEY_BYTES = 32;

function modulusBitsOf(key: Uint8Array): number | undefined {
  const read = readDer(key);
  const [modulus, exponent] = (!read?.isTrailed && sequenceOf(read?.element)) || [];
  if (modulus?.tag !== TAG.INTEGER || exponent?.tag !== TAG.INTEGER) return undefined;
  const bytes = contentOf(modulus);
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first < 0) return undefined;
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] as number) - 24);
}

/** Undefined: malformed. Keys of other algorithms are `unknown`. */
export function publicKeyOf(element: Element | undefined): PublicKey | undefined {
  const [algorithm, bits] = sequenceOf(element) ?? [];
  const [identifier, parameters] = sequenceOf(algorithm) ?? [];
  const name = objectIdentifier(identifier);
  const key = bitString(bits);
  if (!element || name === undefined || key === undefined) return undefined;
  const spki = wholeOf(element);
  if (name === '1.2.840.113549.1.1.1') {
    const modulusBits = modulusBitsOf(key);
    return modulusBits === undefined ? undefined : { spki, type: 'rsa', modulusBits };
  }
  if (name === '1.2.840.10045.2.1') {
    const curve = CURVES[objectIdentifier(parameters) ?? ''];
    return curve === undefined ? undefined : { spki, type: 'ecdsa', curve };
  }
  if (name === '1.3.101.112') return key.length === ED25519_KEY_BYTES ? { spki, type: 'ed25519' } : undefined;
  return { spki, type: 'unknown' };
}
