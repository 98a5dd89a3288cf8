/** File systems in memory, and whether a folder is a mount point. */
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Mount points at or below `folder`, the deepest first. Source: proc(5) mountinfo. */
export async function mountsUnder(folder: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    )
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
}

/** Mounts a tmpfs there unless one is. `sizeBytes` absent: the kernel's default. */
export async function mountTmpfs(folder: string, sizeBytes: number | undefined): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await mountsUnder(folder)).includes(folder)) return;
  const options = sizeBytes === undefined ? [] : ['-o', `size=${sizeBytes}`];
  await run('mount', ['-t', 'tmpfs', ...options, 'tmpfs', folder]);
}

export async function unmountAllUnder(folder: string): Promise<void> {
  for (const path of await mountsUnder(folder)) await run('umount', [path]).catch(() => run('umount', ['-l', path]));
}
