/** Keeps container logs small: 5 files of 10 Mi each. Source: kubelet logs/container_log_manager.go. */
import { readdir, rename, rm, stat } from 'node:fs/promises';

export const LOG_FILE_BYTES_MAX = 10 * 1024 * 1024;
export const LOG_FILES_MAX = 5;

/** True when the log was turned; the runtime then has to be told to open it anew. */
export async function rotateLog(path: string, now: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found || found.size < LOG_FILE_BYTES_MAX) return false;
  const stamp = new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 19);
  await rename(path, `${path}.${stamp}`);
  const folder = path.slice(0, path.lastIndexOf('/'));
  const name = path.slice(folder.length + 1);
  for (const old of oldestFirst(await readdir(folder), name)) await rm(`${folder}/${old}`, { force: true });
  return true;
}

/** Turned logs of `name` that are too many. Their names sort by time. */
export function oldestFirst(files: readonly string[], name: string): string[] {
  const turned = files.filter((file) => file.startsWith(`${name}.`)).sort();
  return turned.slice(0, Math.max(turned.length - (LOG_FILES_MAX - 1), 0));
}
