/** One version of an issuer's public keys, and the tokens whose signatures they have confirmed. */
import { type CompactJWSHeaderParameters, compactVerify, type CryptoKey, errors, importJWK, type JWK } from 'jose';

/** Source: apiserver's allowedSigningAlgs. Neither `none` nor shared secrets. */
const KEY_TYPES: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
};

export const ISSUER_ALGORITHMS: readonly string[] = Object.keys(KEY_TYPES);

/** More keys are not looked at. */
export const ISSUER_KEYS_MAX = 100;

/** Of a token without key id, so many keys are tried. */
const KEYS_TRIED_MAX = 16;

/** How many verified tokens are remembered. */
const VERIFIED_TOKENS_MAX = 1024;

export type Claims = Readonly<Record<string, unknown>>;

export class IssuerKeySet {
  readonly #keys: readonly JWK[];
  readonly #imported = new Map<string, CryptoKey>();
  readonly #verified = new Map<string, Claims>();

  constructor(keys: readonly JWK[]) {
    this.#keys = keys.slice(0, ISSUER_KEYS_MAX);
  }

  /** Whether a key may have made the signature: one with that id, or, when the token names none, any. */
  has(kid: string | undefined): boolean {
    return this.#keys.some((key) => kid === undefined || key.kid === kid);
  }

  /** The claims of a token that one of the keys has signed; undefined when none has. */
  async verify(token: string, { alg, kid }: CompactJWSHeaderParameters): Promise<Claims | undefined> {
    const earlier = this.#verified.get(token);
    if (earlier) return earlier;
    for (const key of this.#candidates(alg, kid)) {
      const claims = await this.#verifiedBy(token, alg, key);
      if (!claims) continue;
      if (this.#verified.size >= VERIFIED_TOKENS_MAX)
        this.#verified.delete(this.#verified.keys().next().value as string);
      this.#verified.set(token, claims);
      return claims;
    }
    return undefined;
  }

  #candidates(alg: string, kid: string | undefined): readonly JWK[] {
    const type = Object.hasOwn(KEY_TYPES, alg) ? KEY_TYPES[alg] : undefined;
    if (!type) return [];
    return this.#keys
      .filter(
        (key) =>
          (kid === undefined || key.kid === kid) &&
          key.kty === type.kty &&
          (type.crv === undefined || key.crv === type.crv) &&
          (key.use === undefined || key.use === 'sig') &&
          (key.alg === undefined || key.alg === alg),
      )
      .slice(0, KEYS_TRIED_MAX);
  }

  async #verifiedBy(token: string, alg: string, key: JWK): Promise<Claims | undefined> {
    try {
      const { payload } = await compactVerify(token, await this.#import(key, alg), { algorithms: [alg] });
      const claims = JSON.parse(new TextDecoder().decode(payload)) as unknown;
      return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : undefined;
    } catch (error) {
      // Keys that are broken or too short, signatures that do not fit, payloads that are no JSON.
      if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError)
        return undefined;
      if (error instanceof DOMException) return undefined;
      throw error;
    }
  }

  /** Only the public members are taken. */
  async #import({ kty, n, e, crv, x, y }: JWK, alg: string): Promise<CryptoKey> {
    const jwk = kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y };
    const id = `${alg}\n${JSON.stringify(jwk)}`;
    const known = this.#imported.get(id) ?? ((await importJWK(jwk as JWK, alg)) as CryptoKey);
    this.#imported.set(id, known);
    return known;
  }
}
