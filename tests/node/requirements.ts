import { existsSync } from 'node:fs';

const PROGRAMS = ['containerd', 'runc'];
const FOLDERS = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/sbin');

/** Why tests with real containers cannot run here; undefined when they can. */
export function whyNoContainers(): string | undefined {
  if (process.getuid?.() !== 0) return 'they need root';
  const missing = PROGRAMS.filter((program) => !FOLDERS.some((folder) => existsSync(`${folder}/${program}`)));
  if (missing.length) return `${missing.join(' and ')} not installed`;
  if (!existsSync('/usr/lib/cni/ptp')) return 'the CNI plugins are not installed';
  return existsSync('/bin/busybox') ? undefined : 'busybox-static is not installed';
}
