import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { type AuthorizationAttributes, forbiddenStatus } from './attributes.ts';
import { type RbacView, rbacOpinion } from './rbac.ts';
import { type PolicyRule, ruleAllows } from './rule-match.ts';

const user = (username: string, groups: string[] = []): UserInfo => ({ username, uid: '', groups, extra: {} });

const asks = (fields: Partial<AuthorizationAttributes> = {}): AuthorizationAttributes => ({
  user: user('jane'),
  verb: 'get',
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'shop',
  name: '',
  path: '',
  resourceRequest: true,
  ...fields,
});

describe('a rule', () => {
  const rule: PolicyRule = {
    verbs: ['get', 'list'],
    apiGroups: ['', 'apps'],
    resources: ['pods', 'pods/log', '*/scale'],
  };

  it.each<[string, Partial<AuthorizationAttributes>, boolean]>([
    ['its resource', {}, true],
    ['another verb', { verb: 'create' }, false],
    ['another group', { apiGroup: 'batch' }, false],
    ['another resource', { resource: 'secrets' }, false],
    ['a listed subresource', { subresource: 'log' }, true],
    ['a subresource of what is listed bare', { subresource: 'exec' }, false],
    [
      'a subresource listed for every resource',
      { apiGroup: 'apps', resource: 'deployments', subresource: 'scale' },
      true,
    ],
    ['such a resource itself', { apiGroup: 'apps', resource: 'deployments' }, false],
    ['a path', { resourceRequest: false, path: '/metrics' }, false],
  ])('on %s', (_what, fields, allowed) => {
    expect(ruleAllows(rule, asks(fields))).toBe(allowed);
  });

  it('for everything includes subresources', () => {
    const all: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
    expect(ruleAllows(all, asks({ verb: 'create', resource: 'pods', subresource: 'exec' }))).toBe(true);
    expect(ruleAllows(all, asks({ resourceRequest: false, path: '/metrics' }))).toBe(false);
  });

  it('for named objects does not cover lists', () => {
    const named: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'], resourceNames: ['web'] };
    expect(ruleAllows(named, asks({ name: 'web' }))).toBe(true);
    expect(ruleAllows(named, asks({ name: 'other' }))).toBe(false);
    expect(ruleAllows(named, asks({ verb: 'list', name: '' }))).toBe(false);
  });

  it.each([
    [['/healthz'], '/healthz', true],
    [['/healthz'], '/healthz/ping', false],
    [['/healthz/*'], '/healthz/ping/deep', true],
    [['/healthz/*'], '/healthz', false],
    [['*'], '/anything', true],
    [['/a*b'], '/axb', false],
  ])('for paths %j on %s', (nonResourceURLs, path, allowed) => {
    expect(ruleAllows({ verbs: ['get'], nonResourceURLs }, asks({ resourceRequest: false, path }))).toBe(allowed);
  });
});

const role = (kind: string, name: string, rules: PolicyRule[], namespace?: string): UntypedObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name, ...(namespace ? { namespace } : {}) },
  rules,
});

const binding = (name: string, ref: [string, string], subjects: object[], namespace?: string): UntypedObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
  metadata: { name, ...(namespace ? { namespace } : {}) },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: ref[0], name: ref[1] },
  subjects,
});

const READ_PODS: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

const view = (fields: Partial<RbacView>): RbacView => ({
  clusterRoles: [role('ClusterRole', 'reader', [READ_PODS])],
  clusterRoleBindings: [],
  roles: [],
  roleBindings: [],
  ...fields,
});

describe('bindings', () => {
  it('grant to users, and say by what', () => {
    const opinion = rbacOpinion(
      asks(),
      view({ clusterRoleBindings: [binding('all-read', ['ClusterRole', 'reader'], [{ kind: 'User', name: 'jane' }])] }),
    );
    expect(opinion).toEqual({
      decision: 'allow',
      reason: 'RBAC: allowed by ClusterRoleBinding "all-read" of ClusterRole "reader" to User "jane"',
    });
  });

  it('grant to groups and to ServiceAccounts', () => {
    const bindings = [
      binding('g', ['ClusterRole', 'reader'], [{ kind: 'Group', name: 'dev' }]),
      binding('s', ['ClusterRole', 'reader'], [{ kind: 'ServiceAccount', name: 'robot', namespace: 'ops' }]),
    ];
    const of = (who: UserInfo) => rbacOpinion(asks({ user: who }), view({ clusterRoleBindings: bindings })).decision;
    expect(of(user('x', ['dev']))).toBe('allow');
    expect(of(user('system:serviceaccount:ops:robot'))).toBe('allow');
    expect(of(user('system:serviceaccount:shop:robot'))).toBe('no-opinion');
    expect(of(user('dev'))).toBe('no-opinion');
  });

  it('of a namespace take a ServiceAccount without one for its own', () => {
    const opinion = rbacOpinion(
      asks({ user: user('system:serviceaccount:shop:robot') }),
      view({
        roleBindings: [binding('b', ['ClusterRole', 'reader'], [{ kind: 'ServiceAccount', name: 'robot' }], 'shop')],
      }),
    );
    expect(opinion.reason).toBe(
      'RBAC: allowed by RoleBinding "b/shop" of ClusterRole "reader" to ServiceAccount "robot/shop"',
    );
  });

  it('to a role that is not there grant nothing, and the denial says so', () => {
    const opinion = rbacOpinion(
      asks(),
      view({ roleBindings: [binding('b', ['Role', 'gone'], [{ kind: 'User', name: 'jane' }], 'shop')] }),
    );
    expect(opinion).toEqual({
      decision: 'no-opinion',
      reason: 'RBAC: role.rbac.authorization.k8s.io "gone" not found',
    });
  });
});

describe('a denial', () => {
  it.each<[Partial<AuthorizationAttributes>, string]>([
    [
      { verb: 'list' },
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "shop"',
    ],
    [
      { verb: 'get', apiGroup: 'apps', resource: 'deployments', subresource: 'scale', name: 'web' },
      'deployments.apps "web" is forbidden: User "jane" cannot get resource "deployments/scale" in API group "apps" in the namespace "shop"',
    ],
    [
      { verb: 'list', resource: 'nodes', namespace: '' },
      'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [
      { resourceRequest: false, resource: '', namespace: '', verb: 'get', path: '/metrics' },
      'forbidden: User "jane" cannot get path "/metrics"',
    ],
    [
      { user: user('<b>'), verb: 'list' },
      'pods is forbidden: User "&lt;b&gt;" cannot list resource "pods" in API group "" in the namespace "shop"',
    ],
  ])("%j reads as upstream's", (fields, message) => {
    expect(forbiddenStatus(asks(fields), '')).toMatchObject({ code: 403, reason: 'Forbidden', message });
  });

  it("gives the authorizers' reason last", () => {
    expect(forbiddenStatus(asks(), 'because').message).toMatch(/in the namespace "shop": because$/);
  });
});
