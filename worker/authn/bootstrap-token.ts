import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { NOT_MINE, type TokenAuthenticator } from './authenticator.ts';
import { secretValue } from './secret-data.ts';
import { constantTimeEqual } from './token-digest.ts';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const DEFAULT_GROUP = 'system:bootstrappers';

export const BOOTSTRAP_TOKEN_SECRET_TYPE = 'bootstrap.kubernetes.io/token';

/** The groups of a bootstrap token's user, or undefined when one is not allowed. */
function groupsOf(secret: UntypedObject): string[] | undefined {
  const extra = secretValue(secret, 'auth-extra-groups');
  if (extra === '') return [DEFAULT_GROUP];
  const groups = extra.split(',').map((group) => group.trim());
  if (!groups.every((group) => GROUP.test(group))) return undefined;
  return [...new Set([DEFAULT_GROUP, ...groups])].sort();
}

/** An unreadable expiration counts as expired. */
function expired(secret: UntypedObject, now: number): boolean {
  const expiration = secretValue(secret, 'expiration');
  if (expiration === '') return false;
  const at = Date.parse(expiration);
  return Number.isNaN(at) || at <= now;
}

/**
 * Join tokens `id.secret`, held as Secrets `bootstrap-token-<id>` in kube-system.
 * Source: plugin/pkg/auth/authenticator/token/bootstrap.
 */
export const bootstrapToken: TokenAuthenticator = {
  name: 'bootstrap-token',
  knowsAudiences: false,
  async authenticateToken(token, _audiences, { objects, now }) {
    const [, id, secretPart] = TOKEN.exec(token) ?? [];
    if (id === undefined || secretPart === undefined) return NOT_MINE;
    const secret = await objects.get('secrets', 'kube-system', `bootstrap-token-${id}`);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return NOT_MINE;
    if (secret['type'] !== BOOTSTRAP_TOKEN_SECRET_TYPE) return NOT_MINE;
    if (!constantTimeEqual(secretValue(secret, 'token-secret'), secretPart)) return NOT_MINE;
    if (secretValue(secret, 'token-id') !== id) return NOT_MINE;
    if (expired(secret, now())) return NOT_MINE;
    if (secretValue(secret, 'usage-bootstrap-authentication') !== 'true') return NOT_MINE;
    const groups = groupsOf(secret);
    if (groups === undefined) return NOT_MINE;
    return { kind: 'user', user: { username: `system:bootstrap:${id}`, uid: '', groups, extra: {} } };
  },
};
