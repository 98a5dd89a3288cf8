import { expect, it } from 'vitest';
import { integerParameter } from './integer-parameter.ts';

const read = (text: string): unknown => {
  const parsed = integerParameter(new URLSearchParams([['limit', text]]), 'limit');
  return parsed.ok ? parsed.value : `${parsed.status.code} ${parsed.status.message}`;
};

it.each([
  ['500', 500],
  ['-1', -1],
  ['+7', 7],
  ['0000000000000000000000000001', 1],
  ['', '400 strconv.ParseInt: parsing "": invalid syntax'],
  ['1.5', '400 strconv.ParseInt: parsing "1.5": invalid syntax'],
  ['x\u0007', '400 strconv.ParseInt: parsing "x\\a": invalid syntax'],
  ['9223372036854775807', 2 ** 63],
  ['9223372036854775808', '400 strconv.ParseInt: parsing "9223372036854775808": value out of range'],
  ['-9223372036854775808', -(2 ** 63)],
])('reads %j', (text, expected) => {
  expect(read(text)).toBe(expected);
});

it('knows a parameter that is not there', () => {
  expect(integerParameter(new URLSearchParams(), 'limit')).toEqual({ ok: true, value: undefined });
});
