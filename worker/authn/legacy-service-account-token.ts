/**
 * Tokens that lie in Secrets: they name no audience and no end, and hold as long as their Secret holds
 * just them and their account exists. Source: pkg/serviceaccount/legacy.go.
 */
import { errors, SignJWT } from 'jose';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import {
  type AuthenticationDeps,
  type AuthenticationOutcome,
  invalidToken,
  NOT_MINE,
  type TokenAuthenticator,
} from './authenticator.ts';
import { ClusterTokens, issuerOf } from './cluster-tokens.ts';
import { secretValue } from './secret-data.ts';
import { serviceAccountGroups, serviceAccountUsername } from './service-account-token.ts';
import { SIGNING_ALGORITHM, type SigningKeys, signingKeys } from './signing-keys.ts';

const LEGACY_ISSUER = 'kubernetes/serviceaccount';
const INVALID_SINCE_LABEL = 'kubernetes.io/legacy-token-invalid-since';

const NAMESPACE = 'kubernetes.io/serviceaccount/namespace';
const SECRET_NAME = 'kubernetes.io/serviceaccount/secret.name';
const ACCOUNT_NAME = 'kubernetes.io/serviceaccount/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/serviceaccount/service-account.uid';

export interface LegacySubject {
  readonly namespace: string;
  readonly account: string;
  readonly accountUid: string;
  readonly secret: string;
}

/** A token for a Secret of that subject. */
export const issueLegacyToken = (subject: LegacySubject, keys: SigningKeys): Promise<string> =>
  new SignJWT({
    iss: LEGACY_ISSUER,
    [NAMESPACE]: subject.namespace,
    [SECRET_NAME]: subject.secret,
    [ACCOUNT_NAME]: subject.account,
    [ACCOUNT_UID]: subject.accountUid,
    sub: serviceAccountUsername(subject.namespace, subject.account),
  })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: keys.keyId })
    .sign(keys.signingKey);

const signed = new ClusterTokens((payload): LegacySubject | undefined => {
  const text = (claim: string): string => (typeof payload[claim] === 'string' ? payload[claim] : '');
  const subject = {
    namespace: text(NAMESPACE),
    account: text(ACCOUNT_NAME),
    accountUid: text(ACCOUNT_UID),
    secret: text(SECRET_NAME),
  };
  const isWhole = Object.values(subject).every((value) => value !== '');
  return isWhole && payload.sub === serviceAccountUsername(subject.namespace, subject.account) ? subject : undefined;
});

/** Undefined: the cluster has not signed it, or it says too little. */
async function verifiedSubject(token: string, keys: SigningKeys): Promise<LegacySubject | undefined> {
  try {
    return signed.known(token, keys) ?? (await signed.verify(token, keys));
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** Why the Secret no longer vouches for the token. */
function secretProblem(secret: UntypedObject | undefined, token: string): string | undefined {
  if (!secret || secret.metadata.deletionTimestamp || secret.metadata.labels?.[INVALID_SINCE_LABEL])
    return 'Token has been invalidated';
  return secretValue(secret, 'token') === token ? undefined : "Token does not match server's copy";
}

function accountProblem(account: UntypedObject | undefined, subject: LegacySubject): string | undefined {
  if (!account) return `serviceaccounts "${subject.account}" not found`;
  if (account.metadata.deletionTimestamp)
    return `ServiceAccount ${subject.namespace}/${subject.account} has been deleted`;
  if (account.metadata.uid === subject.accountUid) return undefined;
  return `ServiceAccount UID (${account.metadata.uid}) does not match claim (${subject.accountUid})`;
}

async function check(
  token: string,
  audiences: readonly string[],
  { objects, audiences: own }: AuthenticationDeps,
): Promise<AuthenticationOutcome> {
  const keys = await signingKeys(objects);
  if (keys === undefined) return NOT_MINE;
  const subject = await verifiedSubject(token, keys);
  if (!subject) return invalidToken('invalid bearer token');
  const common = own.filter((audience) => audiences.includes(audience));
  if (common.length === 0) {
    return invalidToken(
      `token audiences ${JSON.stringify(own)} is invalid for the target audiences ${JSON.stringify(audiences)}`,
    );
  }
  const { namespace, account, accountUid, secret } = subject;
  const problem =
    secretProblem(await objects.get('secrets', namespace, secret), token) ??
    accountProblem(await objects.get('serviceaccounts', namespace, account), subject);
  if (problem !== undefined) return invalidToken(problem);
  return {
    kind: 'user',
    user: {
      username: serviceAccountUsername(namespace, account),
      uid: accountUid,
      groups: serviceAccountGroups(namespace),
      extra: {},
    },
    audiences: common,
  };
}

export const legacyServiceAccountToken: TokenAuthenticator = {
  name: 'legacy-service-account-token',
  knowsAudiences: true,
  async authenticateToken(token, audiences, deps) {
    return issuerOf(token) === LEGACY_ISSUER ? check(token, audiences, deps) : NOT_MINE;
  },
};
