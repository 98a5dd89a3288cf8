import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactFieldValue, fieldsMatch, formatFieldSelector, parseFieldSelector } from './field-selector.ts';

function parsed(text: string): string {
  const selector = parseFieldSelector(text);
  return selector.ok ? formatFieldSelector(selector.value) : selector.error;
}

test.each([
  ['', ''],
  ['b=1,a==2', 'a=2,b=1'],
  ['metadata.name!=x', 'metadata.name!=x'],
  ['a=b\\,c\\=d\\\\', 'a=b\\,c\\=d\\\\'],
  [',,a=1,', 'a=1'],
  ['a=', 'a='],
  ['=', ''],
])('%s is %s', (text, expected) => {
  expect(parsed(text)).toBe(expected);
});

test.each([
  ['a', "invalid selector: 'a'; can't understand 'a'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ['a=\\', 'invalid field selector: invalid escape sequence: \\'],
])('%s is refused', (text, error) => {
  expect(parsed(text)).toBe(error);
});

test('matching takes an unknown field as empty', () => {
  const fields = { 'metadata.name': 'a', 'spec.nodeName': '' };
  const matches = (text: string): boolean => {
    const selector = parseFieldSelector(text);
    return selector.ok && fieldsMatch(selector.value, fields);
  };
  expect(matches('metadata.name=a,spec.nodeName=')).toBe(true);
  expect(matches('metadata.name!=a')).toBe(false);
  expect(matches('toString=')).toBe(true);
});

test('a demanded value is found', () => {
  const selector = parseFieldSelector('a!=1,metadata.name=x');
  expect(selector.ok && exactFieldValue(selector.value, 'metadata.name')).toBe('x');
  expect(selector.ok && exactFieldValue(selector.value, 'a')).toBeUndefined();
});

test('never throws, and the string form parses to itself', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'ab.=!,\\'.split('')), maxLength: 20 });
  fc.assert(
    fc.property(noise, (text) => {
      const selector = parseFieldSelector(text);
      if (selector.ok) expect(fieldsMatch(selector.value, {})).toBeTypeOf('boolean');
    }),
    { numRuns: 1000 },
  );
});
