import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64ByteLength, decodeBase64Bytes, encodeBase64Text } from './base64.ts';

describe('base64', () => {
  it('agrees with the platform', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = Buffer.from(text, 'utf8');
        const encoded = encodeBase64Text(text);
        expect(encoded).toBe(bytes.toString('base64'));
        expect(decodeBase64Bytes(encoded)).toBe(bytes.toString('latin1'));
        expect(base64ByteLength(encoded)).toBe(bytes.length);
      }),
    );
  });
});
