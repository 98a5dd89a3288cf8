import { expect, test } from 'vitest';
import { semanticEqual } from './deep-equal.ts';

test.each([
  [{ a: 1 }, { a: 1 }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: [] }, {}, true],
  [{ a: {} }, { a: null }, true],
  [{ hostNetwork: false, name: '' }, {}, true],
  [{ template: { metadata: { creationTimestamp: null } } }, {}, true],
  [{ a: [{}] }, { a: [] }, false],
  [{ a: [1, 2] }, { a: [2, 1] }, false],
  [{ a: '1' }, { a: 1 }, false],
  [{ a: 1 }, undefined, false],
  [{ labels: { a: '' } }, { labels: {} }, false],
  [{ data: { a: '' } }, {}, false],
  [{ labels: {} }, {}, true],
  [{ labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' } }, true],
])('%j and %j: %s', (a, b, expected) => {
  expect(semanticEqual(a, b)).toBe(expected);
  expect(semanticEqual(b, a)).toBe(expected);
});
