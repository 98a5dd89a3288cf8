/**
 * AES-256-GCM over rows. Each row is sealed under a key of its own, derived from the setting's key and 32
 * random bytes, so that no key ever encrypts twice and the number of rows is not bounded by nonces.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import { internalError, splitGroupResource } from '../../schema/meta/status.ts';
import { type RowCodec, type RowPlace, UnreadableObject } from '../storage/row-codec.ts';
import type { EncryptionKey, KeySetting } from './encryption-keys.ts';

/** Kinds that are sealed at rest. */
export const SEALED_RESOURCES: readonly GroupResource[] = ['secrets'];

/** First byte of what is sealed. */
const FORMAT = 1;
const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + SALT_BYTES + NONCE_BYTES;
const ROW_KEY_BYTES = 32;

const INFO = new TextEncoder().encode('zeroplane secrets at rest');

export interface SealedRowsOptions {
  readonly keys: KeySetting;
  readonly cluster: string;
  /** Empty for the cluster-scoped shard. A function: a shard that an alarm wakes reads its name from its storage. */
  namespace(): string;
  /** Unpredictable bytes. */
  randomBytes(count: number): Uint8Array;
  /** Called for each row that cannot be opened, with its key. */
  unreadable?(key: string): void;
}

/** What the `seal` column says: the key's name, for people, and its fingerprint. */
const sealOf = ({ name, fingerprint }: EncryptionKey): string => `${name}/${fingerprint}`;
const fingerprintIn = (seal: string): string => seal.slice(seal.indexOf('/') + 1);

/** What new rows are sealed under; null: they are stored in plain text, or not at all. */
export const currentSeal = (keys: KeySetting): string | null =>
  keys.ok && keys.value.first ? sealOf(keys.value.first) : null;

/** The codec of one shard. Without valid keys it opens plain rows only and refuses to store. */
export function sealedRows({ keys, cluster, namespace, randomBytes, unreadable: note }: SealedRowsOptions): RowCodec {
  const first = keys.ok ? keys.value.first : undefined;
  const byFingerprint: ReadonlyMap<string, EncryptionKey> = keys.ok ? keys.value.byFingerprint : new Map();
  const current = currentSeal(keys);
  const sealed = new Set(SEALED_RESOURCES);

  const unreadable = ({ resource, name }: RowPlace, why: string): UnreadableObject => {
    const { group, resource: plural } = splitGroupResource(resource);
    const key = `/registry/${[group, plural, namespace(), name].filter(Boolean).join('/')}`;
    note?.(key);
    return new UnreadableObject(key, why);
  };

  return {
    resources: SEALED_RESOURCES,
    current,
    refusal: (resource) =>
      keys.ok || !sealed.has(resource) ? undefined : internalError(`${resource} cannot be stored: ${keys.why}`),
    seal(place, plain) {
      if (!sealed.has(place.resource) || (keys.ok && !first)) return { seal: null, bytes: plain };
      // What cannot be sealed is refused before it gets here.
      if (!first || current === null) throw new Error(`${place.resource} ${place.name} cannot be sealed without a key`);
      const identity = identityOf(cluster, namespace(), place);
      return { seal: current, bytes: encrypt(first.bytes, plain, identity, randomBytes) };
    },
    open(place, seal, bytes) {
      const key = byFingerprint.get(fingerprintIn(seal));
      if (!key)
        throw unreadable(place, keys.ok ? `no key ${JSON.stringify(seal)} among SECRETS_ENCRYPTION_KEYS` : keys.why);
      const plain = decrypt(key.bytes, bytes, identityOf(cluster, namespace(), place));
      if (plain === undefined) throw unreadable(place, 'message authentication failed');
      return plain;
    },
  };
}

/** What a row is bound to: moved anywhere else, or shown under another revision, it does not open. */
const identityOf = (cluster: string, namespace: string, { resource, name, column, revision }: RowPlace): Uint8Array =>
  new TextEncoder().encode(JSON.stringify([cluster, namespace, resource, name, column, revision]));

const rowKey = (key: Uint8Array, salt: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', key, salt, INFO, ROW_KEY_BYTES));

function encrypt(
  key: Uint8Array,
  plain: string,
  identity: Uint8Array,
  randomBytes: (count: number) => Uint8Array,
): Uint8Array {
  const random = randomBytes(SALT_BYTES + NONCE_BYTES);
  const salt = random.subarray(0, SALT_BYTES);
  const cipher = createCipheriv('aes-256-gcm', rowKey(key, salt), random.subarray(SALT_BYTES)).setAAD(identity);
  // AES-GCM is a stream: what `update` gives is as long as what it takes, and `final` adds nothing.
  const body = cipher.update(new TextEncoder().encode(plain));
  cipher.final();
  const bytes = new Uint8Array(HEAD_BYTES + body.byteLength + TAG_BYTES);
  bytes[0] = FORMAT;
  bytes.set(random, 1);
  bytes.set(body, HEAD_BYTES);
  bytes.set(cipher.getAuthTag(), HEAD_BYTES + body.byteLength);
  return bytes;
}

/** Undefined: these bytes were not sealed under this key for this place. */
function decrypt(key: Uint8Array, bytes: Uint8Array, identity: Uint8Array): string | undefined {
  if (bytes.byteLength < HEAD_BYTES + TAG_BYTES || bytes[0] !== FORMAT) return undefined;
  const salt = bytes.subarray(1, 1 + SALT_BYTES);
  const nonce = bytes.subarray(1 + SALT_BYTES, HEAD_BYTES);
  const end = bytes.byteLength - TAG_BYTES;
  try {
    const decipher = createDecipheriv('aes-256-gcm', rowKey(key, salt), nonce)
      .setAAD(identity)
      .setAuthTag(bytes.subarray(end));
    const plain = decipher.update(bytes.subarray(HEAD_BYTES, end));
    decipher.final();
    return new TextDecoder().decode(plain);
  } catch {
    return undefined;
  }
}
