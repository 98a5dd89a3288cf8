/**
 * How long a batch waits for company. Each costs two calls to the hub and a commit, which is more than
 * what a write costs: where several write at once to a namespace, a moment's patience saves most of
 * that, and all are answered sooner. Who writes alone never waits. See docs/decisions/0004.
 */

/** The longest that a batch waits. */
export const GATHER_MS_MAX = 2;
/** So many writes are company enough. */
export const GATHERED_WRITES_MIN = 8;

export class Gathering {
  /** Writes that came and are not answered. */
  #underWay = 0;
  /** The most that were under way at once since the last batch began to gather. */
  #peak = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #enough = Promise.withResolvers<void>();

  /** A write came; `waiting`: how many now wait for a batch. */
  came(waiting: number): void {
    this.#underWay += 1;
    this.#peak = Math.max(this.#peak, this.#underWay);
    if (waiting >= this.#wanted) this.#enough.resolve();
  }

  /** A write was answered. */
  answered(): void {
    this.#underWay -= 1;
  }

  /**
   * To be awaited before a batch for `waiting` writes: until as many wait as were lately under way at
   * once. Undefined when that is so already.
   */
  patience(waiting: number, sleep: (ms: number) => Promise<void>): Promise<void> | undefined {
    const wanted = Math.min(this.#peak, GATHERED_WRITES_MIN);
    this.#peak = this.#underWay;
    if (waiting === 0 || waiting >= wanted) return undefined;
    this.#wanted = wanted;
    this.#enough = Promise.withResolvers();
    return Promise.race([this.#enough.promise, sleep(GATHER_MS_MAX)]).then(() => {
      this.#wanted = Number.POSITIVE_INFINITY;
    });
  }
}
