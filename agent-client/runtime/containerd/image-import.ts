/**
 * Puts images into containerd without a registry, by its content and image services.
 * Source: containerd api/services/{content,images,leases}/v1.
 */
import type { GrpcChannel } from '../../grpc/grpc-channel.ts';
import { bytes, int32, int64, message, nested, string, stringMap } from '../../grpc/wire-message.ts';
import { RuntimeFailure } from '../port.ts';
import { type BuiltImage, INDEX_TYPE, MANIFEST_TYPE } from './oci-image.ts';
import { TarFile } from './tar.ts';

const WriteRequest = message({
  action: int32(1),
  ref: string(2),
  total: int64(3),
  expected: string(4),
  offset: int64(5),
  data: bytes(6),
  labels: stringMap(7),
});
const WriteReply = message({ action: int32(1), offset: int64(4), digest: string(6) });
const Descriptor = message({ mediaType: string(1), digest: string(2), size: int64(3) });
const Image = message({ name: string(1), labels: stringMap(2), target: nested(3, Descriptor) });
const ImageRequest = message({ image: nested(1, Image) });
const ImageReply = message({ image: nested(1, Image) });
const LeaseRequest = message({ id: string(1), labels: stringMap(3) });
const LeaseReply = message({});
const DeleteLeaseRequest = message({ id: string(1) });

const ACTION_WRITE = 1;
const ACTION_COMMIT = 2;
const CHUNK_BYTES = 1024 * 1024;
const CALL_TIMEOUT_MS = 60_000;
/** By which the CRI plugin knows images as its own. */
const MANAGED = { 'io.cri-containerd.image': 'managed' };

interface Source {
  size(digest: string): number | undefined;
  read(digest: string, from: number, length: number): Buffer;
}

