/**
 * The corpus of requests: what stands in `bases.yaml` and `rows/*.yaml`, and how a row becomes requests
 * and an expectation. How rows are written is told in `README.md`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A JSON pointer (`/spec/containers/0/image`) and what is put there; `$gone` takes away. */
export type Changes = Readonly<Record<string, unknown>>;

/** A valid object that rows begin with. */
export interface Base {
  /** Of the collection, `{ns}` for the namespace. */
  readonly path: string;
  readonly object: Readonly<Record<string, unknown>>;
}

/** An object that must exist before the row's own request. */
export interface Preparation {
  readonly create: string;
  readonly name?: string;
  readonly with?: Changes;
}

export interface Row {
  readonly id: string;
  readonly what: string;
  /** One of these says what is asked; each but `request` names a base. */
  readonly create?: string;
  readonly update?: string;
  readonly patch?: string;
  readonly delete?: string;
  readonly request?: string;
  /** Changes of the object that an update, patch or delete begins with. */
  readonly from?: Changes;
  /** Changes of the object that is sent. */
  readonly with?: Changes;
  readonly subresource?: string;
  readonly setup?: readonly Preparation[];
  readonly query?: string;
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when a string, else as JSON. */
  readonly body?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  /** `field: text` of each cause of a 422; its message and causes follow. */
  readonly errors?: readonly string[];
  /** The fields of the causes, where upstream's words for them are not written down here. */
  readonly at?: readonly string[];
  readonly causes?: readonly Readonly<Record<string, string>>[];
  /** JSON pointers into the answer and the values there. */
  readonly fields?: Changes;
  readonly absent?: readonly string[];
  /** All warnings of the answer. */
  readonly warnings?: readonly string[];
  /** How an error names the object where it is not `Kind.group "id"`. */
  readonly subject?: string;
}

export interface CorpusFile {
  readonly name: string;
  readonly rows: readonly Row[];
}

const folder = new URL('.', import.meta.url).pathname;
const read = (path: string): unknown => parse(readFileSync(join(folder, path), 'utf8'), { merge: true });

export const bases = read('bases.yaml') as Readonly<Record<string, Base>>;

export const corpus: readonly CorpusFile[] = readdirSync(join(folder, 'rows'))
  .filter((file) => file.endsWith('.yaml'))
  .sort()
  .map((file) => ({ name: file.slice(0, -'.yaml'.length), rows: read(`rows/${file}`) as Row[] }));

/** `<x*300>` in a string stands for 300 times x; `$name` and the like for what `values` has. */
export function filledIn<T>(value: T, values: Readonly<Record<string, string>>): T {
  if (typeof value === 'string') {
    return value
      .replace(/<([^<>]+)\*(\d+)>/g, (_all, text: string, times: string) => text.repeat(Number(times)))
      .replace(/\$(name|ns|uid|rv)\b/g, (all, key: string) => values[key] ?? all) as T;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => filledIn(item, values)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [filledIn(key, values), filledIn(item, values)]),
  ) as T;
}

const tokensOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

type Node = Record<string, unknown>;

/** What stands at a JSON pointer. */
export function at(value: unknown, pointer: string): unknown {
  let node = value;
  for (const token of tokensOf(pointer)) node = (node as Node | null | undefined)?.[token];
  return node;
}

const GONE = '$gone';

/** A copy of `object` with the changes made; objects and lists that a pointer needs come to be. */
export function changed(object: unknown, changes: Changes = {}): Node {
  const copy = structuredClone(object) as Node;
  for (const [pointer, value] of Object.entries(changes)) {
    const tokens = tokensOf(pointer);
    const last = tokens.pop() as string;
    let node = copy;
    tokens.forEach((token, i) => {
      node[token] ??= /^\d+$/.test(tokens[i + 1] ?? last) ? [] : {};
      node = node[token] as Node;
    });
    if (value !== GONE) node[last] = structuredClone(value);
    else if (Array.isArray(node)) node.splice(Number(last), 1);
    else delete node[last];
  }
  return copy;
}

/** The kinds of cause, by how their texts begin. Source: apimachinery field.ErrorType. */
const CAUSES: readonly (readonly [string, string])[] = [
  ['Required value', 'FieldValueRequired'],
  ['Invalid value', 'FieldValueInvalid'],
  ['Duplicate value', 'FieldValueDuplicate'],
  ['Unsupported value', 'FieldValueNotSupported'],
  ['Forbidden', 'FieldValueForbidden'],
  ['Too long', 'FieldValueTooLong'],
  ['Too many', 'FieldValueTooMany'],
  ['Too few', 'FieldValueTooFew'],
  ['Too short', 'FieldValueTooShort'],
  ['Not found', 'FieldValueNotFound'],
  ['Internal error', 'InternalError'],
];

/** `spec.x: Required value: why` as a cause; `TypeInvalid` in front of a field names that kind. */
export function causeOf(text: string): Readonly<Record<string, string>> {
  const isOfType = text.startsWith('TypeInvalid ');
  const error = isOfType ? text.slice('TypeInvalid '.length) : text;
  for (const [head, reason] of CAUSES) {
    const start = error.indexOf(`: ${head}`);
    if (start < 0) continue;
    const field = error.slice(0, start);
    return { reason: isOfType ? 'FieldValueTypeInvalid' : reason, message: error.slice(start + 2), field };
  }
  throw new Error(`no kind of cause: ${text}`);
}

/** The texts as one message: alone as it is, several in brackets, repeated ones once. */
export function messageOf(errors: readonly string[]): string {
  const texts = [...new Set(errors.map((text) => text.replace(/^TypeInvalid /, '')))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}
