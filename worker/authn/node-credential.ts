/**
 * Credentials of nodes: `zpn-<id>.<secret>`, given out by the agents' join. Kept as Secrets
 * `node-credential-<id>` in kube-system that hold only the token's digest; deleting the Secret
 * revokes the credential.
 */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { NOT_MINE, type TokenAuthenticator } from './authenticator.ts';
import { secretValue } from './secret-data.ts';
import { constantTimeEqual, tokenDigest } from './token-digest.ts';

export const NODE_CREDENTIAL_SECRET_TYPE = 'zeroplane.dev/node-credential';
export const NODE_LABEL = 'zeroplane.dev/node';

const TOKEN = /^zpn-([a-z0-9]{16})\.([A-Za-z0-9]{43})$/;
const ID_CHARS = 16;
const SECRET_CHARS = 43;

/** Alphabets of 32 and of 64 minus 2 characters; bytes beyond a whole multiple are skipped, so none is likelier. */
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function randomText(alphabet: string, length: number, randomBytes: (count: number) => Uint8Array): string {
  const usable = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < usable && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

const encoded = (text: string): string => btoa(text);

/** A new credential and the Secret that makes it valid. */
export async function newNodeCredential(
  nodeName: string,
  randomBytes: (count: number) => Uint8Array,
): Promise<{ token: string; secret: UntypedObject }> {
  const id = randomText(ID_ALPHABET, ID_CHARS, randomBytes);
  const token = `zpn-${id}.${randomText(SECRET_ALPHABET, SECRET_CHARS, randomBytes)}`;
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

export const nodeCredential: TokenAuthenticator = {
  name: 'node-credential',
  async authenticateToken(token, _audiences, { objects }) {
    const [, id] = TOKEN.exec(token) ?? [];
    if (id === undefined) return NOT_MINE;
    const secret = await objects.get('secrets', 'kube-system', `node-credential-${id}`);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return NOT_MINE;
    if (secret['type'] !== NODE_CREDENTIAL_SECRET_TYPE) return NOT_MINE;
    if (!constantTimeEqual(secretValue(secret, 'token-sha256'), await tokenDigest(token))) return NOT_MINE;
    const nodeName = secretValue(secret, 'node-name');
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
