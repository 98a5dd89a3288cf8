/**
 * Processes that crash and restart, and the calls between them. A process that has crashed never runs
 * another line: whatever it awaits stays unresolved.
 */
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { SqliteHost } from './sqlite-host.ts';

/** Of a call between processes: lost on the way there or back. */
const CALL_LOST_CHANCE = 0.01;
const CALL_MS_MAX = 12;
/** Some calls and answers are held up for long. */
const CALL_SLOW_CHANCE = 0.02;
const CALL_SLOW_MS_MAX = 4_000;
const SYNC_MS_MAX = 6;

export interface Faults {
  /** False: calls are never lost (the end of a run, when everything is to settle). */
  lossy: boolean;
}

/** What code inside a process may await. */
export interface ProcessPorts {
  sync(): Promise<void>;
  sleep(ms: number): Promise<void>;
  now(): number;
  /** Calls another process; rejects when the call is lost or the other crashes. */
  call<T extends object, R>(target: Process<T>, method: (instance: T) => R | Promise<R>): Promise<R>;
}

export class Process<T extends object> {
  readonly name: string;
  readonly storage = new SqliteHost();
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #start: (process: Process<T>, ports: ProcessPorts) => T;
  readonly #durable: () => void;
  #life = 0;
  #instance: T | undefined;
  /** Told when this process crashes before it has answered them. */
  readonly #callers = new Set<() => void>();
  crashes = 0;

  /** `durable` is called whenever the storage has become durable. */
  constructor(options: {
    name: string;
    scheduler: Scheduler;
    random: Random;
    faults: Faults;
    start: (process: Process<T>, ports: ProcessPorts) => T;
    durable: () => void;
  }) {
    this.name = options.name;
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    this.#faults = options.faults;
    this.#start = options.start;
    this.#durable = options.durable;
  }

  /** Changes with each crash. */
  get life(): number {
    return this.#life;
  }

  get isRunning(): boolean {
    return this.#instance !== undefined;
  }

  /** The running instance; starts one. */
  instance(): T {
    this.#instance ??= this.#start(this, this.#ports(this.#life));
    return this.#instance;
  }

  crash(): void {
    if (!this.#instance) return;
    this.crashes += 1;
    this.#life += 1;
    this.#instance = undefined;
    for (const lost of [...this.#callers]) lost();
    // What was written but not yet confirmed may or may not have reached the disk.
    if (this.#random.chance(0.5)) this.storage.lose();
    else this.#makeDurable();
  }

  #callMs(): number {
    const isSlow = this.#faults.lossy && this.#random.chance(CALL_SLOW_CHANCE);
    return this.#random.below(isSlow ? CALL_SLOW_MS_MAX : CALL_MS_MAX);
  }

  #makeDurable(): void {
    this.storage.makeDurable();
    this.#durable();
  }

  /** Runs `run` later if the process has not crashed by then. */
  #later(life: number, delayMs: number, run: () => void): void {
    this.#scheduler.after(delayMs, () => {
      if (this.#life === life) run();
    });
  }

  #ports(life: number): ProcessPorts {
    return {
      now: () => this.#scheduler.now,
      sync: () =>
        new Promise((resolve) =>
          this.#later(life, this.#random.below(SYNC_MS_MAX), () => {
            this.#makeDurable();
            resolve();
          }),
        ),
      sleep: (ms) => new Promise((resolve) => this.#later(life, ms, resolve)),
      call: (target, method) =>
        new Promise((resolve, reject) => {
          const settled = (run: () => void): void => this.#later(life, this.#callMs(), run);
          if (this.#faults.lossy && this.#random.chance(CALL_LOST_CHANCE)) {
            settled(() => reject(new Error('the call was lost')));
            return;
          }
          target.receive(method, settled, resolve, reject);
        }),
    };
  }

  /** A call arrives after a while; its answer goes out once everything written by then is durable (the output gate). */
  receive<R>(
    method: (instance: T) => R | Promise<R>,
    settled: (run: () => void) => void,
    resolve: (result: R) => void,
    reject: (error: Error) => void,
  ): void {
    this.#scheduler.after(this.#callMs(), () => {
      const instance = this.instance();
      const life = this.#life;
      const answer = (run: () => void): void => {
        if (this.#callers.delete(lost)) settled(run);
      };
      const lost = (): void => answer(() => reject(new Error(`${this.name} crashed`)));
      this.#callers.add(lost);
      const gated = (run: () => void): void =>
        this.#later(life, this.#random.below(SYNC_MS_MAX), () => {
          this.#makeDurable();
          const isLost = this.#faults.lossy && this.#random.chance(CALL_LOST_CHANCE);
          answer(isLost ? () => reject(new Error('the answer was lost')) : run);
        });
      Promise.resolve(method(instance)).then(
        (result) => gated(() => resolve(result)),
        (error: unknown) => gated(() => reject(error as Error)),
      );
    });
  }
}
