/**
 * Credentials of nodes: `zpn-<id>.<secret>`, given out by the agents' join. The id is derived from the
 * node's name, so a node has one at most. Kept as Secrets `node-credential-<id>` in kube-system that
 * hold only the token's digest; deleting the Secret revokes the credential, joining again replaces it.
 */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { NOT_MINE, type TokenAuthenticator } from './authenticator.ts';
import { REFUSAL_FRESHNESS_MS_MAX } from './fresh-objects.ts';
import { secretValue } from './secret-data.ts';
import { constantTimeEqual, tokenDigest } from './token-digest.ts';

export const NODE_CREDENTIAL_SECRET_TYPE = 'zeroplane.dev/node-credential';
export const NODE_LABEL = 'zeroplane.dev/node';

const TOKEN = /^zpn-([a-z0-9]{16})\.([A-Za-z0-9]{43})$/;
const ID_CHARS = 16;
const SECRET_CHARS = 43;

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

async function nodeId(nodeName: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(nodeName)));
  return [...digest.subarray(0, ID_CHARS)].map((byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('');
}

/** Bytes beyond a whole multiple of the alphabet are skipped, so that no character is likelier. */
function randomSecret(randomBytes: (count: number) => Uint8Array): string {
  const usable = 256 - (256 % SECRET_ALPHABET.length);
  let text = '';
  while (text.length < SECRET_CHARS) {
    for (const byte of randomBytes(SECRET_CHARS)) {
      if (byte < usable && text.length < SECRET_CHARS) text += SECRET_ALPHABET[byte % SECRET_ALPHABET.length];
    }
  }
  return text;
}

const encoded = (text: string): string => btoa(text);

/** A new credential and the Secret that makes it valid, in the place of any earlier one. */
export async function newNodeCredential(
  nodeName: string,
  randomBytes: (count: number) => Uint8Array,
): Promise<{ token: string; secret: UntypedObject }> {
  const id = await nodeId(nodeName);
  const token = `zpn-${id}.${randomSecret(randomBytes)}`;
  const secret: UntypedObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `node-credential-${id}`,
      namespace: 'kube-system',
      annotations: { [NODE_LABEL]: nodeName },
    },
    type: NODE_CREDENTIAL_SECRET_TYPE,
    data: { 'node-name': encoded(nodeName), 'token-sha256': encoded(await tokenDigest(token)) },
  };
  return { token, secret };
}

/** The node whose credential the Secret holds, whatever the token. */
export const nodeOfCredentialSecret = (secret: UntypedObject): string | undefined =>
  secret['type'] === NODE_CREDENTIAL_SECRET_TYPE ? secretValue(secret, 'node-name') || undefined : undefined;

/** The node whose credential the Secret holds, if it is this token; empty otherwise. */
function nodeGiven(secret: UntypedObject | undefined, digest: string): string {
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return '';
  if (secret['type'] !== NODE_CREDENTIAL_SECRET_TYPE) return '';
  return constantTimeEqual(secretValue(secret, 'token-sha256'), digest) ? secretValue(secret, 'node-name') : '';
}

export const nodeCredential: TokenAuthenticator = {
  name: 'node-credential',
  knowsAudiences: false,
  async authenticateToken(token, _audiences, { objects }) {
    const [, id] = TOKEN.exec(token) ?? [];
    if (id === undefined) return NOT_MINE;
    const secretName = `node-credential-${id}`;
    const digest = await tokenDigest(token);
    const nodeName =
      nodeGiven(await objects.get('secrets', 'kube-system', secretName), digest) ||
      // The node may have joined anew a moment ago.
      nodeGiven(await objects.get('secrets', 'kube-system', secretName, REFUSAL_FRESHNESS_MS_MAX), digest);
    if (nodeName === '') return NOT_MINE;
    return {
      kind: 'user',
      user: {
        username: `system:node:${nodeName}`,
        uid: '',
        groups: ['system:nodes'],
        extra: { 'authentication.kubernetes.io/credential-id': [`NodeCredential=${id}`] },
      },
    };
  },
};
