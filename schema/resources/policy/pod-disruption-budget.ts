/** PodDisruptionBudget. Source: pkg/registry/policy/poddisruptionbudget, pkg/apis/policy/validation. */
import { pushAll } from '../../meta/push-all.ts';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid, notSupported } from '../../meta/field-error.ts';
import { validateLabelSelector } from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { validateAtMost100Percent, validateIntOrPercent } from '../apps/int-or-percent.ts';
import { validateConditions } from '../conditions.ts';
import { goSelector } from '../core/pod-validation/go-struct.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type PodDisruptionBudget = Typed<IPodDisruptionBudget>;
type Spec = NonNullable<PodDisruptionBudget['spec']>;

const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];
/** Told apart selectors of everything and nothing in an older version of the API. */
const V1BETA1_LABEL = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';
const EMPTY_STATUS = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

const specOf = ({ spec }: PodDisruptionBudget): Spec => spec ?? {};

const MATCH_NONE = { matchExpressions: [{ key: V1BETA1_LABEL, operator: 'Exists' }] };
const MATCH_ALL = { matchExpressions: [{ key: V1BETA1_LABEL, operator: 'DoesNotExist' }] };

/** The old version's label never stands beside what a client chose. */
function dropOldLabel(next: PodDisruptionBudget, previous: PodDisruptionBudget | undefined): void {
  const { selector } = specOf(next);
  if (!selector || (previous && semanticEqual(specOf(previous).selector, selector))) return;
  if (semanticEqual(selector, MATCH_NONE) || semanticEqual(selector, MATCH_ALL)) return;
  if (selector.matchExpressions) {
    selector.matchExpressions = selector.matchExpressions.filter(({ key }) => key !== V1BETA1_LABEL);
  }
}

const printSpec = ({ minAvailable, selector, maxUnavailable, unhealthyPodEvictionPolicy }: Spec): unknown => ({
  MinAvailable: minAvailable ?? null,
  Selector: selector ? goSelector(selector) : null,
  MaxUnavailable: maxUnavailable ?? null,
  UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
});

function validate(budget: PodDisruptionBudget, allowInvalidLabelValueInSelector: boolean): FieldError[] {
  const spec = specOf(budget);
  const errors: FieldError[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalid('spec', printSpec(spec), 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[name];
    if (value === undefined) continue;
    validateIntOrPercent(value, `spec.${name}`, errors);
    validateAtMost100Percent(value, `spec.${name}`, errors);
  }
  pushAll(errors, validateLabelSelector(spec.selector, 'spec.selector', { allowInvalidLabelValueInSelector }));
  const policy = spec.unhealthyPodEvictionPolicy;
  if (policy !== undefined && !EVICTION_POLICIES.includes(policy)) {
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, EVICTION_POLICIES));
  }
  return errors;
}

export const podDisruptionBudget = defineResource<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  scope: 'Namespaced',
  schema: 'V1PodDisruptionBudget',
  validateName: nameIsDNSSubdomain,
  defaults(budget) {
    budget.spec ??= {};
    budget.status ??= { ...EMPTY_STATUS };
  },
  prepareForCreate(budget) {
    budget.status = { ...EMPTY_STATUS };
    dropOldLabel(budget, undefined);
  },
  validate: (budget) => validate(budget, false),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropOldLabel(next, previous);
    },
    validateUpdate: (next, previous) => validate(next, validateLabelSelector(specOf(previous).selector, '').length > 0),
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: ({ status }) => [
      ...validateConditions(status?.conditions, 'status.conditions'),
      ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((name) =>
        validateNonnegative(status?.[name], `status.${name}`),
      ),
    ],
  },
  allowUnconditionalUpdate: false,
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column('Min Available', 'string', 'The minimum number of pods that must be available.'),
      column('Max Unavailable', 'string', 'The maximum number of pods that may be unavailable.'),
      column('Allowed Disruptions', 'integer', 'Calculated number of pods that may be disrupted at this time.'),
      ageColumn,
    ],
    cells: (budget, now) => [
      budget.metadata.name ?? '',
      String(specOf(budget).minAvailable ?? 'N/A'),
      String(specOf(budget).maxUnavailable ?? 'N/A'),
      budget.status?.disruptionsAllowed ?? 0,
      age(budget, now),
    ],
  },
});
