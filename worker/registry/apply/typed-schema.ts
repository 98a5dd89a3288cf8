/**
 * What server-side apply must know of each type, compiled from the field table and the tables of list
 * types and zero fields when first needed. Source: structured-merge-diff schema/elements.go.
 */
import { type FieldType, type ScalarKind, structTypeOf } from '../../../schema/decode/field-table.ts';
import { isAtomicField, isAtomicType, keyDefaultsOf, listRelationOf } from '../../../schema/decode/list-types.ts';
import { zeroFieldsOf } from '../../../schema/decode/zero-fields.ts';
import { keyElement, scalarText } from './field-set.ts';

/** A type: `leaf`s are owned whole, `scalar` says which of them are no containers. */
export type Shape =
  | { readonly kind: 'leaf'; readonly scalar: ScalarKind | undefined; readonly holds: 'list' | 'object' | 'scalar' }
  | StructShape
  | { readonly kind: 'map'; readonly value: Shape }
  | ListShape;

export interface ListShape {
  readonly kind: 'list';
  readonly item: Shape;
  /** Empty: a set of scalars. */
  readonly keys: readonly string[];
  readonly keyDefaults: Readonly<Record<string, string>>;
}

export interface StructShape {
  readonly kind: 'struct';
  readonly type: string;
  readonly fields: ReadonlyMap<string, FieldShape>;
  /** The fields with a value even when nothing was set. */
  readonly always: readonly FieldShape[];
}

export interface FieldShape {
  readonly name: string;
  /** Its path element: `f:name`. */
  readonly element: string;
  readonly shape: Shape;
  /** What it holds when it was not set; undefined: it is then absent. */
  readonly zero: unknown;
  /** Whether an empty list or map counts as not set. */
  readonly omitsEmpty: boolean;
  /** Belongs to the server and is never owned. */
  readonly isUnowned: boolean;
}

const UNOWNED_ROOT: ReadonlySet<string> = new Set(['apiVersion', 'kind']);
/** Source: managedfields/internal/stripmeta.go. */
const UNOWNED_META: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);
const NONE: ReadonlySet<string> = new Set();

type Position = 'root' | 'meta' | 'inside';

const compiled = new Map<string, StructShape>();

/** The type of a whole object, by its name in the field table. Throws when there is none such. */
export const rootShapeOf = (type: string): StructShape => structShape(type, 'root');

function structShape(type: string, position: Position): StructShape {
  const id = `${position} ${type}`;
  const known = compiled.get(id);
  if (known) return known;
  const struct = structTypeOf(type);
  if (!struct) throw new Error(`no type ${type} in the field table`);
  const fields = new Map<string, FieldShape>();
  const always: FieldShape[] = [];
  const shape: StructShape = { kind: 'struct', type, fields, always };
  compiled.set(id, shape);
  const zeros = zeroFieldsOf(type);
  const unowned = position === 'root' ? UNOWNED_ROOT : position === 'meta' ? UNOWNED_META : NONE;
  for (const [name, held] of struct.fields) {
    const field: FieldShape = {
      name,
      element: `f:${name}`,
      get shape() {
        const value = fieldShape(type, name, held, position === 'root' && name === 'metadata');
        Object.defineProperty(this, 'shape', { value });
        return value;
      },
      zero: zeros.get(name),
      omitsEmpty: (held.kind === 'list' || held.kind === 'map') && !zeros.has(name),
      isUnowned: unowned.has(name),
    };
    fields.set(name, field);
    if (field.zero !== undefined && !field.isUnowned) always.push(field);
  }
  return shape;
}

const scalarLeaf = (scalar: ScalarKind): Shape => ({ kind: 'leaf', scalar, holds: 'scalar' });

function fieldShape(type: string, name: string, held: FieldType, isMeta: boolean): Shape {
  if (held.kind === 'list') return listShape(type, name, held.item);
  if (held.kind === 'map' || held.kind === 'struct') {
    if (isAtomicField(type, name)) return { kind: 'leaf', scalar: undefined, holds: 'object' };
    if (held.kind === 'map') return { kind: 'map', value: plainShape(held.value) };
    return isMeta ? structShape(held.type, 'meta') : plainShape(held);
  }
  return scalarLeaf(held.kind);
}

function plainShape(held: FieldType): Shape {
  if (held.kind === 'list') return { kind: 'leaf', scalar: undefined, holds: 'list' };
  if (held.kind === 'map') return { kind: 'map', value: plainShape(held.value) };
  if (held.kind !== 'struct') return scalarLeaf(held.kind);
  return isAtomicType(held.type)
    ? { kind: 'leaf', scalar: undefined, holds: 'object' }
    : structShape(held.type, 'inside');
}

function listShape(type: string, name: string, item: FieldType): Shape {
  const relation = listRelationOf(type, name);
  if (relation === 'atomic') return { kind: 'leaf', scalar: undefined, holds: 'list' };
  if (relation === 'set') return { kind: 'list', item: plainShape(item), keys: [], keyDefaults: {} };
  const keyDefaults = item.kind === 'struct' ? keyDefaultsOf(item.type) : {};
  return { kind: 'list', item: plainShape(item), keys: [...relation.keys].sort(), keyDefaults };
}

/**
 * The path element of a list's item, or undefined for what cannot be told apart from others.
 * Source: typed/helpers.go listItemToPathElement.
 */
export function itemElement(list: ListShape, item: unknown): string | undefined {
  const { keys } = list;
  if (keys.length === 0) return item !== null && typeof item !== 'object' ? `v:${scalarText(item)}` : undefined;
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return undefined;
  const members = item as Readonly<Record<string, unknown>>;
  if (keys.length === 1) {
    const value = members[keys[0] as string] ?? list.keyDefaults[keys[0] as string];
    return value === undefined ? undefined : `k:{"${keys[0]}":${scalarText(value)}}`;
  }
  const key: Record<string, unknown> = {};
  let hasKey = false;
  for (const name of keys) {
    const value = members[name] ?? list.keyDefaults[name];
    if (value === undefined) continue;
    key[name] = value;
    hasKey = true;
  }
  return hasKey ? keyElement(key) : undefined;
}
