import * as fc from 'fast-check';
import fastJsonPatch from 'fast-json-patch';
import { describe, expect, test } from 'vitest';
import { applyJsonPatch, JSON_PATCH_COPY_BYTES_MAX, type JsonPatchOperation } from './json-patch.ts';

const patched = (document: object, ...operations: JsonPatchOperation[]): unknown => {
  const result = applyJsonPatch(structuredClone(document) as Record<string, unknown>, operations);
  return result.ok ? result.value : { error: result.error };
};

describe('operations', () => {
  test.each([
    ['add a member', { a: 1 }, { op: 'add', path: '/b', value: 2 }, { a: 1, b: 2 }],
    ['add into a list', { a: [1, 3] }, { op: 'add', path: '/a/1', value: 2 }, { a: [1, 2, 3] }],
    ['append to a list', { a: [1] }, { op: 'add', path: '/a/-', value: 2 }, { a: [1, 2] }],
    ['append by -1', { a: [1] }, { op: 'add', path: '/a/-1', value: 2 }, { a: [1, 2] }],
    ['remove', { a: 1, b: 2 }, { op: 'remove', path: '/a' }, { b: 2 }],
    ['remove the last by -1', { a: [1, 2] }, { op: 'remove', path: '/a/-1' }, { a: [1] }],
    ['replace', { a: 1 }, { op: 'replace', path: '/a', value: 2 }, { a: 2 }],
    ['replace adds what is missing', {}, { op: 'replace', path: '/a', value: 2 }, { a: 2 }],
    ['move', { a: { b: 1 } }, { op: 'move', from: '/a/b', path: '/c' }, { a: {}, c: 1 }],
    ['copy', { a: [1] }, { op: 'copy', from: '/a', path: '/b' }, { a: [1], b: [1] }],
    ['escaped keys', { 'a/b': 1, 'c~d': 2 }, { op: 'remove', path: '/a~1b' }, { 'c~d': 2 }],
    ['a test that holds', { a: [1] }, { op: 'test', path: '/a', value: [1] }, { a: [1] }],
    ['a test for null of what is missing', {}, { op: 'test', path: '/a', value: null }, {}],
  ])('%s', (_name, document, operation, expected) => {
    expect(patched(document, operation)).toEqual(expected);
  });

  test.each([
    [{ op: 'remove', path: '/x' }],
    [{ op: 'add', path: '/x/y', value: 1 }],
    [{ op: 'add', path: '', value: {} }],
    [{ op: 'replace', path: '/list/5', value: 1 }],
    [{ op: 'test', path: '/a', value: 2 }],
    [{ op: 'add', path: '/list/x', value: 1 }],
    [{ op: 'nonsense', path: '/a' }],
    [{ op: 'add' }],
    [{ op: 'move', path: '/b', from: '/x' }],
  ])('%j does not apply', (operation) => {
    expect(patched({ a: 1, list: [1] }, operation)).toHaveProperty('error');
  });

  test('the first failure ends the patch', () => {
    const operations = [
      { op: 'test', path: '/a', value: 2 },
      { op: 'remove', path: '/a' },
    ];
    expect(patched({ a: 1 }, ...operations)).toEqual({ error: 'testing value /a failed: test failed' });
  });

  test('__proto__ is a member like any other', () => {
    const result = patched({ data: {} }, { op: 'add', path: '/data/__proto__', value: { polluted: true } });
    expect(JSON.stringify(result)).toBe('{"data":{"__proto__":{"polluted":true}}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(patched({}, { op: 'add', path: '/__proto__/polluted', value: true })).toHaveProperty('error');
  });

  test('copies that double an object end at a limit', () => {
    const doubling = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    const result = patched({ a: ['x'.repeat(1000)] }, ...doubling) as { error: string };
    expect(result.error).toContain(`exceeding the limit ${JSON_PATCH_COPY_BYTES_MAX}`);
  });
});

describe('against another implementation', () => {
  const key = fc.constantFrom('a', 'b', 'c/d', '0');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const document = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true });

  test('the patch that turns one document into another does so', () => {
    fc.assert(
      fc.property(document, document, (from, to) => {
        const operations = fastJsonPatch.compare(from, to) as unknown as JsonPatchOperation[];
        expect(patched(from, ...structuredClone(operations))).toEqual(to);
      }),
      { numRuns: 300 },
    );
  });

  test('never throws, whatever the operations', () => {
    const operation = fc.dictionary(
      fc.constantFrom('op', 'path', 'from', 'value'),
      fc.oneof(
        fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', '/a', '/a/0', '/b/-', ''),
        fc.anything(),
      ),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 5 }), (from, operations) => {
        applyJsonPatch(structuredClone(from), operations);
      }),
      { numRuns: 500 },
    );
  });
});
