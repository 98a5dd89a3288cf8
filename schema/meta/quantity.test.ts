import { expect, test } from 'vitest';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, quantityMilliValue, quantityOf, quantityValue, subtractQuantities } from './quantity.ts';

const canonical = (text: string): string => {
  const parsed = parseQuantity(text);
  return parsed.ok ? formatQuantity(parsed.value) : `error: ${parsed.error}`;
};

test.each([
  ['1000m', '1'],
  ['0.5Gi', '512Mi'],
  ['1.5', '1500m'],
  ['1024Ki', '1Mi'],
])('%s is written %s', (text, expected) => {
  expect(canonical(text)).toBe(expected);
});

test('adds, subtracts and compares over formats', () => {
  const [half, gi] = [quantityOf('500m'), quantityOf('1Gi')];
  expect(formatQuantity(addQuantities(half, half))).toBe('1');
  expect(formatQuantity(subtractQuantities(gi, quantityOf('512Mi')))).toBe('512Mi');
  expect(compareQuantities(quantityOf('1Ki'), quantityOf('1k'))).toBe(1);
});

test('value and milli value round away from zero', () => {
  expect(quantityValue(quantityOf('1500m'))).toBe(2);
  expect(quantityMilliValue(quantityOf('1u'))).toBe(1);
  expect(quantityValue(quantityOf(undefined))).toBe(0);
});
