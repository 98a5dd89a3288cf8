/**
 * What Go's encoding/json says of a text that is not a JSON object, for field errors that quote it.
 * Source: Go encoding/json scanner.go, decode.go.
 */
import { goQuote } from '../../meta/go-format.ts';

class SyntaxFault extends Error {}

const END = 'unexpected end of JSON input';
const DEPTH_MAX = 10_000;

/** As Go quotes one character: in single quotes. */
function quoteCharacter(character: string): string {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  return `'${goQuote(character).slice(1, -1)}'`;
}

class Scanner {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  scan(): void {
    this.value(0);
    this.space();
    if (this.at < this.text.length) this.refuse('after top-level value');
  }

  private refuse(context: string): never {
    const character = this.text[this.at];
    throw new SyntaxFault(character === undefined ? END : `invalid character ${quoteCharacter(character)} ${context}`);
  }

  private space(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? '.')) this.at++;
  }

  private value(depth: number): void {
    if (depth > DEPTH_MAX) throw new SyntaxFault('exceeded max depth');
    this.space();
    const first = this.text[this.at];
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return this.string();
    if (first === '-' || (first !== undefined && first >= '0' && first <= '9')) return this.number();
    for (const literal of ['true', 'false', 'null']) if (first === literal[0]) return this.literal(literal);
    this.refuse('looking for beginning of value');
  }

  private object(depth: number): void {
    this.at++;
    this.space();
    if (this.text[this.at] === '}') {
      this.at++;
      return;
    }
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.refuse('looking for beginning of object key string');
      this.string();
      this.space();
      if (this.text[this.at] !== ':') this.refuse('after object key');
      this.at++;
      this.value(depth + 1);
      this.space();
      if (this.text[this.at] === '}') break;
      if (this.text[this.at] !== ',') this.refuse('after object key:value pair');
      this.at++;
    }
    this.at++;
  }

  private array(depth: number): void {
    this.at++;
    this.space();
    if (this.text[this.at] === ']') {
      this.at++;
      return;
    }
    for (;;) {
      this.value(depth + 1);
      this.space();
      if (this.text[this.at] === ']') break;
      if (this.text[this.at] !== ',') this.refuse('after array element');
      this.at++;
    }
    this.at++;
  }

  private string(): void {
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      const character = this.text[this.at];
      if (character === undefined || character < ' ') this.refuse('in string literal');
      if (character === '\\') this.escape();
    }
    this.at++;
  }

  private escape(): void {
    this.at++;
    if (this.text[this.at] === 'u') {
      for (let i = 0; i < 4; i++) {
        this.at++;
        if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.refuse('in \\u hexadecimal character escape');
      }
    } else if (!'bfnrt\\/"'.includes(this.text[this.at] ?? '.')) this.refuse('in string escape code');
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++;
      this.digits('in exponent of numeric literal');
    }
  }

  private digits(context: string): void {
    const start = this.at;
    while (/[0-9]/.test(this.text[this.at] ?? '')) this.at++;
    if (this.at === start) this.refuse(context);
  }

  private literal(word: string): void {
    for (const expected of word) {
      if (this.text[this.at] !== expected) this.refuse(`in literal ${word} (expecting ${quoteCharacter(expected)})`);
      this.at++;
    }
  }
}

const GO_KINDS: Readonly<Record<string, string>> = { '[': 'array', '"': 'string', t: 'bool', f: 'bool' };

/** Go's error for a text that is no JSON; undefined when it is. */
export function goJsonSyntaxError(text: string): string | undefined {
  try {
    new Scanner(text).scan();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message;
    throw error;
  }
}

/** Go's error for a text that does not decode into a JSON object; undefined when it does. */
export function goJsonObjectError(text: string): string | undefined {
  const syntaxError = goJsonSyntaxError(text);
  if (syntaxError !== undefined) return syntaxError;
  const first = text.trimStart()[0] ?? '';
  if (first === '{' || first === 'n') return undefined;
  return `json: cannot unmarshal ${GO_KINDS[first] ?? 'number'} into Go value of type map[string]interface {}`;
}
