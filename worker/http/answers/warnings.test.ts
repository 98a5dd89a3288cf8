import { expect, test } from 'vitest';
import { warningHeaders } from './warnings.ts';

test('warnings are quoted, once each', () => {
  expect(warningHeaders(['unknown field "a"', 'x\ny', 'unknown field "a"', ''])).toEqual([
    '299 - "unknown field \\"a\\""',
    '299 - "x y"',
  ]);
});

test('warnings beyond the limit are cut', () => {
  const headers = warningHeaders(Array.from({ length: 100 }, (_, i) => `${i} ${'é'.repeat(300)}`));
  expect(headers).toHaveLength(16);
  expect(headers[0]?.length).toBeLessThan(600);
});
