import { expect, test } from 'vitest';
import * as errors from './field-error.ts';

test.each([
  [errors.required('f'), 'Required value'],
  [errors.required('f', 'why'), 'Required value: why'],
  [errors.invalid('f', 'a"b\n\u00a0', 'why'), 'Invalid value: "a\\"b\\n\\u00a0": why'],
  [errors.invalid('f', 5, 'why'), 'Invalid value: 5: why'],
  [errors.invalid('f', undefined, 'why'), 'Invalid value: null: why'],
  [errors.invalid('f', { a: '<&>' }, 'why'), 'Invalid value: {"a":"\\u003c\\u0026\\u003e"}: why'],
  [errors.invalid('f', errors.OMIT_VALUE, 'why'), 'Invalid value: why'],
  [errors.duplicate('f', 'x'), 'Duplicate value: "x"'],
  [errors.notFoundField('f', 'x'), 'Not found: "x"'],
  [errors.forbiddenField('f', 'why'), 'Forbidden: why'],
  [errors.notSupported('f', 'x', ['a', 'b']), 'Unsupported value: "x": supported values: "a", "b"'],
  [errors.tooLong('f', 1), 'Too long: may not be more than 1 byte'],
  [errors.tooLong('f', -1), 'Too long: value is too long'],
  [errors.tooLongCharacters('f', 2), 'Too long: may not be more than 2 characters'],
  [errors.tooShort('f', 2), 'Too short: must be at least 2 characters'],
  [errors.tooMany('f', 5, 1), 'Too many: 5: must have at most 1 item'],
  [errors.tooMany('f', -1, -1), 'Too many: has too many items'],
  [errors.tooFew('f', 0, 2), 'Too few: 0: must have at least 2 items'],
])('%j', (error, body) => {
  expect(error.body).toBe(body);
});

test('several errors are listed once each', () => {
  const status = errors.invalidStatus('apps', 'Deployment', 'web', [
    errors.required('a'),
    errors.required('a'),
    errors.required('b'),
  ]);
  expect(status.message).toBe('Deployment.apps "web" is invalid: [a: Required value, b: Required value]');
  expect(status.details?.causes).toHaveLength(3);
});

test('an answer holds as many causes as it can, and one at least', () => {
  const long = Array.from({ length: 5_000 }, (_, i) => errors.invalid(`data[${i}]`, 'x'.repeat(1_000), 'no'));
  const { details, message } = errors.invalidStatus('', 'ConfigMap', 'a', long);
  expect(details?.causes?.length).toBeGreaterThan(1_000);
  expect(JSON.stringify({ details, message }).length).toBeLessThan(8 * 1024 * 1024);
  const longest = [errors.invalid('data', 'x'.repeat(3 * 1024 * 1024), 'no')];
  expect(errors.invalidStatus('', 'ConfigMap', 'a', longest).details?.causes).toHaveLength(1);
});
