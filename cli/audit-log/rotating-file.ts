/** A file of lines that is put aside when it is full. Source: kube-apiserver --audit-log-path, -maxsize, -maxbackup, -maxage. */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

const MEGABYTE = 1024 * 1024;
const DAY_MS = 86_400_000;

export interface RotationLimits {
  /** Megabytes after which the file is put aside. */
  readonly megabytesMax: number;
  /** Files put aside that are kept; 0: all. */
  readonly backupsMax: number;
  /** Days for which they are kept; 0: for ever. */
  readonly daysMax: number;
}

/** `audit-2026-01-02T03-04-05.678.log` beside `audit.log`. */
export function backupName(file: string, now: number): string {
  const suffix = extname(file);
  const stamp = new Date(now).toISOString().replaceAll(':', '-').replace('Z', '');
  return join(dirname(file), `${basename(file, suffix)}-${stamp}${suffix}`);
}

const STAMP = /^-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/;

/** Files put aside, newest first, with when that was. */
function backupsOf(file: string): readonly { readonly path: string; readonly at: number }[] {
  const suffix = extname(file);
  const stem = basename(file, suffix);
  return readdirSync(dirname(file))
    .flatMap((name) => {
      const match =
        name.startsWith(stem) && name.endsWith(suffix) ? STAMP.exec(basename(name, suffix).slice(stem.length)) : null;
      if (!match) return [];
      const [, day, hours, minutes, seconds] = match;
      return [{ path: join(dirname(file), name), at: Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`) }];
    })
    .sort((a, b) => b.at - a.at);
}

export class RotatingFile {
  readonly #file: string;
  readonly #limits: RotationLimits;
  readonly #now: () => number;
  #descriptor: number;
  #bytes: number;

  /** Goes on with a file that is there. Throws when it cannot be written. */
  constructor(file: string, limits: RotationLimits, now: () => number) {
    this.#file = file;
    this.#limits = limits;
    this.#now = now;
    [this.#descriptor, this.#bytes] = this.#open();
    this.#prune();
  }

  /** Whole lines. Throws when the disk does not take them; then none of them is in the file. */
  append(lines: Buffer): void {
    if (this.#bytes > 0 && this.#bytes + lines.length > this.#limits.megabytesMax * MEGABYTE) this.#rotate();
    try {
      for (let at = 0; at < lines.length; ) at += writeSync(this.#descriptor, lines, at);
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#bytes);
      throw error;
    }
    this.#bytes += lines.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #open(): [number, number] {
    const descriptor = openSync(this.#file, 'a', 0o600);
    return [descriptor, fstatSync(descriptor).size];
  }

  #rotate(): void {
    let at = this.#now();
    while (existsSync(backupName(this.#file, at))) at += 1;
    if (existsSync(this.#file)) renameSync(this.#file, backupName(this.#file, at));
    const full = this.#descriptor;
    [this.#descriptor, this.#bytes] = this.#open();
    closeSync(full);
    this.#prune();
  }

  #prune(): void {
    const { backupsMax, daysMax } = this.#limits;
    const oldest = this.#now() - daysMax * DAY_MS;
    backupsOf(this.#file).forEach(({ path, at }, index) => {
      if ((backupsMax > 0 && index >= backupsMax) || (daysMax > 0 && at < oldest)) rmSync(path, { force: true });
    });
  }
}
