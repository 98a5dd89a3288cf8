/** The HTTP side of a watch: a byte stream that first gives the initial events, then what is written to it. */
import { NEWLINE, type WatchSink } from './watcher.ts';

/** Bytes that may wait for a slow reader before it is cut off. */
export const WATCH_BACKLOG_BYTES_MAX = 8 * 1024 * 1024;

export class WatchStream implements WatchSink {
  readonly body: ReadableStream<Uint8Array>;
  readonly #closed: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Written while the initial events are still under way. */
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;
  #endsAfterInitial = false;
  #isOver = false;

  /** `closed` is called once, when the reader has gone or has been cut off; not after `end`. */
  constructor(initial: AsyncIterator<Uint8Array> | Iterator<Uint8Array>, closed: () => void) {
    this.#closed = closed;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          // The platform sends no headers before the first byte, and clients wait for them.
          controller.enqueue(NEWLINE);
        },
        pull: () => this.#pull(initial),
        cancel: () => this.#over(),
      },
      { highWaterMark: 1, size: (chunk) => chunk.byteLength },
    );
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#endsAfterInitial || !this.#controller) return false;
    const waiting = this.#held ? this.#heldBytes : 1 - (this.#controller.desiredSize ?? 1);
    if (waiting + bytes.byteLength > WATCH_BACKLOG_BYTES_MAX) {
      this.#controller.error(new Error('the watch lags too far behind'));
      this.#over();
      return false;
    }
    if (this.#held) {
      this.#held.push(bytes);
      this.#heldBytes += bytes.byteLength;
    } else this.#controller.enqueue(bytes);
    return true;
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#held) {
      // What was held back would follow initial events that may have failed; the client resumes before it.
      this.#held = [];
      this.#endsAfterInitial = true;
    } else {
      this.#isOver = true;
      this.#controller?.close();
    }
  }

  async #pull(initial: AsyncIterator<Uint8Array> | Iterator<Uint8Array>): Promise<void> {
    if (!this.#held || this.#isOver) return;
    try {
      const next = await initial.next();
      if (this.#isOver) return;
      if (!next.done) this.#controller?.enqueue(next.value);
      else {
        this.#release();
        // Until this is settled, which is never, the stream asks for nothing more: else it would after each event.
        await new Promise<never>(() => {});
      }
    } catch (error) {
      this.#controller?.error(error);
      this.#over();
    }
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) this.#controller?.enqueue(bytes);
    if (!this.#endsAfterInitial) return;
    this.#isOver = true;
    this.#controller?.close();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    this.#closed();
  }
}
