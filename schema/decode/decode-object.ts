/**
 * A request's body into an object of the expected kind, by upstream's rules and in its words.
 * Source: apiserver endpoints/handlers (create.go, rest.go) and apimachinery runtime/serializer/json.
 */
import { byteLength, goQuote } from '../meta/go-format.ts';
import type { UntypedObject } from '../meta/object-meta.ts';
import { badRequest, fail, ok, type Result } from '../meta/status.ts';
import { checkFields } from './check-fields.ts';
import { parseJson } from './decode-json.ts';
import { parseYaml } from './decode-yaml.ts';
import { structTypeOf } from './field-table.ts';
import { strictFieldErrors } from './strict-fields.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Its name in the field table, e.g. `V1Deployment`. */
  readonly schema: string;
}

export interface DecodeOptions {
  readonly expected: ExpectedKind;
  readonly format: 'json' | 'yaml';
  readonly fieldValidation: FieldValidation;
}

export interface Decoded {
  /** With kind and apiVersion set; unknown fields dropped; metadata always there. */
  readonly object: UntypedObject;
  /** For the `Warning` header; empty unless fieldValidation is `Warn`. */
  readonly warnings: readonly string[];
}

const BODY_SUMMARY_BYTES_MAX = 30;
const FIND_KIND = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** The body's first bytes for an error: as text if it looks like JSON, else in hex. */
function bodySummary(text: string): string {
  if (text === '') return '<empty>';
  const isLong = byteLength(text) > BODY_SUMMARY_BYTES_MAX;
  const more = isLong ? ' ...' : '';
  if (text.startsWith('{')) return `${isLong ? text.slice(0, BODY_SUMMARY_BYTES_MAX) : text}${more}`;
  const escaped = encodeURIComponent(text.slice(0, BODY_SUMMARY_BYTES_MAX).toWellFormed());
  const hex = escaped.replace(
    /%(..)|[^%]/g,
    (character, byte?: string) => byte?.toLowerCase() ?? character.charCodeAt(0).toString(16),
  );
  return `${hex.slice(0, 2 * BODY_SUMMARY_BYTES_MAX)}${more}`;
}

export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

const jsonName = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;

/** apiVersion and kind of a decoded value, without defaults. */
function findKind(value: Record<string, unknown>): Found<Kind> {
  for (const key of Object.keys(value)) {
    const held = value[key];
    if ((key !== 'kind' && key !== 'apiVersion') || typeof held === 'string' || held === null) continue;
    const problem = `json: cannot unmarshal ${jsonName(held)} into Go struct field .${key} of type string`;
    return { ok: false, error: `couldn't get version/kind; json parse error: ${problem}` };
  }
  const apiVersion = (value.apiVersion as string | null | undefined) ?? '';
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/');
  if (parts.length > 2) return { ok: false, error: `unexpected GroupVersion string: ${apiVersion}` };
  const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', parts[0] as string];
  return { ok: true, value: { group, version, kind: (value.kind as string | null | undefined) ?? '' } };
}

/** What the body leaves out comes from the request's own kind. Source: serializer/json gvkWithDefaults. */
function withDefaults(found: Kind, expected: ExpectedKind): Kind {
  const kind = found.kind || expected.kind;
  if (found.version === '' && (found.group === '' || found.group === expected.group)) {
    return { kind, group: expected.group, version: expected.version };
  }
  return { ...found, kind };
}

const apiVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group ? `${group}/${version}` : version;

const isServed = (kind: Kind): boolean =>
  structTypeOf(`V${kind.version.slice(1)}${kind.kind}`) !== undefined ||
  structTypeOf(
    `${kind.group.split('.')[0]?.replace(/^./, (c) => c.toUpperCase()) || 'Core'}V${kind.version.slice(1)}${kind.kind}`,
  ) !== undefined;

/** Why the scheme makes no object of the expected kind of another. */
export function conversionProblem(actual: Kind, expected: Pick<ExpectedKind, 'group' | 'kind'>): string {
  const { version, kind } = actual;
  if (!isServed(actual)) {
    return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersionOf(actual))} in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  }
  const internal = `${expected.group.split('.')[0] || 'core'}.${expected.kind}`;
  return `converting (${version}.${kind}) to (${internal}): unknown conversion`;
}

