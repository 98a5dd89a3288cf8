/**
 * Checks a decoded object against the field table, as upstream's decoding into Go structs would:
 * wrong types are errors, unknown fields are dropped and reported, null and empties count as absent, and
 * quantities, times and base64 are put into the form upstream stores.
 */
import { formatQuantity, quantityFromJson } from '../meta/quantity.ts';
import { canonicalMicroTime, canonicalTime } from '../meta/time.ts';
import { type FieldType, goTypeText, mustStructTypeOf, type StructType, versionAndName } from './field-table.ts';
import { goTimeError, RFC3339_LAYOUT, RFC3339_MICRO_LAYOUT } from './go-time-error.ts';
import { goFieldPath, goTypeNameOf } from './go-type-names.ts';
import { isOmittedWhenZero } from './omitted-fields.ts';
import { zeroFieldsOf } from './zero-fields.ts';

/** Upstream stops collecting here. */
const UNKNOWN_FIELDS_MAX = 100;

export interface FieldCheck {
  /** The first wrong value, in upstream's words; undefined when every value fits. */
  readonly error: string | undefined;
  /** Paths of unknown fields, in the object's order: `spec.template.spec.containers[0].foo`. */
  readonly unknown: readonly string[];
  /** How many members all objects together have. More in the text means that some were given twice. */
  readonly members: number;
}

/** A field, a place in a list, or a key of a map (which Go's errors leave out). */
type PathEntry = string | number | { readonly key: string };
type Members = Record<string, unknown>;

/** What stands for null where there is no leaving out: in lists and maps. */
const ZERO_VALUES: Readonly<Record<FieldType['kind'], () => unknown>> = {
  string: () => '',
  bytes: () => '',
  int32: () => 0,
  int64: () => 0,
  double: () => 0,
  intOrString: () => 0,
  boolean: () => false,
  quantity: () => '0',
  time: () => null,
  microTime: () => null,
  any: () => null,
  list: () => [],
  map: () => ({}),
  struct: () => ({}),
};

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);
const INT64_LIMIT = 2 ** 63;
/** Quantities that are canonical as they stand: three digits neither reach the next suffix nor end in 000. */
const PLAIN_QUANTITY = /^[1-9]\d{0,2}(?:m|k|M|G|Ki|Mi|Gi|)$/;
const SIX_DECIMALS = /:\d{2}[.,]\d{6}(?:Z|[+-])/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Lists whose defaults or validation upstream decides by whether they were given, be it empty. */
const KEPT_WHEN_EMPTY: ReadonlySet<string> = new Set(['V2HPAScalingRules.policies']);

/** Whether Go's encoding leaves the value out (`omitempty`): it is never stored, nor shown again. */
function isLeftOut(value: unknown, { kind }: FieldType, key: string, { name }: StructType): boolean {
  switch (kind) {
    case 'list':
      return Array.isArray(value) && value.length === 0 && isLeftOutWhenEmpty(name, key);
    case 'map':
      return isObject(value) && Object.keys(value).length === 0 && isLeftOutWhenEmpty(name, key);
    default:
      return (value === '' || value === 0 || value === false) && isOmittedWhenZero(name, key);
  }
}

/** Kinds of field whose zero value stands where nothing was given; those of the others are told from absent ones. */
const SHOWN_KINDS: ReadonlySet<FieldType['kind']> = new Set(['string', 'int32', 'int64', 'boolean', 'quantity']);
const shownZerosOf = new Map<string, readonly (readonly [string, unknown])[]>();

/** Texts, numbers and truth values that Go's encoding always has: they are stored, and shown, as it has them. */
function shownZeros({ name, fields }: StructType): readonly (readonly [string, unknown])[] {
  let zeros = shownZerosOf.get(name);
  if (!zeros) {
    zeros = [...zeroFieldsOf(name)].filter(
      ([key, zero]) => zero !== null && SHOWN_KINDS.has(fields.get(key)?.kind ?? 'any'),
    );
    shownZerosOf.set(name, zeros);
  }
  return zeros;
}

const isLeftOutWhenEmpty = (type: string, key: string): boolean =>
  !KEPT_WHEN_EMPTY.has(`${type}.${key}`) && !zeroFieldsOf(type).has(key);

const isObject = (value: unknown): value is Members => typeof value === 'object' && !Array.isArray(value);

