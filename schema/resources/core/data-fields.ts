/** What ConfigMaps and Secrets share: keys, sizes and the `immutable` switch. */
import { equalJson } from '../../meta/json-value.ts';
import { type FieldError, forbiddenField, invalid } from '../../meta/field-error.ts';
import { isConfigMapKey } from '../../meta/name-rules.ts';

/** Of all values of one object together. Source: core MaxSecretSize. */
export const DATA_BYTES_MAX = 1024 * 1024;

export const dataKeyErrors = (field: string, key: string): FieldError[] =>
  isConfigMapKey(key).map((message) => invalid(`${field}[${key}]`, key, message));

const IMMUTABLE = 'field is immutable when `immutable` is set';

/** Errors of changing an object that was declared immutable. */
export function immutableDataErrors<T extends { immutable?: boolean }>(
  next: T,
  previous: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (!previous.immutable) return [];
  const errors = next.immutable ? [] : [forbiddenField('immutable', IMMUTABLE)];
  for (const field of fields) {
    if (!equalJson(next[field] ?? {}, previous[field] ?? {})) errors.push(forbiddenField(field, IMMUTABLE));
  }
  return errors;
}
