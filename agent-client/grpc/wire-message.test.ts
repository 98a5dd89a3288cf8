import { expect, test } from 'vitest';
import {
  bool,
  bytes,
  int32,
  int64,
  int64s,
  message,
  nested,
  repeated,
  string,
  stringMap,
  strings,
  uint64,
} from './wire-message.ts';

const Inner = message({ id: string(1), n: int32(2) });
const All = message({
  text: string(1),
  flag: bool(2),
  small: int32(3),
  big: int64(4),
  size: uint64(5),
  raw: bytes(6),
  inner: nested(7, Inner),
  list: repeated(8, Inner),
  names: strings(9),
  groups: int64s(10),
  labels: stringMap(11),
});

test('what is written is read back', () => {
  const value = {
    text: 'hé',
    flag: true,
    small: -1,
    big: 1_795_263_820_080_000_000,
    size: 5_000_000_000,
    raw: new Uint8Array([1, 2]),
    inner: { id: 'i', n: 0 },
    list: [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ],
    names: ['x', ''],
    groups: [0, 3000],
    labels: { a: '1', b: '' },
  };
  expect(All.decode(All.encode(value))).toEqual(value);
});

test('absent scalars are zero, absent messages undefined, unknown fields skipped', () => {
  expect(Inner.decode(new Uint8Array())).toEqual({ id: '', n: 0 });
  expect(All.decode(new Uint8Array()).inner).toBeUndefined();
  expect(Inner.decode(All.encode({ text: 't', labels: { a: 'b' }, groups: [1] }))).toEqual({ id: 't', n: 0 });
});

test('zero is not written, an empty message is', () => {
  expect(All.encode({ text: '', flag: false, small: 0 })).toHaveLength(0);
  expect([...All.encode({ inner: {} })]).toEqual([58, 0]);
});

test('the bytes are protobuf’s', () => {
  expect([...Inner.encode({ id: 'ab', n: 300 })]).toEqual([0x0a, 2, 0x61, 0x62, 0x10, 0xac, 0x02]);
});