/** Go's name for a JSON value of the wrong type. */
function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Where Go's base64 decoder stops. */
function base64ErrorOffset(text: string): number {
  const invalid = /[^A-Za-z0-9+/]/.exec(text);
  if (!invalid) return text.length - (text.length % 4);
  const { index } = invalid;
  if (text[index] !== '=') return index;
  const padding = /^=+/.exec(text.slice(index))?.[0].length ?? 1;
  const wanted = (4 - (index % 4)) % 4;
  if (wanted === 0 || wanted === 3) return index;
  return padding < wanted ? text.length : index + wanted;
}

class FieldChecker {
  private firstError: string | undefined;
  /** Errors of types that decode themselves end Go's decoding, and are then the ones told. */
  private fatalError: string | undefined;
  readonly unknown: string[] = [];
  private readonly unknownSeen = new Set<string>();
  members = 0;
  private readonly path: PathEntry[] = [];
  private readonly structs: StructType[] = [];

  get error(): string | undefined {
    return this.fatalError ?? this.firstError;
  }

  /** Go keeps the first error and goes on. */
  private mismatch(value: unknown, type: FieldType, what = jsonTypeOf(value)): void {
    this.firstError ??= this.mismatchText(what, this.goType(type));
  }

  private mismatchText(what: string, goType: string): string {
    const names = this.path.filter((entry) => typeof entry === 'string');
    const fields = names.map((name, i) => goFieldPath((this.structs[i] as StructType).name, name));
    const field = `${versionAndName(this.currentStruct().name).name}.${fields.join('.')}`;
    return `json: cannot unmarshal ${what} into Go struct field ${field} of type ${goType}`;
  }

  private currentStruct(): StructType {
    return this.structs[this.structs.length - 1] as StructType;
  }

