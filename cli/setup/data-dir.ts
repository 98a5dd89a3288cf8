import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A mistake of the user or of the machine: printed as one line, with what to do. */
export class UserError extends Error {}

/** Raised whenever an older program could not read what this one writes. */
const DATA_DIR_VERSION = 1;

/** Where a cluster on this machine keeps everything. All files are the owner's alone. */
export interface DataDir {
  readonly path: string;
  /** SQLite files of the Durable Objects. */
  readonly state: string;
  /** Keys, certificates and tokens. */
  readonly secrets: string;
  readonly logs: string;
  /** Process ids and generated configuration; may be deleted while nothing runs. */
  readonly run: string;
  readonly kubeconfig: string;
  node(name: string): string;
}

/** `$XDG_STATE_HOME/zeroplane`, by default `~/.local/state/zeroplane`. */
export const defaultDataDir = (): string =>
  join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'zeroplane');

export function dataDirAt(directory: string): DataDir {
  const path = resolve(directory);
  return {
    path,
    state: join(path, 'state'),
    secrets: join(path, 'secrets'),
    logs: join(path, 'logs'),
    run: join(path, 'run'),
    kubeconfig: join(path, 'kubeconfig'),
    node: (name) => join(path, 'nodes', name),
  };
}

/** Makes the directory if it is missing; refuses one that a newer version has written. */
export function openDataDir(directory: string): DataDir {
  const dataDir = dataDirAt(directory);
  try {
    for (const folder of [dataDir.path, dataDir.state, dataDir.secrets, dataDir.logs, dataDir.run]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    throw new UserError(
      `cannot write to ${dataDir.path}: ${(error as Error).message}; choose another place with --data-dir DIR`,
    );
  }
  const file = join(dataDir.path, 'version');
  if (!existsSync(file)) {
    writeFileSync(file, `${DATA_DIR_VERSION}\n`);
    return dataDir;
  }
  const found = Number(readFileSync(file, 'utf8').trim());
  if (found !== DATA_DIR_VERSION) {
    throw new UserError(
      `${dataDir.path} was written by ${found > DATA_DIR_VERSION ? 'a newer' : 'another'} version of zeroplane ` +
        `(format ${found}, this one reads ${DATA_DIR_VERSION}); update zeroplane or choose another place with --data-dir DIR`,
    );
  }
  return dataDir;
}

const supervisorPidFile = (dataDir: DataDir): string => join(dataDir.run, 'supervisor.pid');

/** The running supervisor's process id, if there is one. */
export function runningSupervisor(dataDir: DataDir): number | undefined {
  const file = supervisorPidFile(dataDir);
  if (!existsSync(file)) return undefined;
  const [pidText = '', startTime = ''] = readFileSync(file, 'utf8').trim().split(' ');
  const pid = Number(pidText);
  return pid > 0 && processStartTime(pid) === startTime ? pid : undefined;
}

export function claimDataDir(dataDir: DataDir): void {
  const other = runningSupervisor(dataDir);
  if (other !== undefined && other !== process.pid) {
    throw new UserError(
      `a cluster already runs from ${dataDir.path} (process ${other}); stop it with: npx zeroplane down --data-dir ${dataDir.path}`,
    );
  }
  writeFileSync(supervisorPidFile(dataDir), `${process.pid} ${processStartTime(process.pid)}\n`);
}

export const releaseDataDir = (dataDir: DataDir): void => rmSync(supervisorPidFile(dataDir), { force: true });

/** Tells a process from a later one with the same id: its start in clock ticks; empty if it is gone or a zombie. */
export function processStartTime(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return isAlive(pid) ? 'unknown' : '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
