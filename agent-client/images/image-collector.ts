/** Which images go when the disk fills. Pure. Source: kubelet images/image_gc_manager.go. */
import type { ImageInfo } from '../runtime/port.ts';

/** Collection begins above the one share of the disk and frees until the other. */
export const HIGH_SHARE = 0.85;
export const LOW_SHARE = 0.8;
/** Images seen for less than that stay. */
export const AGE_MS_MIN = 120_000;

export interface DiskUse {
  readonly usedBytes: number;
  readonly capacityBytes: number;
}

export interface ImageUse {
  readonly firstSeenAt: number;
  readonly lastUsedAt: number;
}

/** The uses after one more look; images that are gone are forgotten. */
export function trackImages(
  known: ReadonlyMap<string, ImageUse>,
  images: readonly ImageInfo[],
  inUse: ReadonlySet<string>,
  now: number,
): Map<string, ImageUse> {
  return new Map(
    images.map((image) => {
      const before = known.get(image.id) ?? { firstSeenAt: now, lastUsedAt: 0 };
      return [image.id, inUse.has(image.id) ? { ...before, lastUsedAt: now } : before];
    }),
  );
}

/** Least recently used first, never one in use, pinned, young, or the sandbox image. */
export function imagesToRemove(
  images: readonly ImageInfo[],
  uses: ReadonlyMap<string, ImageUse>,
  inUse: ReadonlySet<string>,
  disk: DiskUse,
  now: number,
): string[] {
  if (disk.usedBytes < disk.capacityBytes * HIGH_SHARE) return [];
  let toFree = disk.usedBytes - disk.capacityBytes * LOW_SHARE;
  const useOf = (image: ImageInfo): ImageUse => uses.get(image.id) ?? { firstSeenAt: now, lastUsedAt: now };
  const candidates = images
    .filter((image) => !inUse.has(image.id) && !image.pinned && now - useOf(image).firstSeenAt >= AGE_MS_MIN)
    .sort((a, b) => useOf(a).lastUsedAt - useOf(b).lastUsedAt || useOf(a).firstSeenAt - useOf(b).firstSeenAt);
  const chosen: string[] = [];
  for (const image of candidates) {
    if (toFree <= 0) break;
    chosen.push(image.id);
    toFree -= image.sizeBytes;
  }
  return chosen;
}
