/**
 * TokenRequest: what may be asked, and the token that comes of it.
 * Source: pkg/registry/core/serviceaccount/storage/token.go, pkg/serviceaccount/claims.go,
 * NodeRestriction's part in plugin/pkg/admission/noderestriction.
 */
import { SignJWT } from 'jose';
import { type FieldError, invalid } from '../../schema/meta/field-error.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { badRequest, conflict, forbidden, type Status } from '../../schema/meta/status.ts';
import { type KubernetesClaim, serviceAccountUsername } from './service-account-token.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';

export const TOKEN_REQUEST_API = 'authentication.k8s.io/v1';

/** What is asked for without a duration. */
const EXPIRATION_SECONDS_DEFAULT = 3600;
const EXPIRATION_SECONDS_MIN = 600;
const EXPIRATION_SECONDS_MAX = 2 ** 32;

/** The duration that injected token volumes ask for; such tokens live on with a warning, for old clients that never reload. */
const WARN_ONLY_EXPIRATION_SECONDS = 3607;
const EXTENDED_EXPIRATION_SECONDS = 365 * 24 * 3600;

export interface BoundObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
}

export interface TokenRequestSpec {
  audiences: readonly string[];
  expirationSeconds: number;
  boundObjectRef?: BoundObjectReference;
}

export interface TokenRequest extends KubeObject {
  spec: TokenRequestSpec;
  status?: { token: string; expirationTimestamp: string };
}

/** The objects a token is made for, as they are now. */
export interface TokenSubject {
  readonly account: UntypedObject;
  readonly pod?: UntypedObject;
  readonly secret?: UntypedObject;
  /** For a pod's token its node, perhaps by name only. */
  readonly node?: UntypedObject;
}

/** Source: defaults of authentication/v1, and what `Create` fills in before validation. */
export function withTokenRequestDefaults(
  request: KubeObject & { spec?: Partial<TokenRequestSpec> },
  account: UntypedObject,
  audiences: readonly string[],
  creationTimestamp: string,
): TokenRequest {
  const { name, namespace, uid } = account.metadata;
  return {
    kind: 'TokenRequest',
    apiVersion: TOKEN_REQUEST_API,
    metadata: { ...request.metadata, name, namespace, uid, creationTimestamp },
    spec: {
      audiences: request.spec?.audiences?.length ? request.spec.audiences : audiences,
      expirationSeconds: request.spec?.expirationSeconds ?? EXPIRATION_SECONDS_DEFAULT,
      ...(request.spec?.boundObjectRef ? { boundObjectRef: request.spec.boundObjectRef } : {}),
    },
  };
}

