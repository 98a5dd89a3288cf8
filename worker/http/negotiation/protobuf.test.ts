import { expect, test } from 'vitest';
import { messageOf } from '../../../schema/decode/decode-protobuf.ts';
import { type FieldType, structTypeOf } from '../../../schema/decode/field-table.ts';
import { servedResources } from '../served/served-resources.ts';
import { messageTypeOf } from './protobuf.ts';

/** Whose message form is no message along the field table. */
const WRITTEN_OTHERWISE = new Set(['V1Time', 'V1MicroTime', 'V1FieldsV1', 'V1Duration']);

const inner = (type: FieldType): FieldType =>
  type.kind === 'list' ? inner(type.item) : type.kind === 'map' ? inner(type.value) : type;

function numberedNames(fields: ReturnType<typeof messageOf>): string[] {
  return [...fields.values()].flatMap(({ name, embedded }) => (embedded ? numberedNames(embedded) : [name]));
}

/** Fields of a type, and of what it holds, that have no number: they would be lost on the wire. */
function unnumbered(name: string, seen: Set<string>): string[] {
  if (seen.has(name) || WRITTEN_OTHERWISE.has(name)) return [];
  seen.add(name);
  const numbered = new Set(numberedNames(messageOf(name)));
  return [...(structTypeOf(name)?.fields ?? [])].flatMap(([field, type]) => {
    const own = numbered.has(field) || field === 'kind' || field === 'apiVersion' ? [] : [`${name}.${field}`];
    const held = inner(type);
    return held.kind === 'struct' ? [...own, ...unnumbered(held.type, seen)] : own;
  });
}

test('every field of every kind and of its list has a number on the wire', () => {
  const seen = new Set<string>();
  const types = servedResources.flatMap(({ apiVersion, definition }) =>
    [definition.kind, definition.listKind].map((kind) => messageTypeOf({ apiVersion, kind })),
  );
  expect(types.flatMap((type) => unnumbered(type, seen))).toEqual([]);
});
