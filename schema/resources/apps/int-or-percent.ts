/** Rules for fields that hold a count or a percentage. Source: kubernetes pkg/apis/apps/validation (1.37). */
import { type FieldError, invalid } from '../../meta/field-error.ts';
import { type IntOrString, intValue } from '../../meta/int-or-string.ts';
import { isValidPercent } from '../../meta/name-rules.ts';

/** A count of zero or more, or a percentage. */
export function validateIntOrPercent(value: IntOrString, path: string, errors: FieldError[]): void {
  if (typeof value === 'string') {
    for (const message of isValidPercent(value)) errors.push(invalid(path, value, message));
  } else if (value < 0) errors.push(invalid(path, value, 'must be greater than or equal to 0'));
}

const percentOf = (value: IntOrString): number | undefined =>
  typeof value === 'string' && isValidPercent(value).length === 0 ? Number(value.slice(0, -1)) : undefined;

/** The number in it, whatever it counts: to tell zero from something. */
export const intOrPercentValue = (value: IntOrString): number => percentOf(value) ?? intValue(value);

export function validateAtMost100Percent(value: IntOrString, path: string, errors: FieldError[]): void {
  if ((percentOf(value) ?? 0) > 100) errors.push(invalid(path, value, 'must not be greater than 100%'));
}
