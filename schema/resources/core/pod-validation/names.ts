/** Name rules of the shared machinery, as errors of a field. */
import { type FieldError, invalid } from '../../../meta/field-error.ts';
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName, isValidUserID } from '../../../meta/name-rules.ts';

/** Appends one `Invalid value` per message. */
export function pushInvalid(messages: readonly string[], value: unknown, path: string, errors: FieldError[]): void {
  for (const message of messages) errors.push(invalid(path, value, message));
}

export const validateDNS1123Label = (value: string, path: string, errors: FieldError[]): void =>
  pushInvalid(isDNS1123Label(value), value, path, errors);

export const validateDNS1123Subdomain = (value: string, path: string, errors: FieldError[]): void =>
  pushInvalid(isDNS1123Subdomain(value), value, path, errors);

export const validateQualifiedName = (value: string, path: string, errors: FieldError[]): void =>
  pushInvalid(isQualifiedName(value), value, path, errors);

export const validateUserId = (id: number | undefined, path: string, errors: FieldError[]): void => {
  if (id !== undefined && id !== null) pushInvalid(isValidUserID(id), id, path, errors);
};

/** Zero or more; absent counts as zero. */
export function validateNonNegative(value: number | undefined, path: string, errors: FieldError[]): void {
  if (value !== undefined && value < 0) errors.push(invalid(path, value, 'must be greater than or equal to 0'));
}
