import { goJson, goQuote } from './go-format.ts';
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
  | 'FieldValueTooFew'
  | 'FieldValueTooShort'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

/** One invalid field: its path as upstream writes it (`spec.containers[0].name`) and the text without the path. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** What follows `field: ` in the message, e.g. `Required value: must be set`. */
  readonly body: string;
}

/** Pass as the bad value to leave it out of the text, where the value must not be shown. */
export const OMIT_VALUE = Symbol('omit value');

/** A bad value as upstream prints it, strings as Go quotes them and objects as Go's JSON. */
function printValue(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : goJson(value);
}

const withValue = (head: string, value: unknown): string =>
  value === OMIT_VALUE ? head : `${head}: ${printValue(value)}`;

const withDetail = (head: string, detail: string): string => (detail ? `${head}: ${detail}` : head);

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  body: withDetail('Required value', detail),
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  body: withDetail(withValue('Invalid value', value), detail),
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  body: withValue('Duplicate value', value),
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  body: withDetail('Forbidden', detail),
});

export const notFoundField = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  body: withValue('Not found', value),
});

/** `supported` is printed in the given order, each quoted, as upstream does. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  body: withDetail(
    withValue('Unsupported value', value),
    supported.length ? `supported values: ${supported.map(goQuote).join(', ')}` : '',
  ),
});

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;

/** `max` in bytes; negative when upstream tells none. */
export const tooLong = (field: string, max: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  body: `Too long: ${max >= 0 ? `may not be more than ${counted(max, 'byte')}` : 'value is too long'}`,
});

/** The same, for limits that count characters. */
export const tooLongCharacters = (field: string, max: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  body: `Too long: ${max >= 0 ? `may not be more than ${counted(max, 'character')}` : 'value is too long'}`,
});

export const tooShort = (field: string, min: number): FieldError => ({
  type: 'FieldValueTooShort',
  field,
  body: `Too short: ${min >= 0 ? `must be at least ${counted(min, 'character')}` : 'value is too short'}`,
});

/** A negative `actual` is not shown. */
export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  body: withDetail(
    withValue('Too many', actual >= 0 ? actual : OMIT_VALUE),
    max >= 0 ? `must have at most ${counted(max, 'item')}` : 'has too many items',
  ),
});

/** A negative `actual` is not shown. */
export const tooFew = (field: string, actual: number, min: number): FieldError => ({
  type: 'FieldValueTooFew',
  field,
  body: withDetail(
    withValue('Too few', actual >= 0 ? actual : OMIT_VALUE),
    min >= 0 ? `must have at least ${counted(min, 'item')}` : 'has too few items',
  ),
});

export const internalFieldError = (field: string, detail: string): FieldError => ({
  type: 'InternalError',
  field,
  body: withDetail('Internal error', detail),
});

export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field,
  body: withDetail(withValue('Invalid value', value), detail),
});

const causeOf = (error: FieldError): StatusCause => ({
  reason: error.type,
  message: error.body,
  field: error.field,
});

/** `a: x` for one error, `[a: x, b: y]` for several: apimachinery's aggregate, duplicates removed. */
export function fieldErrorsText(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((e) => (e.field ? `${e.field}: ${e.body}` : e.body)))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}

/** Texts of the causes of one answer together; half of what an answer between shard and Worker may be long. */
const CAUSES_CHARS_MAX = 2 * 1024 * 1024;

/** As many of the errors as an answer can hold: one body may have some hundred thousand. */
function withinAnswer(errors: readonly FieldError[]): readonly FieldError[] {
  let chars = 0;
  const count = errors.findIndex(({ field, body }) => (chars += field.length + body.length) > CAUSES_CHARS_MAX);
  return count < 0 ? errors : errors.slice(0, Math.max(1, count));
}

/**
 * 422 with every cause: `Pod "web" is invalid: spec.containers: Required value`.
 * `kind` is the Kind (`Pod`), qualified by its group outside core (`Deployment.apps`).
 */
export function invalidStatus(group: string, kind: string, name: string, all: readonly FieldError[]): Status {
  const errors = withinAnswer(all);
  const qualified = group ? `${kind}.${group}` : kind;
  return failure({
    code: 422,
    reason: 'Invalid',
    message: `${qualified} ${goQuote(name)} is invalid: ${fieldErrorsText(errors)}`,
    details: {
      ...(name ? { name } : {}),
      ...(group ? { group } : {}),
      ...(kind ? { kind } : {}),
      causes: errors.map(causeOf),
    },
  });
}
