import { type Payload, writeAtomically } from './atomic-writer.ts';
import { configMapContents, projectKeys } from './key-projection.ts';
import { volumeAt, type VolumeContext, volumeFailed, type VolumeReady, type VolumeType } from './volume.ts';

const DEFAULT_MODE = 0o644;

export const configMapVolume: VolumeType = {
  name: 'kubernetes.io~configmap',
  matches: (volume) => volume.configMap !== undefined,
  async setUp(volume, context) {
    const { name = '', items, defaultMode, optional } = volume.configMap ?? {};
    const object = await context.configMap(name);
    if (!object && !optional) return volumeFailed(`configmap "${name}" not found`);
    const projected = projectKeys({
      contents: configMapContents(object),
      items: object ? items : undefined,
      defaultMode: defaultMode ?? DEFAULT_MODE,
      optional: optional === true,
      missingKey: 'configmap references non-existent config key',
    });
    if (!projected.ok) return volumeFailed(projected.message);
    return writeFiles(context, projected.files);
  },
};

export async function writeFiles(context: VolumeContext, files: Payload): Promise<VolumeReady> {
  await writeAtomically(context.folder, files, { fsGroup: context.fsGroup });
  return volumeAt(context.folder);
}
