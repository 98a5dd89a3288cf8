/** Rules for topology spread constraints. Source: kubernetes pkg/apis/core/validation (1.37). */
import { duplicate, type FieldError, invalid, notSupported, required } from '../../../meta/field-error.ts';
import { validateLabelSelector } from '../../../meta/label-selector.ts';
import type { PodSpec } from '../pod-types.ts';
import { validateLabelKeys, validateLegacyLabelKeys } from './label-keys.ts';
import type { PodValidationOptions } from './options.ts';

type Constraint = NonNullable<PodSpec['topologySpreadConstraints']>[number];

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];
const INCLUSION_POLICIES = ['Honor', 'Ignore'];

export function validateTopologySpread(
  constraints: readonly Constraint[],
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  constraints.forEach((constraint, i) => {
    const at = `${path}[${i}]`;
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '' } = constraint as Partial<Constraint>;
    if (maxSkew <= 0) errors.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    if (!ACTIONS.includes(whenUnsatisfiable)) {
      errors.push(notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ACTIONS));
    }
    const isRepeated = constraints
      .slice(i + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (isRepeated) {
      errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`));
    }
    validateMinDomains(constraint.minDomains, whenUnsatisfiable, `${at}.minDomains`, errors);
    validateInclusionPolicy(constraint.nodeAffinityPolicy, `${at}.nodeAffinityPolicy`, errors);
    validateInclusionPolicy(constraint.nodeTaintsPolicy, `${at}.nodeTaintsPolicy`, errors);
    const { matchLabelKeys, labelSelector } = constraint;
    errors.push(
      ...(options.useLegacySpreadLabelKeys
        ? validateLegacyLabelKeys(matchLabelKeys, labelSelector, `${at}.matchLabelKeys`)
        : validateLabelKeys(matchLabelKeys, undefined, labelSelector, at)),
    );
    if (!options.allowInvalidSpreadSelector)
      errors.push(...validateLabelSelector(labelSelector, `${at}.labelSelector`));
  });
}

function validateMinDomains(count: number | undefined, action: string, path: string, errors: FieldError[]): void {
  if (count === undefined) return;
  if (count <= 0) errors.push(invalid(path, count, 'must be greater than zero'));
  if (action !== 'DoNotSchedule') {
    errors.push(invalid(path, count, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`));
  }
}

function validateInclusionPolicy(policy: string | undefined, path: string, errors: FieldError[]): void {
  if (policy !== undefined && !INCLUSION_POLICIES.includes(policy)) {
    errors.push(notSupported(path, policy, INCLUSION_POLICIES));
  }
}
