/**
 * `zeroplane up`: keeps the control plane and this machine's nodes running until it is told to stop.
 * Built-ins only: what speaks to the API server at start-up are short-lived processes of the full command.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DataDir, dataDirAt, defaultDataDir, runningSupervisor } from '../setup/data-dir.ts';
import type { Programs } from './cluster-processes.ts';
import { flagsOf, parseUpOptions, type UpOptions } from './options.ts';
import { sleep } from './sleep.ts';
import { readyFile, supervise } from './supervise.ts';
import type { Reason } from './watch.ts';

const POLL_INTERVAL_MS = 50;
const DETACH_TIMEOUT_MS = 300_000;

/** Runs `up` to its end; the exit status. */
export async function up(args: readonly string[], programs: Programs): Promise<number> {
  try {
    // The watcher appends why it has ended; only it does.
    const because = args.at(-2) === '--because' ? (args.at(-1) as Reason) : undefined;
    const options = parseUpOptions(because ? args.slice(0, -2) : args, defaultDataDir());
    const dataDir = dataDirAt(options.dataDir);
    const other = runningSupervisor(dataDir);
    if (other !== undefined && other !== process.pid) {
      throw new Error(
        `a cluster already runs from ${dataDir.path} (process ${other}); stop it with: npx zeroplane down --data-dir ${dataDir.path}`,
      );
    }
    if (options.detach) return await detach(options, programs, dataDir);
    return await supervise({ options, programs, dataDir, because });
  } catch (error) {
    console.error(`zeroplane: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** Starts a supervisor of its own in the background and waits until its cluster is ready. */
async function detach(options: UpOptions, { root }: Programs, dataDir: DataDir): Promise<number> {
  mkdirSync(dataDir.logs, { recursive: true, mode: 0o700 });
  rmSync(readyFile(dataDir), { force: true });
  const logFile = join(dataDir.logs, 'zeroplane.log');
  rmSync(logFile, { force: true });
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [join(root, 'cli', 'bin.mjs'), 'up', ...flagsOf(options)], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  closeSync(log);
  const outcome: { exited?: number } = {};
  child.once('exit', (code) => {
    outcome.exited = code ?? 1;
  });
  const deadline = Date.now() + DETACH_TIMEOUT_MS;
  while (outcome.exited === undefined && !existsSync(readyFile(dataDir)) && Date.now() < deadline) {
    await sleep(POLL_INTERVAL_MS);
  }
  process.stdout.write(readFileSync(logFile, 'utf8'));
  if (outcome.exited !== undefined) return outcome.exited;
  child.unref();
  if (existsSync(readyFile(dataDir))) return 0;
  console.error(`zeroplane: not ready yet, still starting in the background; see ${logFile}`);
  return 1;
}

// As a program of its own (see bin.mjs and watch.sh): the project's root, then the flags of `up`.
if (process.argv[1] === import.meta.filename) {
  const [root = '', ...args] = process.argv.slice(2);
  process.exitCode = await up(args, { root, node: process.execPath });
}
