/** Conditions in statuses. Source: apimachinery meta/v1/validation ValidateConditions. */
import { pushAll } from '../meta/push-all.ts';
import { duplicate, type FieldError, invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import { byteLength } from '../meta/go-format.ts';
import { validateLabelName } from '../meta/label-selector.ts';
import { regexError } from '../meta/name-rules.ts';

/** A condition in its wire form. */
export interface Condition {
  type?: string;
  status?: string;
  observedGeneration?: number;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

const STATUSES = ['False', 'True', 'Unknown'];
const REASON_BYTES_MAX = 1024;
const MESSAGE_BYTES_MAX = 32 * 1024;
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const REASON_WHOLE = new RegExp(`^${REASON}$`);
const REASON_TEXT =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const REASON_EXAMPLES = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'];

function reasonErrors(reason: string, field: string): FieldError[] {
  if (reason === '') return [required(field)];
  const isWellFormed = byteLength(reason) <= REASON_BYTES_MAX && REASON_WHOLE.test(reason);
  if (isWellFormed) return [];
  const isTooLong = byteLength(reason) > REASON_BYTES_MAX;
  return [
    ...(REASON_WHOLE.test(reason) ? [] : [invalid(field, reason, regexError(REASON_TEXT, REASON, ...REASON_EXAMPLES))]),
    ...(isTooLong ? [tooLong(field, REASON_BYTES_MAX)] : []),
  ];
}

function conditionErrors(condition: Condition, field: string): FieldError[] {
  const { type = '', status = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition;
  const errors = type ? validateLabelName(type, `${field}.type`) : [required(`${field}.type`, 'is required')];
  if (!status) errors.push(required(`${field}.status`));
  else if (!STATUSES.includes(status)) errors.push(notSupported(`${field}.status`, status, STATUSES));
  if (observedGeneration < 0) {
    errors.push(invalid(`${field}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'));
  }
  if (!lastTransitionTime) errors.push(required(`${field}.lastTransitionTime`));
  pushAll(errors, reasonErrors(reason, `${field}.reason`));
  if (byteLength(message) > MESSAGE_BYTES_MAX) errors.push(tooLong(`${field}.message`, MESSAGE_BYTES_MAX));
  return errors;
}

/** All errors of a list of conditions, at `field`. */
export function validateConditions(conditions: readonly Condition[] | undefined, field: string): FieldError[] {
  const types = new Set<string>();
  return (conditions ?? []).flatMap((condition, i) => {
    const { type = '' } = condition;
    const at = `${field}[${i}]`;
    const errors = conditionErrors(condition, at);
    if (types.has(type)) return [duplicate(at, type), ...errors];
    types.add(type);
    return errors;
  });
}
