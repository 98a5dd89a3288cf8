/**
 * The processes of a running cluster, as a file says: whoever supervises them reads it, so that the
 * supervisor itself may sleep, be replaced, or have been killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DataDir, processStartTime } from '../setup/data-dir.ts';
import { sleep } from './sleep.ts';

/** What to run and how to end it. */
export interface ChildSpec {
  readonly name: string;
  readonly argv: readonly string[];
  readonly logFile: string;
  /** Removed before each start: workerd does not replace the socket that a killed one left. */
  readonly staleFile?: string;
  /** After SIGTERM, how long until SIGKILL. */
  readonly stopTimeoutMs: number;
  /** Stopped after all others. */
  readonly stopsLast?: boolean;
}

/** One that was started. */
export interface Child extends ChildSpec {
  readonly pid: number;
  /** Tells it from a later process with the same id. */
  readonly startTime: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** How long the last restart waited; 0 after the first start. */
  readonly delayMs: number;
}

const POLL_INTERVAL_MS = 20;
const RESTART_DELAY_MS_MIN = 200;
const RESTART_DELAY_MS_MAX = 10_000;
const STABLE_AFTER_MS = 30_000;

const fileOf = (dataDir: DataDir): string => join(dataDir.run, 'children.json');

export const readChildren = (dataDir: DataDir): Child[] =>
  existsSync(fileOf(dataDir)) ? (JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as Child[]) : [];

export function writeChildren(dataDir: DataDir, children: readonly Child[]): void {
  const draft = `${fileOf(dataDir)}.new`;
  writeFileSync(draft, JSON.stringify(children), { mode: 0o600 });
  renameSync(draft, fileOf(dataDir));
}

export const forgetChildren = (dataDir: DataDir): void => rmSync(fileOf(dataDir), { force: true });

/** The next delay before a restart: doubles while a process dies young. */
export const restartDelay = (previousMs: number, livedMs: number): number =>
  livedMs >= STABLE_AFTER_MS || previousMs === 0
    ? RESTART_DELAY_MS_MIN
    : Math.min(previousMs * 2, RESTART_DELAY_MS_MAX);

/**
 * Starts a process as the leader of a group of its own, so that Ctrl-C in the terminal reaches the
 * supervisor alone, which then stops its children in order.
 */
export function startChild(spec: ChildSpec, delayMs: number, now: number): { child: Child; process: ChildProcess } {
  if (spec.staleFile) rmSync(spec.staleFile, { force: true });
  const log = openSync(spec.logFile, 'a', 0o600);
  const running = spawn(spec.argv[0] as string, spec.argv.slice(1), { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  running.unref();
  const pid = running.pid ?? 0;
  return { child: { ...spec, pid, startTime: processStartTime(pid), startedAt: now, delayMs }, process: running };
}

export const isRunning = ({ pid, startTime }: Child): boolean =>
  pid > 0 && startTime !== '' && processStartTime(pid) === startTime;

/** SIGTERM, then SIGKILL; resolves when the process is gone. */
export async function stopChild(child: Child): Promise<void> {
  const killAt = Date.now() + child.stopTimeoutMs;
  signal(child, 'SIGTERM');
  while (isRunning(child)) {
    await sleep(POLL_INTERVAL_MS);
    if (Date.now() > killAt) signal(child, 'SIGKILL');
  }
}

/** Nodes first, so that their last reports still reach the control plane, which started first. */
export async function stopAll([controlPlane, ...others]: readonly Child[]): Promise<void> {
  await Promise.all(others.filter(({ stopsLast }) => !stopsLast).map(stopChild));
  if (controlPlane) await stopChild(controlPlane);
  await Promise.all(others.filter(({ stopsLast }) => stopsLast).map(stopChild));
}

function signal(child: Child, name: NodeJS.Signals): void {
  if (!isRunning(child)) return;
  try {
    process.kill(child.pid, name);
  } catch {
    // It ended this very moment.
  }
}
