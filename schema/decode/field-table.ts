/**
 * The field table: every API type's fields and what they hold.
 *
 * `schema/generated/field-table.ts` has one line a type, `name:code` separated by blanks, `!` after
 * the name of a required field. Codes: s string, i int32, l int64, d double, b boolean, q quantity,
 * o int-or-string, t time, m microtime, y bytes, a any JSON, `[]x` list, `{}x` map, else a type's name.
 */
import { FIELD_TABLE } from '../generated/field-table.ts';

export type ScalarKind =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'boolean'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'bytes'
  | 'any';

export type FieldType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'list'; readonly item: FieldType }
  | { readonly kind: 'map'; readonly value: FieldType }
  | { readonly kind: 'struct'; readonly type: string };

export interface StructType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldType>;
  readonly required: ReadonlySet<string>;
}

const SCALARS: Readonly<Record<string, FieldType>> = {
  s: { kind: 'string' },
  i: { kind: 'int32' },
  l: { kind: 'int64' },
  d: { kind: 'double' },
  b: { kind: 'boolean' },
  q: { kind: 'quantity' },
  o: { kind: 'intOrString' },
  t: { kind: 'time' },
  m: { kind: 'microTime' },
  y: { kind: 'bytes' },
  a: { kind: 'any' },
};

function fieldTypeOf(code: string): FieldType {
  if (code.startsWith('[]')) return { kind: 'list', item: fieldTypeOf(code.slice(2)) };
  if (code.startsWith('{}')) return { kind: 'map', value: fieldTypeOf(code.slice(2)) };
  return SCALARS[code] ?? { kind: 'struct', type: code };
}

function compile(name: string, line: string): StructType {
  const fields = new Map<string, FieldType>();
  const required = new Set<string>();
  for (const entry of line.split(' ')) {
    if (entry === '') continue;
    const colon = entry.indexOf(':');
    const isRequired = entry[colon - 1] === '!';
    const field = entry.slice(0, isRequired ? colon - 1 : colon);
    fields.set(field, fieldTypeOf(entry.slice(colon + 1)));
    if (isRequired) required.add(field);
  }
  return { name, fields, required };
}

/** Types read so far: reading all at start would cost each new isolate, most requests need a few. */
const compiled = new Map<string, StructType>();

/** A type by its name in the table (`V1Pod`), or undefined. */
export function structTypeOf(name: string): StructType | undefined {
  const known = compiled.get(name);
  if (known) return known;
  const line = Object.hasOwn(FIELD_TABLE, name) ? FIELD_TABLE[name] : undefined;
  if (line === undefined) return undefined;
  const type = compile(name, line);
  compiled.set(name, type);
  return type;
}

/** A type that must be in the table. Throws when it is not: the caller names it wrongly. */
export function mustStructTypeOf(name: string): StructType {
  const type = structTypeOf(name);
  if (!type) throw new Error(`no type ${name} in the field table`);
  return type;
}

/** `V1DeploymentSpec` → `v1` and `DeploymentSpec`; a group's name before the version is dropped. */
export function versionAndName(type: string): { version: string; name: string } {
  const parts = /^(?:[A-Z][a-z]+)?V(\d+(?:alpha\d+|beta\d+)?)([A-Z].*)$/.exec(type);
  return parts ? { version: `v${parts[1]}`, name: parts[2] as string } : { version: '', name: type };
}

const GO_SCALARS: Readonly<Record<ScalarKind, string>> = {
  string: 'string',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  boolean: 'bool',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  bytes: '[]uint8',
  any: 'interface {}',
};

/** A type as Go's errors print it, e.g. `[]v1.Container`. */
export function goTypeText(type: FieldType): string {
  if (type.kind === 'list') return `[]${goTypeText(type.item)}`;
  if (type.kind === 'map') return `map[string]${goTypeText(type.value)}`;
  if (type.kind !== 'struct') return GO_SCALARS[type.kind];
  const { version, name } = versionAndName(type.type);
  return version ? `${version}.${name}` : name;
}
