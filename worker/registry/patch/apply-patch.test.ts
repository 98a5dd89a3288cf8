import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../schema/meta/object-meta.ts';
import { applyPatch, type PatchInput } from './apply-patch.ts';
import { JSON_PATCH_OPERATIONS_MAX } from './json-patch.ts';

const CONFIG_MAP = {
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'a', labels: { x: '1' } },
  data: { k: 'v' },
};

function apply(type: PatchInput['type'], patch: unknown, options: Partial<PatchInput> = {}) {
  const text = typeof patch === 'string' ? patch : JSON.stringify(patch);
  return applyPatch({
    type,
    patch: text,
    current: CONFIG_MAP,
    schema: 'V1ConfigMap',
    fieldValidation: 'Strict',
    ...options,
  });
}

function outcome(type: PatchInput['type'], patch: unknown, options: Partial<PatchInput> = {}): unknown {
  const applied = apply(type, patch, options);
  return applied.ok
    ? applied.value.object
    : `${applied.status.code} ${applied.status.reason}: ${applied.status.message}`;
}

const changed = { ...CONFIG_MAP, data: { k: 'w' } };

test.each([
  ['json', [{ op: 'replace', path: '/data/k', value: 'w' }]],
  ['merge', { data: { k: 'w' } }],
  ['strategic', { data: { k: 'w' } }],
] as const)('%s: the outcome is a new object, the current one is left', (type, patch) => {
  expect(outcome(type, patch)).toEqual(changed);
  expect(CONFIG_MAP.data).toEqual({ k: 'v' });
});

describe('what is no patch', () => {
  test.each([
    ['json', '{', '400 BadRequest: error decoding patch: unexpected end of JSON input'],
    [
      'json',
      {},
      '400 BadRequest: error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      'json',
      [1],
      '400 BadRequest: error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp',
    ],
    [
      'json',
      [{ op: 1 }],
      '400 BadRequest: error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string',
    ],
    [
      'merge',
      [],
      '400 BadRequest: error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    ['merge', 'null', '400 BadRequest: Invalid JSON Patch'],
    ['strategic', '[', '400 BadRequest: unexpected end of JSON input'],
    ['strategic', [], '400 BadRequest: json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ] as const)('%s %j', (type, patch, expected) => {
    expect(outcome(type, patch)).toBe(expected);
  });

  test('more operations than the limit', () => {
    const operations = Array.from({ length: JSON_PATCH_OPERATIONS_MAX + 1 }, () => ({
      op: 'test',
      path: '/kind',
      value: 'ConfigMap',
    }));
    expect(outcome('json', operations)).toBe(
      '413 RequestEntityTooLarge: The allowed maximum operations in a JSON patch is 10000, got 10001',
    );
  });
});

describe('what does not fit', () => {
  const REJECTED = '422 Invalid: the server rejected our request due to an error in our request';

  test('a JSON patch that does not apply', () => {
    expect(outcome('json', [{ op: 'remove', path: '/data/x' }])).toBe(REJECTED);
  });

  test('an outcome of a wrong type', () => {
    const text = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","labels":{"x":"1"}},"data":{"k":1}}';
    expect(outcome('merge', { data: { k: 1 } })).toBe(
      `422 Invalid:  "" is invalid: patch: Invalid value: ${JSON.stringify(text)}: json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
    );
  });

  test('a strategic patch upstream has no answer for', () => {
    expect(outcome('strategic', { metadata: { labels: { $patch: 'x' } } })).toBe(
      '500 : unknown patch type: x in map: map[$patch:x]',
    );
  });
});

describe('unknown and repeated fields', () => {
  test('Strict refuses them, showing the patch', () => {
    expect(outcome('strategic', { foo: { a: [1] } })).toBe(
      '422 Invalid:  "" is invalid: patch: Invalid value: "map[foo:map[a:[1]]]": strict decoding error: unknown field "foo"',
    );
    expect(outcome('merge', '{"data":{"k":"a","k":"b"}}')).toContain(
      'strict decoding error: duplicate field \\"data.k\\"'.replaceAll('\\', ''),
    );
    expect(outcome('json', '[{"op":"add","path":"/data/z","value":"1","foo":1}]')).toContain(
      'strict decoding error: json patch unknown field "[0].foo"',
    );
  });

  test('Warn drops them and warns', () => {
    const applied = apply('merge', '{"data":{"k":"a","k":"w"},"foo":1}', { fieldValidation: 'Warn' });
    if (!applied.ok) throw new Error(applied.status.message);
    expect(applied.value).toEqual({ object: changed, warnings: ['duplicate field "data.k"', 'unknown field "foo"'] });
  });

  test('Ignore drops them', () => {
    const applied = apply('json', '[{"op":"add","path":"/foo","value":1,"foo":1}]', { fieldValidation: 'Ignore' });
    expect(applied.ok && applied.value).toEqual({ object: CONFIG_MAP, warnings: [] });
  });
});

test('quantities of the outcome are stored as upstream stores them', () => {
  const current = { kind: 'Pod', apiVersion: 'v1', metadata: {}, spec: { containers: [{ name: 'a' }] } } as KubeObject;
  const patch = { spec: { containers: [{ name: 'a', resources: { limits: { memory: '0.5Gi' } } }] } };
  const options = { current, schema: 'V1Pod' };
  expect(JSON.stringify(outcome('strategic', patch, options))).toContain('"limits":{"memory":"512Mi"}');
});
