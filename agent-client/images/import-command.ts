/** `import-image`: loads an OCI archive into the node's own containerd. */
import { pause, systemClock } from '../clock.ts';
import { containerdPaths } from '../runtime/containerd/containerd-config.ts';
import { importArchive } from '../runtime/containerd/image-import.ts';
import { CriRuntime } from '../runtime/cri/cri-runtime.ts';
import { GrpcChannel } from '../grpc/grpc-channel.ts';

const CRI_NAMESPACE = 'k8s.io';
const SEEN_TIMEOUT_MS = 10_000;
const LOOK_MS = 50;

export interface ImportOptions {
  readonly dataDir: string;
  readonly file: string;
  /** Someone else's containerd; absent: the one under `dataDir`. */
  readonly endpoint?: string;
}

/** The names of the images imported. Throws BadArchive, or RuntimeFailure when the runtime does not answer. */
export async function importImage(options: ImportOptions): Promise<string[]> {
  const endpoint = options.endpoint ?? `unix://${containerdPaths(options.dataDir).socket}`;
  const channel = new GrpcChannel(endpoint, CRI_NAMESPACE);
  const runtime = new CriRuntime({
    channel: new GrpcChannel(endpoint),
    containerdEvents: false,
    after: (ms, task) => systemClock.after(ms, task),
  });
  try {
    const names = await importArchive(channel, options.file);
    // CRI learns of images by events: a pod started right after this must find them.
    const until = systemClock.now() + SEEN_TIMEOUT_MS;
    for (const name of names) {
      while (!(await runtime.image(name)) && systemClock.now() < until) await pause(systemClock, LOOK_MS);
    }
    return names;
  } finally {
    channel.close();
    await runtime.close();
  }
}