/** Why an object of another kind cannot be taken; undefined when it is of the expected one. */
function kindMismatch(actual: Kind, expected: ExpectedKind): string | undefined {
  const { group, version, kind } = actual;
  if (group === expected.group && version === expected.version && kind === expected.kind) return undefined;
  if (kind === expected.kind && isServed(actual)) {
    return `the API version in the data (${apiVersionOf(actual)}) does not match the expected API version (${apiVersionOf(expected)})`;
  }
  return cannotHandle(actual, expected, conversionProblem(actual, expected));
}

const cannotHandle = (actual: Kind, expected: ExpectedKind, why: string): string =>
  `${actual.kind} in version ${goQuote(actual.version)} cannot be handled as a ${expected.kind}: ${why}`;

interface Parsed {
  readonly value: Record<string, unknown>;
  /** The JSON text, if the body was one: duplicates are looked for in it. */
  readonly json?: { readonly text: string; readonly members: number };
  readonly yamlDuplicates: readonly string[];
}

function parseBody(text: string, format: 'json' | 'yaml'): Found<Parsed> {
  let value: unknown;
  let json: Parsed['json'];
  let yamlDuplicates: readonly string[] = [];
  if (format === 'json') {
    const parsed = parseJson(text);
    if (!parsed.ok) return { ok: false, error: `couldn't get version/kind; json parse error: ${parsed.error}` };
    value = parsed.value;
    json = { text, members: parsed.shape.members };
  } else {
    const parsed = parseYaml(text);
    if (!parsed.ok) return parsed;
    value = parsed.value;
    yamlDuplicates = parsed.duplicates;
  }
  if (value === null) value = {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    const problem = `json: cannot unmarshal ${jsonName(value)} into Go value of type ${FIND_KIND}`;
    return { ok: false, error: `couldn't get version/kind; json parse error: ${problem}` };
  }
  return { ok: true, value: { value: value as Record<string, unknown>, json, yamlDuplicates } };
}

interface StrictErrors {
  /** As they stand in an error. */
  readonly texts: readonly string[];
  /** As they stand in warnings: YAML's are lines of their own. */
  readonly warnings: readonly string[];
}

function strictErrorsOf(
  parsed: Parsed,
  schema: string,
  check: { unknown: readonly string[]; members: number },
): StrictErrors {
  const hasDuplicates = parsed.json !== undefined && parsed.json.members > check.members;
  const fields = hasDuplicates
    ? strictFieldErrors(parsed.json.text, schema)
    : check.unknown.map((path) => `unknown field ${goQuote(path)}`);
  const yaml = parsed.yamlDuplicates;
  const yamlText = yaml.length ? [`yaml: unmarshal errors:\n${yaml.map((line) => `  ${line}`).join('\n')}`] : [];
  return { texts: [...yamlText, ...fields], warnings: [...yaml, ...fields] };
}

/** Decodes a body whose length has been checked. Failures are 400 BadRequest. */
export function decodeObject(text: string, { expected, format, fieldValidation }: DecodeOptions): Result<Decoded> {
  const unrecognized = (why: string) =>
    fail(
      badRequest(
        `the object provided is unrecognized (must be of type ${expected.kind}): ${why} (${bodySummary(text)})`,
      ),
    );
  const parsed = parseBody(text, format);
  if (!parsed.ok) return unrecognized(parsed.error);
  const object = parsed.value.value;
  const found = findKind(object);
  if (!found.ok) return unrecognized(found.error);
  const actual = withDefaults(found.value, expected);
  const mismatch = kindMismatch(actual, expected);
  if (mismatch) return fail(badRequest(mismatch));
  const check = checkFields(object, expected.schema);
  if (check.error) return fail(badRequest(cannotHandle(actual, expected, check.error)));
  let warnings: readonly string[] = [];
  if (fieldValidation !== 'Ignore') {
    const strict = strictErrorsOf(parsed.value, expected.schema, check);
    if (strict.texts.length && fieldValidation === 'Strict') {
      return fail(badRequest(cannotHandle(actual, expected, `strict decoding error: ${strict.texts.join(', ')}`)));
    }
    warnings = strict.warnings;
  }
  object.kind = expected.kind;
  object.apiVersion = apiVersionOf(expected);
  object.metadata ??= {};
  return ok({ object: object as UntypedObject, warnings });
}
