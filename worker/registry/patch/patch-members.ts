/** What is wrong with a patch's own form, as strict decoding tells it. */
import type { FieldType } from '../../../schema/decode/field-table.ts';
import { duplicateFieldErrors, hasRepeatedMembers, strictItemErrors } from '../../../schema/decode/strict-fields.ts';
import type { JsonPatchOperation } from './json-patch.ts';

const STRING: FieldType = { kind: 'string' };
const OPERATION_FIELDS: ReadonlyMap<string, FieldType> = new Map<string, FieldType>([
  ['op', STRING],
  ['path', STRING],
  ['from', STRING],
  ['value', { kind: 'any' }],
]);

/** `duplicate field "spec.replicas"` for each member given twice; `members` counts those of the text. */
export function repeatedMembers(text: string, value: unknown, members: number): string[] {
  return hasRepeatedMembers(value, members) ? duplicateFieldErrors(text) : [];
}

/** `error`: a field of an operation has the wrong type. `strictErrors`: fields no operation has, or has twice. */
export interface OperationErrors {
  readonly error: string | undefined;
  readonly strictErrors: readonly string[];
}

export function operationErrors(text: string, operations: readonly JsonPatchOperation[]): OperationErrors {
  for (const operation of operations) {
    for (const [field, value] of Object.entries(operation)) {
      if (OPERATION_FIELDS.get(field) !== STRING || value === null || typeof value === 'string') continue;
      const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
      return {
        error: `json: cannot unmarshal ${found} into Go struct field jsonPatchOp.${field} of type string`,
        strictErrors: [],
      };
    }
  }
  return {
    error: undefined,
    strictErrors: strictItemErrors(text, OPERATION_FIELDS).map((error) => `json patch ${error}`),
  };
}
