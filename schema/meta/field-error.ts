import { failure, type Status, type StatusCause } from './status.ts';

/** The kinds of field error, by upstream's reason (apimachinery `field.ErrorType`). */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

/** One invalid field: its path as upstream writes it (`spec.containers[0].name`) and the text without the path. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** What follows `field: ` in the message, e.g. `Required value: must be set`. */
  readonly body: string;
}

/** Formats a bad value as Go prints it in field errors: strings quoted, others as JSON. */
function printValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const withDetail = (head: string, detail: string): string => (detail ? `${head}: ${detail}` : head);

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  body: withDetail('Required value', detail),
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  body: withDetail(`Invalid value: ${printValue(value)}`, detail),
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  body: `Duplicate value: ${printValue(value)}`,
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  body: withDetail('Forbidden', detail),
});

export const notFoundField = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  body: `Not found: ${printValue(value)}`,
});

/** `supported` is printed in the given order, each quoted, as upstream does. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  body: withDetail(
    `Unsupported value: ${printValue(value)}`,
    supported.length ? `supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}` : '',
  ),
});

export const tooLong = (field: string, max: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  body: max >= 0 ? `Too long: may not be more than ${max} bytes` : 'Too long: value is too long',
});

export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  body: `Too many: ${actual}: must have at most ${max} item${max === 1 ? '' : 's'}`,
});

export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field,
  body: withDetail(`Invalid value: ${printValue(value)}`, detail),
});

const causeOf = (error: FieldError): StatusCause => ({
  reason: error.type,
  message: error.body,
  field: error.field,
});

/** `a: x` for one error, `[a: x, b: y]` for several: apimachinery's aggregate, duplicates removed. */
function aggregateText(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((e) => (e.field ? `${e.field}: ${e.body}` : e.body)))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}

/**
 * 422 with every cause: `Pod "web" is invalid: spec.containers: Required value`.
 * `kind` is the Kind (`Pod`), qualified by its group outside core (`Deployment.apps`).
 */
export function invalidStatus(group: string, kind: string, name: string, errors: readonly FieldError[]): Status {
  const qualified = group ? `${kind}.${group}` : kind;
  return failure({
    code: 422,
    reason: 'Invalid',
    message: `${qualified} "${name}" is invalid: ${aggregateText(errors)}`,
    details: { ...(name ? { name } : {}), ...(group ? { group } : {}), kind, causes: errors.map(causeOf) },
  });
}
