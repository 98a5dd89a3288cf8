import { podSpec } from '../pods/pod.ts';
import type { ProjectedFile } from './atomic-writer.ts';
import { writeFiles } from './config-map.ts';
import { projectFields } from './downward-api.ts';
import { configMapContents, type Projection, projectKeys, secretContents } from './key-projection.ts';
import { mountTmpfs } from './tmpfs.ts';
import { type Volume, type VolumeContext, volumeFailed, type VolumeType } from './volume.ts';

const DEFAULT_MODE = 0o644;
/** A token's file when only its pod's user or group shall read it. */
const PRIVATE_MODE = 0o600;
const TOKEN_SECONDS = 3600;

type Source = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

/** Several sources in one folder. Source: pkg/volume/projected. */
export const projectedVolume: VolumeType = {
  name: 'kubernetes.io~projected',
  matches: (volume) => volume.projected !== undefined,
  async setUp(volume, context) {
    const { sources = [], defaultMode } = volume.projected ?? {};
    const files = new Map<string, ProjectedFile>();
    for (const source of sources) {
      const part = await projectSource(source, context, defaultMode ?? DEFAULT_MODE);
      if (!part.ok) return volumeFailed(part.message);
      for (const [path, file] of part.files) files.set(path, file);
    }
    await mountTmpfs(context.folder, undefined);
    return writeFiles(context, files);
  },
};

const NOTHING: Projection = { ok: true, files: new Map() };

async function projectSource(source: Source, context: VolumeContext, defaultMode: number): Promise<Projection> {
  if (source.configMap) {
    const { name = '', items, optional } = source.configMap;
    const object = await context.configMap(name);
    if (!object) return optional ? NOTHING : { ok: false, message: `configmap "${name}" not found` };
    const missingKey = 'configmap references non-existent config key';
    return projectKeys({
      contents: configMapContents(object),
      items,
      defaultMode,
      optional: optional === true,
      missingKey,
    });
  }
  if (source.secret) {
    const { name = '', items, optional } = source.secret;
    const object = await context.secret(name);
    if (!object) return optional ? NOTHING : { ok: false, message: `secret "${name}" not found` };
    const missingKey = 'references non-existent secret key';
    return projectKeys({
      contents: secretContents(object),
      items,
      defaultMode,
      optional: optional === true,
      missingKey,
    });
  }
  if (source.downwardAPI) return projectFields(context.pod, context.facts, source.downwardAPI.items ?? [], defaultMode);
  if (source.serviceAccountToken) return projectToken(source.serviceAccountToken, context, defaultMode);
  return { ok: false, message: `unsupported projected volume source: ${Object.keys(source).join(', ')}` };
}

async function projectToken(
  source: NonNullable<Source['serviceAccountToken']>,
  context: VolumeContext,
  defaultMode: number,
): Promise<Projection> {
  const token = await context.token({
    pod: context.pod,
    audience: source.audience,
    expirationSeconds: source.expirationSeconds ?? TOKEN_SECONDS,
  });
  if (!token.ok) return { ok: false, message: `failed to fetch token: ${token.status.message ?? 'unknown reason'}` };
  const uid = commonUser(context);
  const mode = uid !== undefined || context.fsGroup !== undefined ? PRIVATE_MODE : defaultMode;
  return { ok: true, files: new Map([[source.path, { content: Buffer.from(token.value.token), mode, uid }]]) };
}

/** The one user all containers run as, when they agree. */
function commonUser(context: VolumeContext): number | undefined {
  const spec = podSpec(context.pod);
  const users = [...spec.containers, ...(spec.initContainers ?? [])].map(
    (c) => c.securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  const [first] = users;
  return users.every((user) => user === first) ? first : undefined;
}
