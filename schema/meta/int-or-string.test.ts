import { expect, test } from 'vitest';
import { intValue, scaledIntOrPercent } from './int-or-string.ts';

test.each([
  [3, 10, true, 3],
  ['25%', 10, true, 3],
  ['25%', 10, false, 2],
  ['-5%', 10, true, 0],
  ['0%', 0, false, 0],
])('%s of %d, up %s: %d', (value, total, roundUp, expected) => {
  expect(scaledIntOrPercent(value, total, roundUp)).toEqual({ ok: true, value: expected });
});

test.each([
  [undefined, 'nil value for IntOrString'],
  ['5', 'invalid value for IntOrString: invalid type: string is not a percentage'],
  ['x%', 'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax'],
])('%s is refused', (value, error) => {
  expect(scaledIntOrPercent(value, 10, true)).toEqual({ ok: false, error });
});

test('a name counts as 0 where a number is wanted', () => {
  expect([intValue(80), intValue('80'), intValue('http')]).toEqual([80, 80, 0]);
});
