/** RoleBinding. Source: pkg/registry/rbac/rolebinding, pkg/apis/rbac/validation. */
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import type { FieldError } from '../../meta/field-error.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { bindingCells, bindingErrors, defaultBinding, RBAC_GROUP, roleRefErrors, validateRbacName } from './rules.ts';

export type RoleBinding = Typed<IRoleBinding>;

const ROLE_KINDS = ['Role', 'ClusterRole'];

const validateRoleBinding = (binding: RoleBinding): FieldError[] => bindingErrors(binding, true, ROLE_KINDS);

export const roleBinding = defineResource<RoleBinding>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  singular: 'rolebinding',
  scope: 'Namespaced',
  schema: 'V1RoleBinding',
  validateName: validateRbacName,
  defaults: defaultBinding,
  validate: validateRoleBinding,
  update: {
    validateUpdate: (next, previous) => [...validateRoleBinding(next), ...roleRefErrors(next, previous)],
  },
  allowCreateOnUpdate: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Role',
        'string',
        'roleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.',
      ),
      ageColumn,
      column('Users', 'string', 'Users in the roleBinding', 1),
      column('Groups', 'string', 'Groups in the roleBinding', 1),
      column('ServiceAccounts', 'string', 'ServiceAccounts in the roleBinding', 1),
    ],
    cells(binding, now) {
      const { role, wide } = bindingCells(binding);
      return [binding.metadata.name ?? '', role, age(binding, now), ...wide];
    },
  },
});
