/**
 * Writes protobuf messages from their end to their beginning, as Go's generated code does: when a
 * message's length has to be written, the message is already there. Source: protobuf's encoding guide.
 */
const BYTES_INITIAL = 1_024;
const VARINT_BYTES_MAX = 10;
const ASCII_CHARS_MAX = 64;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

const textEncoder = new TextEncoder();

export class MessageWriter {
  #buffer: Uint8Array<ArrayBuffer>;
  /** Index of the first byte written. */
  #start: number;

  /** `bytes`: room for what is known to come. */
  constructor(bytes = 0) {
    this.#start = BYTES_INITIAL + bytes;
    this.#buffer = new Uint8Array(this.#start);
  }

  /** Bytes written so far; the length of a message is the difference. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** What was written. The writer must not be used afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start);
  }

  /** Puts the tag and length before what was written since the writer had `end` bytes. */
  message(field: number, end: number): void {
    this.header(field, this.length - end);
  }

  /** The tag and length of content that comes from elsewhere. */
  header(field: number, contentBytes: number): void {
    this.#varint(contentBytes);
    this.#tag(field, LENGTH_DELIMITED);
  }

  string(field: number, text: string): void {
    const end = this.length;
    if (!this.#ascii(text)) this.raw(textEncoder.encode(text));
    this.message(field, end);
  }

  bytes(field: number, bytes: Uint8Array): void {
    const end = this.length;
    this.raw(bytes);
    this.message(field, end);
  }

  bool(field: number, value: boolean): void {
    this.#varint(value ? 1 : 0);
    this.#tag(field, VARINT);
  }

  /** int32 or int64; negative numbers take ten bytes. */
  integer(field: number, value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) this.#varint(value);
    else this.#bigVarint(BigInt.asUintN(64, BigInt(Math.trunc(value))));
    this.#tag(field, VARINT);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    new DataView(this.#buffer.buffer).setFloat64(this.#start, value, true);
    this.#tag(field, FIXED64);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#start -= bytes.length;
    this.#buffer.set(bytes, this.#start);
  }

  /** Short plain texts are most of what there is. */
  #ascii(text: string): boolean {
    const { length } = text;
    if (length > ASCII_CHARS_MAX) return false;
    this.#reserve(length);
    const start = this.#start - length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      this.#buffer[start + i] = code;
    }
    this.#start = start;
    return true;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    let bytes = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
    this.#start -= bytes;
    let at = this.#start;
    let rest = value;
    while (rest >= 128) {
      this.#buffer[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[at] = rest;
  }

  #bigVarint(value: bigint): void {
    this.#reserve(VARINT_BYTES_MAX);
    const bytes: number[] = [];
    let rest = value;
    while (rest >= 128n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#start -= bytes.length;
    this.#buffer.set(bytes, this.#start);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#start) return;
    const { length } = this;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, length + bytes + BYTES_INITIAL));
    larger.set(this.#buffer.subarray(this.#start), larger.length - length);
    this.#start = larger.length - length;
    this.#buffer = larger;
  }
}