export function validateTokenRequest({ spec }: TokenRequest): FieldError[] {
  const field = 'spec.expirationSeconds';
  if (spec.expirationSeconds < EXPIRATION_SECONDS_MIN) {
    return [invalid(field, spec.expirationSeconds, 'may not specify a duration less than 10 minutes')];
  }
  if (spec.expirationSeconds > EXPIRATION_SECONDS_MAX) {
    return [invalid(field, spec.expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
  }
  return [];
}

/** Why a body does not fit the URL it was sent to. */
export function misdirected(request: KubeObject, account: UntypedObject): readonly FieldError[] | Status | undefined {
  const { name, namespace, uid } = account.metadata;
  const asked = request.metadata;
  if (asked.name && asked.name !== name) {
    return [invalid('metadata.name', asked.name, 'must match the service account name if specified')];
  }
  if (asked.namespace && asked.namespace !== namespace) {
    return [invalid('metadata.namespace', asked.namespace, 'must match the service account namespace if specified')];
  }
  if (asked.uid && asked.uid !== uid) {
    return conflict(
      'TokenRequest.authentication.k8s.io',
      name ?? '',
      `the UID in the token request (${asked.uid}) does not match the UID of the service account (${uid})`,
    );
  }
  return undefined;
}

const goKind = ({ apiVersion = '', kind = '' }: BoundObjectReference): string => {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return `${group}/${slash < 0 ? apiVersion : apiVersion.slice(slash + 1)}, Kind=${kind}`;
};

/** Which resource a reference names; a Status for kinds that tokens cannot be bound to. */
export function boundResource(reference: BoundObjectReference): 'pods' | 'secrets' | 'nodes' | Status {
  const isCore = !(reference.apiVersion ?? '').includes('/');
  if (isCore && reference.kind === 'Pod') return 'pods';
  if (isCore && reference.kind === 'Secret') return 'secrets';
  if (isCore && reference.kind === 'Node') return 'nodes';
  return badRequest(`cannot bind token to object of type ${goKind(reference)}`);
}

interface PodSpec {
  readonly serviceAccountName?: string;
  readonly nodeName?: string;
  readonly volumes?: readonly {
    readonly projected?: {
      readonly sources?: readonly { readonly serviceAccountToken?: { readonly audience?: string } }[];
    };
  }[];
}

const specOf = (pod: UntypedObject): PodSpec => pod['spec'] as PodSpec;

/** Why the bound object does not fit. */
export function bindingObstacle(request: TokenRequest, accountName: string, bound: UntypedObject): Status | undefined {
  const reference = request.spec.boundObjectRef ?? {};
  if (reference.kind === 'Pod' && specOf(bound).serviceAccountName !== accountName) {
    return badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`,
    );
  }
  if (reference.uid && reference.uid !== bound.metadata.uid) {
    return conflict(
      reference.kind ?? '',
      reference.name ?? '',
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return undefined;
}

const hasAudience = (pod: UntypedObject, audience: string): boolean =>
  (specOf(pod).volumes ?? []).some(({ projected }) =>
    (projected?.sources ?? []).some(
      ({ serviceAccountToken }) => serviceAccountToken && (serviceAccountToken.audience ?? '') === audience,
    ),
  );

/**
 * Why a node may not have the token: it must be for a pod that runs there, and for an audience the
 * pod itself asks for. `audiences` as they came, before defaults.
 */
export function nodeObstacle(
  node: string,
  accountName: string,
  audiences: readonly string[],
  reference: BoundObjectReference | undefined,
  pod: UntypedObject | undefined,
): Status | undefined {
  const refuse = (why: string): Status => forbidden('serviceaccounts', accountName, why);
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name || pod === undefined) {
    return refuse('node requested token not bound to a pod');
  }
  if (!reference.uid) return refuse('node requested token with a pod binding without a uid');
  if (reference.uid !== pod.metadata.uid) {
    return refuse(
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (specOf(pod).nodeName !== node) return refuse('node requested token bound to a pod scheduled on a different node');
  if (audiences.length > 1) return refuse('node may only request 0 or 1 audiences');
  const audience = audiences[0] ?? '';
  if (!hasAudience(pod, audience)) return refuse(`audience ${JSON.stringify(audience)} not found in pod spec volume`);
  return undefined;
}

const claimOf = (object: UntypedObject) => ({
  name: object.metadata.name ?? '',
  ...(object.metadata.uid ? { uid: object.metadata.uid } : {}),
});

function kubernetesClaim({ account, pod, secret, node }: TokenSubject, warnafter: number | undefined): object {
  const claim = {
    namespace: account.metadata.namespace ?? '',
    serviceaccount: claimOf(account) as KubernetesClaim['serviceaccount'],
    ...(pod ? { pod: claimOf(pod) } : {}),
    ...(secret ? { secret: claimOf(secret) } : {}),
    ...(node ? { node: claimOf(node) } : {}),
    ...(warnafter === undefined ? {} : { warnafter }),
  };
  return claim;
}

/** Signs the token. `now` in ms since the epoch. */
export async function issueToken(
  request: TokenRequest,
  subject: TokenSubject,
  issuer: {
    readonly keys: SigningKeys;
    readonly issuer: string;
    /** The API server's own audiences. */
    readonly audiences: readonly string[];
    readonly now: number;
    readonly tokenId: string;
  },
): Promise<TokenRequest> {
  const { spec } = request;
  const issuedAt = Math.floor(issuer.now / 1000);
  const forApiServer = spec.audiences.every((audience) => issuer.audiences.includes(audience));
  const warnOnly = subject.pod !== undefined && spec.expirationSeconds === WARN_ONLY_EXPIRATION_SECONDS && forApiServer;
  const lifeSeconds = warnOnly ? EXTENDED_EXPIRATION_SECONDS : spec.expirationSeconds;
  const warnafter = warnOnly ? issuedAt + spec.expirationSeconds : undefined;
  const { namespace = '', name = '' } = subject.account.metadata;
  const token = await new SignJWT({
    aud: [...spec.audiences],
    exp: issuedAt + lifeSeconds,
    iat: issuedAt,
    iss: issuer.issuer,
    jti: issuer.tokenId,
    'kubernetes.io': kubernetesClaim(subject, warnafter),
    nbf: issuedAt,
    sub: serviceAccountUsername(namespace, name),
  })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: issuer.keys.keyId })
    .sign(issuer.keys.signingKey);
  const expiresAt = new Date((issuedAt + spec.expirationSeconds) * 1000).toISOString();
  return { ...request, status: { token, expirationTimestamp: `${expiresAt.slice(0, 19)}Z` } };
}
