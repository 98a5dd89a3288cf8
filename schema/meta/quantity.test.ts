import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  newMilliQuantity,
  parseQuantity,
  QUANTITY_FORMAT_ERROR,
  QUANTITY_NUMERIC_ERROR,
  QUANTITY_SUFFIX_ERROR,
  quantityFromJson,
  quantityMilliValue,
  quantityOf,
  quantityValue,
  subtractQuantities,
} from './quantity.ts';

function canonical(text: string): string {
  const parsed = parseQuantity(text);
  return parsed.ok ? formatQuantity(parsed.value) : parsed.error;
}

describe('what is written', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['.', '0'],
    ['Ki', '0'],
    ['0.0Ki', '0'],
    ['1000m', '1'],
    ['0.5Gi', '512Mi'],
    ['1.5', '1500m'],
    ['.5', '500m'],
    ['1024Ki', '1Mi'],
    ['1.1Ki', '1126400m'],
    ['0.1Ki', '102400m'],
    ['1000k', '1M'],
    ['12e6', '12e6'],
    ['1000e3', '1e6'],
    ['1E3', '1E3'],
    ['0.0000000001', '1n'],
    ['9223372036854775808', '9223372036854775808'],
    ['99999999999999999999Ki', '9223372036854775807'],
    ['8Ei', '9223372036854775807'],
    ['7Ei', '7Ei'],
    ['-1.5Gi', '-1536Mi'],
  ])('%s is canonically %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test.each([['00100m'], ['+5'], ['1.G'], ['1Ki'], ['500m'], ['1e3']])('%s stays as it was written', (text) => {
    expect(canonical(text)).toBe(text);
  });

  test('a number too large for its suffixes loses the suffix, as upstream has it', () => {
    expect(canonical('1000E')).toBe('1');
  });
});

describe('what is refused', () => {
  test.each([
    ['', QUANTITY_FORMAT_ERROR],
    ['x', QUANTITY_FORMAT_ERROR],
    [' 1', QUANTITY_FORMAT_ERROR],
    ['1 Gi', QUANTITY_FORMAT_ERROR],
    ['1Mii', QUANTITY_SUFFIX_ERROR],
    ['1e', QUANTITY_SUFFIX_ERROR],
    ['1-3', QUANTITY_SUFFIX_ERROR],
    ['Ei', QUANTITY_NUMERIC_ERROR],
    ['1e999999999', QUANTITY_SUFFIX_ERROR],
    ['1'.repeat(300), QUANTITY_FORMAT_ERROR],
  ])('%s', (text, error) => {
    expect(canonical(text)).toBe(error);
  });

  test('a decoded field may be a number, or have blanks around it', () => {
    expect(quantityFromJson(0.5)).toMatchObject({ ok: true });
    expect(formatQuantity(quantityOf(' 2 '))).toBe('2');
    expect(quantityFromJson(true)).toMatchObject({ ok: false });
  });
});

describe('arithmetic', () => {
  test('adds, subtracts and compares over formats', () => {
    const half = quantityOf('500m');
    expect(formatQuantity(addQuantities(half, half))).toBe('1');
    expect(formatQuantity(subtractQuantities(quantityOf('1Gi'), quantityOf('512Mi')))).toBe('512Mi');
    expect(compareQuantities(quantityOf('1Ki'), quantityOf('1k'))).toBe(1);
    expect(compareQuantities(quantityOf('1000m'), quantityOf('1'))).toBe(0);
  });

  test('the sum takes the format of the first, or of the second when the first is zero', () => {
    expect(formatQuantity(addQuantities(quantityOf(undefined), quantityOf('2Ki')))).toBe('2Ki');
    expect(formatQuantity(addQuantities(quantityOf('1k'), quantityOf('2Ki')))).toBe('3048');
  });

  test('values round away from zero', () => {
    expect(quantityValue(quantityOf('1500m'))).toBe(2);
    expect(quantityMilliValue(quantityOf('1u'))).toBe(1);
    expect(quantityValue(quantityOf('1n'))).toBe(1);
    expect(quantityValue(quantityOf(undefined))).toBe(0);
  });
});

describe('whatever comes', () => {
  const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'Ki', 'Mi', 'Gi', 'e3', 'E-3');
  const text = fc
    .tuple(fc.constantFrom('', '-', '+'), fc.nat(999_999), fc.option(fc.nat(999)), suffix)
    .map(([sign, whole, decimals, unit]) => `${sign}${whole}${decimals === null ? '' : `.${decimals}`}${unit}`);

  test('what is written reads back as the same value and the same text', () => {
    fc.assert(
      fc.property(text, (input) => {
        const quantity = quantityOf(input);
        const written = formatQuantity({ ...quantity, text: undefined });
        expect(compareQuantities(quantityOf(written), quantity)).toBe(0);
        expect(canonical(written)).toBe(written);
      }),
      { numRuns: 1000 },
    );
  });

  test('adding and taking away again changes nothing', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const sum = addQuantities(quantityOf(a), quantityOf(b));
        expect(compareQuantities(subtractQuantities(sum, quantityOf(b)), quantityOf(a))).toBe(0);
      }),
    );
  });

  test('never throws and stays small', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'0123456789.+-eEinumkKMGTP x'.split('')), maxLength: 300 });
    fc.assert(
      fc.property(fc.oneof(noise, fc.string()), (input) => {
        expect(canonical(input).length).toBeLessThan(1_000);
      }),
      { numRuns: 2000 },
    );
  });

  test('thousandths are exact', () => {
    fc.assert(
      fc.property(fc.integer(), (milli) => {
        expect(quantityMilliValue(newMilliQuantity(milli, 'DecimalSI'))).toBe(milli);
      }),
    );
  });
});
