/** The hub's part in sealing: it wakes the shards that have to bring rows under a new key, some at a time. */
import { addedUp, sealNumber, type SealReport, type SealSummary } from '../../schema/protocol/seal-report.ts';
import { mapLimited } from './shard-fan-out.ts';

/** Shards woken by one round. */
export const SHARDS_PER_ROUND_MAX = 64;

export interface SealingPorts {
  shards(): readonly string[];
  /** Makes the shard go on sealing and says how far it is. */
  ask(namespace: string): Promise<SealReport>;
  /** Persisted: the key under which all shards are known to be; see `sealNumber`. */
  readonly finished: { get(): number; set(key: number): void };
  /** What seals at present; as in `SealReport`. */
  readonly current: string | null;
  report(error: unknown): void;
}

export class SealingRounds {
  readonly #ports: SealingPorts;
  readonly #done = new Set<string>();
  readonly #unreadable = new Map<string, number>();
  readonly #keyNumber: number;
  #running = false;

  constructor(ports: SealingPorts) {
    this.#ports = ports;
    this.#keyNumber = sealNumber(ports.current);
    const finished = ports.finished.get();
    if (finished !== 0 && finished !== this.#keyNumber) ports.finished.set(0);
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
    const { shards, finished } = this.#ports;
    if (this.#running || finished.get() === this.#keyNumber) return;
    this.#running = true;
    const waiting = shards().filter((namespace) => !this.#done.has(namespace));
    await mapLimited(waiting.slice(0, SHARDS_PER_ROUND_MAX), (namespace) => this.#ask(namespace));
    if (waiting.every((namespace) => this.#done.has(namespace))) finished.set(this.#keyNumber);
    this.#running = false;
  }

  /** Asks every shard. */
  async summary(problem: string | undefined): Promise<SealSummary> {
    const shards = this.#ports.shards();
    const reports = await mapLimited(shards, (namespace) => this.#ask(namespace));
    const given = reports.filter((report) => report !== undefined);
    return {
      current: this.#ports.current,
      shards: shards.length,
      pendingShards: reports.filter((report) => !report || !this.#isDone(report)).length,
      rows: addedUp(given.flatMap(({ rows }) => rows)),
      unreadable: given.reduce((sum, { unreadable }) => sum + unreadable, 0),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  /** A shard that has not been started with the present setting yet may be done, but under what it knows. */
  #isDone({ done, current }: SealReport): boolean {
    return done && current === this.#ports.current;
  }

  async #ask(namespace: string): Promise<SealReport | undefined> {
    try {
      const report = await this.#ports.ask(namespace);
      this.note(namespace, report.unreadable);
      if (this.#isDone(report)) this.#done.add(namespace);
      return report;
    } catch (error) {
      this.#ports.report(error);
      return undefined;
    }
  }
}
