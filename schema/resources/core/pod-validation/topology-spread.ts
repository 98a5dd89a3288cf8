/** Rules for topology spread constraints. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
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
  const lastAt = new Map(constraints.map((constraint, i) => [identityOf(constraint), i]));
  constraints.forEach((constraint, i) => {
    const at = `${path}[${i}]`;
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '' } = constraint as Partial<Constraint>;
    if (maxSkew <= 0) errors.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    if (!ACTIONS.includes(whenUnsatisfiable)) {
      errors.push(notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ACTIONS));
    }
    if ((lastAt.get(identityOf(constraint)) ?? i) > i) {
      errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`));
    }
    validateMinDomains(constraint.minDomains, whenUnsatisfiable, `${at}.minDomains`, errors);
    validateInclusionPolicy(constraint.nodeAffinityPolicy, `${at}.nodeAffinityPolicy`, errors);
    validateInclusionPolicy(constraint.nodeTaintsPolicy, `${at}.nodeTaintsPolicy`, errors);
    const { matchLabelKeys, labelSelector } = constraint;
    pushAll(
      errors,
      options.useLegacySpreadLabelKeys
        ? validateLegacyLabelKeys(matchLabelKeys, labelSelector, `${at}.matchLabelKeys`)
        : validateLabelKeys(matchLabelKeys, undefined, labelSelector, at),
    );
    if (!options.allowInvalidSpreadSelector)
      pushAll(errors, validateLabelSelector(labelSelector, `${at}.labelSelector`));
  });
}

const identityOf = ({ topologyKey, whenUnsatisfiable }: Constraint): string =>
  JSON.stringify([topologyKey, whenUnsatisfiable]);

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
