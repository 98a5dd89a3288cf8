import { pushAll } from '../../schema/meta/push-all.ts';
/** Names of certificates' subjects, as text. Source: RFC 2253. */

export interface NameAttribute {
  /** `CN`, `O`, … or a dotted OID, in upper case. */
  readonly type: string;
  readonly value: string;
}

/** Longer names are not read. */
const NAME_CHARS_MAX = 8_192;

const HEX_PAIR = /^[0-9a-fA-F]{2}$/;

/** The text up to an unescaped separator, unescaped; undefined when it is not well formed. */
interface Read {
  readonly value: string;
  readonly end: number;
}

function readValue(text: string, start: number): Read | undefined {
  let at = start;
  while (text[at] === ' ') at += 1;
  // Values in hexadecimal form are of types that neither names nor groups have.
  if (text[at] === '#') return undefined;
  return text[at] === '"' ? readQuoted(text, at + 1) : readPlain(text, at);
}

/** An escape's bytes and where it ends: of a character, or of hexadecimal digits. */
function readEscape(text: string, at: number): { readonly bytes: readonly number[]; readonly end: number } | undefined {
  const pair = text.slice(at + 1, at + 3);
  if (HEX_PAIR.test(pair)) return { bytes: [Number.parseInt(pair, 16)], end: at + 3 };
  const code = text.codePointAt(at + 1);
  if (code === undefined) return undefined;
  const character = String.fromCodePoint(code);
  return { bytes: bytesOf(character), end: at + 1 + character.length };
}

const encoder = new TextEncoder();
const bytesOf = (text: string): readonly number[] => [...encoder.encode(text)];

function decoded(bytes: readonly number[]): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}

function readPlain(text: string, start: number): Read | undefined {
  const bytes: number[] = [];
  /** Spaces at the end do not count unless they are escaped. */
  let kept = 0;
  let at = start;
  while (at < text.length && !',;+'.includes(text[at] as string)) {
    const character = String.fromCodePoint(text.codePointAt(at) as number);
    if (character === '\\') {
      const escape = readEscape(text, at);
      if (!escape) return undefined;
      pushAll(bytes, escape.bytes);
      kept = bytes.length;
      at = escape.end;
      continue;
    }
    pushAll(bytes, bytesOf(character));
    if (character !== ' ') kept = bytes.length;
    at += character.length;
  }
  const value = decoded(bytes.slice(0, kept));
  return value === undefined ? undefined : { value, end: at };
}

function readQuoted(text: string, start: number): Read | undefined {
  const bytes: number[] = [];
  let at = start;
  while (text[at] !== '"') {
    if (at >= text.length) return undefined;
    const character = String.fromCodePoint(text.codePointAt(at) as number);
    const escape =
      character === '\\' ? readEscape(text, at) : { bytes: bytesOf(character), end: at + character.length };
    if (!escape) return undefined;
    pushAll(bytes, escape.bytes);
    at = escape.end;
  }
  let end = at + 1;
  while (text[end] === ' ') end += 1;
  const value = decoded(bytes);
  return value === undefined || (end < text.length && !',;+'.includes(text[end] as string))
    ? undefined
    : { value, end };
}

/** The attributes in the order of the text, which is the reverse of the certificate's. Undefined: not well formed. */
export function parseDistinguishedName(text: string): readonly NameAttribute[] | undefined {
  if (text.length > NAME_CHARS_MAX) return undefined;
  const attributes: NameAttribute[] = [];
  for (let at = 0; at < text.length; ) {
    const equals = text.indexOf('=', at);
    const type = text.slice(at, equals).trim().toUpperCase();
    if (equals < 0 || !/^(?:[A-Z][A-Z0-9-]*|\d+(?:\.\d+)*)$/.test(type)) return undefined;
    const read = readValue(text, equals + 1);
    if (!read) return undefined;
    attributes.push({ type, value: read.value });
    at = read.end + 1;
    if (read.end < text.length && at >= text.length) return undefined;
  }
  return attributes;
}
