import { chmod, chown, mkdir } from 'node:fs/promises';
import { quantityOf, quantitySign, quantityValue } from '../../schema/meta/quantity.ts';
import { podSpec } from '../pods/pod.ts';
import { mountTmpfs } from './tmpfs.ts';
import { volumeAt, type VolumeContext, volumeFailed, type VolumeType } from './volume.ts';

const OPEN_TO_ALL = 0o777;

/** Source: pkg/volume/emptydir. */
export const emptyDirVolume: VolumeType = {
  name: 'kubernetes.io~empty-dir',
  matches: (volume) => volume.emptyDir !== undefined,
  async setUp(volume, context) {
    const { medium = '', sizeLimit } = volume.emptyDir ?? {};
    if (medium !== '' && medium !== 'Memory') return volumeFailed(`unknown storage medium "${medium}"`);
    await mkdir(context.folder, { recursive: true });
    if (medium === 'Memory') await mountTmpfs(context.folder, memoryBytes(context, sizeLimit));
    await chmod(context.folder, OPEN_TO_ALL);
    if (context.fsGroup !== undefined) {
      await chown(context.folder, 0, context.fsGroup);
      await chmod(context.folder, 0o2000 | OPEN_TO_ALL);
    }
    return volumeAt(context.folder);
  },
};

/** What the volume may hold: its own limit, the pod's memory limits, the node's memory. */
function memoryBytes(context: VolumeContext, sizeLimit: unknown): number {
  const limits = podSpec(context.pod).containers.map((c) => quantityOf(c.resources?.limits?.['memory']));
  const podLimit = limits.every((l) => quantitySign(l) > 0)
    ? limits.reduce((sum, l) => sum + quantityValue(l), 0)
    : Number.POSITIVE_INFINITY;
  const own = sizeLimit === undefined ? Number.POSITIVE_INFINITY : quantityValue(quantityOf(sizeLimit));
  return Math.min(own || Number.POSITIVE_INFINITY, podLimit || Number.POSITIVE_INFINITY, context.memoryCapacityBytes);
}
