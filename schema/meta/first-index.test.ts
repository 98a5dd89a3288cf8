import { expect, test } from 'vitest';
import { firstIndexOf } from './first-index.ts';

test('tells what indexOf tells', () => {
  const list = ['a', 'b', 'a', undefined, 'b'];
  expect(list.map((item) => firstIndexOf(list, item))).toEqual(list.map((item) => list.indexOf(item)));
  expect(firstIndexOf(list, 'c')).toBe(-1);
});
