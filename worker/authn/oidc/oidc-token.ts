/** Users of outside issuers of OpenID Connect tokens. Source: apiserver plugin/pkg/authenticator/token/oidc. */
import { type CompactJWSHeaderParameters, decodeJwt, decodeProtectedHeader } from 'jose';
import { type AuthenticationOutcome, invalidToken, NOT_MINE, type TokenAuthenticator } from '../authenticator.ts';
import { hasJwtForm } from '../jwt-form.ts';
import { tokenProblem, userOfClaims } from './claims-to-user.ts';
import { ISSUER_ALGORITHMS } from './issuer-key-set.ts';
import type { JwtIssuer } from './jwt-issuer.ts';

interface Peeked {
  readonly issuer: string;
  readonly header: CompactJWSHeaderParameters;
}

/** What a token says of itself, unverified. */
function peek(token: string): Peeked | undefined {
  try {
    const { iss } = decodeJwt(token);
    // Google's older tokens name themselves without scheme.
    const issuer = iss === 'accounts.google.com' ? 'https://accounts.google.com' : iss;
    return typeof issuer === 'string'
      ? { issuer, header: decodeProtectedHeader(token) as CompactJWSHeaderParameters }
      : undefined;
  } catch {
    return undefined;
  }
}

async function authenticateWith(
  { config, keys }: JwtIssuer,
  token: string,
  header: CompactJWSHeaderParameters,
  now: () => number,
): Promise<AuthenticationOutcome> {
  if (!ISSUER_ALGORITHMS.includes(header.alg)) {
    return invalidToken(
      `oidc: verify token: oidc: id token signed with unsupported algorithm, expected ${JSON.stringify(ISSUER_ALGORITHMS)} got ${JSON.stringify(header.alg)}`,
    );
  }
  if (header.kid !== undefined && typeof header.kid !== 'string') return invalidToken('oidc: malformed key id');
  const found = await keys.find(header.kid);
  if (!found.ok) return invalidToken(`oidc: authenticator not initialized: ${found.why}`);
  const claims = await found.keys.verify(token, header);
  if (!claims)
    return invalidToken('oidc: verify token: failed to verify signature: failed to verify id token signature');
  const problem = tokenProblem(claims, config.issuer?.audiences ?? [], now());
  if (problem !== undefined) return invalidToken(`oidc: ${problem}`);
  const mapped = userOfClaims(claims, config);
  return mapped.ok ? { kind: 'user', user: mapped.user } : invalidToken(mapped.why);
}

/** Each issuer has at most one entry, so at most one is asked. */
export const oidcToken: TokenAuthenticator = {
  name: 'oidc',
  knowsAudiences: false,
  async authenticateToken(token, _audiences, { jwtIssuers, now }) {
    if (jwtIssuers.length === 0 || !hasJwtForm(token)) return NOT_MINE;
    const peeked = peek(token);
    const issuer = peeked && jwtIssuers.find(({ config }) => config.issuer?.url === peeked.issuer);
    return issuer ? authenticateWith(issuer, token, peeked.header, now) : NOT_MINE;
  },
};
