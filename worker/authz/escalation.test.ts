import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { escalationRefusal, mayEscalate } from './escalation.ts';
import { describeRules, uncoveredRules } from './rule-cover.ts';
import type { PolicyRule } from './rule-match.ts';

const GROUP = 'rbac.authorization.k8s.io';
const rule = (verbs: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: [''],
  resources: resources.split(' '),
  ...(names ? { resourceNames: names.split(' ') } : {}),
});

describe('rules', () => {
  it.each<[string, PolicyRule[], PolicyRule[], boolean]>([
    ['the same', [rule('get list', 'pods')], [rule('list', 'pods')], true],
    ['several together', [rule('get', 'pods'), rule('list', 'pods')], [rule('get list', 'pods')], true],
    ['everything', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], [rule('*', 'pods/log')], true],
    ['a subresource of all', [rule('get', '*/log')], [rule('get', 'pods/log')], true],
    ['another verb', [rule('get', 'pods')], [rule('delete', 'pods')], false],
    ['all verbs', [rule('get list', 'pods')], [rule('*', 'pods')], false],
    ['another group', [rule('get', 'pods')], [{ ...rule('get', 'pods'), apiGroups: ['apps'] }], false],
    ['a named one of all', [rule('get', 'secrets')], [rule('get', 'secrets', 'a')], true],
    ['all of a named one', [rule('get', 'secrets', 'a')], [rule('get', 'secrets')], false],
    ['another named one', [rule('get', 'secrets', 'a')], [rule('get', 'secrets', 'a b')], false],
    [
      'a path below',
      [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/a/b'] }],
      true,
    ],
    [
      'a path beside',
      [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/b'] }],
      false,
    ],
  ])('cover %s or not', (_what, owned, wanted, covered) => {
    expect(uncoveredRules(owned, wanted).length === 0).toBe(covered);
  });

  it('are shown with what differs by verb only in one line', () => {
    expect(
      describeRules(uncoveredRules([], [rule('get list', 'pods'), { verbs: ['get'], nonResourceURLs: ['/a'] }])),
    ).toBe('{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}\n{NonResourceURLs:["/a"], Verbs:["get"]}');
  });
});

const role = (kind: string, name: string, rules: PolicyRule[], fields: object = {}): UntypedObject => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name },
  rules,
  ...fields,
});

const admin = role('ClusterRole', 'admin', [
  rule('get list create', 'pods'),
  { verbs: ['create', 'update'], apiGroups: [GROUP], resources: ['roles', 'rolebindings'] },
]);
const powerful = role('ClusterRole', 'powerful', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]);
const binder = role('ClusterRole', 'binder', [
  { verbs: ['bind'], apiGroups: [GROUP], resources: ['clusterroles'], resourceNames: ['powerful'] },
]);

const bound = (to: string, user: string): UntypedObject => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: { name: to, namespace: 'shop' },
  roleRef: { kind: 'ClusterRole', name: to },
  subjects: [{ kind: 'User', name: user }],
});

const objects: Record<string, UntypedObject[]> = {
  [`clusterroles.${GROUP}`]: [admin, powerful, binder],
  [`rolebindings.${GROUP}`]: [bound('admin', 'jane'), bound('admin', 'bob'), bound('binder', 'bob')],
};

const deps = {
  objects: {
    get: async (resource: string, _namespace: string, name: string) =>
      resource === 'namespaces'
        ? role('Namespace', name, [])
        : objects[resource]?.find(({ metadata }) => metadata.name === name),
    list: async (resource: string) => objects[resource] ?? [],
  },
  nodeReaches: async () => false,
};

const user = (username: string, groups: string[] = []) => ({ username, uid: '', groups, extra: {} });

const write = (resource: string, object: UntypedObject, who = user('jane')) =>
  escalationRefusal({ resource: `${resource}.${GROUP}`, namespace: 'shop', name: 'new', object }, who, deps);

const binding = (kind: string, name: string) => ({ ...bound('x', 'y'), roleRef: { kind, name } });

describe('who writes roles', () => {
  it('grants what they have', async () => {
    expect(await write('roles', role('Role', 'new', [rule('get', 'pods')]))).toBeUndefined();
    expect(await write('rolebindings', binding('ClusterRole', 'admin'))).toBeUndefined();
  });

  it('grants nothing else', async () => {
    expect(await write('roles', role('Role', 'new', [rule('get delete', 'pods')]))).toMatchObject({
      code: 403,
      message:
        `roles.${GROUP} "new" is forbidden: user "jane" (groups=[]) is attempting to grant RBAC permissions not currently held:\n` +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
    });
    expect(await write('rolebindings', binding('ClusterRole', 'powerful'))).toMatchObject({ code: 403 });
    expect(await write('rolebindings', binding('Role', 'none'))).toMatchObject({ code: 404 });
  });

  it('decides by labels only with every right', async () => {
    const collecting = role('ClusterRole', 'new', [], { aggregationRule: { clusterRoleSelectors: [{}] } });
    expect(await write('clusterroles', collecting)).toMatchObject({ code: 403 });
  });

  it('binds what they may bind', async () => {
    expect(await write('rolebindings', binding('ClusterRole', 'powerful'), user('bob'))).toBeUndefined();
  });

  it('is not looked at among the masters, nor elsewhere', () => {
    expect(mayEscalate(`roles.${GROUP}`, user('root', ['system:masters']))).toBe(false);
    expect(mayEscalate(`roles.${GROUP}`, user('jane'))).toBe(true);
    expect(mayEscalate('pods', user('jane'))).toBe(false);
  });
});
