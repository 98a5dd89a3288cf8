import { expect, test } from 'vitest';
import { encodeObject } from './encode-object.ts';

test('writes kind, apiVersion and metadata first, whatever order they came in', () => {
  const object = { data: { a: '1' }, metadata: { name: 'x' }, apiVersion: 'v1', kind: 'ConfigMap' };
  expect(encodeObject(object)).toBe('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"a":"1"}}');
});

test('leaves the object as it was', () => {
  const object = { metadata: {}, apiVersion: 'v1', kind: 'ConfigMap' };
  encodeObject(object);
  expect(Object.keys(object)).toEqual(['metadata', 'apiVersion', 'kind']);
});
