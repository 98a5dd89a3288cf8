import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyMergePatch } from './merge-patch.ts';

const merged = (document: unknown, patch: unknown): unknown =>
  applyMergePatch(structuredClone(document), structuredClone(patch));

// RFC 7386, appendix A, but for the rows in which the apiserver's library differs.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j merged with %j is %j', (document, patch, expected) => {
  expect(merged(document, patch)).toEqual(expected);
});

test('nulls within lists of objects are dropped, nulls as items stay', () => {
  expect(merged({}, { a: [{ b: null, c: 1 }, null] })).toEqual({ a: [{ c: 1 }, null] });
});

test('__proto__ is a member like any other', () => {
  const result = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
  expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":1}}');
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test('applying a patch of objects twice is applying it once', () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.constant(null),
      fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
    ),
  }));
  const members = fc.dictionary(fc.string(), value, { noNullPrototype: true });
  fc.assert(
    fc.property(members, members, (document, patch) => {
      const once = merged(document, patch);
      expect(merged(once, patch)).toEqual(once);
    }),
    { numRuns: 300 },
  );
});
