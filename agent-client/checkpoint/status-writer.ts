/** Writes pod statuses behind, gathered: one that is lost in a crash is computed again. */
import { type Log, messageOf } from '../log.ts';
import type { Checkpoint } from './checkpoint.ts';

export class StatusWriter {
  readonly #checkpoint: Checkpoint;
  readonly #node: string;
  readonly #log: Log;
  readonly #written = new Map<string, string>();
  readonly #waiting = new Map<string, string | undefined>();
  #writing: Promise<void> = Promise.resolve();

  constructor(checkpoint: Checkpoint, node: string, log: Log) {
    this.#checkpoint = checkpoint;
    this.#node = node;
    this.#log = log;
  }

  save(uid: string, status: unknown): void {
    const text = JSON.stringify(status);
    if (this.#written.get(uid) === text) return;
    this.#written.set(uid, text);
    this.#put(uid, text);
  }

  forget(uid: string): void {
    this.#written.delete(uid);
    this.#put(uid, undefined);
  }

  /** When everything said so far is written. */
  idle(): Promise<void> {
    return this.#writing;
  }

  #put(uid: string, text: string | undefined): void {
    const isFirst = this.#waiting.size === 0;
    this.#waiting.set(uid, text);
    if (isFirst) this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const taken = new Map(this.#waiting);
    this.#waiting.clear();
    try {
      await this.#checkpoint.saveStatuses(this.#node, taken);
    } catch (error) {
      this.#log('error', 'could not write the checkpoint', { error: messageOf(error) });
    }
  }
}
