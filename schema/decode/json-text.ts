/** What has to be known about a JSON text beyond its value: depth, members, and Go's words for its errors. */
import { goQuote } from '../meta/go-format.ts';

/** Deeper than any API object. Upstream's own limit is 10,000; ours keeps every later walk within the stack. */
export const JSON_DEPTH_MAX = 1_000;
export const DEPTH_ERROR = 'exceeded max depth';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export interface JsonShape {
  /** Members of all objects together, those given twice counted twice. */
  readonly members: number;
  readonly depth: number;
}

/** The end of the string that begins at `start`: the index of its closing quote, or the text's length. */
export function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** Counts members and depth in one pass over a valid JSON text: a colon outside strings follows each key. */
export function jsonShape(text: string): JsonShape {
  let members = 0;
  let depth = 0;
  let depthMax = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = stringEnd(text, i);
        break;
      case COLON:
        members++;
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth++;
        if (depth > depthMax) depthMax = depth;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
        break;
    }
  }
  return { members, depth: depthMax };
}

const END = 'unexpected end of JSON input';

/** Go shows the first byte of the character's UTF-8 form, as if it were one of Latin-1. */
function firstByte(code: number): number {
  if (code < 0x80) return code;
  if (code < 0x800) return 0xc0 | (code >> 6);
  return code < 0x10000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18);
}

function goCharacter(text: string, at: number): string {
  const character = String.fromCharCode(firstByte(text.codePointAt(at) as number));
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  return `'${goQuote(character).slice(1, -1)}'`;
}

/** Carries the error out of the scanner below; never leaves this module. */
class JsonSyntaxError extends Error {}

/** A scanner that only finds the first error and words it as Go's does. */
class ErrorScanner {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  run(): void {
    this.value(0);
    this.blanks();
    if (this.at < this.text.length) throw this.unexpected('after top-level value');
  }

  private unexpected(context: string): JsonSyntaxError {
    return this.at >= this.text.length
      ? new JsonSyntaxError(END)
      : new JsonSyntaxError(`invalid character ${goCharacter(this.text, this.at)} ${context}`);
  }

  private blanks(): void {
    while (this.at < this.text.length && ' \t\r\n'.includes(this.text[this.at] as string)) this.at++;
  }

  private value(depth: number): void {
    if (depth > JSON_DEPTH_MAX) throw new JsonSyntaxError(DEPTH_ERROR);
    this.blanks();
    const character = this.text[this.at] ?? '';
    if (character === '{') return this.object(depth);
    if (character === '[') return this.list(depth);
    if (character === '"') return this.string();
    if (character === '-' || (character >= '0' && character <= '9')) return this.number();
    for (const word of ['true', 'false', 'null']) if (character === word[0]) return this.word(word);
    throw this.unexpected('looking for beginning of value');
  }

  private object(depth: number): void {
    this.at++;
    this.blanks();
    if (this.text[this.at] === '}') {
      this.at++;
      return;
    }
    for (;;) {
      this.blanks();
      if (this.text[this.at] !== '"') throw this.unexpected('looking for beginning of object key string');
      this.string();
      this.blanks();
      if (this.text[this.at] !== ':') throw this.unexpected('after object key');
      this.at++;
      this.value(depth + 1);
      this.blanks();
      const next = this.text[this.at];
      if (next !== ',' && next !== '}') throw this.unexpected('after object key:value pair');
      this.at++;
      if (next === '}') return;
    }
  }

  private list(depth: number): void {
    this.at++;
    this.blanks();
    if (this.text[this.at] === ']') {
      this.at++;
      return;
    }
    for (;;) {
      this.value(depth + 1);
      this.blanks();
      const next = this.text[this.at];
      if (next !== ',' && next !== ']') throw this.unexpected('after array element');
      this.at++;
      if (next === ']') return;
    }
  }

  private string(): void {
    this.at++;
    for (;;) {
      const character = this.text[this.at] ?? '';
      if (character === '"') break;
      if (character === '' || character < ' ') throw this.unexpected('in string literal');
      this.at++;
      if (character === '\\') this.escape();
    }
    this.at++;
  }

  private escape(): void {
    const character = this.text[this.at] ?? '';
    if (character === '' || !'bfnrt\\/"u'.includes(character)) throw this.unexpected('in string escape code');
    this.at++;
    if (character !== 'u') return;
    for (let i = 0; i < 4; i++, this.at++) {
      if (!/^[0-9a-fA-F]$/.test(this.text[this.at] ?? '')) throw this.unexpected('in \\u hexadecimal character escape');
    }
  }

  private digits(context: string): void {
    if (!/^\d$/.test(this.text[this.at] ?? '')) throw this.unexpected(context);
    while (/^\d$/.test(this.text[this.at] ?? '')) this.at++;
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++;
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++;
      this.digits('in exponent of numeric literal');
    }
  }

  private word(word: string): void {
    for (const [i, expected] of word.split('').entries()) {
      if (i > 0 && this.text[this.at] !== expected) {
        const found = this.at < this.text.length ? goCharacter(this.text, this.at) : "' '";
        throw new JsonSyntaxError(`invalid character ${found} in literal ${word} (expecting '${expected}')`);
      }
      this.at++;
    }
  }
}

/** Why a text is no JSON, in Go's words; for texts JSON.parse has refused. */
export function jsonSyntaxError(text: string): string {
  try {
    new ErrorScanner(text).run();
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
  return 'invalid JSON';
}
