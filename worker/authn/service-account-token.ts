/**
 * ServiceAccount tokens: JWTs signed by the cluster, valid while the account and the object they are
 * bound to exist under the same uid. Source: pkg/serviceaccount/claims.go and jwt.go.
 */
import { errors } from 'jose';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import {
  type AuthenticationDeps,
  type AuthenticationOutcome,
  invalidToken,
  NOT_MINE,
  type TokenAuthenticator,
} from './authenticator.ts';
import { ClusterTokens, issuerOf } from './cluster-tokens.ts';
import type { ObjectReader } from './fresh-objects.ts';
import { type SigningKeys, signingKeys } from './signing-keys.ts';

/** Upstream's leeway: what was deleted no longer ago than this still counts as there. */
const LEEWAY_SECONDS = 60;

const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export interface ObjectClaim {
  readonly name: string;
  readonly uid: string;
}

/** The `kubernetes.io` claim. */
export interface KubernetesClaim {
  readonly namespace: string;
  readonly serviceaccount: ObjectClaim;
  readonly pod?: ObjectClaim;
  readonly secret?: ObjectClaim;
  readonly node?: ObjectClaim;
  readonly warnafter?: number;
}

export interface ServiceAccountClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly nbf: number;
  readonly iat: number;
  readonly jti?: string;
  readonly 'kubernetes.io': KubernetesClaim;
}

export const serviceAccountUsername = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;

export const serviceAccountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

const signed = new ClusterTokens((payload) => {
  const aud = typeof payload.aud === 'string' ? [payload.aud] : (payload.aud ?? []);
  return { ...payload, aud } as unknown as ServiceAccountClaims;
});

function timeProblem(claims: ServiceAccountClaims, now: number): string | undefined {
  const seconds = now / 1000;
  if (seconds - LEEWAY_SECONDS > claims.exp) return 'service account token has expired';
  if (seconds + LEEWAY_SECONDS < claims.nbf) return 'service account token is not valid yet';
  if (seconds + LEEWAY_SECONDS < claims.iat) return 'service account token is issued in the future';
  return undefined;
}

function deletedBefore(object: UntypedObject, at: number): boolean {
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < at;
}

const INVALIDATED = 'service account token has been invalidated';

/** Why the claims no longer hold, or undefined. Source: validator.Validate in claims.go. */
async function bindingProblem(claim: KubernetesClaim, objects: ObjectReader, now: number): Promise<string | undefined> {
  const limit = now - LEEWAY_SECONDS * 1000;
  const { namespace } = claim;
  const account = await objects.get('serviceaccounts', namespace, claim.serviceaccount.name);
  if (account === undefined) return `serviceaccounts "${claim.serviceaccount.name}" not found`;
  if (account.metadata.uid !== claim.serviceaccount.uid) {
    return `service account UID (${account.metadata.uid}) does not match claim (${claim.serviceaccount.uid})`;
  }
  if (deletedBefore(account, limit)) {
    return `service account ${namespace}/${claim.serviceaccount.name} has been deleted`;
  }
  const bound = boundObject(claim);
  if (bound === undefined) return undefined;
  const object = await objects.get(bound.resource, bound.resource === 'nodes' ? '' : namespace, bound.ref.name);
  if (object === undefined || deletedBefore(object, limit)) return INVALIDATED;
  if (object.metadata.uid !== bound.ref.uid) {
    const kind = bound.resource.slice(0, -1);
    return `${kind} UID (${object.metadata.uid}) does not match service account ${kind} ref claim (${bound.ref.uid})`;
  }
  return undefined;
}

/** The object whose life the token shares; a pod's token names its node too, but lives as the pod does. */
function boundObject(claim: KubernetesClaim): { resource: 'pods' | 'secrets' | 'nodes'; ref: ObjectClaim } | undefined {
  if (claim.secret) return { resource: 'secrets', ref: claim.secret };
  if (claim.pod) return { resource: 'pods', ref: claim.pod };
  if (claim.node) return { resource: 'nodes', ref: claim.node };
  return undefined;
}

function userOf({ jti, 'kubernetes.io': claim }: ServiceAccountClaims): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  if (jti) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${jti}`];
  if (claim.node) {
    extra['authentication.kubernetes.io/node-name'] = [claim.node.name];
    extra['authentication.kubernetes.io/node-uid'] = [claim.node.uid];
  }
  if (claim.pod) {
    extra['authentication.kubernetes.io/pod-name'] = [claim.pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [claim.pod.uid];
  }
  return {
    username: serviceAccountUsername(claim.namespace, claim.serviceaccount.name),
    uid: claim.serviceaccount.uid,
    groups: serviceAccountGroups(claim.namespace),
    extra,
  };
}

/** The claims of a token that the cluster has signed; else what is wrong with it, or that it is someone else's. */
async function signedClaims(
  token: string,
  keys: SigningKeys,
  { issuer, now }: AuthenticationDeps,
): Promise<ServiceAccountClaims | AuthenticationOutcome> {
  const earlier = signed.known(token, keys);
  if (earlier !== undefined) return earlier;
  if (issuerOf(token) !== issuer) return NOT_MINE;
  try {
    const times = { currentDate: new Date(now()), clockTolerance: LEEWAY_SECONDS };
    return (await signed.verify(token, keys, times)) ?? invalidToken('invalid bearer token');
  } catch (error) {
    if (error instanceof errors.JWTExpired) return invalidToken('service account token has expired');
    if (error instanceof errors.JOSEError) return invalidToken('invalid bearer token');
    throw error;
  }
}

async function check(
  token: string,
  audiences: readonly string[],
  deps: AuthenticationDeps,
): Promise<AuthenticationOutcome> {
  const keys = await signingKeys(deps.objects);
  if (keys === undefined) return NOT_MINE;
  const claims = await signedClaims(token, keys, deps);
  if ('kind' in claims) return claims;
  const now = deps.now();
  if (claims['kubernetes.io']?.serviceaccount === undefined) return invalidToken('invalid bearer token');
  const late = timeProblem(claims, now);
  if (late !== undefined) return invalidToken(late);
  const common = claims.aud.filter((audience) => audiences.includes(audience));
  if (common.length === 0) {
    return invalidToken(
      `token audiences ${JSON.stringify(claims.aud)} is invalid for the target audiences ${JSON.stringify(audiences)}`,
    );
  }
  const stale = await bindingProblem(claims['kubernetes.io'], deps.objects, now);
  if (stale !== undefined) return invalidToken(stale);
  return { kind: 'user', user: userOf(claims), audiences: common };
}

export const serviceAccountToken: TokenAuthenticator = {
  name: 'service-account-token',
  knowsAudiences: true,
  async authenticateToken(token, audiences, deps) {
    if (!JWT.test(token)) return NOT_MINE;
    return check(token, audiences, deps);
  },
};
