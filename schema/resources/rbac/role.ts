/** Role. Source: pkg/registry/rbac/role, pkg/apis/rbac/validation. */
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import type { FieldError } from '../../meta/field-error.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { defaultTable } from '../printing.ts';
import { defaultRules, policyRuleErrors, RBAC_GROUP, validateRbacName } from './rules.ts';

export type Role = Typed<IRole>;

const validateRole = ({ rules }: Role): FieldError[] =>
  (rules ?? []).flatMap((rule, i) => policyRuleErrors(rule, true, `rules[${i}]`));

export const role = defineResource<Role>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  scope: 'Namespaced',
  schema: 'V1Role',
  validateName: validateRbacName,
  defaults: defaultRules,
  validate: validateRole,
  update: { validateUpdate: validateRole },
  allowCreateOnUpdate: true,
  table: defaultTable,
});
