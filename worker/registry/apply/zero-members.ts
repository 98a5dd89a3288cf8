/** What the comparison with Go structs added to an object, taken out again before it is stored. */
import { setMember } from '../../../schema/decode/check-fields.ts';
import { equalJson } from '../../../schema/meta/json-value.ts';
import { typedObject } from './typed-object.ts';
import { itemElement, type ListShape, type Shape, type StructShape } from './typed-schema.ts';

type Members = Readonly<Record<string, unknown>>;

const membersOf = (value: unknown): Members | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;

/** `object` without the members that hold a field's zero value and that `live` does not have. */
export const withoutZeroMembers = (shape: StructShape, object: Members, live: Members): Members =>
  bareStruct(shape, object, live);

function bare(shape: Shape, value: unknown, live: unknown): unknown {
  if (shape.kind === 'leaf' || value === live) return value;
  if (shape.kind === 'list') return Array.isArray(value) ? bareItems(shape, value, live) : value;
  const members = membersOf(value);
  if (!members) return value;
  const before = membersOf(live) ?? {};
  return shape.kind === 'struct' ? bareStruct(shape, members, before) : bareMap(shape.value, members, before);
}

function bareStruct(shape: StructShape, object: Members, live: Members): Members {
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    const field = shape.fields.get(key);
    const before = Object.hasOwn(live, key) ? live[key] : undefined;
    const value = field ? bare(field.shape, object[key], before) : object[key];
    if (field && before === undefined && isZero(field.shape, field.zero, value)) continue;
    setMember(out, key, value);
  }
  return out;
}

function isZero(shape: Shape, zero: unknown, value: unknown): boolean {
  if (value === null) return true;
  if (zero === undefined) return false;
  if (shape.kind !== 'struct') return equalJson(value, zero);
  const members = membersOf(value);
  return members !== undefined && equalJson(typedObject(shape, members), typedObject(shape, {}));
}

function bareMap(value: Shape, object: Members, live: Members): Members {
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    setMember(out, key, bare(value, object[key], Object.hasOwn(live, key) ? live[key] : undefined));
  }
  return out;
}

function bareItems(shape: ListShape, items: readonly unknown[], live: unknown): readonly unknown[] {
  const before = new Map<string | undefined, unknown>();
  for (const item of Array.isArray(live) ? live : []) before.set(itemElement(shape, item), item);
  return items.map((item) => bare(shape.item, item, before.get(itemElement(shape, item))));
}
