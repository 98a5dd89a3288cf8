/** Whom the claims of a verified token make. Source: apiserver plugin/pkg/authenticator/token/oidc. */
import type { JwtAuthenticatorConfig } from '../../../schema/configuration/authentication-types.ts';
import type { UserInfo } from '../../../schema/protocol/user-info.ts';
import type { Claims } from './issuer-key-set.ts';

/** go-oidc's leeway for clocks that differ; expiry has none. */
const NOT_BEFORE_LEEWAY_SECONDS = 300;

/** Names of the cluster's own, which no outside issuer may give. Upstream leaves this to userValidationRules. */
const RESERVED_PREFIX = 'system:';

export type MappedUser =
  | { readonly ok: true; readonly user: UserInfo }
  /** `why` as upstream says it. */
  | { readonly ok: false; readonly why: string };

const refused = (why: string): MappedUser => ({ ok: false, why: `oidc: ${why}` });

const goType = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

const has = (claims: Claims, name: string): boolean => Object.hasOwn(claims, name);

type Text = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

function textClaim(claims: Claims, name: string): Text {
  if (!has(claims, name)) return { ok: false, why: 'claim not present' };
  const value = claims[name];
  if (typeof value === 'string') return { ok: true, text: value };
  return { ok: false, why: `json: cannot unmarshal ${goType(value)} into Go value of type string` };
}

const seconds = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

const time = (atSeconds: number): string => new Date(atSeconds * 1000).toISOString();

/** Why a token is not for us, or not now. `now` in ms since the epoch. */
export function tokenProblem(claims: Claims, audiences: readonly string[], now: number): string | undefined {
  const aud = typeof claims['aud'] === 'string' ? [claims['aud']] : claims['aud'];
  if (!Array.isArray(aud) || !audiences.some((audience) => aud.includes(audience))) {
    return `verify token: oidc: expected audience in ${JSON.stringify([...audiences].sort())} got ${JSON.stringify(aud ?? [])}`;
  }
  const expiry = seconds(claims['exp']);
  if (!(now / 1000 <= expiry))
    return `verify token: oidc: token is expired${Number.isFinite(expiry) ? ` (Token Expiry: ${time(expiry)})` : ''}`;
  if (has(claims, 'nbf') && !(now / 1000 + NOT_BEFORE_LEEWAY_SECONDS >= seconds(claims['nbf'])))
    return 'verify token: oidc: current time is before the nbf (not before) time';
  return undefined;
}

function requiredClaimProblem(claims: Claims, { claimValidationRules }: JwtAuthenticatorConfig): string | undefined {
  for (const { claim = '', requiredValue = '' } of claimValidationRules ?? []) {
    if (!has(claims, claim)) return `required claim ${claim} not present in ID token`;
    const value = textClaim(claims, claim);
    if (!value.ok) return `parse claim ${claim}: ${value.why}`;
    if (value.text !== requiredValue)
      return `required claim ${claim} value does not match. Got = ${value.text}, want = ${requiredValue}`;
  }
  return undefined;
}

/** Missing is as good as verified, as upstream has it; anything but `true` is not. */
function emailProblem(claims: Claims): string | undefined {
  if (!has(claims, 'email_verified')) return undefined;
  const verified = claims['email_verified'];
  if (typeof verified !== 'boolean')
    return `parse 'email_verified' claim: json: cannot unmarshal ${goType(verified)} into Go value of type bool`;
  return verified ? undefined : 'email not verified';
}

/** Undefined: neither a string nor a list of them. */
function groupsClaim(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || !value.every((group) => typeof group === 'string')) return undefined;
  return value;
}

/** The user that a token's claims stand for. */
export function userOfClaims(claims: Claims, config: JwtAuthenticatorConfig): MappedUser {
  const { username = {}, groups = {}, uid = {} } = config.claimMappings ?? {};
  const name = textClaim(claims, username.claim ?? '');
  if (!name.ok) return refused(`parse username claims ${JSON.stringify(username.claim ?? '')}: ${name.why}`);
  if (name.text === '') return refused('empty username is not allowed');
  const unverified = username.claim === 'email' ? emailProblem(claims) : undefined;
  if (unverified) return refused(unverified);

  const claimed = groups.claim && has(claims, groups.claim) ? groupsClaim(claims[groups.claim]) : [];
  if (!claimed)
    return refused(`parse groups claim ${JSON.stringify(groups.claim)}: it is no string or list of strings`);
  const userId = uid.claim ? textClaim(claims, uid.claim) : { ok: true as const, text: '' };
  if (!userId.ok) return refused(`parse uid claim ${JSON.stringify(uid.claim)}: ${userId.why}`);
  const missing = requiredClaimProblem(claims, config);
  if (missing) return refused(missing);

  const user: UserInfo = {
    username: `${username.prefix ?? ''}${name.text}`,
    uid: userId.text,
    groups: claimed.map((group) => `${groups.prefix ?? ''}${group}`),
    extra: credentialId(claims),
  };
  const reserved = [user.username, ...user.groups].find((text) => text.startsWith(RESERVED_PREFIX));
  return reserved === undefined
    ? { ok: true, user }
    : refused(`${JSON.stringify(reserved)} is reserved for the cluster's own`);
}

const credentialId = (claims: Claims): UserInfo['extra'] =>
  typeof claims['jti'] === 'string' && claims['jti'] !== ''
    ? { 'authentication.kubernetes.io/credential-id': [`JTI=${claims['jti']}`] }
    : {};
