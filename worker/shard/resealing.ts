/**
 * Brings every row of the sealed kinds under the key that seals new ones: plain rows of earlier versions,
 * and rows of the key before. In steps that are each one short transaction, so that a crash loses nothing
 * and writes go on in between. What cannot be opened stays as it is.
 */
import { addedUp, sealNumber, type SealReport } from '../../schema/protocol/seal-report.ts';
import { type RowCodec, UnreadableObject } from '../storage/row-codec.ts';
import type { ShardStore } from '../storage/shard-store.ts';

/** Rows written by one step. */
export const RESEALED_ROWS_MAX = 100;
/** Characters written by one step; it ends after the row that passes it. */
export const RESEALED_LENGTH_MAX = 4_000_000;
/** Between two steps. */
const PAUSE_MS = 5;
/** Keys of rows that could not be opened and are remembered. */
const UNREADABLE_MAX = 1_000;

export interface ResealingPorts {
  readonly store: ShardStore;
  readonly codec: RowCodec;
  sleep(ms: number): Promise<void>;
  /** Called soon after rows were found that cannot be opened, with how many are known. */
  unreadable(count: number): void;
}

export class Resealing {
  readonly #ports: ResealingPorts;
  readonly #unreadable = new Set<string>();
  #running: Promise<void> | undefined;
  /** What is found meanwhile is told with it. */
  #isTelling = false;

  /** Before the shard's first write: from here on rows come under the new key, whatever was true before. */
  constructor(ports: ResealingPorts) {
    this.#ports = ports;
    const { store } = ports;
    const known = store.fact('sealedUnder');
    if (known !== 0 && !this.#isDone) store.setFact('sealedUnder', 0);
  }

  /** Notes a row that someone wanted and that cannot be opened. */
  note(key: string): void {
    if (this.#unreadable.has(key) || this.#unreadable.size >= UNREADABLE_MAX) return;
    this.#unreadable.add(key);
    if (this.#isTelling) return;
    this.#isTelling = true;
    void this.#ports.sleep(PAUSE_MS).then(() => {
      this.#isTelling = false;
      this.#ports.unreadable(this.#unreadable.size);
    });
  }

  report(): SealReport {
    const { store, codec } = this.#ports;
    const rows = addedUp(codec.resources.flatMap((resource) => store.sealCounts(resource)));
    const isEmpty = rows.every(({ seal }) => seal === codec.current);
    return { current: codec.current, done: this.#isDone || isEmpty, rows, unreadable: this.#unreadable.size };
  }

  /** Resolves when every row that can be opened lies under the current key. Never rejects twice at once: one pass runs. */
  run(): Promise<void> {
    if (this.#isDone) return Promise.resolve();
    this.#running ??= this.#pass().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  get #isDone(): boolean {
    return this.#ports.store.fact('sealedUnder') === sealNumber(this.#ports.codec.current);
  }

  async #pass(): Promise<void> {
    const { store, codec } = this.#ports;
    if (codec.resources.some((resource) => codec.refusal(resource))) return;
    this.#unreadable.clear();
    let left = 0;
    for (const resource of codec.resources) {
      for (const step of [this.#objectStep, this.#changeStep]) {
        for (let after: string | number | undefined = ''; after !== undefined; ) {
          const done: StepResult = step.call(this, resource, after);
          after = done.after;
          left += done.left;
          if (after !== undefined) await this.#ports.sleep(PAUSE_MS);
        }
      }
    }
    // A shard that never stored anything (someone asked for a namespace that does not exist) is not written to.
    if (left === 0 && store.lastRevision > 0) store.setFact('sealedUnder', sealNumber(codec.current));
  }

  #objectStep(resource: string, after: string | number): StepResult {
    const { store, codec } = this.#ports;
    const names = store.namesSealedOtherwise(resource, codec.current, String(after), RESEALED_ROWS_MAX);
    return this.#step(names, (name) => {
      const row = store.object(resource, name);
      if (row) store.putObject(row);
      return row?.text.length ?? 0;
    });
  }

  #changeStep(resource: string, after: string | number): StepResult {
    const { store, codec } = this.#ports;
    const revisions = store.changesSealedOtherwise(resource, codec.current, Number(after), RESEALED_ROWS_MAX);
    return this.#step(revisions, (revision) => {
      const row = store.change(revision);
      if (row) store.replaceChange(row);
      return row?.previousText?.length ?? 0;
    });
  }

  /** `reseal` gives the characters it wrote. */
  #step<Key extends string | number>(keys: readonly Key[], reseal: (key: Key) => number): StepResult {
    let [length, left] = [0, 0];
    let last: Key | undefined;
    this.#ports.store.transact(() => {
      for (const key of keys) {
        last = key;
        try {
          length += reseal(key);
        } catch (error) {
          if (!(error instanceof UnreadableObject)) throw error;
          left += 1;
        }
        if (length > RESEALED_LENGTH_MAX) break;
      }
      return undefined;
    });
    const isLast = keys.length < RESEALED_ROWS_MAX && last === keys.at(-1);
    return { after: isLast ? undefined : last, left };
  }
}

interface StepResult {
  /** Where the next step begins; undefined: there is none. */
  readonly after: string | number | undefined;
  /** Rows that could not be opened. */
  readonly left: number;
}
