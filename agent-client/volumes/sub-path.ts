/**
 * The host path of a volume's subPath. What a container put there may be a link out of the volume: the
 * resolved path must stay inside. Source: pkg/volume/util/subpath.
 */
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** `volumePath` is the volume's own, without links. */
export type SubPath =
  | { readonly ok: true; readonly volumePath: string; readonly hostPath: string }
  | { readonly ok: false; readonly message: string };

const DIRECTORY_MODE = 0o750;

const isInside = (path: string, root: string): boolean => path === root || path.startsWith(root + sep);

export async function resolveSubPath(volumePath: string, subPath: string): Promise<SubPath> {
  if (subPath.startsWith('/')) return { ok: false, message: `subPath "${subPath}" must not be an absolute path` };
  if (subPath.split('/').includes('..')) return { ok: false, message: `subPath "${subPath}" must not contain '..'` };
  const root = await realpath(volumePath);
  const target = join(root, subPath);
  const existing = await deepestExisting(target, root);
  const resolved = await realpath(existing).catch(() => undefined);
  if (resolved === undefined || !isInside(resolved, root)) return escape(subPath);
  if (existing === target) return { ok: true, volumePath: root, hostPath: resolved };
  // Made only below what was just found inside; then checked again as a whole.
  await mkdir(join(resolved, target.slice(existing.length + 1)), { recursive: true, mode: DIRECTORY_MODE });
  const made = await realpath(target);
  return isInside(made, root) ? { ok: true, volumePath: root, hostPath: made } : escape(subPath);
}

const escape = (subPath: string): SubPath => ({
  ok: false,
  message: `failed to prepare subPath for volumeMount: "${subPath}" is outside the volume`,
});

async function deepestExisting(path: string, root: string): Promise<string> {
  let current = path;
  while (current !== root) {
    try {
      await lstat(current);
      return current;
    } catch {
      current = dirname(current);
    }
  }
  return root;
}
