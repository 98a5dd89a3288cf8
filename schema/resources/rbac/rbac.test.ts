import { describe, expect, it } from 'vitest';
import { created, rowOf, updated } from '../kind-fixture.ts';
import { clusterRoleBinding } from './cluster-role-binding.ts';
import { clusterRole } from './cluster-role.ts';
import { roleBinding } from './role-binding.ts';
import { role } from './role.ts';

describe('Role and ClusterRole', () => {
  it('name what each rule lacks', () => {
    const rules = [{}, { verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'] }];
    expect(created(role, { rules }).errors).toEqual([
      'rules[0].verbs: Required value',
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
      'rules[1].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
      'rules[1].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
    ]);
    expect(created(clusterRole, { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }).errors).toEqual([]);
  });

  it('check what a ClusterRole gathers', () => {
    expect(created(clusterRole, { aggregationRule: {} }).errors).toEqual([
      'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
    ]);
    const bad = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: '-' } }] } };
    expect(created(clusterRole, bad).errors).not.toEqual([]);
  });

  it('show when they were made', () => {
    expect(rowOf(role, created(role).object)).toEqual(['x', '2026-01-01T00:00:00Z']);
  });
});

describe('RoleBinding and ClusterRoleBinding', () => {
  const roleRef = { kind: 'ClusterRole', name: 'view' };

  it('fill in groups', () => {
    const { object, errors } = created(roleBinding, {
      roleRef,
      subjects: [
        { kind: 'User', name: 'a' },
        { kind: 'ServiceAccount', name: 'b' },
      ],
    });
    expect(errors).toEqual([]);
    expect(object.roleRef.apiGroup).toBe('rbac.authorization.k8s.io');
    expect(object.subjects?.map(({ apiGroup }) => apiGroup)).toEqual(['rbac.authorization.k8s.io', undefined]);
    expect(rowOf(roleBinding, object)).toEqual(['x', 'ClusterRole/view', '60m', 'a', '', '/b']);
  });

  it('name each fault', () => {
    expect(
      created(clusterRoleBinding, {
        roleRef: { apiGroup: 'x', kind: 'Role', name: '' },
        subjects: [
          { kind: 'Robot', name: '' },
          { kind: 'ServiceAccount', name: 'A', apiGroup: 'x' },
        ],
      }).errors.map((text) => text.replace(/(a lowercase RFC 1123).*/, '$1')),
    ).toEqual([
      'roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      'roleRef.name: Required value',
      'subjects[0].name: Required value',
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
      'subjects[1].name: Invalid value: "A": a lowercase RFC 1123',
      'subjects[1].apiGroup: Unsupported value: "x": supported values: ""',
      'subjects[1].namespace: Required value',
    ]);
  });

  it('keep their role', () => {
    const { object } = created(clusterRoleBinding, { roleRef });
    expect(
      updated(clusterRoleBinding, object, (next) => {
        next.roleRef.name = 'admin';
      }).errors,
    ).toEqual([
      'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"admin"}: field is immutable',
    ]);
  });
});
