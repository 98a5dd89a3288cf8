/**
 * Checks of single fields that the kinds of resource.k8s.io share, as far as upstream does not declare
 * them on the types (declared-devices.ts). Source: pkg/apis/resource/validation.
 */
import { duplicate, type FieldError, invalid, required, tooLong } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { validateLabelName } from '../../meta/label-selector.ts';
import { isDNS1123Subdomain, isValidLabelValue } from '../../meta/name-rules.ts';
import { csiDriverNameErrors } from '../core/persistent-volume-validation.ts';
import { identifierErrors, POOL_NAME_BYTES_MAX } from './declared-formats.ts';
import { BINDING_CONDITIONS_MAX } from './declared-devices.ts';
import { repeatsIn } from './declared-rules.ts';
import type { DeviceConfiguration, DeviceSelector, DeviceTaint, DeviceToleration } from './device-types.ts';

export const CEL_EXPRESSION_BYTES_MAX = 10 * 1024;
export const OPAQUE_PARAMETERS_BYTES_MAX = 10 * 1024;
const NAME_WITH_SLASHES = 'must not contain more than one slash';

/** Drivers are named as CSI drivers are. */
export const driverNameErrors = csiDriverNameErrors;

export function poolNameErrors(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)];
  return [
    ...(byteLength(name) > POOL_NAME_BYTES_MAX ? [tooLong(field, POOL_NAME_BYTES_MAX)] : []),
    ...name.split('/').flatMap((part) => isDNS1123Subdomain(part).map((text) => invalid(field, part, text))),
  ];
}

/** Errors of an attribute's or capacity's name, with or without its domain. */
export function qualifiedNameErrors(name: string, field: string): FieldError[] {
  const [domain = '', id, ...more] = name.split('/');
  if (more.length > 0) return [invalid(field, name, NAME_WITH_SLASHES)];
  if (id === undefined) return identifierErrors(domain, field);
  return [
    ...(domain === '' ? [invalid(field, '', 'the domain must not be empty')] : driverNameErrors(domain, field)),
    ...(id === '' ? [invalid(field, '', 'the name must not be empty')] : identifierErrors(id, field)),
  ];
}

/** What is declared lets more than one slash pass. */
export const manySlashesErrors = (name: string | undefined, field: string): FieldError[] =>
  name && name.split('/').length > 2 ? [invalid(field, name, NAME_WITH_SLASHES)] : [];

/**
 * Errors of a selector. Its CEL expression is not compiled here: no more is known of it than its length
 * and that there is one. `isStored`: it was in the old object, and is not looked at again.
 */
export function selectorErrors({ cel }: DeviceSelector, field: string, isStored: boolean): FieldError[] {
  if (!cel) return [required(`${field}.cel`)];
  const at = `${field}.cel.expression`;
  const { expression = '' } = cel;
  if (isStored) return [];
  if (byteLength(expression) > CEL_EXPRESSION_BYTES_MAX) return [tooLong(at, CEL_EXPRESSION_BYTES_MAX)];
  return expression.trim() === '' ? [invalid(at, expression, EMPTY_EXPRESSION)] : [];
}

/** What cel-go says of a text in which there is nothing. */
const EMPTY_EXPRESSION =
  "compilation failed: ERROR: <input>:1:1: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | \n | ^";

/** Errors of what is handed to a driver as it is: a JSON object of limited size (as compact JSON). */
export function rawObjectErrors(value: unknown, field: string, isStored: boolean, bytesMax: number): FieldError[] {
  if (value === undefined || value === null) return [required(field)];
  if (!isStored && byteLength(JSON.stringify(value)) > bytesMax) return [tooLong(field, bytesMax)];
  const isObject = typeof value === 'object' && !Array.isArray(value);
  return isObject ? [] : [invalid(field, '<value omitted>', 'must be a valid JSON object')];
}

/** Errors of configuration for a driver; the driver's name is checked as declared. */
export function configurationErrors(
  { opaque }: Pick<DeviceConfiguration, 'opaque'>,
  field: string,
  isStored: boolean,
): FieldError[] {
  if (!opaque) return [required(`${field}.opaque`)];
  return rawObjectErrors(opaque.parameters, `${field}.opaque.parameters`, isStored, OPAQUE_PARAMETERS_BYTES_MAX);
}

const labelValueErrors = (value: string, field: string): FieldError[] =>
  isValidLabelValue(value).map((text) => invalid(field, value, text));

export function tolerationErrors({ operator, value = '' }: DeviceToleration, field: string): FieldError[] {
  const at = `${field}.value`;
  if (operator === 'Equal') return labelValueErrors(value, at);
  return operator === 'Exists' && value !== '' ? [invalid(at, value, 'must be empty for operator `Exists`')] : [];
}

export const tolerationsErrors = (tolerations: readonly DeviceToleration[] | undefined, field: string): FieldError[] =>
  (tolerations ?? []).flatMap((toleration, i) => tolerationErrors(toleration, `${field}.tolerations[${i}]`));

export const taintErrors = ({ key = '', value = '' }: DeviceTaint, field: string): FieldError[] => [
  ...validateLabelName(key, `${field}.key`),
  ...(value === '' ? [] : labelValueErrors(value, `${field}.value`)),
];

interface BindingParameters {
  readonly bindingConditions?: string[];
  readonly bindingFailureConditions?: string[];
}

const conditionNames = (names: readonly string[], field: string): FieldError[] =>
  names.length > BINDING_CONDITIONS_MAX ? [] : names.flatMap((name, i) => validateLabelName(name, `${field}[${i}]`));

/** Errors of the conditions that make or break a binding: none twice, none in both, both or neither. */
export function bindingParameterErrors(parameters: BindingParameters, field: string): FieldError[] {
  const { bindingConditions = [], bindingFailureConditions = [] } = parameters;
  const [at, failuresAt] = [`${field}.bindingConditions`, `${field}.bindingFailureConditions`];
  const errors = [...conditionNames(bindingConditions, at), ...conditionNames(bindingFailureConditions, failuresAt)];
  for (const i of repeatsIn(bindingConditions)) errors.push(duplicate(`${at}[${i}]`, bindingConditions[i]));
  const conditions = new Set(bindingConditions);
  const repeats = new Set(repeatsIn(bindingFailureConditions));
  bindingFailureConditions.forEach((name, i) => {
    if (repeats.has(i)) errors.push(duplicate(`${failuresAt}[${i}]`, name));
    if (conditions.has(name)) {
      errors.push(
        invalid(`${failuresAt}[${i}]`, name, 'bindingFailureConditions must not overlap with bindingConditions'),
      );
    }
  });
  if (bindingConditions.length === 0 && bindingFailureConditions.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions';
    errors.push(invalid(at, parameters.bindingConditions ?? null, text));
  }
  if (bindingFailureConditions.length === 0 && bindingConditions.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions';
    errors.push(invalid(failuresAt, parameters.bindingFailureConditions ?? null, text));
  }
  return errors;
}
