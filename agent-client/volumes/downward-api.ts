import { type NodeFacts, podField, resourceField } from '../pods/downward-fields.ts';
import { type Pod, podSpec } from '../pods/pod.ts';
import { type ProjectedFile, unsafePath } from './atomic-writer.ts';
import { writeFiles } from './config-map.ts';
import type { Projection } from './key-projection.ts';
import { type Volume, volumeFailed, type VolumeType } from './volume.ts';

const DEFAULT_MODE = 0o644;

type Items = NonNullable<NonNullable<Volume['downwardAPI']>['items']>;

export const downwardApiVolume: VolumeType = {
  name: 'kubernetes.io~downward-api',
  matches: (volume) => volume.downwardAPI !== undefined,
  async setUp(volume, context) {
    const { items = [], defaultMode } = volume.downwardAPI ?? {};
    const projected = projectFields(context.pod, context.facts, items, defaultMode ?? DEFAULT_MODE);
    return projected.ok ? writeFiles(context, projected.files) : volumeFailed(projected.message);
  },
};

/** Source: pkg/volume/downwardapi CollectData. */
export function projectFields(pod: Pod, facts: NodeFacts, items: Items, defaultMode: number): Projection {
  const files = new Map<string, ProjectedFile>();
  for (const item of items) {
    const unsafe = unsafePath(item.path);
    if (unsafe) return { ok: false, message: unsafe };
    const value = itemValue(pod, facts, item);
    if (value === undefined) return { ok: false, message: `unsupported field of downwardAPI item ${item.path}` };
    files.set(item.path, { content: Buffer.from(value, 'utf8'), mode: item.mode ?? defaultMode });
  }
  return { ok: true, files };
}

function itemValue(pod: Pod, facts: NodeFacts, item: Items[number]): string | undefined {
  if (item.fieldRef) return podField(pod, item.fieldRef.fieldPath, facts);
  const { containerName, resource = '', divisor } = item.resourceFieldRef ?? {};
  const spec = podSpec(pod);
  const container = [...spec.containers, ...(spec.initContainers ?? [])].find((c) => c.name === containerName);
  return container && resourceField(container, resource, divisor, facts);
}
