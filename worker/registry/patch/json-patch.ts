/**
 * JSON Patch (RFC 6902) as the apiserver applies it, deviations included: paths lose what stands
 * before their first slash, `replace` may add a member, indices may be negative.
 * Source: gopkg.in/evanphx/json-patch.v4. Pure; takes over the document.
 */
import { setMember } from '../../../schema/decode/check-fields.ts';
import { goText } from '../../../schema/meta/go-format.ts';
import { cloneJson, equalJson } from '../../../schema/meta/json-value.ts';

/** Source: maxJSONPatchOperations of apiserver endpoints/handlers/patch.go. */
export const JSON_PATCH_OPERATIONS_MAX = 10_000;
/** What all `copy` operations of one patch may add. Source: apiserver's JSONPatchMaxCopyBytes. */
export const JSON_PATCH_COPY_BYTES_MAX = 3 * 1024 * 1024;

/** An operation as it came: fields of wrong types fail when it is applied. */
export type JsonPatchOperation = Readonly<Record<string, unknown>>;

export type Patched<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

type Container = unknown[] | Record<string, unknown>;

const failed = (error: string): { ok: false; error: string } => ({ ok: false, error });

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

const decodeToken = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~');

const own = (members: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(members, key) ? members[key] : undefined;

/** A list's index as Go's Atoi reads it; negative ones count from `length`. Undefined: no index of that list. */
function indexOf(key: string, length: number): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(key)) return undefined;
  const index = Number(key);
  const counted = index < 0 ? index + length : index;
  return counted < 0 || counted > length ? undefined : counted;
}

/** What is at a key: `{value}` (undefined where an object has no such member), or undefined for no place in a list. */
function valueAt(container: Container, key: string): { value: unknown } | undefined {
  if (!Array.isArray(container)) return { value: own(container, key) };
  const index = indexOf(key, container.length);
  return index === undefined || index >= container.length ? undefined : { value: container[index] };
}

/** The container a path ends in, and the last key. */
function findPlace(document: Container, path: string): { container: Container; key: string } | undefined {
  const tokens = path.split('/');
  if (tokens.length < 2) return undefined;
  let container = document;
  for (const token of tokens.slice(1, -1)) {
    const next = valueAt(container, decodeToken(token))?.value;
    if (!isContainer(next)) return undefined;
    container = next;
  }
  return { container, key: decodeToken(tokens[tokens.length - 1] as string) };
}

function addAt(container: Container, key: string, value: unknown): boolean {
  if (!Array.isArray(container)) {
    setMember(container, key, value);
    return true;
  }
  if (key === '-') {
    container.push(value);
    return true;
  }
  // Counted from one past the end: -1 appends.
  const index = indexOf(key, key.startsWith('-') ? container.length + 1 : container.length);
  if (index === undefined) return false;
  container.splice(index, 0, value);
  return true;
}

function removeAt(container: Container, key: string): boolean {
  if (!Array.isArray(container)) {
    if (!Object.hasOwn(container, key)) return false;
    delete container[key];
    return true;
  }
  const index = indexOf(key, container.length);
  if (index === undefined || index >= container.length) return false;
  container.splice(index, 1);
  return true;
}

/** One patch under way: `root` is replaced by `replace` with an empty path. */
class JsonPatchRun {
  root: Container;
  private copiedBytes = 0;

  constructor(document: Container) {
    this.root = document;
  }

  /** The error of an operation, or undefined when it was applied. */
  apply(operation: JsonPatchOperation): string | undefined {
    const op = operation.op;
    switch (op) {
      case 'add':
        return this.add(operation);
      case 'remove':
        return this.remove(operation);
      case 'replace':
        return this.replace(operation);
      case 'move':
        return this.move(operation);
      case 'copy':
        return this.copy(operation);
      case 'test':
        return this.test(operation);
      default:
        return `Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`;
    }
  }

  private place(operation: JsonPatchOperation, field: 'path' | 'from'): { container: Container; key: string } | string {
    const path = operation[field];
    if (typeof path !== 'string') return `${goText(operation.op)} operation failed to decode ${field}: missing value`;
    const place = findPlace(this.root, path);
    return place ?? `${goText(operation.op)} operation does not apply: doc is missing ${field}: ${path}: missing value`;
  }

  private add(operation: JsonPatchOperation): string | undefined {
    const place = this.place(operation, 'path');
    if (typeof place === 'string') return place;
    return addAt(place.container, place.key, operation.value ?? null)
      ? undefined
      : `error in add for path: '${goText(operation.path)}'`;
  }

  private remove(operation: JsonPatchOperation): string | undefined {
    const place = this.place(operation, 'path');
    if (typeof place === 'string') return place;
    return removeAt(place.container, place.key) ? undefined : `error in remove for path: '${goText(operation.path)}'`;
  }

  private replace(operation: JsonPatchOperation): string | undefined {
    if (operation.path === '') {
      if (!isContainer(operation.value)) return 'replace operation value must be object or array';
      this.root = operation.value;
      return undefined;
    }
    const place = this.place(operation, 'path');
    if (typeof place === 'string') return place;
    const { container, key } = place;
    if (!valueAt(container, key))
      return `replace operation does not apply: doc is missing key: ${goText(operation.path)}: missing value`;
    if (Array.isArray(container)) container[indexOf(key, container.length) as number] = operation.value ?? null;
    else setMember(container, key, operation.value ?? null);
    return undefined;
  }

  private move(operation: JsonPatchOperation): string | undefined {
    const from = this.place(operation, 'from');
    if (typeof from === 'string') return from;
    const value = valueAt(from.container, from.key)?.value;
    if (!removeAt(from.container, from.key)) return `error in move for path: '${from.key}'`;
    const place = this.place(operation, 'path');
    if (typeof place === 'string') return place;
    return addAt(place.container, place.key, value) ? undefined : `error in move for path: '${goText(operation.path)}'`;
  }

  private copy(operation: JsonPatchOperation): string | undefined {
    const from = this.place(operation, 'from');
    if (typeof from === 'string') return from;
    const source = valueAt(from.container, from.key);
    if (!source) return `error in copy for from: '${goText(operation.from)}'`;
    const place = this.place(operation, 'path');
    if (typeof place === 'string') return place;
    const value = source.value ?? null;
    this.copiedBytes += value === null ? 0 : JSON.stringify(value).length;
    if (this.copiedBytes > JSON_PATCH_COPY_BYTES_MAX) {
      return `Unable to complete the copy, the accumulated size increase of copy is ${this.copiedBytes}, exceeding the limit ${JSON_PATCH_COPY_BYTES_MAX}`;
    }
    return addAt(place.container, place.key, cloneJson(value)) ? undefined : 'error while adding value during copy';
  }

  private test(operation: JsonPatchOperation): string | undefined {
    const wrong = `testing value ${goText(operation.path)} failed: test failed`;
    if (operation.path === '') return equalJson(this.root, operation.value) ? undefined : wrong;
    const place = this.place(operation, 'path');
    if (typeof place === 'string') return place;
    const held = valueAt(place.container, place.key);
    if (!held) return `error in test for path: '${goText(operation.path)}'`;
    return equalJson(held.value ?? null, operation.value ?? null) ? undefined : wrong;
  }
}

/** Applies the operations in order; the first that fails ends the patch. Takes over `document` and values. */
export function applyJsonPatch(document: Container, operations: readonly JsonPatchOperation[]): Patched<unknown> {
  const run = new JsonPatchRun(document);
  for (const operation of operations) {
    const error = run.apply(operation);
    if (error !== undefined) return failed(error);
  }
  return { ok: true, value: run.root };
}
