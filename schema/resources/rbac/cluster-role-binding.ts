/** ClusterRoleBinding. Source: pkg/registry/rbac/clusterrolebinding, pkg/apis/rbac/validation. */
import type { IClusterRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding';
import type { FieldError } from '../../meta/field-error.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { bindingCells, bindingErrors, defaultBinding, RBAC_GROUP, roleRefErrors, validateRbacName } from './rules.ts';

export type ClusterRoleBinding = Typed<IClusterRoleBinding>;

const ROLE_KINDS = ['ClusterRole'];

const validateClusterRoleBinding = (binding: ClusterRoleBinding): FieldError[] =>
  bindingErrors(binding, false, ROLE_KINDS);

export const clusterRoleBinding = defineResource<ClusterRoleBinding>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  scope: 'Cluster',
  schema: 'V1ClusterRoleBinding',
  validateName: validateRbacName,
  defaults: defaultBinding,
  validate: validateClusterRoleBinding,
  update: {
    validateUpdate: (next, previous) => [...validateClusterRoleBinding(next), ...roleRefErrors(next, previous)],
  },
  allowCreateOnUpdate: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Role',
        'string',
        'roleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.',
      ),
      ageColumn,
      column('Users', 'string', 'Users in the clusterRoleBinding', 1),
      column('Groups', 'string', 'Groups in the clusterRoleBinding', 1),
      column('ServiceAccounts', 'string', 'ServiceAccounts in the clusterRoleBinding', 1),
    ],
    cells(binding, now) {
      const { role, wide } = bindingCells(binding);
      return [binding.metadata.name ?? '', role, age(binding, now), ...wide];
    },
  },
});
