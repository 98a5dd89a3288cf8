/** The keys under which Secrets are stored: the text of the Worker secret `SECRETS_ENCRYPTION_KEYS`. */
import { hkdfSync } from 'node:crypto';

/** Bytes of a key. */
export const KEY_BYTES = 32;
/** Keys that one setting may name; rotation needs two. */
export const KEYS_MAX = 16;
/** Hexadecimal digits: 48 bits, which a number holds exactly. */
const FINGERPRINT_BYTES = 6;
const KEY_NAME = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/;
/** Stores new Secrets in plain text. Source: apiserver EncryptionConfiguration, provider identity. */
const IDENTITY = 'identity';

export interface EncryptionKey {
  readonly name: string;
  /** Derived from the key's bytes: tells a wrong key of the right name from the right one. Not secret. */
  readonly fingerprint: string;
  readonly bytes: Uint8Array;
}

/** The first seals, all open. */
export interface EncryptionKeys {
  /** Undefined: `identity` comes first, new Secrets are stored in plain text. */
  readonly first: EncryptionKey | undefined;
  readonly byFingerprint: ReadonlyMap<string, EncryptionKey>;
}

/** The keys, or what is wrong with the setting. */
export type KeySetting =
  | { readonly ok: true; readonly value: EncryptionKeys }
  | { readonly ok: false; readonly why: string };

const NO_BYTES = new Uint8Array();

/** Of a key's bytes. */
export function fingerprintOf(bytes: Uint8Array): string {
  const info = new TextEncoder().encode('zeroplane secrets key fingerprint');
  const digest = new Uint8Array(hkdfSync('sha256', bytes, NO_BYTES, info, FINGERPRINT_BYTES));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/**
 * `name:base64 of 32 bytes`, one per line or separated by commas, or the word `identity`. The errors
 * never repeat what may be a key.
 */
export function parseEncryptionKeys(text: string): KeySetting {
  const entries = text.split(/[\s,]+/).filter(Boolean);
  if (entries.length === 0) return { ok: false, why: 'SECRETS_ENCRYPTION_KEYS is not set' };
  if (entries.length > KEYS_MAX) return { ok: false, why: `SECRETS_ENCRYPTION_KEYS has more than ${KEYS_MAX} keys` };
  const names = new Set<string>();
  const byFingerprint = new Map<string, EncryptionKey>();
  for (const [index, entry] of entries.entries()) {
    if (entry === IDENTITY) continue;
    const key = parseKey(entry);
    if (!key) {
      return {
        ok: false,
        why: `entry ${index + 1} of SECRETS_ENCRYPTION_KEYS is not name:base64 of ${KEY_BYTES} bytes`,
      };
    }
    if (names.has(key.name))
      return { ok: false, why: `SECRETS_ENCRYPTION_KEYS names ${JSON.stringify(key.name)} twice` };
    names.add(key.name);
    byFingerprint.set(key.fingerprint, key);
  }
  const first = entries[0] === IDENTITY ? undefined : byFingerprint.values().next().value;
  return { ok: true, value: { first, byFingerprint } };
}

function parseKey(entry: string): EncryptionKey | undefined {
  const colon = entry.indexOf(':');
  const name = entry.slice(0, Math.max(0, colon));
  const bytes = decodeBase64(entry.slice(colon + 1));
  if (!KEY_NAME.test(name) || name === IDENTITY || bytes?.byteLength !== KEY_BYTES) return undefined;
  return { name, bytes, fingerprint: fingerprintOf(bytes) };
}
