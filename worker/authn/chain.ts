/** Who asks: the authenticators in the order they are asked, and what follows when none knows the caller. */
import { fail, ok, type Result, unauthorized } from '../../schema/meta/status.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { adminToken } from './admin-token.ts';
import { ANONYMOUS, letsAnonymousIn } from './anonymous.ts';
import type { AuthenticationDeps, AuthenticationOutcome, TokenAuthenticator } from './authenticator.ts';
import { NOT_MINE } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { bootstrapToken } from './bootstrap-token.ts';
import { nodeCredential } from './node-credential.ts';
import { oidcToken } from './oidc/oidc-token.ts';
import { serviceAccountToken } from './service-account-token.ts';

const TOKEN_AUTHENTICATORS: readonly TokenAuthenticator[] = [
  nodeCredential,
  bootstrapToken,
  serviceAccountToken,
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

/**
 * The request's user: an anonymous one without a token, where that is allowed, but never for a wrong
 * one. Rejects when a shard that must be asked does not answer (to be told as 503).
 */
export async function authenticate(
  request: { readonly headers: Headers; readonly path: string },
  deps: AuthenticationDeps,
): Promise<Result<UserInfo>> {
  const found = bearerToken(request.headers);
  if (found.kind === 'wrong') return fail(unauthorized());
  if (found.kind === 'none') {
    return letsAnonymousIn(deps.anonymous, request.path) ? ok(ANONYMOUS) : fail(unauthorized());
  }
  const outcome = await authenticateToken(found.token, deps.audiences, deps);
  return outcome.kind === 'user' ? ok(outcome.user) : fail(unauthorized());
}
