/** Where audit events go. Writing never fails and never waits: what cannot be taken is dropped and counted. */

export interface AuditSink {
  /** One event's JSON, without a line break. */
  write(line: string): void;
}

/** Events that wait at once; above it new ones are dropped. Source: apiserver --audit-log-batch-buffer-size. */
export const WAITING_EVENTS_MAX = 10_000;
export const WAITING_CHARS_MAX = 16_000_000;
/** In one message. */
const BATCH_CHARS_MAX = 1_000_000;
/** Events gather for this long. */
const GATHER_MS = 50;
const RETRY_MS = 1_000;
/** A request that was to send may vanish: after this the next one sends. */
const SENDING_MS_MAX = 10_000;
const REPORT_INTERVAL_MS = 10_000;

export interface BatchPorts {
  /** Takes lines, each with its line break. */
  send(lines: string): Promise<void>;
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Goes on with a task when the request that began it has been answered. */
  background(task: Promise<void>): void;
  warn(text: string): void;
}

/** Sends what gathers in batches, again after a failure, in order. */
export class BatchSink implements AuditSink {
  readonly #ports: BatchPorts;
  #waiting: string[] = [];
  #waitingChars = 0;
  #sendingSince: number | undefined;
  #dropped = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: BatchPorts) {
    this.#ports = ports;
  }

  write(line: string): void {
    if (this.#waiting.length >= WAITING_EVENTS_MAX || this.#waitingChars + line.length > WAITING_CHARS_MAX) {
      this.#dropped += 1;
      this.#reportDropped();
    } else {
      this.#waiting.push(line);
      this.#waitingChars += line.length;
    }
    const now = this.#ports.now();
    if (this.#sendingSince !== undefined && now - this.#sendingSince < SENDING_MS_MAX) return;
    this.#sendingSince = now;
    this.#ports.background(this.#sendAll(now));
  }

  /** `begun` tells this sender from one that has taken over. */
  async #sendAll(begun: number): Promise<void> {
    await this.#ports.sleep(GATHER_MS);
    while (this.#waiting.length > 0 && this.#sendingSince === begun) {
      const count = this.#batchSize();
      const batch = this.#waiting.slice(0, count);
      const isSent = await this.#ports.send(batch.map((line) => `${line}\n`).join('')).then(
        () => true,
        () => false,
      );
      if (!isSent) {
        await this.#ports.sleep(RETRY_MS);
        if (this.#ports.now() - begun >= SENDING_MS_MAX) break;
        continue;
      }
      // Who has taken over meanwhile sends these again, and takes them out.
      if (this.#sendingSince !== begun) return;
      this.#waiting.splice(0, count);
      this.#waitingChars -= batch.reduce((sum, { length }) => sum + length, 0);
    }
    if (this.#sendingSince === begun) this.#sendingSince = undefined;
  }

  #batchSize(): number {
    let chars = 0;
    const end = this.#waiting.findIndex(({ length }) => (chars += length) > BATCH_CHARS_MAX);
    return end < 0 ? this.#waiting.length : Math.max(1, end);
  }

  #reportDropped(): void {
    const now = this.#ports.now();
    if (now - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = now;
    this.#ports.warn(`audit log: ${this.#dropped} events dropped, what takes them does not keep up`);
  }
}
