import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { impersonate } from './impersonation.ts';

const admin: UserInfo = { username: 'root', uid: '', groups: ['system:masters'], extra: {} };
const jane: UserInfo = { username: 'jane', uid: '', groups: ['system:authenticated'], extra: {} };

const role: UntypedObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'act' },
  rules: [{ verbs: ['impersonate'], apiGroups: [''], resources: ['users'], resourceNames: ['bob'] }],
};
const binding: UntypedObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'act' },
  roleRef: { kind: 'ClusterRole', name: 'act' },
  subjects: [{ kind: 'User', name: 'jane' }],
};

const deps = {
  objects: {
    get: async () => undefined,
    list: async (resource: string) =>
      resource.startsWith('clusterroles.') ? [role] : resource.startsWith('clusterrolebindings.') ? [binding] : [],
  },
  nodeReaches: async () => false,
};

const as = (headers: Record<string, string> | [string, string][], caller: UserInfo = admin) =>
  impersonate(new Headers(headers), caller, deps);

describe('impersonation', () => {
  it('changes nothing without its headers', async () => {
    expect(await as({}, jane)).toEqual({ ok: true, value: jane });
  });

  it('takes on user, groups, uid and extra', async () => {
    const headers: [string, string][] = [
      ['Impersonate-User', 'bob'],
      ['Impersonate-Group', 'dev'],
      ['Impersonate-Group', 'ops'],
      ['Impersonate-Uid', '7'],
      ['Impersonate-Extra-Scopes%2Fa', 'view'],
    ];
    expect(await as(headers)).toEqual({
      ok: true,
      value: {
        username: 'bob',
        uid: '7',
        groups: ['dev', 'ops', 'system:authenticated'],
        extra: { 'scopes/a': ['view'] },
      },
    });
  });

  it('knows the groups of ServiceAccounts and of nobody', async () => {
    expect(await as({ 'Impersonate-User': 'system:serviceaccount:shop:robot' })).toMatchObject({
      value: { groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'] },
    });
    expect(await as({ 'Impersonate-User': 'system:anonymous' })).toMatchObject({
      value: { groups: ['system:unauthenticated'] },
    });
  });

  it('is bounded by what the caller may', async () => {
    expect(await as({ 'Impersonate-User': 'bob' }, jane)).toMatchObject({ ok: true, value: { username: 'bob' } });
    expect(await as({ 'Impersonate-User': 'root' }, jane)).toMatchObject({
      ok: false,
      status: {
        code: 403,
        message:
          'users "root" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
      },
    });
    expect(await as({ 'Impersonate-User': 'bob', 'Impersonate-Group': 'system:masters' }, jane)).toMatchObject({
      ok: false,
      status: { code: 403 },
    });
  });

  it('gives a user that can be sent on', async () => {
    const result = await as({ 'Impersonate-User': 'bob', 'Impersonate-Extra-__proto__': 'x' });
    expect(result.ok && structuredClone(result.value)).toMatchObject({ username: 'bob' });
    expect(result.ok && Object.getPrototypeOf(result.value.extra)).toBe(Object.prototype);
  });

  it('needs a user', async () => {
    const refusal = (given: string): object => ({
      ok: false,
      status: {
        code: 400,
        message: `requested &user.DefaultInfo{Name:"", ${given}} without impersonating a user name`,
      },
    });
    expect(await as({ 'Impersonate-Group': 'dev' })).toMatchObject(
      refusal('UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)'),
    );
    expect(await as({ 'Impersonate-Uid': '7' })).toMatchObject(
      refusal('UID:"7", Groups:[]string(nil), Extra:map[string][]string(nil)'),
    );
    expect(await as({ 'Impersonate-Extra-Scopes': 'view' })).toMatchObject(
      refusal('UID:"", Groups:[]string(nil), Extra:map[string][]string{"scopes":[]string{"view"}}'),
    );
  });
});
