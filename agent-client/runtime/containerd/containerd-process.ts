/**
 * The agent's own containerd: started when it is not there, taken over when it is, started again when it
 * dies. It outlives the agent on purpose, and containers outlive it.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { type Clock, pause } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { ContainerdPaths } from './containerd-config.ts';

const WATCH_INTERVAL_MS = 1_000;
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const STOP_TIMEOUT_MS = 5_000;
const LOG_BYTES_MAX = 10 * 1024 * 1024;

export class ContainerdProcess {
  readonly #paths: ContainerdPaths;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancelWatch: () => void = () => undefined;
  #stopped = false;

  constructor(paths: ContainerdPaths, clock: Clock, log: Log) {
    this.#paths = paths;
    this.#clock = clock;
    this.#log = log;
  }

  /** Returns when it answers on its socket. Throws when it does not come up. */
  async start(config: string): Promise<void> {
    for (const folder of [
      this.#paths.folder,
      this.#paths.root,
      this.#paths.state,
      this.#paths.cniConf,
      dirname(this.#paths.socket),
    ]) {
      mkdirSync(folder, { recursive: true, mode: 0o711 });
    }
    const changed = !existsSync(this.#paths.config) || readFileSync(this.#paths.config, 'utf8') !== config;
    if (changed) writeFileSync(this.#paths.config, config);
    const running = this.#pid();
    if (running !== undefined && changed) await this.#end(running);
    if (this.#pid() === undefined) this.#spawn();
    else this.#log('info', 'took over the running containerd', { pid: running });
    await this.#answers();
    this.#watch();
  }

  /** Leaves it running. */
  detach(): void {
    this.#stopped = true;
    this.#cancelWatch();
  }

  /** Ends it; containers that still run go on. */
  async stop(): Promise<void> {
    this.detach();
    const pid = this.#pid();
    if (pid !== undefined) await this.#end(pid);
    rmSync(this.#paths.pid, { force: true });
  }

  #watch(): void {
    if (this.#stopped) return;
    this.#cancelWatch = this.#clock.after(WATCH_INTERVAL_MS, () => {
      if (this.#pid() === undefined && !this.#stopped) {
        this.#log('error', 'containerd is gone, starting it again', { log: this.#paths.log });
        this.#spawn();
      }
      this.#watch();
    });
  }

  #spawn(): void {
    this.#turnLog();
    const log = openSync(this.#paths.log, 'a', 0o600);
    const child = spawn('containerd', ['--config', this.#paths.config], {
      stdio: ['ignore', log, log],
      // A session of its own: a terminal's Ctrl-C and the agent's end do not reach it.
      detached: true,
      cwd: '/',
    });
    closeSync(log);
    child.on('error', (error) => this.#log('error', 'cannot run containerd', { error: error.message }));
    if (child.pid !== undefined) writeFileSync(this.#paths.pid, String(child.pid));
    child.unref();
  }

  #turnLog(): void {
    try {
      if (statSync(this.#paths.log).size > LOG_BYTES_MAX) renameSync(this.#paths.log, `${this.#paths.log}.1`);
    } catch {
      // There is no log yet.
    }
  }

  /** The process that runs with our configuration, if it is alive. */
  #pid(): number | undefined {
    try {
      const pid = Number(readFileSync(this.#paths.pid, 'utf8'));
      const [state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').slice(-1);
      if (state?.startsWith('Z')) return undefined;
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(this.#paths.config) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  async #end(pid: number): Promise<void> {
    const until = this.#clock.now() + STOP_TIMEOUT_MS;
    process.kill(pid, 'SIGTERM');
    while (this.#pid() === pid) {
      await pause(this.#clock, POLL_MS);
      if (this.#clock.now() > until && this.#pid() === pid) process.kill(pid, 'SIGKILL');
    }
  }

  async #answers(): Promise<void> {
    const until = this.#clock.now() + START_TIMEOUT_MS;
    while (!(await accepts(this.#paths.socket))) {
      if (this.#clock.now() > until || this.#stopped) {
        throw new Error(`containerd does not answer on ${this.#paths.socket}; its log is ${this.#paths.log}`);
      }
      await pause(this.#clock, POLL_MS);
    }
  }
}

const accepts = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(socket);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
