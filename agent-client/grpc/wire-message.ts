/**
 * Protobuf messages as tables: `message({ name: string(1), labels: stringMap(6) })` encodes, decodes and
 * types itself. Proto3: absent scalars decode as zero, absent messages as undefined.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

interface Field<T> {
  readonly no: number;
  write(writer: BinaryWriter, value: T): void;
  /** The value after one more occurrence of the field. */
  read(reader: BinaryReader, before: T): T;
  initial(): T;
}

// oxlint-disable-next-line typescript/no-explicit-any -- a table holds fields of every type
type Fields = Readonly<Record<string, Field<any>>>;

export type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export interface Message<F extends Fields> {
  encode(value: Partial<Decoded<F>>): Uint8Array;
  decode(bytes: Uint8Array): Decoded<F>;
}

export function message<const F extends Fields>(fields: F): Message<F> {
  const byNumber = new Map(Object.entries(fields).map(([name, field]) => [field.no, { name, field }]));
  return {
    encode(value) {
      const writer = new BinaryWriter();
      for (const [name, field] of Object.entries(fields)) {
        const own = (value as Record<string, unknown>)[name];
        if (own !== undefined && own !== null) field.write(writer, own);
      }
      return writer.finish();
    },
    decode(bytes) {
      const value: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(fields)) value[name] = field.initial();
      const reader = new BinaryReader(bytes);
      while (reader.pos < reader.len) {
        const [no, wireType] = reader.tag();
        const known = byNumber.get(no);
        if (known) value[known.name] = known.field.read(reader, value[known.name]);
        else reader.skip(wireType, no);
      }
      return value as Decoded<F>;
    },
  };
}

interface Scalar<T> {
  readonly zero: T;
  readonly wire: WireType;
  put(writer: BinaryWriter, value: T): void;
  get(reader: BinaryReader): T;
}

const scalar = <T>(no: number, type: Scalar<T>): Field<T> => ({
  no,
  write(writer, value) {
    if (value !== type.zero) type.put(writer.tag(no, type.wire), value);
  },
  read: (reader) => type.get(reader),
  initial: () => type.zero,
});

const STRING: Scalar<string> = {
  zero: '',
  wire: WireType.LengthDelimited,
  put: (w, v) => void w.string(v),
  get: (r) => r.string(),
};
const BOOL: Scalar<boolean> = {
  zero: false,
  wire: WireType.Varint,
  put: (w, v) => void w.bool(v),
  get: (r) => r.bool(),
};
const INT32: Scalar<number> = { zero: 0, wire: WireType.Varint, put: (w, v) => void w.int32(v), get: (r) => r.int32() };
/** As a number: nanoseconds since 1970 lose their last digits, which nothing here looks at. */
const INT64: Scalar<number> = {
  zero: 0,
  wire: WireType.Varint,
  put: (w, v) => void w.int64(v),
  get: (r) => Number(r.int64()),
};
const UINT64: Scalar<number> = {
  zero: 0,
  wire: WireType.Varint,
  put: (w, v) => void w.uint64(v),
  get: (r) => Number(r.uint64()),
};

export const string = (no: number): Field<string> => scalar(no, STRING);
export const bool = (no: number): Field<boolean> => scalar(no, BOOL);
export const int32 = (no: number): Field<number> => scalar(no, INT32);
export const int64 = (no: number): Field<number> => scalar(no, INT64);
export const uint64 = (no: number): Field<number> => scalar(no, UINT64);

export const bytes = (no: number): Field<Uint8Array> => ({
  no,
  write(writer, value) {
    if (value.length) writer.tag(no, WireType.LengthDelimited).bytes(value);
  },
  read: (reader) => reader.bytes(),
  initial: () => new Uint8Array(),
});

export const nested = <F extends Fields>(no: number, type: Message<F>): Field<Partial<Decoded<F>> | undefined> => ({
  no,
  write: (writer, value) => void writer.tag(no, WireType.LengthDelimited).bytes(type.encode(value ?? {})),
  read: (reader) => type.decode(reader.bytes()),
  initial: () => undefined,
});

export const repeated = <F extends Fields>(no: number, type: Message<F>): Field<readonly Partial<Decoded<F>>[]> => ({
  no,
  write(writer, value) {
    for (const item of value) writer.tag(no, WireType.LengthDelimited).bytes(type.encode(item));
  },
  read: (reader, before) => [...before, type.decode(reader.bytes())],
  initial: () => [],
});

export const strings = (no: number): Field<readonly string[]> => ({
  no,
  write(writer, value) {
    for (const item of value) writer.tag(no, WireType.LengthDelimited).string(item);
  },
  read: (reader, before) => [...before, reader.string()],
  initial: () => [],
});

/** Written packed; read only in that form, as Go writes it. */
export const int64s = (no: number): Field<readonly number[]> => ({
  no,
  write(writer, value) {
    if (!value.length) return;
    writer.tag(no, WireType.LengthDelimited).fork();
    for (const item of value) writer.int64(item);
    writer.join();
  },
  read(reader, before) {
    const end = reader.uint32() + reader.pos;
    const items = [...before];
    while (reader.pos < end) items.push(Number(reader.int64()));
    return items;
  },
  initial: () => [],
});

const ENTRY = message({ key: string(1), value: string(2) });

export const stringMap = (no: number): Field<Readonly<Record<string, string>>> => ({
  no,
  write(writer, value) {
    for (const [key, text] of Object.entries(value))
      writer.tag(no, WireType.LengthDelimited).bytes(ENTRY.encode({ key, value: text }));
  },
  read(reader, before) {
    const entry = ENTRY.decode(reader.bytes());
    return { ...before, [entry.key]: entry.value };
  },
  initial: () => ({}),
});
