/**
 * A patch request's body applied to an object, by upstream's rules and in its words.
 * Source: apiserver endpoints/handlers/patch.go. Pure.
 */
import { checkFields } from '../../../schema/decode/check-fields.ts';
import { parseJson } from '../../../schema/decode/decode-json.ts';
import { conversionProblem } from '../../../schema/decode/decode-object.ts';
import { invalid, invalidStatus } from '../../../schema/meta/field-error.ts';
import { goQuote, goText } from '../../../schema/meta/go-format.ts';
import { cloneJson } from '../../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import {
  badRequest,
  fail,
  failure,
  ok,
  requestEntityTooLarge,
  type Result,
  type Status,
} from '../../../schema/meta/status.ts';
import type { FieldValidation } from '../../../schema/protocol/shard.ts';
import { applyJsonPatch, JSON_PATCH_OPERATIONS_MAX, type JsonPatchOperation } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { operationErrors, repeatedMembers } from './patch-members.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

export interface PatchInput {
  readonly type: 'json' | 'merge' | 'strategic';
  /** The request's body, its length checked. */
  readonly patch: string;
  /** The object in the version the request speaks; it is left as it is. */
  readonly current: KubeObject;
  /** The object's type in the field table, e.g. `V1Pod`. */
  readonly schema: string;
  readonly fieldValidation: FieldValidation;
}

export interface PatchOutput {
  /** Decoded and checked by the field table, and the caller's own. Not defaulted. */
  readonly object: UntypedObject;
  readonly warnings: readonly string[];
}

type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const jsonName = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;

/** Upstream hides why a patch did not fit the object. */
const doesNotApply = (): Status =>
  failure({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {},
  });

/** Upstream's answer to errors it has no status for. */
const unforeseen = (message: string): Status => failure({ code: 500, reason: '', message });

/** A patch's outcome before it is decoded, with what is wrong with the patch's own form. */
interface Merged {
  readonly value: unknown;
  /** How upstream shows the patch in errors about the outcome. */
  readonly shown: () => string;
  readonly strictErrors: readonly string[];
}

function jsonPatched({ patch, current, fieldValidation }: PatchInput): Result<Merged> {
  const isStrict = fieldValidation !== 'Ignore';
  const decoding = (why: string) => fail(badRequest(isStrict ? `error decoding patch: ${why}` : why));
  const parsed = parseJson(patch);
  if (!parsed.ok) return decoding(parsed.error);
  const operations = parsed.value ?? [];
  const item = isStrict ? 'handlers.jsonPatchOp' : 'jsonpatch.Operation';
  if (!Array.isArray(operations)) {
    return decoding(
      `json: cannot unmarshal ${jsonName(operations)} into Go value of type ${isStrict ? `[]${item}` : 'jsonpatch.Patch'}`,
    );
  }
  const wrong = operations.find((operation) => !isObject(operation) && operation !== null);
  if (wrong !== undefined) return decoding(`json: cannot unmarshal ${jsonName(wrong)} into Go value of type ${item}`);
  const list = operations.map((operation) => (operation ?? {}) as JsonPatchOperation);
  const form = isStrict ? operationErrors(patch, list) : { error: undefined, strictErrors: [] };
  if (form.error) return decoding(form.error);
  if (list.length > JSON_PATCH_OPERATIONS_MAX) {
    return fail(
      requestEntityTooLarge(
        `The allowed maximum operations in a JSON patch is ${JSON_PATCH_OPERATIONS_MAX}, got ${list.length}`,
      ),
    );
  }
  const patched = applyJsonPatch(cloneJson(current) as unknown as Members, list);
  if (!patched.ok) return fail(doesNotApply());
  return ok({ value: patched.value, shown: () => JSON.stringify(patched.value), strictErrors: form.strictErrors });
}

