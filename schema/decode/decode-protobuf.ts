/**
 * Protobuf bodies into the values their JSON would have: the runtime.Unknown envelope, then messages
 * along the field table. Checking and defaulting is left to the decoding of JSON.
 * Source: apimachinery runtime/serializer/protobuf, and the generated codecs of k8s.io/api.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { encodeBase64 } from '../meta/base64.ts';
import { formatMicroTime, formatTime } from '../meta/time.ts';
import { setMember } from './check-fields.ts';
import { type FieldType, structTypeOf } from './field-table.ts';
import { PROTOBUF_FIELDS } from './protobuf-fields.ts';

/** `k8s` and a zero byte begin every body. */
export const PREFIX = [0x6b, 0x38, 0x73, 0x00] as const;
const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;
const NANOS_PER_MICROSECOND = 1000;

type Members = Record<string, unknown>;

export interface ProtobufEnvelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

export type DecodedProtobuf<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string };

/** Opens the envelope. */
export function readEnvelope(body: Uint8Array): DecodedProtobuf<ProtobufEnvelope> {
  if (body.length === 0) return { ok: false, error: 'empty data' };
  if (!PREFIX.every((byte, i) => body[i] === byte)) {
    return {
      ok: false,
      error: `provided data does not appear to be a protobuf message, expected prefix [${PREFIX.join(' ')}]`,
    };
  }
  return reading(() => {
    let apiVersion = '';
    let kind = '';
    let raw: Uint8Array = new Uint8Array();
    eachField(new BinaryReader(body.subarray(PREFIX.length)), {
      1: (reader) =>
        eachField(new BinaryReader(reader.bytes()), {
          1: (typeMeta) => {
            apiVersion = typeMeta.string();
          },
          2: (typeMeta) => {
            kind = typeMeta.string();
          },
        }),
      2: (reader) => {
        raw = reader.bytes();
      },
    });
    return { apiVersion, kind, raw };
  });
}

/** A message of the named type (`V1Pod`) as its JSON value. Kind and apiVersion are the envelope's. */
export const decodeMessage = (raw: Uint8Array, type: string): DecodedProtobuf<Members> =>
  reading(() => readStruct(new BinaryReader(raw), type));

/** The wire reader throws on what is no protobuf. */
function reading<T>(read: () => T): DecodedProtobuf<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return { ok: false, error: `proto: ${error instanceof Error ? error.message : 'illegal wireType'}` };
  }
}

type FieldReader = (reader: BinaryReader) => void;

function eachField(reader: BinaryReader, fields: Readonly<Record<number, FieldReader>>): void {
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const read = fields[number];
    if (read) read(reader);
    else reader.skip(wireType, number);
  }
}

export interface MessageField {
  readonly name: string;
  readonly isPointer: boolean;
  /** Absent for embedded messages. */
  readonly type: FieldType | undefined;
  readonly embedded: ReadonlyMap<number, MessageField> | undefined;
}

const messages = new Map<string, ReadonlyMap<number, MessageField>>();

/** The fields of a type's message by their numbers. */
export function messageOf(type: string): ReadonlyMap<number, MessageField> {
  const known = messages.get(type);
  if (known) return known;
  const compiled = compile(PROTOBUF_FIELDS[type] ?? '', structTypeOf(type)?.fields ?? new Map());
  messages.set(type, compiled);
  return compiled;
}

function compile(line: string, types: ReadonlyMap<string, FieldType>): ReadonlyMap<number, MessageField> {
  const fields = new Map<number, MessageField>();
  for (const entry of line.split(' ').filter(Boolean)) {
    const equals = entry.indexOf('=');
    const name = entry.slice(0, equals);
    const isPointer = entry.endsWith('*');
    const number = Number(isPointer ? entry.slice(equals + 1, -1) : entry.slice(equals + 1));
    const embedded = name.startsWith('~') ? compile(PROTOBUF_FIELDS[name] ?? '', types) : undefined;
    fields.set(number, { name, isPointer, type: types.get(name), embedded });
  }
  return fields;
}

function readStruct(reader: BinaryReader, type: string): Members {
  const object: Members = {};
  readFields(reader, messageOf(type), object);
  return object;
}

function readFields(reader: BinaryReader, fields: ReadonlyMap<number, MessageField>, object: Members): void {
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = fields.get(number);
    if (field?.embedded) readFields(new BinaryReader(reader.bytes()), field.embedded, object);
    else if (field?.type) readField(reader, wireType, field, field.type, object);
    else reader.skip(wireType, number);
  }
}

