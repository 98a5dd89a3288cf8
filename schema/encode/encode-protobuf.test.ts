import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, readEnvelope } from '../decode/decode-protobuf.ts';
import { type FieldType, structTypeOf } from '../decode/field-table.ts';
import { PROTOBUF_FIELDS } from '../decode/protobuf-fields.ts';
import { encodeBase64 } from '../meta/base64.ts';
import { formatMicroTime, formatTime } from '../meta/time.ts';
import { encodeEventFrame, encodeListProtobuf, encodeMessage, encodeObjectProtobuf } from './encode-protobuf.ts';

const DEPTH_MAX = 3;
const SECONDS_MAX = 4_000_000_000;
const ms = fc.integer({ min: 0, max: SECONDS_MAX }).map((seconds) => seconds * 1_000);

/** Values a type's fields may have; never the zeros that the wire cannot tell from nothing. */
function valueOf(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'string':
      return fc.string({ unit: 'grapheme', minLength: 1, maxLength: 90 });
    case 'int32':
      return fc.integer().filter((number) => number !== 0);
    case 'int64':
      return fc.maxSafeInteger().filter((number) => number !== 0);
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => number !== 0);
    case 'boolean':
      return fc.constant(true);
    case 'bytes':
      return fc.uint8Array({ minLength: 1 }).map(encodeBase64);
    case 'quantity':
      return fc.constantFrom('1', '100m', '2Gi', '1e3');
    case 'intOrString':
      return fc.oneof(fc.integer(), fc.string());
    case 'time':
      return ms.map((time) => formatTime(time));
    case 'microTime':
      return fc.tuple(ms, fc.nat(999)).map(([time, microseconds]) => formatMicroTime(time, microseconds));
    case 'any':
      return fc
        .dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true })
        .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    case 'list':
      return fc.array(valueOf(type.item, depth), { minLength: 1, maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.string(), valueOf(type.value, depth), { minKeys: 1, maxKeys: 3, noNullPrototype: true });
    case 'struct':
      return structOf(type.type, depth + 1);
  }
}

/** The names a message of the type numbers, those of embedded messages included. */
const numbered = (line: string): string[] =>
  line
    .split(' ')
    .filter(Boolean)
    .flatMap((entry) => {
      const name = entry.slice(0, entry.indexOf('='));
      return name.startsWith('~') ? numbered(PROTOBUF_FIELDS[name] ?? '') : [name];
    });

function structOf(name: string, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = structTypeOf(name)?.fields;
  if (!fields || depth > DEPTH_MAX) return fc.constant({});
  const names = numbered(PROTOBUF_FIELDS[name] ?? '').filter((field) => fields.has(field));
  const model = Object.fromEntries(
    names.map((field) => [
      field,
      // Made when it is drawn: types hold each other.
      fc.constant(depth).chain((at) => valueOf(fields.get(field) as FieldType, at)),
    ]),
  );
  return fc.record(model, { requiredKeys: [], noNullPrototype: true });
}

const KINDS = Object.keys(PROTOBUF_FIELDS).filter((name) => /^[A-Z]/.test(name) && structTypeOf(name));

describe('messages', () => {
  it.each(KINDS)('of %s are read as what was written', (kind) => {
    fc.assert(
      fc.property(structOf(kind, 0), (object) => {
        expect(decodeMessage(encodeMessage(object, kind), kind)).toEqual({ ok: true, value: object });
      }),
      { numRuns: 5 },
    );
  });

  it('keep zeros of pointers', () => {
    const spec = { replicas: 0, selector: {}, template: {} };
    const decoded = decodeMessage(encodeMessage(spec, 'V1DeploymentSpec'), 'V1DeploymentSpec');
    expect(decoded).toEqual({ ok: true, value: spec });
  });

  it('do not read what an object inherits', () => {
    const bytes = encodeMessage({ labels: JSON.parse('{"__proto__":"x"}') as object }, 'V1ObjectMeta');
    const decoded = decodeMessage(bytes, 'V1ObjectMeta');
    expect(decoded.ok && Object.keys(decoded.value['labels'] as object)).toEqual(['__proto__']);
  });
});

describe('envelopes', () => {
  const configMap = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { key: 'välue' } };

  it('carry kind and version', () => {
    const envelope = readEnvelope(encodeObjectProtobuf(configMap, 'V1ConfigMap'));
    if (!envelope.ok) throw new Error(envelope.error);
    const { raw, ...type } = envelope.value;
    expect(type).toEqual({ kind: 'ConfigMap', apiVersion: 'v1' });
    expect(decodeMessage(raw, 'V1ConfigMap')).toEqual({
      ok: true,
      value: { metadata: { name: 'a' }, data: { key: 'välue' } },
    });
  });

  it('are the same for a list whose items are encoded one by one', () => {
    const items = [configMap, { metadata: { name: 'b' } }];
    const list = { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '7' } };
    const whole = encodeObjectProtobuf({ ...list, items }, 'V1ConfigMapList');
    const encoded = items.map((item) => encodeMessage(item, 'V1ConfigMap'));
    expect(encodeListProtobuf(list, encoded)).toEqual(whole);
  });

  it('lie in frames whose length comes first', () => {
    const object = encodeObjectProtobuf(configMap, 'V1ConfigMap');
    const frame = encodeEventFrame('ADDED', object);
    expect(new DataView(frame.buffer, frame.byteOffset).getUint32(0)).toBe(frame.length - 4);
  });
});
