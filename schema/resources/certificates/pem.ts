/** Blocks of PEM text. Source: RFC 7468, with the tolerance of Go's encoding/pem. */
import { decodeBase64Bytes } from '../../meta/base64.ts';
import { withoutTrailing } from '../../meta/without-trailing.ts';

export interface PemBlock {
  /** `CERTIFICATE`, `CERTIFICATE REQUEST`, … */
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Uint8Array;
}

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const DASHES = '-----';

interface Line {
  readonly text: string;
  /** Where the next line begins. */
  readonly next: number;
}

function lineAt(text: string, at: number): Line {
  const feed = text.indexOf('\n', at);
  const end = feed < 0 ? text.length : feed;
  return { text: withoutTrailing(text.slice(at, end), ' \t\r'), next: feed < 0 ? text.length : feed + 1 };
}

/** Bytes as one character (0–255) each. */
export const bytesOf = (binary: string): Uint8Array => Uint8Array.from(binary, (character) => character.charCodeAt(0));

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBody(body: string): Uint8Array | undefined {
  const encoded = body.replace(/[ \t\r\n]+/g, '');
  return BASE64.test(encoded) ? bytesOf(decodeBase64Bytes(encoded)) : undefined;
}

/** The next place from `at` on where a line begins with `marker`; below 0: none. */
function lineBeginning(text: string, marker: string, at: number): number {
  if (text.startsWith(marker, at)) return at;
  const found = text.indexOf(`\n${marker}`, at);
  return found < 0 ? -1 : found + 1;
}

function skipHeaders(text: string, at: number): Line & { readonly hasHeaders: boolean } {
  let hasHeaders = false;
  for (let next = at; ; ) {
    const line = lineAt(text, next);
    if (next >= text.length || !line.text.includes(':')) return { text: '', next, hasHeaders };
    hasHeaders = true;
    next = line.next;
  }
}

/**
 * All well-formed blocks of a text, in order. What lies between them, and blocks that break the form,
 * are passed over. Takes time in proportion to the text.
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  // Where the next END lies; kept, so that many BEGINs before it do not search for it each.
  let end = -1;
  for (let at = lineBeginning(text, BEGIN, 0); at >= 0; at = lineBeginning(text, BEGIN, at)) {
    const first = lineAt(text, at + BEGIN.length);
    at = first.next;
    if (!first.text.endsWith(DASHES)) continue;
    const type = first.text.slice(0, -DASHES.length);
    const body = skipHeaders(text, first.next);
    if (end < body.next) end = lineBeginning(text, END, body.next);
    if (end < 0) return blocks;
    at = body.next;
    const last = lineAt(text, end + END.length);
    if (last.text !== `${type}${DASHES}`) continue;
    const bytes = decodeBody(text.slice(body.next, end));
    if (!bytes) continue;
    blocks.push({ type, hasHeaders: body.hasHeaders, bytes });
    at = last.next;
  }
  return blocks;
}
