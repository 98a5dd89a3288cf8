import { expect, test } from 'vitest';
import { withoutTrailing } from './without-trailing.ts';

test.each([
  ['a**', '*', 'a'],
  ['**a*b', '*', '**a*b'],
  ['***', '*', ''],
  ['', '*', ''],
  ['a \t\r', ' \t\r', 'a'],
])('%j without trailing %j is %j', (text, characters, rest) => {
  expect(withoutTrailing(text, characters)).toBe(rest);
});
