import { join } from 'node:path';
import { sleep } from './sleep.ts';
import type { StopSignal } from './stop-signal.ts';

/** Why the supervisor wakes: a process ended, someone wants everything stopped, or the minute's sweep is due. */
export type Reason = 'ended' | 'stop' | 'sweep';

const BEAT_MS = 1_000;
const SWEEP_BEATS = 60;

export interface WatchOptions {
  /** The project's root. */
  readonly root: string;
  /** Processes whose end is a reason. */
  readonly pids: readonly number[];
  isRunning(pid: number): boolean;
  readonly stop: StopSignal;
  /** argv that continues with `--because REASON`. */
  readonly resume: readonly string[];
}

/**
 * Waits for a reason. Where Node.js can give its place to another program it becomes `watch.sh`, which
 * runs `resume` in the end: then this never returns. Elsewhere it waits itself.
 */
export async function watch(options: WatchOptions): Promise<Reason> {
  const { root, pids, stop, resume } = options;
  if (stop.requested) return 'stop';
  if (process.execve && process.platform !== 'win32') {
    const script = join(root, 'cli', 'supervisor', 'watch.sh');
    process.execve('/bin/sh', ['sh', script, pids.join(' '), ...resume], process.env);
  }
  for (let beat = 0; beat < SWEEP_BEATS; beat += 1) {
    await Promise.race([sleep(BEAT_MS), stop.signalled]);
    if (stop.requested) return 'stop';
    if (!pids.every((pid) => options.isRunning(pid))) return 'ended';
  }
  return 'sweep';
}
