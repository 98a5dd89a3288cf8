/** What a node with real containers does about its disk: turns logs, removes images. Failures wait for the next round. */
import { statfs } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { type ImageUse, imagesToRemove, trackImages } from '../images/image-collector.ts';
import { type Log, messageOf } from '../log.ts';
import { containerLogPath } from '../pods/pod-config.ts';
import type { Runtime } from '../runtime/port.ts';
import { CONTAINER_NAME_LABEL, POD_NAME_LABEL, POD_NAMESPACE_LABEL, POD_UID_LABEL } from '../runtime/port.ts';
import { rotateLog } from '../streams/log-rotation.ts';

const ROUND_MS = 10_000;
/** Images are looked over every so many rounds. */
const IMAGE_ROUNDS = 30;

export interface HousekeepingOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  readonly logRoot: string;
  /** On the disk that holds the images. */
  readonly imageFolder: string;
  /** Names of images that are never removed. */
  readonly keptImages: readonly string[];
}

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #uses: Map<string, ImageUse> = new Map();
  #round = 0;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(ROUND_MS, () => void this.#tidy().finally(() => this.start()));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #tidy(): Promise<void> {
    try {
      await this.#turnLogs();
      if (this.#round++ % IMAGE_ROUNDS === 0) await this.#collectImages();
    } catch (error) {
      this.#options.log('warn', 'housekeeping failed', { error: messageOf(error) });
    }
  }

  async #turnLogs(): Promise<void> {
    const { runtime, clock, logRoot } = this.#options;
    for (const container of await runtime.listContainers()) {
      if (container.state !== 'running') continue;
      const { labels } = container;
      const folder = `${logRoot}/${labels[POD_NAMESPACE_LABEL]}_${labels[POD_NAME_LABEL]}_${labels[POD_UID_LABEL]}`;
      const path = `${folder}/${containerLogPath(labels[CONTAINER_NAME_LABEL] ?? '', container.attempt)}`;
      if (await rotateLog(path, clock.now())) await runtime.reopenLog(container.id);
    }
  }

  async #collectImages(): Promise<void> {
    const { runtime, clock, imageFolder, keptImages, log } = this.#options;
    const [images, containers, disk] = await Promise.all([
      runtime.listImages(),
      runtime.listContainers(),
      statfs(imageFolder),
    ]);
    const inUse = new Set([
      ...containers.map((c) => c.imageRef),
      ...images.filter((i) => i.tags.some((t) => keptImages.includes(t))).map((i) => i.id),
    ]);
    const now = clock.now();
    this.#uses = trackImages(this.#uses, images, inUse, now);
    const use = { usedBytes: (disk.blocks - disk.bavail) * disk.bsize, capacityBytes: disk.blocks * disk.bsize };
    for (const id of imagesToRemove(images, this.#uses, inUse, use, now)) {
      log('info', 'removing an unused image', { id });
      await runtime.removeImage(id);
    }
  }
}
