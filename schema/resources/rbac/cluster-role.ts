/** ClusterRole. Source: pkg/registry/rbac/clusterrole, pkg/apis/rbac/validation. */
import type { IClusterRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { labelSelectorOf, validateLabelSelector } from '../../meta/label-selector.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { defaultTable } from '../printing.ts';
import { defaultRules, policyRuleErrors, RBAC_GROUP, validateRbacName } from './rules.ts';

export type ClusterRole = Typed<IClusterRole>;

const SELECTORS = 'aggregationRule.clusterRoleSelectors';

function aggregationErrors({ aggregationRule }: ClusterRole, allowInvalidLabelValueInSelector: boolean): FieldError[] {
  if (!aggregationRule) return [];
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    return [required(SELECTORS, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, i) => [
    ...validateLabelSelector(selector, `${SELECTORS}[${i}]`, { allowInvalidLabelValueInSelector }),
    ...(labelSelectorOf(selector).ok ? [] : [invalid(`${SELECTORS}[${i}]`, null, 'invalid label selector.')]),
  ]);
}

const validateClusterRole = (role: ClusterRole, allowInvalidLabelValueInSelector: boolean): FieldError[] => [
  ...(role.rules ?? []).flatMap((rule, i) => policyRuleErrors(rule, false, `rules[${i}]`)),
  ...aggregationErrors(role, allowInvalidLabelValueInSelector),
];

/** Selectors stored under older, laxer rules may stay. */
const hasInvalidSelector = ({ aggregationRule }: ClusterRole): boolean =>
  (aggregationRule?.clusterRoleSelectors ?? []).some((selector) => validateLabelSelector(selector, '').length > 0);

export const clusterRole = defineResource<ClusterRole>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  singular: 'clusterrole',
  scope: 'Cluster',
  schema: 'V1ClusterRole',
  validateName: validateRbacName,
  defaults: defaultRules,
  validate: (role) => validateClusterRole(role, false),
  update: { validateUpdate: (next, previous) => validateClusterRole(next, hasInvalidSelector(previous)) },
  allowCreateOnUpdate: true,
  table: defaultTable,
});
