/**
 * Binds a path inside a volume to a place of our own, so that a container which later swaps a folder for a
 * link cannot move the mount out of the volume. Source: pkg/volume/util/subpath doBindSubPath.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { promisify } from 'node:util';
import { unmountAllUnder } from './tmpfs.ts';

const run = promisify(execFile);

/** Opens what is there, whatever it is, without reading it. Source: open(2). */
const O_PATH = 0o10000000;

export type Pinned = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** `path` lies below `root`, both without links. A link found on the way means someone is at it: it fails. */
export async function bindPinned(root: string, path: string, target: string): Promise<Pinned> {
  let handle = await open(root, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    for (const part of relative(root, path).split('/').filter(Boolean)) {
      const next = await open(`/proc/self/fd/${handle.fd}/${part}`, O_PATH | constants.O_NOFOLLOW);
      await handle.close();
      handle = next;
      if ((await handle.stat()).isSymbolicLink())
        return { ok: false, message: `${path} changed while it was prepared` };
    }
    await unmountAllUnder(target);
    await makeTarget(handle, target);
    // Uncanonicalised: the kernel follows the descriptor, not the path it came from.
    await run('mount', ['--no-canonicalize', '--bind', `/proc/${process.pid}/fd/${handle.fd}`, target]);
    return { ok: true };
  } finally {
    await handle.close();
  }
}

async function makeTarget(source: FileHandle, target: string): Promise<void> {
  if ((await source.stat()).isDirectory()) {
    await mkdir(target, { recursive: true });
    return;
  }
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, '', { flag: 'a' });
}
