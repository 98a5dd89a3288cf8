/** Who asks: the authenticators in the order they are asked, and what follows when none knows the caller. */
import { fail, ok, type Result, unauthorized } from '../../schema/meta/status.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { adminToken } from './admin-token.ts';
import { ANONYMOUS, letsAnonymousIn } from './anonymous.ts';
import type { AuthenticationDeps, AuthenticationOutcome, TokenAuthenticator } from './authenticator.ts';
import { NOT_MINE } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { clientCertificateUser, type PresentedCertificate } from './client-certificate.ts';
import { bootstrapToken } from './bootstrap-token.ts';
import { legacyServiceAccountToken } from './legacy-service-account-token.ts';
import { nodeCredential } from './node-credential.ts';
import { oidcToken } from './oidc/oidc-token.ts';
import { serviceAccountToken } from './service-account-token.ts';

const TOKEN_AUTHENTICATORS: readonly TokenAuthenticator[] = [
  nodeCredential,
  bootstrapToken,
  serviceAccountToken,
  legacyServiceAccountToken,
  oidcToken,
  adminToken,
];

/** No token of ours is longer; what is, is not looked at. */
export const TOKEN_CHARS_MAX = 16_384;

const withAuthenticatedGroup = (user: UserInfo): UserInfo =>
  user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated')
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] };

/** Asks each authenticator in turn: also what TokenReview does. The user has `system:authenticated` added. */
export async function authenticateToken(
  token: string,
  audiences: readonly string[],
  deps: AuthenticationDeps,
): Promise<AuthenticationOutcome> {
  if (token.length > TOKEN_CHARS_MAX) return { kind: 'invalid', why: 'the token is too long' };
  const own = audiences.filter((audience) => deps.audiences.includes(audience));
  for (const authenticator of TOKEN_AUTHENTICATORS) {
    if (!authenticator.knowsAudiences && own.length === 0) continue;
    const outcome = await authenticator.authenticateToken(token, audiences, deps);
    if (outcome.kind === 'user') {
      return { ...outcome, audiences: outcome.audiences ?? own, user: withAuthenticatedGroup(outcome.user) };
    }
    if (outcome.kind === 'invalid') return outcome;
  }
  return NOT_MINE;
}

export interface RequestCredentials {
  readonly headers: Headers;
  /** The URL's path: anonymous requests may be let in by path. */
  readonly path: string;
  /** What the edge says of the client's certificate. */
  readonly certificate?: PresentedCertificate | undefined;
}

/** Of one kind of credential after the other; the first that knows the caller counts, and then no wrong one does. */
async function knownUser(request: RequestCredentials, deps: AuthenticationDeps): Promise<AuthenticationOutcome> {
  const certified = clientCertificateUser(request.certificate, deps.clientCertificateIssuers);
  if (certified.kind === 'user') return { ...certified, user: withAuthenticatedGroup(certified.user) };
  const found = bearerToken(request.headers);
  switch (found.kind) {
    case 'none':
      return certified;
    case 'wrong':
      return { kind: 'invalid', why: found.why };
    case 'token': {
      const outcome = await authenticateToken(found.token, deps.audiences, deps);
      return outcome.kind === 'none' ? { kind: 'invalid', why: 'invalid bearer token' } : outcome;
    }
  }
}

/**
 * The request's user: an anonymous one without credentials, where that is allowed, but never for wrong
 * ones. Rejects when a shard that must be asked does not answer (to be told as 503).
 */
export async function authenticate(request: RequestCredentials, deps: AuthenticationDeps): Promise<Result<UserInfo>> {
  const outcome = await knownUser(request, deps);
  if (outcome.kind === 'user') return ok(outcome.user);
  const isLetIn = outcome.kind === 'none' && letsAnonymousIn(deps.anonymous, request.path);
  return isLetIn ? ok(ANONYMOUS) : fail(unauthorized());
}
