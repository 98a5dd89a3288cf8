import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface ChildOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** After SIGTERM, how long until SIGKILL. */
  readonly stopTimeoutMs: number;
  /** Runs before every start, restarts included. */
  beforeStart?(): void;
  /** Told of every start and unexpected end. */
  onStart?(pid: number): void;
  onCrash?(how: string, restartInMs: number): void;
}

const RESTART_DELAY_MS_MIN = 200;
const RESTART_DELAY_MS_MAX = 10_000;
const STABLE_AFTER_MS = 30_000;

/** The next delay before a restart: doubles while a process dies young. */
export const restartDelay = (previousMs: number, livedMs: number): number =>
  livedMs >= STABLE_AFTER_MS || previousMs === 0
    ? RESTART_DELAY_MS_MIN
    : Math.min(previousMs * 2, RESTART_DELAY_MS_MAX);

/**
 * A process kept alive until `stop`. It leads a process group of its own, so that Ctrl-C in the
 * terminal reaches the supervisor alone, which then stops its children in order.
 */
export class SupervisedChild {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #delayMs = 0;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  #start(): void {
    const { argv, logFile, env } = this.#options;
    this.#options.beforeStart?.();
    const log = openSync(logFile, 'a', 0o600);
    const startedAt = Date.now();
    const child = spawn(argv[0] as string, argv.slice(1), {
      stdio: ['ignore', log, log],
      detached: true,
      ...(env ? { env } : {}),
    });
    closeSync(log);
    this.#process = child;
    let ended = false;
    const onEnd = (how: string) => {
      if (ended) return;
      ended = true;
      this.#process = undefined;
      if (this.#stopping) return;
      this.#delayMs = restartDelay(this.#delayMs, Date.now() - startedAt);
      this.#options.onCrash?.(how, this.#delayMs);
      this.#timer = setTimeout(() => this.#start(), this.#delayMs);
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(signal ? `killed by ${signal}` : `exit status ${code}`));
    if (child.pid !== undefined) this.#options.onStart?.(child.pid);
  }

  /** SIGTERM, then SIGKILL; resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const kill = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeoutMs);
      child.once('exit', () => {
        clearTimeout(kill);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }
}
