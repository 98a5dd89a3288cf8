/** What differs between two objects, field by field. Source: structured-merge-diff typed/compare.go. */
import { equalJson } from '../../../schema/meta/json-value.ts';
import { asMember, EMPTY_SET, type FieldSet, LEAF } from './field-set.ts';
import { type FieldShape, itemElement, type ListShape, type Shape, type StructShape } from './typed-schema.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** The same below one node; absent sets hold nothing. */
interface Difference {
  added?: FieldSet;
  modified?: FieldSet;
  removed?: FieldSet;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * How objects are looked at: `typed` as a Go struct holds them (empty lists are absent, structs always
 * there), `plain` as they are.
 */
export type View = 'typed' | 'plain';

const ADDED: Difference = Object.freeze({ added: LEAF });
const MODIFIED: Difference = Object.freeze({ modified: LEAF });
const REMOVED: Difference = Object.freeze({ removed: LEAF });
const NO_MEMBERS: Members = Object.freeze({});

/** Compares two objects of one type. Fields that belong to the server are left out. */
export function compareObjects(shape: StructShape, before: Members, after: Members, view: View): Comparison {
  const found: Difference = {};
  compareStruct(shape, before, after, view, found);
  return {
    added: found.added ?? EMPTY_SET,
    modified: found.modified ?? EMPTY_SET,
    removed: found.removed ?? EMPTY_SET,
  };
}

function record(into: Difference, element: string, found: Difference | undefined): void {
  if (!found) return;
  if (found.added) {
    into.added ??= {};
    into.added[element] = found.added;
  }
  if (found.modified) {
    into.modified ??= {};
    into.modified[element] = found.modified;
  }
  if (found.removed) {
    into.removed ??= {};
    into.removed[element] = found.removed;
  }
}

/** At least one of both is there (undefined: absent). */
function compareNode(shape: Shape, before: unknown, after: unknown, view: View): Difference | undefined {
  if (before === after) return undefined;
  switch (shape.kind) {
    case 'leaf':
      return compareLeaf(before, after);
    case 'list':
      return compareLists(shape, before, after, view);
    default:
      return compareMembers(shape, before, after, view);
  }
}

function compareLeaf(before: unknown, after: unknown): Difference | undefined {
  if (before === undefined) return ADDED;
  if (after === undefined) return REMOVED;
  return equalJson(before, after) ? undefined : MODIFIED;
}

const membersOf = (value: unknown): Members | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;

function isEmpty(members: Members | undefined): boolean {
  for (const _key in members) return false;
  return true;
}

function compareMembers(
  shape: Exclude<Shape, { kind: 'leaf' | 'list' }>,
  before: unknown,
  after: unknown,
  view: View,
): Difference | undefined {
  const old = membersOf(before);
  const next = membersOf(after);
  const mayBeEmpty = view === 'plain' || shape.kind === 'map' || shape.always.length === 0;
  if (mayBeEmpty && isEmpty(old) && isEmpty(next)) return compareLeaf(before, after);
  const found: Difference = {};
  if (shape.kind === 'struct') compareStruct(shape, old, next, view, found);
  else compareMap(shape.value, old ?? NO_MEMBERS, next ?? NO_MEMBERS, view, found);
  return withSelf(found, before, after);
}

function withSelf(found: Difference, before: unknown, after: unknown): Difference | undefined {
  if (before === undefined) found.added = asMember(found.added);
  else if (after === undefined) found.removed = asMember(found.removed);
  return found.added || found.modified || found.removed ? found : undefined;
}

function compareMap(value: Shape, old: Members, next: Members, view: View, found: Difference): void {
  for (const key of Object.keys(next)) {
    const after = next[key];
    const before = Object.hasOwn(old, key) ? old[key] : undefined;
    if (after !== undefined || before !== undefined) record(found, `f:${key}`, compareNode(value, before, after, view));
  }
  for (const key of Object.keys(old)) {
    if (Object.hasOwn(next, key) || old[key] === undefined) continue;
    record(found, `f:${key}`, compareNode(value, old[key], undefined, view));
  }
}

/** A field's value as a Go struct would hold it. */
function typedValue(field: FieldShape, value: unknown): unknown {
  if (value === undefined || value === null) return field.zero;
  if (!field.omitsEmpty || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.length === 0 ? field.zero : value;
  return isEmpty(value as Members) ? field.zero : value;
}

function compareStruct(
  shape: StructShape,
  before: Members | undefined,
  after: Members | undefined,
  view: View,
  found: Difference,
): void {
  const old = before ?? NO_MEMBERS;
  const next = after ?? NO_MEMBERS;
  for (const key of Object.keys(next)) compareField(shape, key, before, after, view, found);
  for (const key of Object.keys(old)) {
    if (!Object.hasOwn(next, key)) compareField(shape, key, before, after, view, found);
  }
  if (view === 'plain' || (before && after)) return;
  for (const field of shape.always) {
    if (!Object.hasOwn(next, field.name) && !Object.hasOwn(old, field.name)) {
      compareField(shape, field.name, before, after, view, found);
    }
  }
}

function compareField(
  shape: StructShape,
  key: string,
  before: Members | undefined,
  after: Members | undefined,
  view: View,
  found: Difference,
): void {
  const field = shape.fields.get(key);
  if (!field || field.isUnowned) return;
  let old = before && Object.hasOwn(before, key) ? before[key] : undefined;
  let next = after && Object.hasOwn(after, key) ? after[key] : undefined;
  if (old === next && before && after) return;
  if (view === 'typed') {
    if (before) old = typedValue(field, old);
    if (after) next = typedValue(field, next);
  }
  if (old === undefined && next === undefined) return;
  record(found, field.element, compareNode(field.shape, old, next, view));
}

function compareLists(shape: ListShape, before: unknown, after: unknown, view: View): Difference | undefined {
  const old = Array.isArray(before) ? before : [];
  const next = Array.isArray(after) ? after : [];
  if (old.length === 0 && next.length === 0) return compareLeaf(before, after);
  const found: Difference = {};
  if (old.length < 2 && next.length < 2) compareSingles(shape, old, next, view, found);
  else compareItems(shape, old, next, view, found);
  return withSelf(found, before, after);
}

function compareSingles(
  shape: ListShape,
  old: readonly unknown[],
  next: readonly unknown[],
  view: View,
  found: Difference,
): void {
  const left = old.length ? itemElement(shape, old[0]) : undefined;
  const right = next.length ? itemElement(shape, next[0]) : undefined;
  if (left !== undefined && left === right) {
    record(found, left, compareNode(shape.item, old[0], next[0], view));
    return;
  }
  if (left !== undefined) record(found, left, compareNode(shape.item, old[0], undefined, view));
  if (right !== undefined) record(found, right, compareNode(shape.item, undefined, next[0], view));
}

function byElement(shape: ListShape, items: readonly unknown[]): Map<string, unknown[]> {
  const index = new Map<string, unknown[]>();
  for (const item of items) {
    const element = itemElement(shape, item);
    if (element === undefined) continue;
    const same = index.get(element);
    if (same) same.push(item);
    else index.set(element, [item]);
  }
  return index;
}

function compareItems(
  shape: ListShape,
  before: readonly unknown[],
  after: readonly unknown[],
  view: View,
  found: Difference,
): void {
  const old = byElement(shape, before);
  const next = byElement(shape, after);
  for (const [element, items] of old) {
    record(found, element, compareSame(shape, items, next.get(element) ?? [], view));
  }
  for (const [element, items] of next) {
    if (!old.has(element)) record(found, element, compareSame(shape, [], items, view));
  }
}

/** Items that share a path element: repeated ones count as one that is owned whole. */
function compareSame(
  shape: ListShape,
  old: readonly unknown[],
  next: readonly unknown[],
  view: View,
): Difference | undefined {
  if (old.length < 2 && next.length < 2) return compareNode(shape.item, old[0], next[0], view);
  if (old.length > 1 && next.length > 1) return equalJson(old, next) ? undefined : MODIFIED;
  if (old.length > 1) {
    const single = next.length ? compareNode(shape.item, undefined, next[0], view) : undefined;
    return { ...single, removed: LEAF };
  }
  const single = old.length ? compareNode(shape.item, old[0], undefined, view) : undefined;
  return { ...single, added: LEAF };
}
