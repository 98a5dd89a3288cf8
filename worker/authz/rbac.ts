/** The RBAC authorizer. Source: plugin/pkg/auth/authorizer/rbac and pkg/registry/rbac/validation. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { ObjectReader } from '../authn/fresh-objects.ts';
import { type AuthorizationAttributes, type AuthorizerOpinion, allow, noOpinion } from './attributes.ts';
import { type PolicyRule, ruleAllows } from './rule-match.ts';
import { describeSubject, type Subject, subjectIncludes } from './subjects.ts';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** The RBAC objects that bear on one request. */
export interface RbacView {
  readonly clusterRoles: readonly UntypedObject[];
  readonly clusterRoleBindings: readonly UntypedObject[];
  /** Of the request's namespace; empty for cluster-scoped requests. */
  readonly roles: readonly UntypedObject[];
  readonly roleBindings: readonly UntypedObject[];
}

/** A rule that applies to the user, or why a binding's rules cannot be told. */
export type GrantedRule = { readonly rule: PolicyRule; readonly source: string } | { readonly error: string };

const byName = new WeakMap<readonly UntypedObject[], ReadonlyMap<string, UntypedObject>>();

function findRole(roles: readonly UntypedObject[], name: string): UntypedObject | undefined {
  let index = byName.get(roles);
  if (index === undefined) {
    index = new Map(roles.map((role) => [role.metadata.name ?? '', role]));
    byName.set(roles, index);
  }
  return index.get(name);
}

interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

function rulesOf(ref: RoleRef, view: RbacView): readonly PolicyRule[] | { readonly error: string } {
  if (ref.kind !== 'Role' && ref.kind !== 'ClusterRole') {
    return { error: `unsupported role reference kind: ${JSON.stringify(ref.kind)}` };
  }
  const role = findRole(ref.kind === 'Role' ? view.roles : view.clusterRoles, ref.name);
  if (role === undefined) {
    const resource = ref.kind === 'Role' ? 'role' : 'clusterrole';
    return { error: `${resource}.${RBAC_GROUP} ${JSON.stringify(ref.name)} not found` };
  }
  return (role['rules'] as readonly PolicyRule[] | undefined) ?? [];
}

function* grantsOf(binding: UntypedObject, user: UserInfo, view: RbacView): Generator<GrantedRule> {
  const namespace = binding.metadata.namespace ?? '';
  const subjects = (binding['subjects'] as readonly Subject[] | undefined) ?? [];
  const subject = subjects.find((candidate) => subjectIncludes(candidate, user, namespace));
  if (subject === undefined) return;
  const ref = binding['roleRef'] as RoleRef;
  const rules = rulesOf(ref, view);
  if ('error' in rules) {
    yield rules;
    return;
  }
  const kind = namespace ? 'RoleBinding' : 'ClusterRoleBinding';
  const shownName = namespace ? `${binding.metadata.name}/${namespace}` : (binding.metadata.name ?? '');
  const source = `${kind} ${JSON.stringify(shownName)} of ${ref.kind} ${JSON.stringify(ref.name)} to ${describeSubject(subject, namespace)}`;
  for (const rule of rules) yield { rule, source };
}

/** Every rule that applies to the user, ClusterRoleBindings first. */
export function* grantedRules(user: UserInfo, view: RbacView): Generator<GrantedRule> {
  for (const binding of view.clusterRoleBindings) yield* grantsOf(binding, user, view);
  for (const binding of view.roleBindings) yield* grantsOf(binding, user, view);
}

const aggregate = (errors: readonly string[]): string => {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] as string) : `[${distinct.join(', ')}]`;
};

/** The decision, given the objects. */
export function rbacOpinion(attributes: AuthorizationAttributes, view: RbacView): AuthorizerOpinion {
  const errors: string[] = [];
  for (const granted of grantedRules(attributes.user, view)) {
    if ('error' in granted) errors.push(granted.error);
    else if (ruleAllows(granted.rule, attributes)) return allow(`RBAC: allowed by ${granted.source}`);
  }
  return noOpinion(errors.length > 0 ? `RBAC: ${aggregate(errors)}` : '');
}

/**
 * Reads what bears on requests in a namespace (empty: cluster-scoped ones). The shard of a namespace
 * that does not exist is not asked: it would come into being by that.
 */
export async function readRbacView(objects: ObjectReader, namespace: string, maxAgeMs?: number): Promise<RbacView> {
  const list = (resource: string, ns: string) => objects.list(`${resource}.${RBAC_GROUP}`, ns, maxAgeMs);
  const [clusterRoles, clusterRoleBindings, found] = await Promise.all([
    list('clusterroles', ''),
    list('clusterrolebindings', ''),
    namespace ? objects.get('namespaces', '', namespace, maxAgeMs) : undefined,
  ]);
  const [roles, roleBindings] = found
    ? await Promise.all([list('roles', namespace), list('rolebindings', namespace)])
    : [[], []];
  return { clusterRoles, clusterRoleBindings, roles, roleBindings };
}
