/**
 * Fills ClusterRoles that aggregate others with those roles' rules.
 * Source: pkg/controller/clusterroleaggregation.
 */
import { equalJson } from '../../schema/meta/json-value.ts';
import { type LabelSelectorObject, labelSelectorOf, labelsMatch } from '../../schema/meta/label-selector.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { defineController } from './controller.ts';

const CLUSTER_ROLES = 'clusterroles.rbac.authorization.k8s.io';

const selectorsOf = (role: UntypedObject): readonly LabelSelectorObject[] =>
  (role['aggregationRule'] as { clusterRoleSelectors?: LabelSelectorObject[] } | undefined)?.clusterRoleSelectors ?? [];

const rulesOf = (role: UntypedObject): readonly unknown[] => (role['rules'] as readonly unknown[] | undefined) ?? [];

/** The rules of every role that `role` selects, each once; `roles` in name order. */
export function aggregatedRules(role: UntypedObject, roles: readonly UntypedObject[]): readonly unknown[] {
  const rules = new Map<string, unknown>();
  for (const selector of selectorsOf(role)) {
    const parsed = labelSelectorOf(selector);
    if (!parsed.ok) continue;
    for (const other of roles) {
      if (other.metadata.name === role.metadata.name || !labelsMatch(parsed.value, other.metadata.labels)) continue;
      for (const rule of rulesOf(other)) rules.set(JSON.stringify(rule), rule);
    }
  }
  return [...rules.values()];
}

const aggregating = (view: StoreReader): readonly string[] =>
  view
    .list(CLUSTER_ROLES)
    .filter((role) => selectorsOf(role).length > 0)
    .map((role) => role.metadata.name ?? '');

export const clusterRoleAggregationController = defineController({
  name: 'clusterrole-aggregation-controller',
  for: CLUSTER_ROLES,
  owns: [],
  // Whatever role changes may have been, or have become, part of any that aggregates.
  watches: [{ resource: CLUSTER_ROLES, keys: (_object, _previous, view) => aggregating(view) }],
  reconcile(view, name) {
    const role = view.get(CLUSTER_ROLES, name);
    if (role === undefined || role.metadata.deletionTimestamp || selectorsOf(role).length === 0) return { writes: [] };
    const rules = aggregatedRules(role, view.list(CLUSTER_ROLES));
    if (equalJson([...rulesOf(role)], [...rules])) return { writes: [] };
    return { writes: [{ op: 'update', resource: CLUSTER_ROLES, object: { ...role, rules: structuredClone(rules) } }] };
  },
});
