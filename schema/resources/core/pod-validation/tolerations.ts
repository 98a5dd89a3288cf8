/** Rules for tolerations. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import { type FieldError, invalid, notSupported } from '../../../meta/field-error.ts';
import { goQuote } from '../../../meta/go-format.ts';
import { validateLabelName } from '../../../meta/label-selector.ts';
import { isValidLabelValue } from '../../../meta/name-rules.ts';
import type { PodSpec } from '../pod-types.ts';
import type { PodValidationOptions } from './options.ts';

type Toleration = NonNullable<PodSpec['tolerations']>[number];

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTolerations(
  tolerations: readonly Toleration[],
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  tolerations.forEach((toleration, i) => {
    const at = `${path}[${i}]`;
    const { key, operator = '', effect } = toleration as { key?: string; operator?: string; effect?: string };
    if (key) pushAll(errors, validateLabelName(key, `${at}.key`));
    else if (operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(`${at}.operator`, operator, detail));
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    validateOperator(operator, toleration.value ?? '', at, options, errors);
    if (effect && !EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, EFFECTS));
  });
}

function validateOperator(
  operator: string,
  value: string,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const at = `${path}.operator`;
  switch (operator) {
    case '':
    case 'Equal': {
      const messages = isValidLabelValue(value);
      if (messages.length) errors.push(invalid(at, value, messages.join(';')));
      return;
    }
    case 'Exists':
      if (value) errors.push(invalid(at, value, "value must be empty when `operator` is 'Exists'"));
      return;
    case 'Lt':
    case 'Gt':
      if (options.allowTolerationComparison) validateInteger(value, `${path}.value`, errors);
      else errors.push(notSupported(at, operator, ['Equal', 'Exists', 'Lt', 'Gt']));
      return;
    default:
      errors.push(notSupported(at, operator, ['Equal', 'Exists']));
  }
}

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

function validateInteger(value: string, path: string, errors: FieldError[]): void {
  if (!INTEGER.test(value)) {
    errors.push(invalid(path, value, 'must be a valid decimal integer in canonical form'));
    if (!/^[+-]?[0-9]+$/.test(value)) {
      errors.push(invalid(path, value, `strconv.ParseInt: parsing ${goQuote(value)}: invalid syntax`));
    }
  } else if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) {
    errors.push(invalid(path, value, `strconv.ParseInt: parsing ${goQuote(value)}: value out of range`));
  }
}
