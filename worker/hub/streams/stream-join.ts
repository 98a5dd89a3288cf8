/**
 * Joins an agent's socket with a waiting reader: bytes go on as the reader takes them, and the agent
 * learns by acknowledgements how much it may send. Without I/O: it is told of frames and pulls, and
 * says what to do through its ports.
 */
import { STREAM_WINDOW_BYTES, type StreamAck } from '../../../schema/protocol/agent.ts';

/** Acknowledgements are sent when this much was taken since the last. */
const ACK_BYTES = STREAM_WINDOW_BYTES / 4;

export interface JoinPorts {
  /** Gives bytes to the reader. */
  give(bytes: Uint8Array): void;
  /** Whether the reader takes more now; `pulled` is called when it does again. */
  wantsMore(): boolean;
  /** The reader has all there was. */
  end(): void;
  /** The reader is told that something was lost. */
  fail(why: string): void;
  /** Sends a text frame to the agent. */
  send(text: string): void;
  /** Closes the agent's socket. */
  close(code: number, reason: string): void;
}

/** How an agent's stream ended, as far as it has. */
type Ending = { readonly kind: 'whole' } | { readonly kind: 'broken'; readonly why: string };

export class StreamJoin {
  readonly #ports: JoinPorts;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #taken = 0;
  #acknowledged = 0;
  #ending: Ending | undefined;
  #over = false;

  constructor(ports: JoinPorts) {
    this.#ports = ports;
  }

  /** A binary frame has come. */
  received(bytes: Uint8Array): void {
    if (this.#over || bytes.byteLength === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    if (this.#waitingBytes > 2 * STREAM_WINDOW_BYTES) {
      this.#finish();
      this.#ports.close(1009, 'sent beyond the window');
      this.#ports.fail('the node sent more than was asked for');
      return;
    }
    this.#pump();
  }

  /** The reader takes more. */
  pulled(): void {
    this.#pump();
  }

  /** The agent's socket is closed; 1000 says that everything was sent. */
  closed(code: number, reason: string): void {
    if (this.#over) return;
    this.#ending = code === 1000 ? { kind: 'whole' } : { kind: 'broken', why: reason || `closed with code ${code}` };
    this.#pump();
  }

  /** The reader has gone. */
  readerGone(): void {
    if (this.#over) return;
    this.#finish();
    this.#ports.close(1000, 'the reader has gone');
  }

  #pump(): void {
    while (!this.#over && this.#waiting.length > 0 && this.#ports.wantsMore()) {
      const bytes = this.#waiting.shift() as Uint8Array;
      this.#waitingBytes -= bytes.byteLength;
      this.#taken += bytes.byteLength;
      this.#ports.give(bytes);
    }
    if (this.#over) return;
    if (this.#ending !== undefined) {
      if (this.#waiting.length === 0) this.#end(this.#ending);
      return;
    }
    if (this.#taken - this.#acknowledged >= ACK_BYTES) {
      this.#acknowledged = this.#taken;
      this.#ports.send(JSON.stringify({ ack: this.#taken } satisfies StreamAck));
    }
  }

  #end(ending: Ending): void {
    this.#finish();
    if (ending.kind === 'whole') this.#ports.end();
    else this.#ports.fail(ending.why);
  }

  #finish(): void {
    this.#over = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
