/**
 * The keys that sign ServiceAccount tokens: a Secret in kube-system with a JSON Web Key Set of private
 * keys. The first signs; all verify, so that a key can be rotated by putting a new one in front.
 */
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ObjectReader } from './fresh-objects.ts';
import { secretValue } from './secret-data.ts';

export const SIGNING_KEYS_SECRET = 'service-account-signing-keys';
export const SIGNING_ALGORITHM = 'ES256';
const KEYS_FIELD = 'keys.json';

export interface SigningKeys {
  readonly keyId: string;
  readonly signingKey: CryptoKey;
  readonly verifyingKeys: ReadonlyMap<string, CryptoKey>;
  /** What `/openid/v1/jwks` shows. */
  readonly publicKeys: readonly JWK[];
}

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** Upstream's key id: the SHA-256 of the public key's DER form. */
async function keyIdOf(publicKey: CryptoKey): Promise<string> {
  const der = (await crypto.subtle.exportKey('spki', publicKey)) as ArrayBuffer;
  return base64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', der)));
}

/** A Secret with one new key. */
export async function newSigningKeysSecret(): Promise<UntypedObject> {
  const { privateKey, publicKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const key: JWK = {
    ...(await exportJWK(privateKey)),
    kid: await keyIdOf(publicKey),
    alg: SIGNING_ALGORITHM,
    use: 'sig',
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SIGNING_KEYS_SECRET, namespace: 'kube-system' },
    type: 'Opaque',
    data: { [KEYS_FIELD]: btoa(JSON.stringify({ keys: [key] })) },
  };
}

const publicPart = ({ kty, crv, x, y, kid, alg, use }: JWK): JWK => ({ use, kty, kid, crv, alg, x, y });

async function importKeys(secret: UntypedObject): Promise<SigningKeys | undefined> {
  const { keys } = JSON.parse(secretValue(secret, KEYS_FIELD) || '{"keys":[]}') as { keys: JWK[] };
  const [first] = keys;
  if (first === undefined) return undefined;
  const verifyingKeys = new Map<string, CryptoKey>();
  for (const key of keys) {
    verifyingKeys.set(key.kid ?? '', (await importJWK(publicPart(key), SIGNING_ALGORITHM)) as CryptoKey);
  }
  return {
    keyId: first.kid ?? '',
    signingKey: (await importJWK(first, SIGNING_ALGORITHM)) as CryptoKey,
    verifyingKeys,
    publicKeys: keys.map(publicPart),
  };
}

const imported = new WeakMap<UntypedObject, SigningKeys>();

/** The keys as they are now; undefined until the cluster has been bootstrapped. */
export async function signingKeys(objects: ObjectReader): Promise<SigningKeys | undefined> {
  const secret = await objects.get('secrets', 'kube-system', SIGNING_KEYS_SECRET);
  if (secret === undefined) return undefined;
  const known = imported.get(secret);
  if (known !== undefined) return known;
  const keys = await importKeys(secret);
  if (keys !== undefined) imported.set(secret, keys);
  return keys;
}