function readField(
  reader: BinaryReader,
  wireType: WireType,
  { name, isPointer }: MessageField,
  type: FieldType,
  object: Members,
): void {
  if (type.kind === 'list') {
    const items = (object[name] ?? []) as unknown[];
    object[name] = items;
    readItems(reader, wireType, type.item, items);
    return;
  }
  if (type.kind === 'map') {
    const entries = (object[name] ?? {}) as Members;
    object[name] = entries;
    readEntry(new BinaryReader(reader.bytes()), type.value, entries);
    return;
  }
  const value = readValue(reader, type);
  const isUnset =
    value === undefined ||
    (!isPointer && (value === '' || value === 0 || value === false) && type.kind !== 'intOrString');
  if (!isUnset) object[name] = value;
}

/** Numbers may come packed: several in one field. */
function readItems(reader: BinaryReader, wireType: WireType, item: FieldType, items: unknown[]): void {
  const isNumeric = item.kind === 'int32' || item.kind === 'int64' || item.kind === 'boolean' || item.kind === 'double';
  if (!isNumeric || wireType !== WireType.LengthDelimited) {
    items.push(readValue(reader, item) ?? null);
    return;
  }
  const packed = new BinaryReader(reader.bytes());
  while (packed.pos < packed.len) items.push(readValue(packed, item));
}

function readEntry(reader: BinaryReader, type: FieldType, entries: Members): void {
  let key = '';
  let value: unknown;
  eachField(reader, {
    1: (entry) => {
      key = entry.string();
    },
    2: (entry) => {
      value = readValue(entry, type);
    },
  });
  setMember(entries, key, value ?? zeroOf(type));
}

function zeroOf(type: FieldType): unknown {
  switch (type.kind) {
    case 'string':
    case 'bytes':
      return '';
    case 'quantity':
      return '0';
    case 'struct':
    case 'map':
      return {};
    case 'list':
      return [];
    case 'boolean':
      return false;
    case 'time':
    case 'microTime':
    case 'any':
      return null;
    default:
      return 0;
  }
}

/** One value; undefined where the message says nothing. */
function readValue(reader: BinaryReader, type: FieldType): unknown {
  switch (type.kind) {
    case 'string':
      return reader.string();
    case 'int32':
      return reader.int32();
    case 'int64':
      return Number(reader.int64());
    case 'boolean':
      return reader.bool();
    case 'double':
      return reader.double();
    case 'bytes':
      return encodeBase64(reader.bytes());
    case 'quantity':
      return readQuantity(new BinaryReader(reader.bytes()));
    case 'intOrString':
      return readIntOrString(new BinaryReader(reader.bytes()));
    case 'time':
      return readTime(new BinaryReader(reader.bytes()), formatTime);
    case 'microTime':
      return readTime(new BinaryReader(reader.bytes()), formatMicroTime);
    case 'any':
      return readAny(new BinaryReader(reader.bytes()));
    case 'struct':
      return readStruct(new BinaryReader(reader.bytes()), type.type);
    case 'list':
      return readWrappedList(new BinaryReader(reader.bytes()), type.item);
    case 'map':
      throw new Error('a map within a list or map has no protobuf form');
  }
}

function readQuantity(reader: BinaryReader): string | undefined {
  let text = '';
  eachField(reader, {
    1: (quantity) => {
      text = quantity.string();
    },
  });
  return text || undefined;
}

function readIntOrString(reader: BinaryReader): number | string {
  let isString = false;
  let number = 0;
  let text = '';
  eachField(reader, {
    1: (value) => {
      isString = Number(value.int64()) === 1;
    },
    2: (value) => {
      number = value.int32();
    },
    3: (value) => {
      text = value.string();
    },
  });
  return isString ? text : number;
}

/** An empty message is no time. */
function readTime(reader: BinaryReader, format: (ms: number, microseconds: number) => string): string | undefined {
  if (reader.len === 0) return undefined;
  let seconds = 0;
  let nanos = 0;
  eachField(reader, {
    1: (time) => {
      seconds = Number(time.int64());
    },
    2: (time) => {
      nanos = time.int32();
    },
  });
  const ms = Math.floor(nanos / NANOS_PER_MS);
  return format(seconds * MS_PER_SECOND + ms, Math.floor((nanos - ms * NANOS_PER_MS) / NANOS_PER_MICROSECOND));
}

/** RawExtension and FieldsV1 carry JSON text. */
function readAny(reader: BinaryReader): unknown {
  let text = '';
  eachField(reader, {
    1: (raw) => {
      text = raw.string();
    },
  });
  return text === '' ? undefined : JSON.parse(text);
}

/** Lists within maps are messages of their own (authentication's ExtraValue). */
function readWrappedList(reader: BinaryReader, item: FieldType): unknown[] {
  const items: unknown[] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1) readItems(reader, wireType, item, items);
    else reader.skip(wireType, number);
  }
  return items;
}
