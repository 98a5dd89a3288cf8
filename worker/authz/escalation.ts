/**
 * Keeps writers of Roles and bindings from granting more than they have, unless they may `escalate` or
 * `bind`. Source: pkg/registry/rbac, ConfirmNoEscalation.
 */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { forbidden, notFound, type Status } from '../../schema/meta/status.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { REFUSAL_FRESHNESS_MS_MAX } from '../authn/fresh-objects.ts';
import { type AuthorizationDeps, authorize } from './chain.ts';
import { grantedRules, readRbacView } from './rbac.ts';
import { describeRules, uncoveredRules } from './rule-cover.ts';
import type { PolicyRule } from './rule-match.ts';

const GROUP = 'rbac.authorization.k8s.io';
const ROLES = [`roles.${GROUP}`, `clusterroles.${GROUP}`] as const;
const BINDINGS = [`rolebindings.${GROUP}`, `clusterrolebindings.${GROUP}`] as const;

/** Whose writes of what are to be checked. */
export const mayEscalate = (resource: string, user: UserInfo): boolean =>
  !user.groups.includes('system:masters') && ([...ROLES, ...BINDINGS] as readonly string[]).includes(resource);

/** Who may decide what others' rules come to must have them all. */
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

export interface RbacWrite {
  readonly resource: string;
  /** Empty for the cluster's own. */
  readonly namespace: string;
  readonly name: string;
  /** As it is to be stored. */
  readonly object: UntypedObject;
}

interface RoleRef {
  readonly kind?: string;
  readonly name?: string;
}

async function isAllowed(
  verb: 'escalate' | 'bind',
  role: { readonly resource: string; readonly namespace: string; readonly name: string },
  user: UserInfo,
  deps: AuthorizationDeps,
): Promise<boolean> {
  const about = { apiGroup: GROUP, apiVersion: '*', subresource: '', path: '', resourceRequest: true };
  return (await authorize({ ...about, ...role, user, verb }, deps)).allowed;
}

async function excess(
  wanted: readonly PolicyRule[],
  { resource, namespace, name }: RbacWrite,
  user: UserInfo,
  deps: AuthorizationDeps,
): Promise<Status | undefined> {
  const view = await readRbacView(deps.objects, namespace, REFUSAL_FRESHNESS_MS_MAX);
  const owned = [...grantedRules(user, view)].flatMap((granted) => ('rule' in granted ? [granted.rule] : []));
  const missing = uncoveredRules(owned, wanted);
  if (missing.length === 0) return undefined;
  const groups = `[${user.groups.map((group) => JSON.stringify(group)).join(' ')}]`;
  return forbidden(
    resource,
    name,
    `user ${JSON.stringify(user.username)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${describeRules(missing)}`,
  );
}

const rulesOf = (role: UntypedObject): readonly PolicyRule[] =>
  (role['rules'] as PolicyRule[] | null | undefined) ?? [];

/** Why the user may not write the object; undefined: go on. */
export async function escalationRefusal(
  write: RbacWrite,
  user: UserInfo,
  deps: AuthorizationDeps,
): Promise<Status | undefined> {
  const { resource, namespace, name, object } = write;
  if ((ROLES as readonly string[]).includes(resource)) {
    const role = { resource: resource.slice(0, resource.indexOf('.')), namespace, name };
    if (await isAllowed('escalate', role, user, deps)) return undefined;
    return excess(object['aggregationRule'] ? EVERYTHING : rulesOf(object), write, user, deps);
  }
  const { kind, name: roleName = '' } = (object['roleRef'] ?? {}) as RoleRef;
  // Other kinds are not valid, which is for validation to say.
  if (kind !== 'Role' && kind !== 'ClusterRole') return undefined;
  const roles = kind === 'Role' ? 'roles' : 'clusterroles';
  if (await isAllowed('bind', { resource: roles, namespace, name: roleName }, user, deps)) return undefined;
  const at = kind === 'Role' ? namespace : '';
  const role = await deps.objects.get(`${roles}.${GROUP}`, at, roleName, REFUSAL_FRESHNESS_MS_MAX);
  return role === undefined ? notFound(`${roles}.${GROUP}`, roleName) : excess(rulesOf(role), write, user, deps);
}
