/**
 * Rules for the volume sources of particular storage products: kept because manifests that name them
 * must get upstream's answers. Source: kubernetes pkg/apis/core/validation (1.37).
 */
import { type FieldError, invalid, notSupported, required } from '../../../meta/field-error.ts';
import { inclusiveRangeError } from '../../../meta/name-rules.ts';
import type { Volume } from '../pod-types.ts';
import { validateDNS1123Label } from './names.ts';

type Source<N extends keyof Volume> = NonNullable<Volume[N]>;

/** One `Required value` for each empty field. */
function requireFields<T extends object>(
  source: T,
  fields: readonly (keyof T & string)[],
  path: string,
  errors: FieldError[],
): void {
  for (const name of fields) {
    const value = source[name] as unknown;
    if (!value || (Array.isArray(value) && value.length === 0)) errors.push(required(`${path}.${name}`));
  }
}

const requiring =
  <T extends object>(...fields: (keyof T & string)[]) =>
  (source: T, path: string, errors: FieldError[]): void =>
    requireFields(source, fields, path, errors);

function validateByte(value: number | undefined, low: number, path: string, errors: FieldError[]): void {
  if (value !== undefined && (value < 0 || value > 255)) {
    errors.push(invalid(path, value, inclusiveRangeError(low, 255)));
  }
}

const IQN = /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/;
const EUI = /^eui.[a-zA-Z0-9]{16}$/;
const NAA = /^naa.[a-zA-Z0-9]{32}$/;

/** Far above RFC 7143's 223 bytes. Upstream's pattern of an IQN may begin anywhere: it is not to be looked for in a book. */
const INITIATOR_CHARS_MAX = 4_096;

function validateInitiator(name: string, path: string, errors: FieldError[]): void {
  const rule = name.startsWith('iqn') ? IQN : name.startsWith('eui') ? EUI : name.startsWith('naa') ? NAA : undefined;
  if (!rule) errors.push(invalid(path, name, 'must be valid format starting with iqn, eui, or naa'));
  else if (name.length > INITIATOR_CHARS_MAX || !rule.test(name))
    errors.push(invalid(path, name, 'must be valid format'));
}

function validateIscsi(source: Source<'iscsi'>, path: string, errors: FieldError[]): void {
  requireFields(source, ['targetPortal', 'iqn'], path, errors);
  if (source.iqn) validateInitiator(source.iqn, `${path}.iqn`, errors);
  validateByte(source.lun, 0, `${path}.lun`, errors);
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef)
    errors.push(required(`${path}.secretRef`));
  if (source.initiatorName !== undefined) validateInitiator(source.initiatorName, `${path}.initiatorname`, errors);
}

function validateFibreChannel({ targetWWNs, wwids, lun }: Source<'fc'>, path: string, errors: FieldError[]): void {
  const at = `${path}.targetWWNs`;
  if (!targetWWNs?.length && !wwids?.length) {
    errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (!targetWWNs?.length) return;
  if (wwids?.length) errors.push(invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  if (lun === undefined) errors.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'));
  else validateByte(lun, 0, `${path}.lun`, errors);
}

const QUOBYTE_REGISTRY_TEXT = 'must be a host:port pair or multiple pairs separated by commas';

function validateQuobyte(source: Source<'quobyte'>, path: string, errors: FieldError[]): void {
  if (!source.registry) errors.push(required(`${path}.registry`, QUOBYTE_REGISTRY_TEXT));
  else if ((source.tenant?.length ?? 0) >= 65) {
    errors.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of source.registry.split(',')) {
      const isPair = /^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair);
      if (!isPair) errors.push(invalid(`${path}.registry`, source.registry, QUOBYTE_REGISTRY_TEXT));
    }
  }
  requireFields(source, ['volume'], path, errors);
}

function validateFlocker({ datasetName, datasetUUID }: Source<'flocker'>, path: string, errors: FieldError[]): void {
  if (!datasetName && !datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID) {
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName?.includes('/')) errors.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"));
}

