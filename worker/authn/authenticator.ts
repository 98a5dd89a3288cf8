import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { AnonymousPolicy } from './anonymous.ts';
import type { ObjectReader } from './fresh-objects.ts';
import type { JwtIssuer } from './oidc/jwt-issuer.ts';

export interface AuthenticationDeps {
  readonly objects: ObjectReader;
  /** Hex SHA-256 of the admin's token; empty: there is none. */
  readonly adminTokenSha256: string;
  /** `iss` of the cluster's ServiceAccount tokens. */
  readonly issuer: string;
  /** Audiences by which this API server knows itself. */
  readonly audiences: readonly string[];
  readonly anonymous: AnonymousPolicy;
  /** Names of the authorities whose client certificates stand for users. */
  readonly clientCertificateIssuers: ReadonlySet<string>;
  /** Outside issuers whose users are known here. */
  readonly jwtIssuers: readonly JwtIssuer[];
  /** ms since the epoch. */
  now(): number;
}

/**
 * `none`: the credential is not of this authenticator's kind, or is unknown to it; the next is asked.
 * `invalid`: it is of this kind and wrong; `why` is for logs and TokenReview.
 */
export type AuthenticationOutcome =
  | { readonly kind: 'user'; readonly user: UserInfo; readonly audiences?: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly why: string };

/** One way to tell who asks. `audiences`: those the token must be for (one of them). */
export interface TokenAuthenticator {
  readonly name: string;
  /** False: its tokens are for the API server alone. */
  readonly knowsAudiences: boolean;
  authenticateToken(
    token: string,
    audiences: readonly string[],
    deps: AuthenticationDeps,
  ): Promise<AuthenticationOutcome>;
}

export const NOT_MINE: AuthenticationOutcome = { kind: 'none' };
export const invalidToken = (why: string): AuthenticationOutcome => ({ kind: 'invalid', why });
