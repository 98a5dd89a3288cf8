/** Base64 of UTF-8 text, for places that know nothing of the platform. Source: RFC 4648 section 4. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const VALUES: Readonly<Record<string, number>> = Object.fromEntries(
  Array.from(ALPHABET, (character, i) => [character, i]),
);

function utf8Bytes(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    // A lone surrogate has no UTF-8 form; Go writes the replacement character for it.
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return bytes;
}

/** The base64 form of a text's UTF-8 bytes. */
export const encodeBase64Text = (text: string): string => encodeBase64(utf8Bytes(text));

/** The base64 form of bytes. */
export function encodeBase64(bytes: ArrayLike<number>): string {
  let encoded = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[i], bytes[i + 1], bytes[i + 2]];
    const left = bytes.length - i;
    encoded += ALPHABET[a >> 2];
    encoded += ALPHABET[((a & 3) << 4) | (b >> 4)];
    encoded += left > 1 ? ALPHABET[((b & 15) << 2) | (c >> 6)] : '=';
    encoded += left > 2 ? ALPHABET[c & 63] : '=';
  }
  return encoded;
}

/** The bytes a base64 text stands for, one character (0–255) each; foreign characters are skipped. */
export function decodeBase64Bytes(encoded: string): string {
  let bytes = '';
  let bits = 0;
  let count = 0;
  for (const character of encoded) {
    const value = VALUES[character];
    if (value === undefined) continue;
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += String.fromCharCode((bits >> count) & 255);
  }
  return bytes;
}

/** The number of bytes a base64 text stands for. */
export function base64ByteLength(encoded: string): number {
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0;
  return Math.floor((encoded.length * 3) / 4) - padding;
}
