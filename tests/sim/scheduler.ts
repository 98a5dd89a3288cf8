/** The simulator's time and fate: everything that awaits waits here, and a seeded hand picks what happens next. */
import type { Random } from './random.ts';

interface Pending {
  /** Simulated ms; not before. */
  readonly at: number;
  readonly run: () => void;
}

/** How many turns of the microtask queue one step may need until all code waits again. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Scheduler {
  now = 1_000_000;
  /** Steps taken. */
  step = 0;
  readonly #random: Random;
  #pending: Pending[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Calls `run` at some step after `delayMs` of simulated time. */
  after(delayMs: number, run: () => void): void {
    this.#pending.push({ at: this.now + delayMs, run });
  }

  get waiting(): number {
    return this.#pending.length;
  }

  /** Lets one thing happen; false when nothing waits. */
  async advance(): Promise<boolean> {
    if (this.#pending.length === 0) return false;
    this.step += 1;
    this.now += this.#random.below(4);
    let ready = this.#pending.filter(({ at }) => at <= this.now);
    if (ready.length === 0) {
      this.now = Math.min(...this.#pending.map(({ at }) => at));
      ready = this.#pending.filter(({ at }) => at <= this.now);
    }
    const chosen = this.#random.pick(ready);
    this.#pending.splice(this.#pending.indexOf(chosen), 1);
    chosen.run();
    await settle();
    return true;
  }
}
