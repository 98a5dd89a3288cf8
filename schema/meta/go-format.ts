/**
 * Values as Go prints them. Upstream's error texts are made with these verbs, and clients
 * (and tests) compare the texts.
 */

const SHORT_ESCAPES: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** What strconv.Quote leaves as it is: unicode.IsPrint but for quote and backslash. */
const NEEDS_ESCAPE = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short) return short;
  const code = character.codePointAt(0) as number;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/** A string as `%q` prints it. */
export function goQuote(text: string): string {
  return `"${text.replace(NEEDS_ESCAPE, escapeCharacter)}"`;
}

const HTML_ESCAPES: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** A value as encoding/json writes it: `<`, `>` and `&` escaped. Key order is the value's own. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value === undefined ? null : value);
  return text.replace(/[<>&\u2028\u2029]/g, (character) => HTML_ESCAPES[character] as string);
}

/** A list of strings as `%v` prints it: `[a b]`. */
export const goList = (items: readonly string[]): string => `[${items.join(' ')}]`;

/** A list of strings as `%#v` prints it: `[]string{"a", "b"}`. */
export const goStringSlice = (items: readonly string[]): string => `[]string{${items.map(goQuote).join(', ')}}`;

/** The length of a text in UTF-8, which is what Go's `len` counts and upstream's limits mean. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
    } else {
      bytes += 2;
      // A surrogate pair is two units here and four bytes there.
      if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
    }
  }
  return bytes;
}

/** A decoded value as `%v` prints it: `map[a:1 b:[x y]]`, keys in order. */
export function goText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return value === undefined ? '<nil>' : JSON.stringify(value);
  if (value === null) return '<nil>';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `map[${members.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
}
