/** Rules for affinity. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import { type FieldError, forbiddenField, invalid, required } from '../../../meta/field-error.ts';
import { validateLabelName, validateLabelSelector } from '../../../meta/label-selector.ts';
import { isDNS1123Label, isDNS1123Subdomain, isValidLabelValue } from '../../../meta/name-rules.ts';
import type { PodSpec } from '../pod-types.ts';
import { validateLabelKeys } from './label-keys.ts';
import { pushInvalid } from './names.ts';
import type { PodValidationOptions } from './options.ts';

type Affinity = NonNullable<PodSpec['affinity']>;
type NodeAffinity = NonNullable<Affinity['nodeAffinity']>;
type PodAffinity = NonNullable<Affinity['podAffinity']>;
type PodAffinityTerm = NonNullable<PodAffinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];
type NodeSelector = NonNullable<NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']>;
type NodeSelectorTerm = NodeSelector['nodeSelectorTerms'][number];
type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

export function validateAffinity(
  affinity: Affinity,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (affinity.nodeAffinity) validateNodeAffinity(affinity.nodeAffinity, `${path}.nodeAffinity`, options, errors);
  if (affinity.podAffinity) validatePodAffinity(affinity.podAffinity, `${path}.podAffinity`, options, errors);
  if (affinity.podAntiAffinity)
    validatePodAffinity(affinity.podAntiAffinity, `${path}.podAntiAffinity`, options, errors);
}

function validateNodeAffinity(
  affinity: NodeAffinity,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const selector = affinity[REQUIRED];
  if (selector) {
    const allowInvalidValues = options.allowInvalidLabelValueInRequiredNodeAffinity;
    validateNodeSelector(selector, `${path}.${REQUIRED}`, allowInvalidValues, errors);
  }
  affinity[PREFERRED]?.forEach(({ weight, preference }, i) => {
    const at = `${path}.${PREFERRED}[${i}]`;
    validateWeight(weight, `${at}.weight`, errors);
    validateNodeSelectorTerm(preference ?? {}, `${at}.preference`, true, errors);
  });
}

function validateWeight(weight: number | undefined, path: string, errors: FieldError[]): void {
  if (!weight || weight < 0 || weight > 100) errors.push(invalid(path, weight ?? 0, 'must be in the range 1-100'));
}

/** Also that of volumes. */
export function validateNodeSelector(
  selector: NodeSelector,
  path: string,
  allowInvalidValues: boolean,
  errors: FieldError[],
): void {
  const at = `${path}.nodeSelectorTerms`;
  if (!selector.nodeSelectorTerms?.length) errors.push(required(at, 'must have at least one node selector term'));
  selector.nodeSelectorTerms?.forEach((term, i) =>
    validateNodeSelectorTerm(term, `${at}[${i}]`, allowInvalidValues, errors),
  );
}

function validateNodeSelectorTerm(
  term: NodeSelectorTerm,
  path: string,
  allowInvalidValues: boolean,
  errors: FieldError[],
): void {
  term.matchExpressions?.forEach((requirement, i) =>
    validateExpression(requirement, `${path}.matchExpressions[${i}]`, allowInvalidValues, errors),
  );
  term.matchFields?.forEach((requirement, i) => validateField(requirement, `${path}.matchFields[${i}]`, errors));
}

function validateExpression(
  requirement: Requirement,
  path: string,
  allowInvalidValues: boolean,
  errors: FieldError[],
): void {
  const { key = '', operator = '', values = [] } = requirement as Partial<Requirement>;
  const at = `${path}.values`;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (!values.length) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length) {
        errors.push(forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1)
        errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'));
  }
  pushAll(errors, validateLabelName(key, `${path}.key`));
  if (allowInvalidValues) return;
  values.forEach((value, i) => pushInvalid(isValidLabelValue(value), value, `${at}[${i}]`, errors));
}

/** The only field to select nodes by is their name. */
function validateField(requirement: Requirement, path: string, errors: FieldError[]): void {
  const { key = '', operator = '', values = [] } = requirement as Partial<Requirement>;
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${path}.values`, detail));
  }
  if (key !== 'metadata.name') errors.push(invalid(`${path}.key`, key, 'not a valid field selector key'));
  else values.forEach((value, i) => pushInvalid(isDNS1123Subdomain(value), value, `${path}.values[${i}]`, errors));
}

function validatePodAffinity(
  affinity: PodAffinity,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  affinity[REQUIRED]?.forEach((term, i) => validatePodAffinityTerm(term, `${path}.${REQUIRED}[${i}]`, options, errors));
  affinity[PREFERRED]?.forEach(({ weight, podAffinityTerm }, i) => {
    const at = `${path}.${PREFERRED}[${i}]`;
    validateWeight(weight, `${at}.weight`, errors);
    validatePodAffinityTerm(podAffinityTerm ?? {}, `${at}.podAffinityTerm`, options, errors);
  });
}

function validatePodAffinityTerm(
  term: Partial<PodAffinityTerm>,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const lenient = { allowInvalidLabelValueInSelector: options.allowInvalidLabelValueInSelector };
  pushAll(errors, validateLabelSelector(term.labelSelector, `${path}.labelSelector`, lenient));
  pushAll(errors, validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`, lenient));
  for (const name of term.namespaces ?? []) pushInvalid(isDNS1123Label(name), name, `${path}.namespace`, errors);
  pushAll(errors, validateLabelKeys(term.matchLabelKeys, term.mismatchLabelKeys, term.labelSelector, path));
  const topologyKey = term.topologyKey ?? '';
  if (!topologyKey) errors.push(required(`${path}.topologyKey`, 'can not be empty'));
  pushAll(errors, validateLabelName(topologyKey, `${path}.topologyKey`));
}