function validateFlexVolume(source: Source<'flexVolume'>, path: string, errors: FieldError[]): void {
  requireFields(source, ['driver'], path, errors);
  for (const key of Object.keys(source.options ?? {})) {
    const namespace = `.${(key.split('/', 1)[0] as string).toLowerCase()}`;
    if (namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')) {
      errors.push(invalid(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'));
    }
  }
}

const MANAGED_DISK = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_DISK = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
const CACHING_MODES = ['None', 'ReadOnly', 'ReadWrite'];
const DISK_KINDS = ['Dedicated', 'Managed', 'Shared'];

function validateAzureDisk(source: Source<'azureDisk'>, path: string, errors: FieldError[]): void {
  const { cachingMode, kind, diskURI = '' } = source;
  requireFields(source, ['diskName', 'diskURI'], path, errors);
  if (cachingMode !== undefined && !CACHING_MODES.includes(cachingMode)) {
    errors.push(notSupported(`${path}.cachingMode`, cachingMode, CACHING_MODES));
  }
  if (kind === undefined) return;
  if (!DISK_KINDS.includes(kind)) errors.push(notSupported(`${path}.kind`, kind, DISK_KINDS));
  const [prefix, example] = kind === 'Managed' ? ['/subscriptions/', MANAGED_DISK] : ['https://', BLOB_DISK];
  if (!diskURI.startsWith(prefix)) errors.push(notSupported(`${path}.diskURI`, diskURI, [example]));
}

function validateStorageOs(source: Source<'storageos'>, path: string, errors: FieldError[]): void {
  if (!source.volumeName) errors.push(required(`${path}.volumeName`));
  else validateDNS1123Label(source.volumeName, `${path}.volumeName`, errors);
  if (source.volumeNamespace) validateDNS1123Label(source.volumeNamespace, `${path}.volumeNamespace`, errors);
  if (source.secretRef && !source.secretRef.name) errors.push(required(`${path}.secretRef.name`));
}

export const VENDOR_SOURCES = {
  gcePersistentDisk: (source: Source<'gcePersistentDisk'>, path: string, errors: FieldError[]): void => {
    requireFields(source, ['pdName'], path, errors);
    validateByte(source.partition, 1, `${path}.partition`, errors);
  },
  awsElasticBlockStore: (source: Source<'awsElasticBlockStore'>, path: string, errors: FieldError[]): void => {
    requireFields(source, ['volumeID'], path, errors);
    validateByte(source.partition, 1, `${path}.partition`, errors);
  },
  nfs: (source: Source<'nfs'>, path: string, errors: FieldError[]): void => {
    requireFields(source, ['server', 'path'], path, errors);
    const target = source.path ?? '';
    if (!target.startsWith('/')) errors.push(invalid(`${path}.path`, target, 'must be an absolute path'));
  },
  iscsi: validateIscsi,
  glusterfs: requiring<Source<'glusterfs'>>('endpoints', 'path'),
  flocker: validateFlocker,
  rbd: requiring<Source<'rbd'>>('monitors', 'image'),
  cinder: (source: Source<'cinder'>, path: string, errors: FieldError[]): void => {
    requireFields(source, ['volumeID'], path, errors);
    if (source.secretRef && !source.secretRef.name) errors.push(required(`${path}.secretRef.name`));
  },
  cephfs: requiring<Source<'cephfs'>>('monitors'),
  quobyte: validateQuobyte,
  fc: validateFibreChannel,
  flexVolume: validateFlexVolume,
  azureFile: requiring<Source<'azureFile'>>('secretName', 'shareName'),
  vsphereVolume: requiring<Source<'vsphereVolume'>>('volumePath'),
  photonPersistentDisk: requiring<Source<'photonPersistentDisk'>>('pdID'),
  portworxVolume: requiring<Source<'portworxVolume'>>('volumeID'),
  azureDisk: validateAzureDisk,
  storageos: validateStorageOs,
  scaleIO: requiring<Source<'scaleIO'>>('gateway', 'system', 'volumeName'),
};
