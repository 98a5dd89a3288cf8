/** OpenAPI schemas of types, from the field table. Source: the shapes kube-openapi gives the same types. */
import { pushAll } from '../../../schema/meta/push-all.ts';
import { FIELD_TABLE } from '../../../schema/generated/field-table.ts';
import type { Dialect, JsonSchema } from './dialect.ts';
import { mergeRule } from './merge-rules.ts';
import { isScalarName, type ScalarName, schemaName } from './schema-names.ts';
import type { OpenApiTexts } from './texts.ts';
import { fieldTopology, typeTopology } from './topology.ts';

const SCALARS: Readonly<Record<string, JsonSchema>> = {
  s: { type: 'string' },
  y: { type: 'string', format: 'byte' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  d: { type: 'number', format: 'double' },
  b: { type: 'boolean' },
};

/** Codes whose values have a schema of their own. */
const NAMED_SCALARS: Readonly<Record<string, ScalarName>> = {
  a: 'RawExtension',
  m: 'MicroTime',
  o: 'IntOrString',
  q: 'Quantity',
  t: 'Time',
};

const scalarSchema = (name: ScalarName, dialect: Dialect): JsonSchema => {
  switch (name) {
    case 'IntOrString':
      return dialect.intOrString;
    case 'Quantity':
      return dialect.quantity;
    case 'Time':
    case 'MicroTime':
      return { type: 'string', format: 'date-time' };
    case 'FieldsV1':
    case 'Patch':
    case 'RawExtension':
      return { type: 'object' };
  }
};

interface Field {
  readonly name: string;
  readonly isRequired: boolean;
  readonly code: string;
}

function fieldsOf(type: string): readonly Field[] {
  return (FIELD_TABLE[type] ?? '')
    .split(' ')
    .filter(Boolean)
    .map((entry) => {
      const colon = entry.indexOf(':');
      const name = entry.slice(0, colon);
      const isRequired = name.endsWith('!');
      return { name: isRequired ? name.slice(0, -1) : name, isRequired, code: entry.slice(colon + 1) };
    });
}

/** The type within a code: `{}[]V1Foo` → `V1Foo`; undefined for plain scalars. */
function namedType(code: string, field: string): string | undefined {
  const inner = code.replace(/^(?:\[\]|\{\})+/, '');
  if (Object.hasOwn(SCALARS, inner)) return undefined;
  if (inner === 'a' && field === 'fieldsV1') return 'FieldsV1';
  return NAMED_SCALARS[inner] ?? inner;
}

/** The types and all that they are made of. */
export function reachableTypes(roots: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const open = [...roots];
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    if (seen.has(type) || !(isScalarName(type) || Object.hasOwn(FIELD_TABLE, type))) continue;
    seen.add(type);
    pushAll(
      open,
      fieldsOf(type).flatMap(({ name, code }) => namedType(code, name) ?? []),
    );
  }
  return [...seen].sort();
}

interface Writing {
  readonly dialect: Dialect;
  readonly texts: OpenApiTexts;
}

function fieldSchema(type: string, { name, code }: Field, { dialect, texts }: Writing): JsonSchema {
  const description = texts.types[type]?.[name];
  const values = texts.enums[`${type}.${name}`];
  const merged = mergeRule(type, name);
  const more: JsonSchema = {
    ...(description ? { description } : {}),
    ...fieldTopology(type, name, code),
    ...(merged?.mergeKey ? { 'x-kubernetes-patch-merge-key': merged.mergeKey } : {}),
    ...(merged?.strategy ? { 'x-kubernetes-patch-strategy': merged.strategy } : {}),
  };
  const within = (inner: string): JsonSchema => {
    if (inner.startsWith('[]')) return { type: 'array', items: within(inner.slice(2)) };
    if (inner.startsWith('{}')) return { type: 'object', additionalProperties: within(inner.slice(2)) };
    const named = namedType(inner, name);
    if (named) return dialect.reference(schemaName(named));
    return { ...SCALARS[inner], ...(values ? { enum: values } : {}) };
  };
  const isReference = !/^(?:\[\]|\{\})/.test(code) && namedType(code, name);
  return isReference ? dialect.withReference(schemaName(isReference), more) : { ...within(code), ...more };
}

/** The schema of one type. */
export function typeSchema(type: string, writing: Writing): JsonSchema {
  const description = writing.texts.types[type]?.[''];
  const own: JsonSchema = description ? { description } : {};
  if (isScalarName(type)) return { ...own, ...scalarSchema(type, writing.dialect) };
  const fields = fieldsOf(type);
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return {
    ...own,
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(fields.length > 0
      ? { properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(type, field, writing)])) }
      : {}),
    ...typeTopology(type),
  };
}
