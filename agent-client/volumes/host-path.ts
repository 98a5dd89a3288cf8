import { mkdir, open, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { volumeAt, volumeFailed, type VolumeType } from './volume.ts';

/** What each type asks of what is there. Source: pkg/volume/hostpath. */
const CHECKS: Readonly<Record<string, { readonly holds: (found: Stats) => boolean; readonly what: string }>> = {
  Directory: { holds: (s) => s.isDirectory(), what: 'a directory' },
  DirectoryOrCreate: { holds: (s) => s.isDirectory(), what: 'a directory' },
  File: { holds: (s) => s.isFile(), what: 'a file' },
  FileOrCreate: { holds: (s) => s.isFile(), what: 'a file' },
  Socket: { holds: (s) => s.isSocket(), what: 'a socket file' },
  CharDevice: { holds: (s) => s.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { holds: (s) => s.isBlockDevice(), what: 'a block device' },
};

export const hostPathVolume: VolumeType = {
  name: 'kubernetes.io~host-path',
  matches: (volume) => volume.hostPath !== undefined,
  async setUp(volume) {
    const { path = '', type = '' } = volume.hostPath ?? {};
    if (!type) return volumeAt(path);
    const check = CHECKS[type];
    if (!check) return volumeFailed(`unknown hostPath type: ${type}`);
    let found = await stat(path).catch(() => undefined);
    if (!found && type === 'DirectoryOrCreate') {
      await mkdir(path, { recursive: true, mode: 0o755 });
      found = await stat(path);
    } else if (!found && type === 'FileOrCreate') {
      try {
        await (await open(path, 'a', 0o644)).close();
      } catch (error) {
        return volumeFailed(error instanceof Error ? error.message : String(error));
      }
      found = await stat(path);
    }
    return found && check.holds(found)
      ? volumeAt(path)
      : volumeFailed(`hostPath type check failed: ${path} is not ${check.what}`);
  },
};
