/**
 * JSON values as the protobuf messages Go would write for them, along the tables the decoder reads by.
 * Source: apimachinery runtime/serializer/protobuf, and the generated codecs of k8s.io/api.
 */
import { PREFIX, type MessageField, messageOf } from '../decode/decode-protobuf.ts';
import type { FieldType } from '../decode/field-table.ts';
import { decodeBase64Bytes } from '../meta/base64.ts';
import { timeParts } from '../meta/time.ts';
import { MessageWriter } from './message-writer.ts';

type Members = Readonly<Record<string, unknown>>;

const NANOS_PER_MICROSECOND = 1_000;

/** Fields of runtime.Unknown. */
const TYPE_META = 1;
const RAW = 2;

/** Messages of which there is no JSON description, because every kind has them. */
const FORMS: Readonly<Record<string, ReadonlyMap<number, MessageField>>> = {
  PartialObjectMetadata: new Map([[1, structField('metadata', 'V1ObjectMeta')]]),
  PartialObjectMetadataList: new Map([
    [1, structField('metadata', 'V1ListMeta')],
    [2, listField('items', 'PartialObjectMetadata')],
  ]),
};

function structField(name: string, type: string): MessageField {
  return { name, isPointer: false, type: { kind: 'struct', type }, embedded: undefined };
}

function listField(name: string, type: string): MessageField {
  return { name, isPointer: false, type: { kind: 'list', item: { kind: 'struct', type } }, embedded: undefined };
}

/** The envelope with an object or list in it; `type` is its name in the field table. */
export function encodeObjectProtobuf(object: Members, type: string): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  writeStruct(writer, object, type);
  return sealed(writer, object);
}

/** A list whose items come as messages that are encoded already. */
export function encodeListProtobuf(list: Members, items: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter(items.reduce((sum, item) => sum + item.length + ITEM_OVERHEAD_BYTES, 0));
  for (const item of items.toReversed()) writer.bytes(2, item);
  const end = writer.length;
  writeStruct(writer, (list['metadata'] ?? {}) as Members, 'V1ListMeta');
  writer.message(1, end);
  return sealed(writer, list);
}

const ITEM_OVERHEAD_BYTES = 6;

/** A message alone. */
export function encodeMessage(object: Members, type: string): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  writeStruct(writer, object, type);
  return writer.finish();
}

/** Puts the envelope around what was written. */
function sealed(writer: MessageWriter, { apiVersion, kind }: Members): Uint8Array<ArrayBuffer> {
  writer.message(RAW, 0);
  const end = writer.length;
  writer.string(2, String(kind ?? ''));
  writer.string(1, String(apiVersion ?? ''));
  writer.message(TYPE_META, end);
  writer.raw(Uint8Array.from(PREFIX));
  return writer.finish();
}

export const EVENT_LENGTH_BYTES = 4;

/** A watch event in its frame: the length, then a bare WatchEvent that holds the object in its envelope. */
export function encodeEventFrame(type: string, object: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter(object.length);
  const end = writer.length;
  writer.bytes(1, object);
  writer.message(2, end);
  writer.string(1, type);
  const length = new Uint8Array(EVENT_LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, writer.length);
  writer.raw(length);
  return writer.finish();
}

/** Fields from the highest number to the lowest, because the writer goes backwards. */
const orders = new WeakMap<ReadonlyMap<number, MessageField>, readonly (readonly [number, MessageField])[]>();

function descending(fields: ReadonlyMap<number, MessageField>): readonly (readonly [number, MessageField])[] {
  const known = orders.get(fields);
  if (known) return known;
  const order = [...fields].sort(([a], [b]) => b - a);
  orders.set(fields, order);
  return order;
}

const fieldsOf = (type: string): ReadonlyMap<number, MessageField> => FORMS[type] ?? messageOf(type);

const writeStruct = (writer: MessageWriter, object: Members, type: string): void =>
  writeFields(writer, object, fieldsOf(type));

function writeFields(writer: MessageWriter, object: Members, fields: ReadonlyMap<number, MessageField>): void {
  for (const [number, { name, type, embedded }] of descending(fields)) {
    if (embedded) {
      const end = writer.length;
      writeFields(writer, object, embedded);
      writer.message(number, end);
      continue;
    }
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (type && value !== undefined && value !== null) writeField(writer, number, type, value);
  }
}

function writeField(writer: MessageWriter, number: number, type: FieldType, value: unknown): void {
  if (type.kind === 'list') {
    for (const item of (value as readonly unknown[]).toReversed()) writeValue(writer, number, type.item, item);
    return;
  }
  if (type.kind !== 'map') return writeValue(writer, number, type, value);
  const keys = Object.keys(value as object)
    .sort()
    .reverse();
  for (const key of keys) {
    const end = writer.length;
    writeValue(writer, 2, type.value, (value as Members)[key]);
    writer.string(1, key);
    writer.message(number, end);
  }
}

function writeValue(writer: MessageWriter, number: number, type: FieldType, value: unknown): void {
  switch (type.kind) {
    case 'string':
      return writer.string(number, String(value ?? ''));
    case 'int32':
    case 'int64':
      return writer.integer(number, Number(value ?? 0));
    case 'boolean':
      return writer.bool(number, value === true);
    case 'double':
      return writer.double(number, Number(value ?? 0));
    case 'bytes':
      if (typeof value === 'string') writer.bytes(number, bytesOfBase64(value));
      return;
    default:
      return writeMessage(writer, number, type, value);
  }
}

function writeMessage(writer: MessageWriter, number: number, type: FieldType, value: unknown): void {
  const end = writer.length;
  switch (type.kind) {
    case 'quantity':
      writer.string(1, String(value ?? '0'));
      break;
    case 'intOrString':
      writeIntOrString(writer, value);
      break;
    case 'time':
    case 'microTime':
      writeTime(writer, value);
      break;
    case 'any':
      if (value !== null && value !== undefined) writer.string(1, JSON.stringify(value));
      break;
    case 'list':
      for (const item of ((value ?? []) as readonly unknown[]).toReversed()) writeValue(writer, 1, type.item, item);
      break;
    case 'struct':
      writeStruct(writer, (value ?? {}) as Members, type.type);
      break;
    default:
      throw new Error(`no message for a value of kind ${type.kind}`);
  }
  writer.message(number, end);
}

function writeIntOrString(writer: MessageWriter, value: unknown): void {
  const isText = typeof value === 'string';
  writer.string(3, isText ? value : '');
  writer.integer(2, isText ? 0 : Number(value ?? 0));
  writer.integer(1, isText ? 1 : 0);
}

/** No time is an empty message. */
function writeTime(writer: MessageWriter, value: unknown): void {
  const time = typeof value === 'string' ? timeParts(value) : undefined;
  if (!time) return;
  writer.integer(2, time.microseconds * NANOS_PER_MICROSECOND);
  writer.integer(1, time.seconds);
}

const bytesOfBase64 = (text: string): Uint8Array =>
  Uint8Array.from(decodeBase64Bytes(text), (character) => character.charCodeAt(0));