/** A patch that must be an object, and what it repeats. */
function objectPatch(
  { patch, fieldValidation }: PatchInput,
  describe: (why: string) => string,
): Result<{ value: Members | null; strictErrors: string[] }> {
  const parsed = parseJson(patch);
  if (!parsed.ok) return fail(badRequest(describe(parsed.error)));
  const { value, shape } = parsed;
  if (value !== null && !isObject(value)) {
    return fail(
      badRequest(describe(`json: cannot unmarshal ${jsonName(value)} into Go value of type map[string]interface {}`)),
    );
  }
  return ok({ value, strictErrors: fieldValidation === 'Ignore' ? [] : repeatedMembers(patch, value, shape.members) });
}

function mergePatched(input: PatchInput): Result<Merged> {
  const isStrict = input.fieldValidation !== 'Ignore';
  const read = objectPatch(input, (why) => (isStrict ? `error decoding patch: ${why}` : 'Invalid JSON Patch'));
  if (!read.ok) return read;
  if (read.value.value === null) return fail(badRequest('Invalid JSON Patch'));
  const value = applyMergePatch(cloneJson(input.current), read.value.value);
  return ok({ value, shown: () => JSON.stringify(value), strictErrors: read.value.strictErrors });
}

const FAILURES = {
  BadRequest: badRequest,
  Invalid: doesNotApply,
  Internal: unforeseen,
} as const;

function strategicallyPatched(input: PatchInput): Result<Merged> {
  const read = objectPatch(input, (why) => why);
  if (!read.ok) return read;
  const patch = read.value.value ?? {};
  const current = cloneJson(input.current) as unknown as Members;
  const merged = applyStrategicMergePatch(current, patch, input.schema);
  if (!merged.ok) return fail(FAILURES[merged.kind](merged.error));
  const shown = (): string => goText((parseJson(input.patch) as { value?: unknown }).value ?? {});
  return ok({ value: merged.value, shown, strictErrors: read.value.strictErrors });
}

const APPLY = { json: jsonPatched, merge: mergePatched, strategic: strategicallyPatched } as const;

/** ` "" is invalid: patch: Invalid value: …`: upstream names no object in errors about a patch's outcome. */
const invalidOutcome = (shown: string, why: string): Status =>
  invalidStatus('', '', '', [invalid('patch', shown, why)]);

/** What the outcome is of another kind than the object was. */
function changedKind(next: Members, current: KubeObject): string | undefined {
  const { kind, apiVersion } = next;
  if ((kind === undefined || kind === current.kind) && (apiVersion === undefined || apiVersion === current.apiVersion))
    return undefined;
  const [, group = ''] = (current.apiVersion ?? '').split('/').reverse();
  const [version = '', otherGroup = ''] = goText(apiVersion ?? current.apiVersion)
    .split('/')
    .reverse();
  const other = { group: otherGroup, version, kind: goText(kind ?? current.kind) };
  return conversionProblem(other, { group, kind: current.kind ?? '' });
}

/**
 * Applies a patch. Failures: 400 for what is no patch, 413 beyond the limit of operations, 422 for
 * a patch that does not fit or whose outcome is no such object.
 */
export function applyPatch(input: PatchInput): Result<PatchOutput> {
  const merged = APPLY[input.type](input);
  if (!merged.ok) return merged;
  const { value, shown, strictErrors } = merged.value;
  if (!isObject(value)) {
    return fail(
      invalidOutcome(
        shown(),
        `json: cannot unmarshal ${jsonName(value)} into Go value of type map[string]interface {}`,
      ),
    );
  }
  const text = input.type === 'strategic' ? '' : shown();
  const changed = changedKind(value, input.current);
  if (changed) return fail(invalidOutcome(shown(), changed));
  const check = checkFields(value, input.schema);
  if (check.error) return fail(invalidOutcome(text || shown(), check.error));
  const unknown = check.unknown.map((path) => `unknown field ${goQuote(path)}`);
  const found = input.fieldValidation === 'Ignore' ? [] : [...strictErrors, ...unknown];
  if (found.length > 0 && input.fieldValidation === 'Strict') {
    return fail(invalidOutcome(text || shown(), `strict decoding error: ${found.join(', ')}`));
  }
  value.kind = input.current.kind;
  value.apiVersion = input.current.apiVersion;
  value.metadata ??= {};
  return ok({ object: value as UntypedObject, warnings: found });
}
