/** How far a stream may run ahead of its reader: see STREAM_WINDOW_BYTES. Without I/O. */
import { STREAM_WINDOW_BYTES, type StreamAck } from '../../schema/protocol/agent.ts';

function acknowledgedBy(text: string): number | undefined {
  try {
    const { ack } = JSON.parse(text) as Partial<StreamAck>;
    return typeof ack === 'number' ? ack : undefined;
  } catch {
    return undefined;
  }
}

export class SendWindow {
  #sent = 0;
  #acknowledged = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  /** A text frame has come from the other side. */
  received(text: string): void {
    this.#acknowledged = Math.max(this.#acknowledged, acknowledgedBy(text) ?? 0);
    this.#wake?.();
  }

  /** Nobody will acknowledge any more. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Resolves when `bytes` more may be sent, which it then counts as sent; false: the stream has ended. */
  async take(bytes: number): Promise<boolean> {
    // A part above the whole window passes once everything before it was taken.
    while (
      !this.#ended &&
      this.#sent > this.#acknowledged &&
      this.#sent + bytes - this.#acknowledged > STREAM_WINDOW_BYTES
    ) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#sent += bytes;
    return !this.#ended;
  }
}
