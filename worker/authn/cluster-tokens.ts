/** Tokens of the cluster's own making: whether it has signed them, found out once per token and set of keys. */
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { hasJwtForm } from './jwt-form.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';

/** How many verified signatures of a kind of token an isolate remembers. */
const VERIFIED_TOKENS_MAX = 2048;

/** What an unverified token says of its issuer. */
export function issuerOf(token: string): string | undefined {
  if (!hasJwtForm(token)) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** What verified tokens of one kind say. Times, audiences and what they are bound to are to be checked each time. */
export class ClusterTokens<Claims> {
  readonly #verified = new WeakMap<SigningKeys, Map<string, Claims>>();
  readonly #claimsOf: (payload: JWTPayload) => Claims | undefined;

  /** `claimsOf` gives nothing for a payload that says too little. */
  constructor(claimsOf: (payload: JWTPayload) => Claims | undefined) {
    this.#claimsOf = claimsOf;
  }

  /** As found earlier. */
  known(token: string, keys: SigningKeys): Claims | undefined {
    return this.#verified.get(keys)?.get(token);
  }

  /** Rejects with a `JOSEError` what the cluster has not signed or what does not hold now. */
  async verify(
    token: string,
    keys: SigningKeys,
    times: { readonly currentDate?: Date; readonly clockTolerance?: number } = {},
  ): Promise<Claims | undefined> {
    const verified = this.#verified.get(keys) ?? new Map<string, Claims>();
    this.#verified.set(keys, verified);
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.verifyingKeys.get(kid ?? '');
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      { algorithms: [SIGNING_ALGORITHM], ...times },
    );
    const claims = this.#claimsOf(payload);
    if (claims === undefined) return undefined;
    if (verified.size >= VERIFIED_TOKENS_MAX) verified.delete(verified.keys().next().value as string);
    verified.set(token, claims);
    return claims;
  }
}
