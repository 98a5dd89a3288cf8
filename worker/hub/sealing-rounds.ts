/** The hub's part in sealing: it wakes the shards that have to bring rows under a new key, some at a time. */
import { addedUp, type SealReport, type SealSummary } from '../../schema/protocol/seal-report.ts';
import { mapLimited } from './shard-fan-out.ts';

/** Shards woken by one round. */
export const SHARDS_PER_ROUND_MAX = 64;

export interface SealingPorts {
  shards(): readonly string[];
  /** Makes the shard go on sealing and says how far it is. */
  ask(namespace: string): Promise<SealReport>;
  /** Persisted: the key under which all shards are known to be; see `keyNumber`. */
  readonly finished: { get(): number; set(key: number): void };
  /** Stands for the key that seals at present; changes with it, never 0. */
  readonly keyNumber: number;
  report(error: unknown): void;
}

export class SealingRounds {
  readonly #ports: SealingPorts;
  readonly #done = new Set<string>();
  readonly #unreadable = new Map<string, number>();
  #running = false;

  constructor(ports: SealingPorts) {
    this.#ports = ports;
    const finished = ports.finished.get();
    if (finished !== 0 && finished !== ports.keyNumber) ports.finished.set(0);
  }

  /** A shard has found rows that cannot be opened. */
  note(namespace: string, unreadable: number): void {
    if (unreadable === 0) this.#unreadable.delete(namespace);
    else this.#unreadable.set(namespace, unreadable);
  }

  /** Rows that are known not to open. */
  get unreadable(): number {
    return [...this.#unreadable.values()].reduce((sum, rows) => sum + rows, 0);
  }

  /** Asks some of the shards that are not known to be done. Never rejects. */
  async round(): Promise<void> {
    const { shards, finished, keyNumber } = this.#ports;
    if (this.#running || finished.get() === keyNumber) return;
    this.#running = true;
    const waiting = shards().filter((namespace) => !this.#done.has(namespace));
    await mapLimited(waiting.slice(0, SHARDS_PER_ROUND_MAX), (namespace) => this.#ask(namespace));
    if (waiting.every((namespace) => this.#done.has(namespace))) finished.set(keyNumber);
    this.#running = false;
  }

  /** Asks every shard. */
  async summary(problem: string | undefined): Promise<SealSummary> {
    const shards = this.#ports.shards();
    const reports = await mapLimited(shards, (namespace) => this.#ask(namespace));
    const given = reports.filter((report) => report !== undefined);
    return {
      current: given[0]?.current ?? null,
      shards: shards.length,
      pendingShards: reports.filter((report) => !report?.done).length,
      rows: addedUp(given.flatMap(({ rows }) => rows)),
      unreadable: given.reduce((sum, { unreadable }) => sum + unreadable, 0),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  async #ask(namespace: string): Promise<SealReport | undefined> {
    try {
      const report = await this.#ports.ask(namespace);
      this.note(namespace, report.unreadable);
      if (report.done) this.#done.add(namespace);
      return report;
    } catch (error) {
      this.#ports.report(error);
      return undefined;
    }
  }
}
