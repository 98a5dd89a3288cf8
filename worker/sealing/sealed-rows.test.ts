import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RowCodec, type RowPlace, UnreadableObject } from '../storage/row-codec.ts';
import { parseEncryptionKeys } from './encryption-keys.ts';
import { sealedRows } from './sealed-rows.ts';

const keyText = (name: string, fill: number): string => `${name}:${btoa(String.fromCharCode(fill).repeat(32))}`;
const codec = (keys: string, cluster = 'c', namespace = 'ns'): RowCodec =>
  sealedRows({
    keys: parseEncryptionKeys(keys),
    cluster,
    namespace: () => namespace,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  });
const place: RowPlace = { resource: 'secrets', name: 'a', column: 'live', revision: 7 };
const ONE = keyText('one', 1);
const TWO = keyText('two', 2);

function opened(reader: RowCodec, sealed: ReturnType<RowCodec['seal']>, at = place): string {
  return reader.open(at, sealed.seal as string, sealed.bytes as Uint8Array);
}

describe('sealed rows', () => {
  it('open to what was sealed, whatever the text', () => {
    assert(
      property(string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const sealed = codec(ONE).seal(place, `{}\n${text}`);
        expect(opened(codec(ONE), sealed)).toBe(`{}\n${text}`);
      }),
      { numRuns: 50 },
    );
  });

  it('[S1] differ each time and show nothing of the text', () => {
    const text = 'a text that would be recognized';
    const [a, b] = [codec(ONE).seal(place, text), codec(ONE).seal(place, text)];
    expect(a.bytes).not.toEqual(b.bytes);
    expect(new TextDecoder('latin1').decode(a.bytes as Uint8Array)).not.toContain('recognized');
  });

  it('are sealed under the first key and opened by any', () => {
    const old = codec(ONE).seal(place, 'x');
    const both = codec(`${TWO},${ONE}`);
    expect(opened(both, old)).toBe('x');
    expect(both.seal(place, 'x').seal).toMatch(/^two\//);
  });

  it.each([
    ['another name', { name: 'b' }],
    ['another kind', { resource: 'configmaps' }],
    ['another revision', { revision: 8 }],
    ['the history', { column: 'previous' as const }],
  ])('do not open as %s', (_what, other) => {
    const sealed = codec(ONE).seal(place, 'x');
    expect(() => opened(codec(ONE), sealed, { ...place, ...other })).toThrow(UnreadableObject);
  });

  it('do not open in another namespace or cluster', () => {
    const sealed = codec(ONE).seal(place, 'x');
    expect(() => opened(codec(ONE, 'c', 'other'), sealed)).toThrow('message authentication failed');
    expect(() => opened(codec(ONE, 'other'), sealed)).toThrow('message authentication failed');
  });

  it('do not open with any bit turned, nor cut short', () => {
    const sealed = codec(ONE).seal(place, 'x');
    const bytes = sealed.bytes as Uint8Array;
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] as number) ^ 1;
      expect(() => opened(codec(ONE), { ...sealed, bytes: altered }), `byte ${at}`).toThrow(UnreadableObject);
      expect(() => opened(codec(ONE), { ...sealed, bytes: bytes.subarray(0, at) })).toThrow(UnreadableObject);
    }
  });

  it('say which key is missing, and where', () => {
    const sealed = codec(ONE).seal(place, 'x');
    expect(() => opened(codec(TWO), sealed)).toThrow(
      `unable to transform key "/registry/secrets/ns/a": no key "${sealed.seal}" among SECRETS_ENCRYPTION_KEYS`,
    );
    expect(() => opened(codec(''), sealed)).toThrow('SECRETS_ENCRYPTION_KEYS is not set');
  });

  it('are not written without keys; with identity they are plain, and other kinds always are', () => {
    expect(codec('').refusal('secrets')).toMatchObject({
      code: 500,
      message: 'Internal error occurred: secrets cannot be stored: SECRETS_ENCRYPTION_KEYS is not set',
    });
    expect(codec('').refusal('configmaps')).toBeUndefined();
    expect(codec('identity').refusal('secrets')).toBeUndefined();
    expect(codec('identity').seal(place, 'x')).toEqual({ seal: null, bytes: 'x' });
    expect(codec(ONE).seal({ ...place, resource: 'pods' }, 'x')).toEqual({ seal: null, bytes: 'x' });
  });
});
