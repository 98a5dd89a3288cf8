/** Rules for a pod's volumes. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from '../../../meta/field-error.ts';
import { isDNS1123Label, isDNS1123Subdomain, nameIsDNSSubdomain } from '../../../meta/name-rules.ts';
import { goQuote } from '../../../meta/go-format.ts';
import type { ObjectMeta } from '../../../meta/object-meta.ts';
import { quantity } from '../pod-resource-list.ts';
import type { Volume } from '../pod-types.ts';
import { validateClaimTemplate } from './claim-template.ts';
import { pushInvalid } from './names.ts';
import type { PodValidationOptions } from './options.ts';
import {
  FILE_MODE_TEXT,
  isFileMode,
  validateDownwardFile,
  validateKeyToPath,
  validateProjected,
} from './projected-volumes.ts';
import { validateLocalDescendingPath, validatePathNoBacksteps } from './relative-paths.ts';
import { VENDOR_SOURCES } from './vendor-volumes.ts';

/** The volumes without errors of their own, by name: what mounts may refer to. */
export type KnownVolumes = ReadonlyMap<string, Volume>;

interface VolumeContext {
  readonly volume: Volume;
  readonly metadata: ObjectMeta | undefined;
  readonly options: PodValidationOptions;
}

type SourceName = Exclude<keyof Volume, 'name'>;
type SourceRule = (source: never, path: string, errors: FieldError[], context: VolumeContext) => void;
interface SourceKind {
  readonly name: SourceName;
  readonly validate: SourceRule;
  /** Upstream misspells a few fields in its messages. */
  readonly shownAs?: string;
  readonly shownAsSurplus?: string;
}

const kind = <N extends SourceName>(
  name: N,
  validate: (source: NonNullable<Volume[N]>, path: string, errors: FieldError[], context: VolumeContext) => void,
  shown: Pick<SourceKind, 'shownAs' | 'shownAsSurplus'> = {},
): SourceKind => ({ name, validate: validate, ...shown });

/** In upstream's order: of several sources the first counts, the others are surplus. */
const SOURCES: readonly SourceKind[] = [
  kind('emptyDir', validateEmptyDir),
  kind('hostPath', validateHostPath),
  kind('gitRepo', (source, path, errors) => {
    if (!source.repository) errors.push(required(`${path}.repository`));
    validateLocalDescendingPath(source.directory ?? '', `${path}.directory`, errors);
  }),
  kind('gcePersistentDisk', VENDOR_SOURCES.gcePersistentDisk, { shownAs: 'persistentDisk' }),
  kind('awsElasticBlockStore', VENDOR_SOURCES.awsElasticBlockStore),
  kind('secret', (source, path, errors) =>
    validateKeyed(source.secretName, source, `${path}.secretName`, path, errors),
  ),
  kind('nfs', VENDOR_SOURCES.nfs),
  kind('iscsi', VENDOR_SOURCES.iscsi),
  kind('glusterfs', VENDOR_SOURCES.glusterfs),
  kind('flocker', VENDOR_SOURCES.flocker),
  kind('persistentVolumeClaim', (source, path, errors) => {
    if (!source.claimName) errors.push(required(`${path}.claimName`));
  }),
  kind('rbd', VENDOR_SOURCES.rbd),
  kind('cinder', VENDOR_SOURCES.cinder),
  kind('cephfs', VENDOR_SOURCES.cephfs, { shownAsSurplus: 'cephFS' }),
  kind('quobyte', VENDOR_SOURCES.quobyte),
  kind('downwardAPI', validateDownwardApi, { shownAsSurplus: 'downwarAPI' }),
  kind('fc', VENDOR_SOURCES.fc),
  kind('flexVolume', VENDOR_SOURCES.flexVolume),
  kind('configMap', (source, path, errors) => validateKeyed(source.name, source, `${path}.name`, path, errors)),
  kind('azureFile', VENDOR_SOURCES.azureFile),
  kind('vsphereVolume', VENDOR_SOURCES.vsphereVolume),
  kind('photonPersistentDisk', VENDOR_SOURCES.photonPersistentDisk),
  kind('portworxVolume', VENDOR_SOURCES.portworxVolume),
  kind('azureDisk', VENDOR_SOURCES.azureDisk),
  kind('storageos', VENDOR_SOURCES.storageos),
  kind('projected', (source, path, errors, { options }) => validateProjected(source, path, options, errors)),
  kind('scaleIO', VENDOR_SOURCES.scaleIO),
  kind('csi', validateCsi),
  kind('ephemeral', validateEphemeral),
  kind('image', (source, path, errors, { options }) => {
    if (!source.reference && !options.allowEmptyImageVolumeReference) errors.push(required(`${path}.reference`));
    validatePullPolicy(source.pullPolicy, `${path}.pullPolicy`, errors);
  }),
];

