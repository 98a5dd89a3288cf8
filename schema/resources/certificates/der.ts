/** Reads DER (X.690) as far as certificates need it: definite lengths, tags below 31. */

/** One element: where its header and its content lie in `bytes`. */
export interface Element {
  readonly bytes: Uint8Array;
  /** The identifier octet: class, constructed bit and tag. */
  readonly tag: number;
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** `[n]` of a structure: context-specific and constructed. */
export const contextTag = (n: number): number => 0xa0 | n;

const LENGTH_BYTES_MAX = 4;

/** The element at `from`, which must lie wholly before `limit`; undefined: malformed. */
function elementAt(bytes: Uint8Array, from: number, limit: number): Element | undefined {
  if (from + 2 > limit) return undefined;
  const tag = bytes[from] as number;
  if ((tag & 0x1f) === 0x1f) return undefined;
  const first = bytes[from + 1] as number;
  let length = first;
  let start = from + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > LENGTH_BYTES_MAX || start + count > limit) return undefined;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] as number);
    // DER has one form for each length.
    if (length < 0x80 || bytes[start] === 0) return undefined;
    start += count;
  }
  return start + length > limit ? undefined : { bytes, tag, from, start, end: start + length };
}

/** The one element that the bytes are; undefined: malformed. `isTrailed`: more bytes come after it. */
export function readDer(bytes: Uint8Array): { readonly element: Element; readonly isTrailed: boolean } | undefined {
  const element = elementAt(bytes, 0, bytes.length);
  return element && { element, isTrailed: element.end < bytes.length };
}

/** More than any certificate has; what has more would cost memory before it is refused. */
const CHILDREN_MAX = 4_096;

/** The elements an element consists of; undefined: malformed. */
export function childrenOf({ bytes, start, end }: Element): readonly Element[] | undefined {
  const children: Element[] = [];
  for (let at = start; at < end; ) {
    const child = elementAt(bytes, at, end);
    if (!child || children.length === CHILDREN_MAX) return undefined;
    children.push(child);
    at = child.end;
  }
  return children;
}

/** The elements of a SEQUENCE; undefined when it is none, or malformed. */
export const sequenceOf = (element: Element | undefined): readonly Element[] | undefined =>
  element?.tag === TAG.SEQUENCE ? childrenOf(element) : undefined;

export const contentOf = ({ bytes, start, end }: Element): Uint8Array => bytes.subarray(start, end);

/** The element with its header. */
export const wholeOf = ({ bytes, from, end }: Element): Uint8Array => bytes.subarray(from, end);

/** `1.2.840.113549`; undefined when the element is no object identifier. */
export function objectIdentifier(element: Element | undefined): string | undefined {
  if (element?.tag !== TAG.OBJECT_IDENTIFIER) return undefined;
  const arcs: number[] = [];
  let value = 0;
  for (const byte of contentOf(element)) {
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
    if (byte >= 0x80) continue;
    arcs.push(value);
    value = 0;
  }
  const [first, ...rest] = arcs;
  if (first === undefined) return undefined;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

/** The bytes of a BIT STRING of whole bytes. */
export function bitString(element: Element | undefined): Uint8Array | undefined {
  if (element?.tag !== TAG.BIT_STRING || element.start === element.end || element.bytes[element.start] !== 0) {
    return undefined;
  }
  return element.bytes.subarray(element.start + 1, element.end);
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** UTF-16, big endian. */
function bmpText(bytes: Uint8Array): string {
  const units: number[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) units.push((bytes[i] as number) * 256 + (bytes[i + 1] as number));
  return String.fromCharCode(...units);
}

const STRING_BYTES_MAX = 32 * 1024;

/** A text of any of the string types, UTF-8 as one character for each byte; undefined when it is longer than any name. */
export function textOf(element: Element): string | undefined {
  const bytes = contentOf(element);
  if (bytes.length > STRING_BYTES_MAX) return undefined;
  return element.tag === TAG.BMP_STRING ? bmpText(bytes) : latin1(bytes);
}

const TIME_BYTES_MAX = 15;
const UTC_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** ms since the epoch; undefined when the element is no time. */
export function timeOf(element: Element | undefined): number | undefined {
  if (element?.tag !== TAG.UTC_TIME && element?.tag !== TAG.GENERALIZED_TIME) return undefined;
  if (element.end - element.start > TIME_BYTES_MAX) return undefined;
  const isShort = element.tag === TAG.UTC_TIME;
  const parts = (isShort ? UTC_TIME : GENERALIZED_TIME).exec(latin1(contentOf(element)));
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  // Two digits mean 1950 to 2049. Source: RFC 5280 section 4.1.2.5.1.
  const fullYear = isShort ? year + (year < 50 ? 2000 : 1900) : year;
  // Not Date.UTC, to which the year 1 (Go's zero time) is 1901.
  const at = new Date(0);
  at.setUTCFullYear(fullYear, month - 1, day);
  at.setUTCHours(hour, minute, second);
  const isReal = at.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return isReal ? at.getTime() : undefined;
}
