import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeObject } from './decode-object.ts';
import { type FieldType, structTypeOf } from './field-table.ts';

const POD = { group: '', version: 'v1', kind: 'Pod', schema: 'V1Pod' };
const DEPTH_MAX = 6;

/** Values of a field, now and then of the wrong type. */
function valueOf(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  const right = rightValueOf(type, depth);
  const wrong = fc.constantFrom<unknown>(null, 1, 1.5, 'x', true, [], {}, [null], { a: 1 });
  return fc.oneof({ arbitrary: right, weight: 30 }, { arbitrary: wrong, weight: 1 });
}

function rightValueOf(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'struct':
      return depth > DEPTH_MAX ? fc.constant({}) : structOf(type.type, depth + 1);
    case 'list':
      return fc.array(valueOf(type.item, depth + 1), { maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), valueOf(type.value, depth + 1), { maxKeys: 2 });
    case 'quantity':
      return fc.constantFrom('1', '0.5Gi', '1000m', 2);
    case 'time':
      return fc.constant('2020-01-01T02:00:00+02:00');
    case 'bytes':
      return fc.constantFrom('YQ==', 'YW\nJj');
    case 'int32':
    case 'int64':
      return fc.nat(9);
    case 'boolean':
      return fc.boolean();
    case 'microTime':
      return fc.constant('2020-01-01T00:00:00.000001Z');
    case 'any':
      return fc.constant({ a: [null, 1] });
    case 'double':
      return fc.constant(1.5);
    case 'intOrString':
      return fc.constantFrom(80, 'http');
    case 'string':
    default:
      return fc.constantFrom('a', 'b');
  }
}

function structOf(name: string, depth: number): fc.Arbitrary<unknown> {
  const fields = [...(structTypeOf(name)?.fields ?? [])].filter(
    ([field]) => field !== 'kind' && field !== 'apiVersion',
  );
  if (fields.length === 0) return fc.constant({});
  return fc
    .subarray(fields, { maxLength: Math.min(3, fields.length) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map(([field, type]) => [field, valueOf(type, depth)]))));
}

const decode = (text: string, format: 'json' | 'yaml' = 'json', fieldValidation: 'Strict' | 'Ignore' = 'Strict') =>
  decodeObject(text, { expected: POD, format, fieldValidation });

test('whatever the text, the answer is an object or a 400', () => {
  const noise = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'{}[]":,\\ na1.e-\n#&*!'.split('')) }),
    fc.json(),
  );
  fc.assert(
    fc.property(noise, fc.constantFrom('json' as const, 'yaml' as const), (text, format) => {
      const decoded = decode(text, format);
      if (!decoded.ok) expect(decoded.status.code).toBe(400);
    }),
    { numRuns: 3000 },
  );
});

test('what was decoded decodes to itself, without complaint', () => {
  fc.assert(
    fc.property(structOf('V1Pod', 0), (pod) => {
      const first = decode(JSON.stringify(pod));
      if (!first.ok) {
        expect(first.status.code).toBe(400);
        return;
      }
      const text = JSON.stringify(first.value.object);
      const second = decode(text);
      expect(second.ok && JSON.stringify(second.value.object)).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test('JSON is YAML: both decode to the same', () => {
  fc.assert(
    fc.property(structOf('V1Pod', 0), (pod) => {
      const text = JSON.stringify(pod);
      const [json, yaml] = [decode(text, 'json', 'Ignore'), decode(text, 'yaml', 'Ignore')];
      expect(yaml.ok).toBe(json.ok);
      if (json.ok && yaml.ok) expect(JSON.stringify(yaml.value.object)).toBe(JSON.stringify(json.value.object));
    }),
    { numRuns: 200 },
  );
});

test('a member given twice is always found', () => {
  fc.assert(
    fc.property(structOf('V1PodSpec', 0), (spec) => {
      const text = `{"spec":${JSON.stringify(spec)},"metadata":{"labels":{"a":"1","a":"1"}}}`;
      const decoded = decode(text);
      expect(decoded.ok).toBe(false);
      if (!decoded.ok && decoded.status.message?.includes('strict decoding')) {
        expect(decoded.status.message).toContain('duplicate field "metadata.labels.a"');
      }
    }),
    { numRuns: 200 },
  );
});
