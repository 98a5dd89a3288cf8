import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeApplyBody } from './apply-body.ts';

const decoded = (text: string) => {
  const body = decodeApplyBody(text);
  return body.ok ? { ...body.value, json: JSON.parse(body.value.json) as unknown } : body.status;
};

describe("an apply's body", () => {
  it('is YAML or JSON', () => {
    const config = { kind: 'ConfigMap', data: { a: '1' } };
    expect(decoded('kind: ConfigMap\ndata: {a: "1"}\n')).toEqual({ json: config, strictError: undefined });
    expect(decoded(JSON.stringify(config))).toEqual({ json: config, strictError: undefined });
    expect(decoded(' \n{"kind": "ConfigMap", data: {a: "1"}}')).toEqual({ json: config, strictError: undefined });
    expect(decoded('')).toEqual({ json: {}, strictError: undefined });
  });

  it('takes the last of members given twice, and tells of them', () => {
    const strictError = 'error converting YAML to JSON: yaml: unmarshal errors:\n  line 1: key "a" already set in map';
    expect(decoded('{"data": {"a": "1", "a": "2"}}')).toEqual({ json: { data: { a: '2' } }, strictError });
    expect(decoded('a: 1\na: 2\n')).toMatchObject({ strictError: strictError.replace('line 1', 'line 2') });
  });

  it('is refused when it is neither', () => {
    expect(decoded('a: b: c')).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message:
        'error encoding patch: error converting YAML to JSON: yaml: line 1: mapping values are not allowed in this context',
    });
  });

  it('never breaks the decoder', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
        const body = decodeApplyBody(text);
        if (body.ok) JSON.parse(body.value.json);
        else expect(body.status.code).toBe(400);
      }),
    );
  });
});