/** `metadata` is the pod's; absent for templates. Returns what mounts may refer to. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  metadata: ObjectMeta | undefined,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): KnownVolumes {
  const known = new Map<string, Volume>();
  if (!volumes?.length) return known;
  const createdClaims = claimsCreatedFor(volumes, metadata);
  volumes.forEach((volume, i) => {
    const at = `${path}[${i}]`;
    const own: FieldError[] = [];
    validateSource({ volume, metadata, options }, at, own);
    if (!volume.name) own.push(required(`${at}.name`));
    else pushInvalid(isDNS1123Label(volume.name), volume.name, `${at}.name`, own);
    if (known.has(volume.name)) own.push(duplicate(`${at}.name`, volume.name));
    if (own.length === 0) known.set(volume.name, volume);
    else pushAll(errors, own);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && createdClaims.has(claim)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim, detail));
    }
  });
  return known;
}

function claimsCreatedFor(volumes: readonly Volume[], metadata: ObjectMeta | undefined): ReadonlySet<string> {
  const name = metadata?.name;
  if (!name) return new Set();
  return new Set(volumes.filter((volume) => volume.ephemeral).map((volume) => `${name}-${volume.name}`));
}

function validateSource(context: VolumeContext, path: string, errors: FieldError[]): void {
  const { volume } = context;
  let count = 0;
  for (const { name, validate, shownAs, shownAsSurplus } of SOURCES) {
    const source = volume[name];
    if (source === undefined || source === null) continue;
    if (++count > 1) {
      errors.push(forbiddenField(`${path}.${shownAsSurplus ?? name}`, 'may not specify more than 1 volume type'));
    } else validate(source as never, `${path}.${shownAs ?? name}`, errors, context);
    if (name === 'iscsi') validateIscsiName(volume, path, errors);
  }
  if (count === 0) errors.push(required(path, 'must specify a volume type'));
}

function validateIscsiName({ name, iscsi }: Volume, path: string, errors: FieldError[]): void {
  if (iscsi?.initiatorName === undefined || `${name}:${iscsi.targetPortal}`.length <= 64) return;
  const detail =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  errors.push(invalid(`${path}.name`, name, detail));
}

function validateEmptyDir({ sizeLimit }: NonNullable<Volume['emptyDir']>, path: string, errors: FieldError[]): void {
  if (sizeLimit !== undefined && quantity(sizeLimit).unscaled < 0n) {
    errors.push(forbiddenField(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
  }
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

function validateHostPath(source: NonNullable<Volume['hostPath']>, path: string, errors: FieldError[]): void {
  if (!source.path) return void errors.push(required(`${path}.path`));
  validatePathNoBacksteps(source.path, `${path}.path`, errors);
  const type = source.type;
  if (type !== undefined && !HOST_PATH_TYPES.includes(type))
    errors.push(notSupported(`${path}.type`, type, HOST_PATH_TYPES));
}

function validateKeyed(
  name: string | undefined,
  source: Pick<NonNullable<Volume['secret']>, 'defaultMode' | 'items'>,
  namePath: string,
  path: string,
  errors: FieldError[],
): void {
  if (!name) errors.push(required(namePath));
  if (!isFileMode(source.defaultMode)) errors.push(invalid(`${path}.defaultMode`, source.defaultMode, FILE_MODE_TEXT));
  source.items?.forEach((item, i) => validateKeyToPath(item, `${path}.items[${i}]`, errors));
}

/** Upstream reports a file's errors at the volume's path. */
function validateDownwardApi(source: NonNullable<Volume['downwardAPI']>, path: string, errors: FieldError[]): void {
  if (!isFileMode(source.defaultMode)) errors.push(invalid(`${path}.defaultMode`, source.defaultMode, FILE_MODE_TEXT));
  for (const file of source.items ?? []) validateDownwardFile(file, path, errors);
}

const CSI_DRIVER_BYTES_MAX = 63;

function validateCsi(source: NonNullable<Volume['csi']>, path: string, errors: FieldError[]): void {
  const { driver, nodePublishSecretRef } = source;
  if (!driver) errors.push(required(`${path}.driver`));
  else {
    if (driver.length > CSI_DRIVER_BYTES_MAX) {
      const body = `Too long: may not be more than ${CSI_DRIVER_BYTES_MAX} bytes`;
      errors.push({ type: 'FieldValueTooLong', field: `${path}.driver`, body });
    }
    pushInvalid(isDNS1123Subdomain(driver.toLowerCase()), driver, `${path}.driver`, errors);
  }
  if (!nodePublishSecretRef) return;
  const { name } = nodePublishSecretRef;
  if (!name) errors.push(required(`${path}.nodePublishSecretRef.name`));
  else pushInvalid(nameIsDNSSubdomain(name, false), name, `${path}.name`, errors);
}

function validateEphemeral(
  source: NonNullable<Volume['ephemeral']>,
  path: string,
  errors: FieldError[],
  { volume, metadata }: VolumeContext,
): void {
  if (!source.volumeClaimTemplate) errors.push(required(`${path}.volumeClaimTemplate`));
  else validateClaimTemplate(source.volumeClaimTemplate, `${path}.volumeClaimTemplate`, errors);
  if (!metadata?.name || !volume.name) return;
  const claim = `${metadata.name}-${volume.name}`;
  for (const message of isDNS1123Subdomain(claim)) {
    const namePath = `${path.slice(0, -'.ephemeral'.length)}.name`;
    errors.push(invalid(namePath, volume.name, `PVC name ${goQuote(claim)}: ${message}`));
  }
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

export function validatePullPolicy(policy: string | undefined, path: string, errors: FieldError[]): void {
  if (!policy) errors.push(required(path));
  else if (!PULL_POLICIES.includes(policy)) errors.push(notSupported(path, policy, PULL_POLICIES));
}
