import { writeFiles } from './config-map.ts';
import { projectKeys, secretContents } from './key-projection.ts';
import { volumeFailed, type VolumeType } from './volume.ts';
import { mountTmpfs } from './tmpfs.ts';

const DEFAULT_MODE = 0o644;

export const secretVolume: VolumeType = {
  name: 'kubernetes.io~secret',
  matches: (volume) => volume.secret !== undefined,
  async setUp(volume, context) {
    const { secretName: name = '', items, defaultMode, optional } = volume.secret ?? {};
    const object = await context.secret(name);
    if (!object && !optional) return volumeFailed(`secret "${name}" not found`);
    const projected = projectKeys({
      contents: secretContents(object),
      items: object ? items : undefined,
      defaultMode: defaultMode ?? DEFAULT_MODE,
      optional: optional === true,
      missingKey: 'references non-existent secret key',
    });
    if (!projected.ok) return volumeFailed(projected.message);
    // Secrets never reach a disk.
    await mountTmpfs(context.folder, undefined);
    return writeFiles(context, projected.files);
  },
};
