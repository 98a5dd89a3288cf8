/**
 * Files that change all at once: readers see the old set or the new one, through the `..data` link.
 * Source: pkg/volume/util/atomic_writer.go.
 */
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface ProjectedFile {
  readonly content: Buffer;
  readonly mode: number;
  /** Owner; root when absent. */
  readonly uid?: number;
}

/** Relative paths without `..`; see unsafePath. */
export type Payload = ReadonlyMap<string, ProjectedFile>;

export interface Ownership {
  readonly fsGroup: number | undefined;
}

const DATA = '..data';
const NEW_DATA = '..data_tmp';
const READ_FOR_GROUP = 0o440;
const ENTER_FOR_GROUP = 0o2550;

/** Why a path may not be projected; undefined when it may. Source: atomic_writer.go validatePath. */
export function unsafePath(path: string): string | undefined {
  if (!path) return 'invalid path: must not be empty';
  if (path.startsWith('/')) return `invalid path: must be relative path: ${path}`;
  if (path.split('/').includes('..')) return `invalid path: must not contain '..': ${path}`;
  if (path.startsWith('..')) return `invalid path: must not start with '..': ${path}`;
  return undefined;
}

/** Brings `folder` to exactly this content. True when anything changed. */
export async function writeAtomically(folder: string, payload: Payload, ownership: Ownership): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o777 });
  await chmod(folder, 0o777);
  await shareFolder(folder, ownership.fsGroup);
  const before = await currentData(folder);
  if (before && (await isSame(join(folder, before), payload, ownership))) return false;
  const fresh = await mkdtemp(`${folder}/..`);
  await chmod(fresh, 0o755);
  await shareFolder(fresh, ownership.fsGroup);
  for (const [path, file] of payload) await writeOne(fresh, path, file, ownership);
  await linkFirstNames(folder, payload);
  await rm(join(folder, NEW_DATA), { force: true });
  await symlink(fresh.slice(folder.length + 1), join(folder, NEW_DATA));
  await rename(join(folder, NEW_DATA), join(folder, DATA));
  await unlinkGone(folder, payload);
  if (before) await rm(join(folder, before), { recursive: true, force: true });
  return true;
}

async function currentData(folder: string): Promise<string | undefined> {
  try {
    return await readlink(join(folder, DATA));
  } catch {
    return undefined;
  }
}

async function writeOne(root: string, path: string, file: ProjectedFile, { fsGroup }: Ownership): Promise<void> {
  const target = join(root, path);
  const parent = dirname(target);
  if (parent !== root) {
    await mkdir(parent, { recursive: true, mode: 0o755 });
    for (let folder = parent; folder !== root; folder = dirname(folder)) await shareFolder(folder, fsGroup);
  }
  await writeFile(target, file.content);
  if (file.uid !== undefined || fsGroup !== undefined) await chown(target, file.uid ?? 0, fsGroup ?? 0);
  // After chown, which clears bits; and not by writeFile, whose mode the umask narrows.
  await chmod(target, modeOf(file, fsGroup));
}

const modeOf = (file: ProjectedFile, fsGroup: number | undefined): number =>
  fsGroup === undefined ? file.mode : file.mode | READ_FOR_GROUP;

async function shareFolder(folder: string, fsGroup: number | undefined): Promise<void> {
  if (fsGroup === undefined) return;
  await chown(folder, 0, fsGroup);
  const { mode } = await lstat(folder);
  await chmod(folder, (mode & 0o7777) | ENTER_FOR_GROUP);
}

const firstNames = (payload: Payload): Set<string> =>
  new Set([...payload.keys()].map((path) => path.split('/')[0] as string));

async function linkFirstNames(folder: string, payload: Payload): Promise<void> {
  for (const name of firstNames(payload)) {
    try {
      await symlink(`${DATA}/${name}`, join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function unlinkGone(folder: string, payload: Payload): Promise<void> {
  const wanted = firstNames(payload);
  for (const name of await readdir(folder)) {
    if (name.startsWith('..') || wanted.has(name)) continue;
    await unlink(join(folder, name));
  }
}

async function isSame(root: string, payload: Payload, { fsGroup }: Ownership): Promise<boolean> {
  try {
    const present = (await readdir(root, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());
    if (present.length !== payload.size) return false;
    for (const [path, file] of payload) {
      const target = join(root, path);
      if (!(await readFile(target)).equals(file.content)) return false;
      if (((await lstat(target)).mode & 0o777) !== (modeOf(file, fsGroup) & 0o777)) return false;
    }
    return true;
  } catch {
    // Anything unreadable is written anew.
    return false;
  }
}
