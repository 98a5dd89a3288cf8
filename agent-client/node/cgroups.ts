/** The pods' own cgroups: the runtime makes them below its parent and leaves them. */
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

const CGROUP_ROOT = '/sys/fs/cgroup';

/** Removes `path` from every hierarchy. What still has processes stays. */
export async function removeCgroup(path: string): Promise<void> {
  const hierarchies = await readdir(CGROUP_ROOT).catch(() => []);
  for (const base of [CGROUP_ROOT, ...hierarchies.map((name) => join(CGROUP_ROOT, name))]) {
    await rmdir(join(base, path)).catch(() => undefined);
  }
}
