/**
 * Secrets that hold a ServiceAccount's token: filled with it, and deleted with the account. Signing takes
 * longer than a batch may wait, so a token is asked for in one batch and written in a later one.
 * Source: pkg/controller/serviceaccount tokens_controller.go.
 */
import { encodeBase64Text } from '../../schema/meta/base64.ts';
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { type Controller, defineController } from './controller.ts';

export const SERVICE_ACCOUNT_TOKEN_TYPE = 'kubernetes.io/service-account-token';
export const ACCOUNT_NAME_ANNOTATION = 'kubernetes.io/service-account.name';
export const ACCOUNT_UID_ANNOTATION = 'kubernetes.io/service-account.uid';

export const TOKEN_CONTROLLER = 'serviceaccount-token-controller';

/** A token that did not come is asked for again. */
const RETRY_MS = 10_000;

/** Whose token lies in which Secret. */
export interface TokenSubject {
  readonly namespace: string;
  readonly account: string;
  readonly accountUid: string;
  readonly secret: string;
}

export interface TokenSource {
  /** The signed token; undefined: it is being signed, after which the Secret is looked at again. */
  token(subject: TokenSubject): string | undefined;
}

export interface TokenSettings {
  /** PEM of the CA that clients trust the API by; empty: a public one. */
  readonly clusterCa: string;
  readonly tokens: TokenSource;
}

interface TokenSecret extends UntypedObject {
  type?: string;
  data?: Record<string, string>;
}

const isTokenSecret = (secret: UntypedObject): secret is TokenSecret => secret['type'] === SERVICE_ACCOUNT_TOKEN_TYPE;

const annotation = ({ metadata }: UntypedObject, name: string): string => metadata.annotations?.[name] ?? '';

export const serviceAccountTokens = ({ clusterCa, tokens }: TokenSettings): Controller =>
  defineController({
    name: TOKEN_CONTROLLER,
    for: 'secrets',
    owns: [],
    watches: [
      {
        resource: 'serviceaccounts',
        keys: ({ metadata }, _previous, view, type) =>
          type === 'MODIFIED'
            ? []
            : view
                .list('secrets')
                .filter(
                  (secret) => isTokenSecret(secret) && annotation(secret, ACCOUNT_NAME_ANNOTATION) === metadata.name,
                )
                .map((secret) => secret.metadata.name ?? ''),
      },
    ],
    reconcile(view, name, { now }) {
      const secret = view.get('secrets', name);
      if (!secret || !isTokenSecret(secret) || secret.metadata.deletionTimestamp) return { writes: [] };
      const account = view.get('serviceaccounts', annotation(secret, ACCOUNT_NAME_ANNOTATION));
      const wantedUid = annotation(secret, ACCOUNT_UID_ANNOTATION);
      if (!account || (wantedUid !== '' && wantedUid !== account.metadata.uid)) {
        const { uid } = secret.metadata;
        return {
          writes: [{ op: 'delete', resource: 'secrets', name, options: uid ? { preconditions: { uid } } : {} }],
        };
      }
      const missing = missingData(secret, view.namespace, clusterCa);
      const needsToken = !secret.data?.['token'];
      if (!needsToken && Object.keys(missing).length === 0) return { writes: [] };
      const token = needsToken ? tokens.token(subjectOf(view.namespace, account, name)) : undefined;
      if (needsToken && token === undefined) return { writes: [], requeueAt: now + RETRY_MS };
      const data = { ...missing, ...(token === undefined ? {} : { token: encodeBase64Text(token) }) };
      return { writes: [{ op: 'update', resource: 'secrets', object: filled(secret, account, data) }] };
    },
  });

/** What beside the token is missing or differs from what it has to be. */
function missingData({ data }: TokenSecret, namespace: string, clusterCa: string): Readonly<Record<string, string>> {
  const authority = encodeBase64Text(clusterCa);
  return {
    ...(clusterCa !== '' && data?.['ca.crt'] !== authority ? { 'ca.crt': authority } : {}),
    ...(data?.['namespace'] ? {} : { namespace: encodeBase64Text(namespace) }),
  };
}

const subjectOf = (namespace: string, { metadata }: UntypedObject, secret: string): TokenSubject => ({
  namespace,
  account: metadata.name ?? '',
  accountUid: metadata.uid ?? '',
  secret,
});

function filled(secret: TokenSecret, account: UntypedObject, data: Readonly<Record<string, string>>): UntypedObject {
  const next = cloneJson(secret) as TokenSecret;
  next.data = { ...next.data, ...data };
  next.metadata.annotations = {
    ...next.metadata.annotations,
    [ACCOUNT_NAME_ANNOTATION]: account.metadata.name ?? '',
    [ACCOUNT_UID_ANNOTATION]: account.metadata.uid ?? '',
  };
  return next;
}

/**
 * Takes a deleted token Secret out of its account's list. Keys are `account uid secret`: what was deleted
 * is known only when it happens (and the names hold no spaces); other keys ask for nothing.
 */
export const serviceAccountTokenReferences = defineController({
  name: 'serviceaccount-token-references',
  for: 'serviceaccounts',
  owns: [],
  watches: [
    {
      resource: 'secrets',
      keys: (secret, _previous, _view, type) =>
        type === 'DELETED' && isTokenSecret(secret)
          ? [
              [
                annotation(secret, ACCOUNT_NAME_ANNOTATION),
                annotation(secret, ACCOUNT_UID_ANNOTATION),
                secret.metadata.name ?? '',
              ].join(' '),
            ]
          : [],
    },
  ],
  reconcile(view, key) {
    const [name = '', uid = '', secret] = key.split(' ');
    const account = secret === undefined ? undefined : view.get('serviceaccounts', name);
    if (!account || (uid !== '' && uid !== account.metadata.uid)) return { writes: [] };
    const references = (account['secrets'] ?? []) as readonly { readonly name?: string }[];
    if (!references.some((reference) => reference.name === secret)) return { writes: [] };
    const next = cloneJson(account);
    next['secrets'] = references.filter((reference) => reference.name !== secret);
    return { writes: [{ op: 'update', resource: 'serviceaccounts', object: next }] };
  },
});
