/**
 * What apply does to objects: their set of fields, what is wrong with them, merging one into another
 * and taking fields out. Source: structured-merge-diff typed/tofieldset.go, validate.go, merge.go, remove.go.
 */
import type { ScalarKind } from '../../../schema/decode/field-table.ts';
import { setMember } from '../../../schema/decode/check-fields.ts';
import { goQuote } from '../../../schema/meta/go-format.ts';
import { asMember, below, type FieldSet, hasElement, LEAF, pathText } from './field-set.ts';
import { itemElement, type ListShape, type Shape, type StructShape } from './typed-schema.ts';

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isEmpty(members: Members): boolean {
  for (const _key in members) return false;
  return true;
}

/** Every leaf and every item that an object names; of the server's own fields only when asked for all. */
export function fieldSetOf(shape: StructShape, object: Members, of: 'owned' | 'all' = 'owned'): FieldSet {
  return contents(shape, object, of === 'all') ?? {};
}

/** The node of a value, which with `isSelf` belongs to the set itself; undefined when nothing in it does. */
function contents(shape: Shape, value: unknown, isAll: boolean, isSelf = false): FieldSet | undefined {
  if (shape.kind === 'leaf') return LEAF;
  if (shape.kind === 'list') {
    return Array.isArray(value) ? itemContents(shape, value, isAll, isSelf) : isSelf ? LEAF : undefined;
  }
  if (!isMembers(value)) return isSelf ? LEAF : undefined;
  const out: FieldSet = isSelf ? { '.': LEAF } : {};
  let isFilled = false;
  for (const key of Object.keys(value)) {
    const member = value[key];
    const field = shape.kind === 'struct' ? shape.fields.get(key) : undefined;
    if (shape.kind === 'struct' && (!field || (field.isUnowned && !isAll))) continue;
    const inner = field ? field.shape : (shape as { value: Shape }).value;
    const node = contents(inner, member, isAll, !field || member === null || (isMembers(member) && isEmpty(member)));
    if (!node) continue;
    out[`f:${key}`] = node;
    isFilled = true;
  }
  if (isFilled) return out;
  return isSelf ? LEAF : undefined;
}

function itemContents(
  shape: ListShape,
  items: readonly unknown[],
  isAll: boolean,
  isSelf: boolean,
): FieldSet | undefined {
  const out: FieldSet = isSelf ? { '.': LEAF } : {};
  let isFilled = false;
  for (const item of items) {
    const element = itemElement(shape, item);
    if (element === undefined) continue;
    out[element] = Object.hasOwn(out, element) ? LEAF : (contents(shape.item, item, isAll, true) ?? LEAF);
    isFilled = true;
  }
  if (isFilled) return out;
  return isSelf ? LEAF : undefined;
}

/** Upstream's texts for what does not fit the type, e.g. `.spec.replcas: field not declared in schema`. */
export function shapeErrors(shape: StructShape, object: Members): string[] {
  const errors: string[] = [];
  check(shape, object, [], errors);
  return errors;
}

/** The elements from the root to the value under check; turned into text for errors only. */
type Path = string[];

const problem = (path: Path, text: string): string => (path.length > 0 ? `${pathText(path)}: ${text}` : text);

function check(shape: Shape, value: unknown, path: Path, errors: string[]): void {
  if (value === null || value === undefined) return;
  if (shape.kind === 'leaf') {
    const wrong = leafProblem(shape, value);
    if (wrong) errors.push(problem(path, wrong));
    return;
  }
  if (shape.kind === 'list') {
    if (Array.isArray(value)) checkItems(shape, value, path, errors);
    else errors.push(problem(path, `expected list, got ${goValue(value)}`));
    return;
  }
  if (!isMembers(value)) {
    errors.push(problem(path, `expected map, got ${goValue(value)}`));
    return;
  }
  for (const key of Object.keys(value)) {
    const field = shape.kind === 'struct' ? shape.fields.get(key) : undefined;
    const inner = shape.kind === 'map' ? shape.value : field?.shape;
    path.push(field ? field.element : `f:${key}`);
    if (inner) check(inner, value[key], path, errors);
    else errors.push(problem(path, 'field not declared in schema'));
    path.pop();
  }
}

function checkItems(shape: ListShape, items: readonly unknown[], path: Path, errors: string[]): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const element = itemElement(shape, item);
    if (element === undefined) {
      errors.push(problem(path, `element ${index}: ${unkeyed(shape, item)}`));
      return;
    }
    if (seen.has(element)) errors.push(problem(path, `duplicate entries for key ${pathText([element])}`));
    seen.add(element);
    path.push(element);
    check(shape.item, item, path, errors);
    path.pop();
  }
}

