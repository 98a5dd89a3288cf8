/** Documents kept compressed: a tenth of their size, and the form nearly every client asks for. */
import type { OpenApiTexts } from './texts.ts';

/** What is kept of them all; beyond it the oldest are dropped and made anew when asked for. */
const KEPT_BYTES_MAX = 1_048_576;
const CHUNK_CHARS_MAX = 65_536;

type Piece = string | Uint8Array<ArrayBuffer>;

type MakePieces = (texts: OpenApiTexts) => Iterable<Piece>;

export class CompressedDocuments {
  readonly #unpackTexts: () => Promise<OpenApiTexts>;
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #underWay = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  #bytes = 0;

  constructor(unpackTexts: () => Promise<OpenApiTexts>) {
    this.#unpackTexts = unpackTexts;
  }

  /** The document of that name, compressed with gzip; `pieces` makes it. */
  async get(name: string, pieces: MakePieces): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#kept.get(name);
    if (kept) return kept;
    const made = this.#underWay.get(name) ?? this.#make(name, pieces);
    this.#underWay.set(name, made);
    return made;
  }

  async #make(name: string, pieces: MakePieces): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const document = await compressed(pieces(await this.#unpackTexts()));
      this.#kept.set(name, document);
      this.#bytes += document.byteLength;
      for (const [oldest, { byteLength }] of this.#kept) {
        if (this.#bytes <= KEPT_BYTES_MAX || oldest === name) break;
        this.#kept.delete(oldest);
        this.#bytes -= byteLength;
      }
      return document;
    } finally {
      this.#underWay.delete(name);
    }
  }
}

async function compressed(pieces: Iterable<Piece>): Promise<Uint8Array<ArrayBuffer>> {
  const source = chunks(pieces);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  return new Uint8Array(await new Response(body.pipeThrough(new CompressionStream('gzip'))).arrayBuffer());
}

/** Small pieces joined: each chunk costs the stream a turn. */
function* chunks(pieces: Iterable<Piece>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '';
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      yield piece;
      continue;
    }
    text += piece;
    if (text.length < CHUNK_CHARS_MAX) continue;
    yield encoder.encode(text);
    text = '';
  }
  if (text !== '') yield encoder.encode(text);
}