interface Target {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Manifest {
  readonly config?: Target;
  readonly layers?: readonly Target[];
  readonly manifests?: readonly (Target & {
    readonly annotations?: Record<string, string>;
    readonly platform?: { architecture?: string; os?: string };
  })[];
}

/** A file that is no OCI archive, or lacks a part. The text is for users. */
export class BadArchive extends Error {}

/** Imports every image of an OCI archive; the answer are their names. */
export async function importArchive(channel: GrpcChannel, file: string): Promise<string[]> {
  let tar: TarFile;
  try {
    tar = new TarFile(file);
  } catch (error) {
    throw new BadArchive(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    const text = tar.text('index.json');
    if (text === undefined) throw new BadArchive(`${file} is not an OCI archive: it has no index.json`);
    const path = (digest: string): string => `blobs/${digest.replace(':', '/')}`;
    const source: Source = {
      size: (digest) => tar.size(path(digest)),
      read: (digest, from, length) => tar.read(path(digest), from, length),
    };
    return await importIndex(channel, source, JSON.parse(text) as Manifest, file);
  } finally {
    tar.close();
  }
}

/** Imports an image made here. */
export async function importBuilt(channel: GrpcChannel, image: BuiltImage): Promise<void> {
  const contents = new Map([...image.blobs, image.manifest].map((b) => [b.digest, b.content]));
  const source: Source = {
    size: (digest) => contents.get(digest)?.length,
    read: (digest, from, length) => (contents.get(digest) ?? Buffer.alloc(0)).subarray(from, from + length),
  };
  const target = { mediaType: MANIFEST_TYPE, digest: image.manifest.digest, size: image.manifest.content.length };
  await withLease(channel, image.manifest.digest, async () => {
    await writeTree(channel, source, target);
    await createImage(channel, image.name, target);
  });
}

async function importIndex(channel: GrpcChannel, source: Source, index: Manifest, file: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of index.manifests ?? []) {
    const name = imageName(entry.annotations ?? {});
    if (!name)
      throw new BadArchive(
        `${file}: an image has no name (annotation io.containerd.image.name or a full org.opencontainers.image.ref.name)`,
      );
    const target = { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
    await withLease(channel, entry.digest, async () => {
      await writeTree(channel, source, target);
      await createImage(channel, name, target);
    });
    names.push(name);
  }
  if (!names.length) throw new BadArchive(`${file} has no images`);
  return names;
}

/** skopeo writes a full name as ref.name, buildkit and docker write containerd's. */
function imageName(annotations: Readonly<Record<string, string>>): string | undefined {
  const own = annotations['io.containerd.image.name'];
  if (own) return own;
  const ref = annotations['org.opencontainers.image.ref.name'] ?? '';
  if (!/[/:]/.test(ref)) return undefined;
  const tagged = /:[^/]+$/.test(ref) ? ref : `${ref}:latest`;
  if (/^[^/]+\.[^/]+\/|^localhost(:\d+)?\/|^[^/]+:\d+\//.test(tagged)) return tagged;
  return tagged.includes('/') ? `docker.io/${tagged}` : `docker.io/library/${tagged}`;
}

/** Children first; each parent's labels keep its children from being collected. */
async function writeTree(channel: GrpcChannel, source: Source, target: Target): Promise<void> {
  const isParent =
    target.mediaType === MANIFEST_TYPE || target.mediaType === INDEX_TYPE || /manifest/.test(target.mediaType);
  const labels: Record<string, string> = {};
  if (isParent) {
    const size = source.size(target.digest) ?? 0;
    const manifest = JSON.parse(source.read(target.digest, 0, size).toString('utf8') || '{}') as Manifest;
    const children = [
      ...(manifest.config ? [['config', manifest.config] as const] : []),
      ...(manifest.layers ?? []).map((layer, i) => [`l.${i}`, layer] as const),
      ...(manifest.manifests ?? []).map((child, i) => [`m.${i}`, child] as const),
    ];
    for (const [key, child] of children) {
      // An archive need not hold every platform of an index.
      if (source.size(child.digest) === undefined && manifest.manifests) continue;
      await writeTree(channel, source, child);
      labels[`containerd.io/gc.ref.content.${key}`] = child.digest;
    }
  }
  await writeBlob(channel, source, target.digest, labels);
}

async function writeBlob(
  channel: GrpcChannel,
  source: Source,
  digest: string,
  labels: Record<string, string>,
): Promise<void> {
  const size = source.size(digest);
  if (size === undefined) throw new BadArchive(`the archive lacks ${digest}`);
  const upload = channel.upload('/containerd.services.content.v1.Content/Write', {
    request: WriteRequest,
    reply: WriteReply,
  });
  const common = { ref: `zeroplane-import-${digest}`, total: size, expected: digest };
  try {
    let offset = 0;
    while (size - offset > CHUNK_BYTES) {
      await upload.send({ ...common, action: ACTION_WRITE, offset, data: source.read(digest, offset, CHUNK_BYTES) });
      offset += CHUNK_BYTES;
    }
    await upload.send({
      ...common,
      action: ACTION_COMMIT,
      offset,
      data: source.read(digest, offset, size - offset),
      labels,
    });
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  } finally {
    upload.end();
  }
}

const isAlreadyThere = (error: unknown): boolean =>
  error instanceof RuntimeFailure && /already exists/.test(error.message);

async function createImage(channel: GrpcChannel, name: string, target: Target): Promise<void> {
  const image = { name, labels: MANAGED, target };
  const codec = { request: ImageRequest, reply: ImageReply };
  try {
    await channel.call('/containerd.services.images.v1.Images/Create', codec, { image }, CALL_TIMEOUT_MS);
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
    await channel.call('/containerd.services.images.v1.Images/Update', codec, { image }, CALL_TIMEOUT_MS);
  }
}

/** Nothing written under the lease is collected before the image refers to it. */
async function withLease(channel: GrpcChannel, digest: string, task: () => Promise<void>): Promise<void> {
  const id = `zeroplane-import-${digest.slice(-16)}`;
  const leases = '/containerd.services.leases.v1.Leases';
  const labels = { 'containerd.io/gc.expire': new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z') };
  try {
    await channel.call(
      `${leases}/Create`,
      { request: LeaseRequest, reply: LeaseReply },
      { id, labels },
      CALL_TIMEOUT_MS,
    );
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  }
  channel.useLease(id);
  try {
    await task();
  } finally {
    channel.useLease(undefined);
    await channel
      .call(`${leases}/Delete`, { request: DeleteLeaseRequest, reply: LeaseReply }, { id }, CALL_TIMEOUT_MS)
      .catch(() => undefined);
  }
}