function unkeyed(shape: ListShape, item: unknown): string {
  if (shape.keys.length === 0) {
    if (item === null) return "associative list without keys has an element that's an explicit null";
    return Array.isArray(item)
      ? 'not supported: associative list with lists as elements'
      : "associative list without keys has an element that's a map type";
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isMembers(item)) return 'associative list with keys may not have non-map elements';
  return `associative list with keys has an element that omits all key fields [${shape.keys.map((key) => goQuote(key)).join(' ')}] (and doesn't have default values for any key fields)`;
}

const NUMERIC: ReadonlySet<ScalarKind> = new Set<ScalarKind>(['int32', 'int64', 'double']);
const TEXT: ReadonlySet<ScalarKind> = new Set<ScalarKind>(['string', 'bytes']);

function leafProblem(shape: Shape & { kind: 'leaf' }, value: unknown): string | undefined {
  if (shape.holds === 'list') return Array.isArray(value) ? undefined : `expected list, got ${goValue(value)}`;
  if (shape.holds === 'object') return isMembers(value) ? undefined : `expected map, got ${goValue(value)}`;
  const { scalar } = shape;
  if (scalar === undefined || scalar === 'any') return undefined;
  if (NUMERIC.has(scalar)) {
    return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goTypeName(value)}`;
  }
  if (TEXT.has(scalar)) return typeof value === 'string' ? undefined : `expected string, got ${goValue(value)}`;
  if (scalar === 'boolean') return typeof value === 'boolean' ? undefined : `expected boolean, got ${goValue(value)}`;
  return typeof value === 'object' ? `expected any scalar, got ${goValue(value)}` : undefined;
}

function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** A value as errors about values show it. */
const goValue = (value: unknown): string => (typeof value === 'number' ? String(value) : JSON.stringify(value));

/**
 * The object with the configuration's fields put in. Nothing is taken away; lists follow the
 * configuration's order. Neither is changed, the result may share their parts.
 */
export function mergeObjects(shape: StructShape, live: Members, config: Members): Members {
  return (merge(shape, live, config) as Members | undefined) ?? {};
}

function merge(shape: Shape, left: unknown, right: unknown): unknown {
  if (right === undefined) return left;
  if (left === undefined || shape.kind === 'leaf') return right;
  return shape.kind === 'list' ? mergeLists(shape, left, right) : mergeMembers(shape, left, right);
}

function mergeMembers(shape: Exclude<Shape, { kind: 'leaf' | 'list' }>, left: unknown, right: unknown): unknown {
  const old = isMembers(left) ? left : {};
  const next = isMembers(right) ? right : {};
  if (isEmpty(old) && isEmpty(next)) return right;
  const out: Record<string, unknown> = {};
  for (const key of [...Object.keys(old), ...Object.keys(next).filter((name) => !Object.hasOwn(old, name))]) {
    const inner = shape.kind === 'map' ? shape.value : shape.fields.get(key)?.shape;
    const before = Object.hasOwn(old, key) ? old[key] : undefined;
    const after = Object.hasOwn(next, key) ? next[key] : undefined;
    const merged = inner ? merge(inner, before, after) : (after ?? before);
    if (merged !== undefined) setMember(out, key, merged);
  }
  return isEmpty(out) ? undefined : out;
}

function mergeLists(shape: ListShape, left: unknown, right: unknown): unknown {
  const old = Array.isArray(left) ? left : [];
  const next = Array.isArray(right) ? right : [];
  if (old.length === 0 && next.length === 0) return right;
  const out = mergeItems(shape, old, next);
  return out.length ? out : undefined;
}

interface Keyed {
  readonly elements: readonly string[];
  readonly items: readonly unknown[];
  readonly index: ReadonlyMap<string, unknown>;
}

function keyed(shape: ListShape, list: readonly unknown[]): Keyed {
  const elements: string[] = [];
  const items: unknown[] = [];
  const index = new Map<string, unknown>();
  for (const item of list) {
    const element = itemElement(shape, item);
    if (element === undefined) continue;
    elements.push(element);
    items.push(item);
    // Repeated items are not merged with the new one.
    index.set(element, index.has(element) ? null : item);
  }
  return { elements, items, index };
}

/** Interleaves both lists: shared items stand where the right list has them. Source: typed/merge.go visitListItems. */
function mergeItems(shape: ListShape, leftList: readonly unknown[], rightList: readonly unknown[]): unknown[] {
  const left = keyed(shape, leftList);
  const right = keyed(shape, rightList);
  const shared = right.elements.filter((element) => left.index.has(element));
  let nextShared = shared.shift();
  const merged = new Set<string>();
  const out: unknown[] = [];
  const take = (element: string): void => {
    merged.add(element);
    const value = merge(shape.item, left.index.get(element), right.index.get(element));
    if (value !== undefined) out.push(value);
  };
  for (let l = 0, r = 0; l < left.elements.length || r < right.elements.length; ) {
    const mine = left.elements[l];
    const theirs = right.elements[r];
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        take(mine);
        l += 1;
        r += 1;
        nextShared = shared.shift();
        continue;
      }
      if (right.index.has(mine) && nextShared !== undefined && nextShared !== mine) {
        l += 1;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!right.index.has(mine)) {
        out.push(left.items[l]);
        l += 1;
        continue;
      }
      if (merged.has(mine)) l += 1;
    }
    if (theirs === undefined) continue;
    take(theirs);
    r += 1;
    if (nextShared === theirs) nextShared = shared.shift();
  }
  return out;
}

/** The object without the fields and items of a set. */
export function removeFields(shape: StructShape, object: Members, fields: FieldSet): Members {
  return (remove(shape, object, fields) as Members | undefined) ?? {};
}

function remove(shape: Shape, value: unknown, fields: FieldSet): unknown {
  if (shape.kind === 'leaf') return shape.holds === 'scalar' ? value : undefined;
  if (shape.kind === 'list') return Array.isArray(value) ? removeItems(shape, value, fields) : undefined;
  if (!isMembers(value) || isEmpty(value)) return undefined;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const element = `f:${key}`;
    if (hasElement(fields, element)) continue;
    const subset = below(fields, element);
    const inner = shape.kind === 'map' ? shape.value : shape.fields.get(key)?.shape;
    const left = subset && inner ? remove(inner, value[key], subset) : value[key];
    setMember(out, key, left === undefined ? null : left);
  }
  return isEmpty(out) ? undefined : out;
}

function removeItems(shape: ListShape, items: readonly unknown[], fields: FieldSet): unknown {
  const out: unknown[] = [];
  for (const item of items) {
    const element = itemElement(shape, item);
    if (element === undefined) {
      out.push(item);
      continue;
    }
    if (hasElement(fields, element)) continue;
    const subset = below(fields, element);
    out.push(subset ? remove(shape.item, item, subset) : item);
  }
  return out.length ? out : undefined;
}

/** The set with the named fields above its members, so that taking all of them takes their parents too. */
export function withNamedFields(shape: Shape | undefined, set: FieldSet): FieldSet {
  const out: FieldSet = {};
  for (const element of Object.keys(set)) {
    if (element === '.') {
      out['.'] = LEAF;
      continue;
    }
    const inner = below(set, element);
    if (!inner) {
      out[element] = set[element] as FieldSet;
      continue;
    }
    const name = element.startsWith('f:') ? element.slice(2) : undefined;
    const field = name !== undefined && shape?.kind === 'struct' ? shape.fields.get(name) : undefined;
    const node = withNamedFields(field ? field.shape : innerShape(shape, element), inner);
    out[element] = field ? asMember(node) : node;
  }
  return out;
}

function innerShape(shape: Shape | undefined, element: string): Shape | undefined {
  if (element.startsWith('f:')) return shape?.kind === 'map' ? shape.value : undefined;
  return element.startsWith('k:') && shape?.kind === 'list' ? shape.item : undefined;
}

/** The object as a Go struct holds it: what is always there put in, empty lists and maps left out. */
export function typedObject(shape: StructShape, object: Members): Members {
  return typed(shape, object) as Members;
}

function typed(shape: Shape, value: unknown): unknown {
  if (shape.kind === 'leaf' || value === null || typeof value !== 'object') return value;
  if (shape.kind === 'list') return Array.isArray(value) ? value.map((item) => typed(shape.item, item)) : value;
  if (!isMembers(value)) return value;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = shape.kind === 'struct' ? shape.fields.get(key) : undefined;
    let member = value[key];
    if (field && (member === undefined || member === null || (field.omitsEmpty && isBare(member)))) member = field.zero;
    const inner = shape.kind === 'map' ? shape.value : field?.shape;
    if (member !== undefined) setMember(out, key, inner ? typed(inner, member) : member);
  }
  if (shape.kind === 'struct') {
    for (const field of shape.always) {
      if (!Object.hasOwn(out, field.name)) out[field.name] = typed(field.shape, field.zero);
    }
  }
  return out;
}

const isBare = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isMembers(value) && isEmpty(value);