  /** The declared name of the field's own type, its items' type below it. */
  private goType(type: FieldType): string {
    const struct = this.currentStruct();
    const field = this.path.findLast((entry) => typeof entry === 'string') as string;
    const declared = struct.fields.get(field);
    const named = goTypeNameOf(`${struct.name}.${field}`);
    if (!named || !declared) return goTypeText(type);
    if (declared === type) return named;
    if (declared.kind === 'list' && declared.item === type && named.startsWith('[]')) return named.slice(2);
    const key = /^map\[[^\]]*\]/.exec(named)?.[0];
    return declared.kind === 'map' && declared.value === type && key ? named.slice(key.length) : goTypeText(type);
  }

  private reportUnknown(key: string): void {
    if (this.unknown.length >= UNKNOWN_FIELDS_MAX) return;
    const path = formatPath([...this.path, key]);
    if (this.unknownSeen.has(path)) return;
    this.unknownSeen.add(path);
    this.unknown.push(path);
  }

  struct(object: Members, type: StructType): void {
    this.structs.push(type);
    for (const key of Object.keys(object)) {
      this.members++;
      const field = type.fields.get(key);
      const value = object[key];
      if (field === undefined) {
        this.countMembers(value);
        this.reportUnknown(key);
        delete object[key];
      } else if (value === null) {
        if (field.kind !== 'any') delete object[key];
      } else {
        this.path.push(key);
        const kept = this.value(value, field);
        if (isLeftOut(kept, field, key, type)) delete object[key];
        else if (kept !== value) object[key] = kept;
        this.path.pop();
      }
    }
    for (const [key, zero] of shownZeros(type)) if (object[key] === undefined) object[key] = zero;
    this.structs.pop();
  }

  /** Checks one value and gives what is to be stored for it. */
  private value(value: unknown, type: FieldType): unknown {
    switch (type.kind) {
      case 'string':
        if (typeof value !== 'string') this.mismatch(value, type);
        return value;
      case 'boolean':
        if (typeof value !== 'boolean') this.mismatch(value, type);
        return value;
      case 'struct':
        if (isObject(value)) this.struct(value, mustStructTypeOf(type.type));
        else this.mismatch(value, type);
        return value;
      case 'list':
        return this.list(value, type);
      case 'map':
        return this.map(value, type);
      case 'any':
        this.countMembers(value);
        return value;
      case 'int32':
        return this.integer(value, type, INT32_MAX);
      case 'int64':
        return this.integer(value, type, INT64_LIMIT);
      case 'double':
        if (typeof value !== 'number') this.mismatch(value, type);
        return value;
      case 'quantity':
        return this.quantity(value);
      case 'intOrString':
        if (typeof value !== 'string') this.intOrString(value);
        return value;
      case 'time':
      case 'microTime':
        return this.time(value, type.kind);
      case 'bytes':
        return this.bytes(value, type);
      default:
        throw new Error(`no such kind of field: ${JSON.stringify(type satisfies never)}`);
    }
  }

  /** What stands for null. */
  private zero(type: FieldType): unknown {
    const value = ZERO_VALUES[type.kind]();
    if (type.kind === 'struct') this.struct(value as Members, mustStructTypeOf(type.type));
    return value;
  }

  private list(value: unknown, type: FieldType & { kind: 'list' }): unknown {
    if (!Array.isArray(value)) {
      this.mismatch(value, type);
      return value;
    }
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (item === null) {
        value[i] = this.zero(type.item);
        continue;
      }
      this.path.push(i);
      const kept = this.value(item, type.item);
      if (kept !== item) value[i] = kept;
      this.path.pop();
    }
    return value;
  }

  private map(value: unknown, type: FieldType & { kind: 'map' }): unknown {
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.mismatch(value, type);
      return value;
    }
    const members = value as Members;
    const isString = type.value.kind === 'string';
    for (const key of Object.keys(members)) {
      this.members++;
      const item = members[key];
      if (isString && typeof item === 'string') continue;
      this.path.push({ key });
      const kept = item === null ? this.zero(type.value) : this.value(item, type.value);
      if (kept !== item) setMember(members, key, kept);
      this.path.pop();
    }
    return value;
  }

  private integer(value: unknown, type: FieldType, max: number): unknown {
    if (typeof value !== 'number') this.mismatch(value, type);
    else if (!Number.isInteger(value) || value > max || value < -max - 1) this.mismatch(value, type, `number ${value}`);
    return value;
  }

  private quantity(value: unknown): unknown {
    if (typeof value === 'string' && PLAIN_QUANTITY.test(value)) return value;
    const parsed = quantityFromJson(value);
    if (parsed.ok) return formatQuantity(parsed.value);
    this.fatalError ??= parsed.error;
    return value;
  }

  private intOrString(value: unknown): void {
    if (typeof value === 'number' && Number.isInteger(value) && value <= INT32_MAX && value >= INT32_MIN) return;
    const what = typeof value === 'number' ? `number ${value}` : jsonTypeOf(value);
    this.fatalError ??= this.mismatchText(what, 'int32');
  }

  private time(value: unknown, kind: 'time' | 'microTime'): unknown {
    if (typeof value !== 'string') {
      this.fatalError ??= this.mismatchText(jsonTypeOf(value), 'string');
      return value;
    }
    const canonical = kind === 'time' ? canonicalTime(value) : canonicalMicroTime(value);
    const layout = kind === 'time' ? RFC3339_LAYOUT : RFC3339_MICRO_LAYOUT;
    // A MicroTime must have six decimals; a Time may have any number.
    if (canonical !== undefined && (kind === 'time' || SIX_DECIMALS.test(value))) return canonical;
    this.fatalError ??= goTimeError(value, layout);
    return value;
  }

  private bytes(value: unknown, type: FieldType): unknown {
    if (typeof value !== 'string') {
      this.mismatch(value, type);
      return value;
    }
    const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value;
    if (!BASE64.test(text)) this.firstError ??= `illegal base64 data at input byte ${base64ErrorOffset(text)}`;
    return text;
  }

  private countMembers(value: unknown): void {
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      for (const item of value) this.countMembers(item);
      return;
    }
    for (const key of Object.keys(value)) {
      this.members++;
      this.countMembers((value as Members)[key]);
    }
  }
}

/** Sets a member of any name, `__proto__` included. */
export function setMember(members: Members, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(members, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    members[key] = value;
  }
}

/** `spec.containers[0].foo`, as strict decoding writes paths. */
export function formatPath(path: readonly PathEntry[]): string {
  let text = '';
  for (const entry of path) {
    if (typeof entry === 'number') text += `[${entry}]`;
    else {
      const key = typeof entry === 'string' ? entry : entry.key;
      text += text ? `.${key}` : key;
    }
  }
  return text;
}

/** Checks `object` as a value of the type (`V1Pod`), and changes it in place into what is to be stored. */
export function checkFields(object: Members, type: string): FieldCheck {
  const checker = new FieldChecker();
  checker.struct(object, mustStructTypeOf(type));
  return checker;
}
