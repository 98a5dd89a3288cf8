/** Images in the OCI layout: made from files, and written as an archive. Source: OCI image-spec. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type TarEntry, writeTar } from './tar.ts';

export interface ImageDescription {
  /** Fully qualified, with tag: `docker.io/library/busybox:1.35`. */
  readonly name: string;
  readonly files: readonly TarEntry[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly exposedPorts?: readonly string[];
  readonly stopSignal?: string;
  /** Go's name: `amd64`. */
  readonly architecture: string;
}

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

export const digestOf = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

export interface Blob {
  readonly digest: string;
  readonly content: Buffer;
}

export interface BuiltImage {
  readonly name: string;
  readonly manifest: Blob;
  /** Config and layer. */
  readonly blobs: readonly Blob[];
}

const blob = (content: Buffer): Blob => ({ digest: digestOf(content), content });
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

export function buildImage(description: ImageDescription): BuiltImage {
  const tar = writeTar(description.files);
  const layer = blob(gzipSync(tar));
  const config = blob(
    json({
      architecture: description.architecture,
      os: 'linux',
      config: {
        Entrypoint: description.entrypoint,
        Cmd: description.command,
        Env: description.env ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        User: description.user,
        WorkingDir: description.workingDir,
        ExposedPorts: description.exposedPorts
          ? Object.fromEntries(description.exposedPorts.map((p) => [p, {}]))
          : undefined,
        StopSignal: description.stopSignal,
      },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
      history: [],
    }),
  );
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: CONFIG_TYPE, digest: config.digest, size: config.content.length },
      layers: [{ mediaType: LAYER_TYPE, digest: layer.digest, size: layer.content.length }],
    }),
  );
  return { name: description.name, manifest, blobs: [config, layer] };
}

/** An OCI archive (`docker load`, `skopeo`, `ctr images import` and we read it). */
export function writeOciArchive(images: readonly BuiltImage[]): Buffer {
  const blobs = new Map(images.flatMap((image) => [...image.blobs, image.manifest]).map((b) => [b.digest, b.content]));
  const index = {
    schemaVersion: 2,
    mediaType: INDEX_TYPE,
    manifests: images.map((image) => ({
      mediaType: MANIFEST_TYPE,
      digest: image.manifest.digest,
      size: image.manifest.content.length,
      annotations: {
        'io.containerd.image.name': image.name,
        'org.opencontainers.image.ref.name': image.name.slice(image.name.lastIndexOf(':') + 1),
      },
    })),
  };
  return writeTar([
    { path: 'oci-layout', mode: 0o644, content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', mode: 0o644, content: json(index) },
    { path: 'blobs', mode: 0o755, directory: true },
    { path: 'blobs/sha256', mode: 0o755, directory: true },
    ...[...blobs].map(([digest, content]) => ({
      path: `blobs/sha256/${digest.slice('sha256:'.length)}`,
      mode: 0o644,
      content,
    })),
  ]);
}
