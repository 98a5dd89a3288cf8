/** Validation of volumes. Source: pkg/apis/core/validation ValidatePersistentVolume…, pkg/volume/validation. */
import { pushAll } from '../../meta/push-all.ts';
import type { IPersistentVolume } from 'kubernetes-models/v1/PersistentVolume';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { isDNS1123Label, isDNS1123Subdomain, isValidLabelValue } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import { formatQuantity, quantitySign } from '../../meta/quantity.ts';
import { dns1123LabelErrors, dns1123SubdomainErrors, quantityAt } from '../field-checks.ts';
import { basicAmountErrors } from './persistent-volume-claim-validation.ts';
import { validateNodeSelector } from './pod-validation/affinity.ts';
import { goMap } from './pod-validation/go-struct.ts';
import { validatePathNoBacksteps } from './pod-validation/relative-paths.ts';
import { unifiedJsonDiff } from './pod-validation/unified-diff.ts';
import { VENDOR_SOURCES } from './pod-validation/vendor-volumes.ts';
import { printVolumeAffinity, printVolumeSources } from './storage-structs.ts';

type Volume = Typed<IPersistentVolume>;
type Spec = NonNullable<Volume['spec']>;
type Affinity = Spec['nodeAffinity'];
type Rule = (source: never, field: string, errors: FieldError[], volumeName: string) => void;

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];
const VOLUME_MODES = ['Block', 'Filesystem'];
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
const DRIVER_NAME_BYTES_MAX = 63;
const INITIATED_NAME_CHARS_MAX = 64;
const MOUNT_OPTIONS_ANNOTATION = 'volume.beta.kubernetes.io/mount-options';

/** Sources that can be mounted with options. */
const MOUNTABLE: readonly (keyof Spec)[] = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
];

interface SecretReference {
  name?: string;
  namespace?: string;
}

function requireReference(reference: SecretReference | undefined, field: string, errors: FieldError[]): void {
  if (!reference) return;
  if (!reference.name) errors.push(required(`${field}.name`));
  if (!reference.namespace) errors.push(required(`${field}.namespace`));
}

/** The name of a CSI driver, at `field`. */
export function csiDriverNameErrors(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)];
  return [
    ...(byteLength(name) > DRIVER_NAME_BYTES_MAX ? [tooLong(field, DRIVER_NAME_BYTES_MAX)] : []),
    ...isDNS1123Subdomain(name.toLowerCase()).map((text) => invalid(field, name, text)),
  ];
}

function secretReferenceErrors(reference: SecretReference | undefined, field: string): FieldError[] {
  if (!reference) return [];
  const { name = '', namespace = '' } = reference;
  return [
    ...(name ? dns1123SubdomainErrors(name, `${field}.name`) : [required(`${field}.name`)]),
    ...(namespace ? dns1123LabelErrors(namespace, `${field}.namespace`) : [required(`${field}.namespace`)]),
  ];
}

const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateCsi(source: NonNullable<Spec['csi']>, field: string, errors: FieldError[]): void {
  pushAll(errors, csiDriverNameErrors(source.driver ?? '', `${field}.driver`));
  if (!source.volumeHandle) errors.push(required(`${field}.volumeHandle`));
  for (const name of CSI_SECRETS) pushAll(errors, secretReferenceErrors(source[name], `${field}.${name}`));
}

function validatePath(path: string | undefined, field: string, errors: FieldError[]): boolean {
  if (path) validatePathNoBacksteps(path, field, errors);
  else errors.push(required(field));
  return Boolean(path);
}

function validateHostPath(source: NonNullable<Spec['hostPath']>, field: string, errors: FieldError[]): void {
  if (!validatePath(source.path, `${field}.path`, errors)) return;
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type)) {
    errors.push(notSupported(`${field}.type`, source.type, HOST_PATH_TYPES));
  }
}

function validateGlusterfs(source: NonNullable<Spec['glusterfs']>, field: string, errors: FieldError[]): void {
  const { endpoints, path, endpointsNamespace: namespace } = source;
  if (!endpoints) errors.push(required(`${field}.endpoints`));
  if (!path) errors.push(required(`${field}.path`));
  if (namespace === undefined) return;
  const at = `${field}.endpointsNamespace`;
  if (namespace === '')
    errors.push(invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'));
  else
    pushAll(
      errors,
      isDNS1123Label(namespace).map((text) => invalid(at, namespace, text)),
    );
}

function validateIscsi(
  source: NonNullable<Spec['iscsi']>,
  field: string,
  errors: FieldError[],
  volumeName: string,
): void {
  const { initiatorName, secretRef } = source;
  const targetPortal = (source.targetPortal as string | undefined) ?? '';
  if (initiatorName !== undefined && `${volumeName}:${targetPortal}`.length > INITIATED_NAME_CHARS_MAX) {
    const text =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(invalid(`${field}.targetportal`, targetPortal, text));
  }
  const found: FieldError[] = [];
  VENDOR_SOURCES.iscsi({ ...source, secretRef: secretRef && { name: secretRef.name } }, field, found);
  // Here upstream's text is shorter than for the volumes of pods.
  pushAll(
    errors,
    found.map((error) => ({ ...error, body: error.body.replace(' starting with iqn, eui, or naa', '') })),
  );
  if (secretRef && !secretRef.name) errors.push(required(`${field}.secretRef.name`));
}

function validateAzureFile(source: NonNullable<Spec['azureFile']>, field: string, errors: FieldError[]): void {
  VENDOR_SOURCES.azureFile(source, field, errors);
  if (source.secretNamespace === '') errors.push(required(`${field}.secretNamespace`));
}

function validateCinder(source: NonNullable<Spec['cinder']>, field: string, errors: FieldError[]): void {
  if (!source.volumeID) errors.push(required(`${field}.volumeID`));
  requireReference(source.secretRef, `${field}.secretRef`, errors);
}

function validateStorageOs(source: NonNullable<Spec['storageos']>, field: string, errors: FieldError[]): void {
  if (!source.volumeName) errors.push(required(`${field}.volumeName`));
  else pushAll(errors, dns1123LabelErrors(source.volumeName, `${field}.volumeName`));
  if (source.volumeNamespace) pushAll(errors, dns1123LabelErrors(source.volumeNamespace, `${field}.volumeNamespace`));
  requireReference(source.secretRef, `${field}.secretRef`, errors);
}

const validateLocal = (source: NonNullable<Spec['local']>, field: string, errors: FieldError[]): void => {
  validatePath(source.path, `${field}.path`, errors);
};

/** The volume sources in upstream's order, each with the field its errors name. */
const SOURCES: readonly [keyof Spec, string, Rule][] = [
  ['hostPath', 'hostPath', validateHostPath],
  ['gcePersistentDisk', 'persistentDisk', VENDOR_SOURCES.gcePersistentDisk],
  ['awsElasticBlockStore', 'awsElasticBlockStore', VENDOR_SOURCES.awsElasticBlockStore],
  ['glusterfs', 'glusterfs', validateGlusterfs],
  ['flocker', 'flocker', VENDOR_SOURCES.flocker],
  ['nfs', 'nfs', VENDOR_SOURCES.nfs],
  ['rbd', 'rbd', VENDOR_SOURCES.rbd],
  ['quobyte', 'quobyte', VENDOR_SOURCES.quobyte],
  ['cephfs', 'cephfs', VENDOR_SOURCES.cephfs],
  ['iscsi', 'iscsi', validateIscsi],
  ['cinder', 'cinder', validateCinder],
  ['fc', 'fc', VENDOR_SOURCES.fc],
  ['flexVolume', 'flexVolume', VENDOR_SOURCES.flexVolume],
  ['azureFile', 'azureFile', validateAzureFile],
  ['vsphereVolume', 'vsphereVolume', VENDOR_SOURCES.vsphereVolume],
  ['photonPersistentDisk', 'photonPersistentDisk', VENDOR_SOURCES.photonPersistentDisk],
  ['portworxVolume', 'portworxVolume', VENDOR_SOURCES.portworxVolume],
  ['azureDisk', 'azureDisk', VENDOR_SOURCES.azureDisk],
  ['scaleIO', 'scaleIO', VENDOR_SOURCES.scaleIO],
  ['local', 'local', validateLocal],
  ['storageos', 'storageos', validateStorageOs],
  ['csi', 'csi', validateCsi],
];

const SOURCE_NAMES = SOURCES.map(([name]) => name);

function sourceErrors(spec: Spec, volumeName: string): FieldError[] {
  const errors: FieldError[] = [];
  const given = SOURCES.filter(([name]) => spec[name] !== undefined);
  given.forEach(([name, field, rule], i) => {
    if (i > 0 && name !== 'flexVolume') {
      const at = name === 'gcePersistentDisk' ? name : name === 'cephfs' ? 'cephFS' : field;
      errors.push(forbiddenField(`spec.${at}`, 'may not specify more than 1 volume type'));
      return;
    }
    rule(spec[name] as never, `spec.${field}`, errors, volumeName);
    if (name === 'local' && !spec.nodeAffinity) {
      errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
    }
  });
  if (given.length === 0) errors.push(required('spec', 'must specify a volume type'));
  return errors;
}

function accessModeErrors({ accessModes = [] }: Spec): FieldError[] {
  const field = 'spec.accessModes';
  if (accessModes.length === 0) return [required(field)];
  const errors = accessModes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(field, mode, ACCESS_MODES));
  const others = accessModes.filter((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
  if (!accessModes.includes('ReadWriteOncePod') || others.length === 0) return errors;
  return [...errors, forbiddenField(field, 'may not use ReadWriteOncePod with other access modes')];
}

function capacityErrors({ capacity }: Spec): FieldError[] {
  const field = 'spec.capacity';
  const names = Object.keys(capacity ?? {});
  return [
    ...(names.length === 0 ? [required(field)] : []),
    ...(names.length === 1 && names[0] === 'storage' ? [] : [notSupported(field, goMap(capacity), ['storage'])]),
    ...Object.entries(capacity ?? {}).flatMap(([name, value]) => {
      const at = `${field}[${name}]`;
      const quantity = quantityAt(value);
      const isPositive = !quantity || quantitySign(quantity) > 0;
      return [
        ...basicAmountErrors(value, at),
        ...(isPositive ? [] : [invalid(at, formatQuantity(quantity), 'must be greater than zero')]),
      ];
    }),
  ];
}

/** Values stored under older, laxer rules may stay. */
const hasInvalidValue = (affinity: Affinity): boolean =>
  (affinity?.required?.nodeSelectorTerms ?? []).some(({ matchExpressions = [] }) =>
    matchExpressions.some(({ values = [] }) => values.some((value) => isValidLabelValue(value).length > 0)),
  );

function affinityErrors({ nodeAffinity }: Spec, previous: Volume | undefined): FieldError[] {
  if (!nodeAffinity) return [];
  const errors: FieldError[] = [];
  const field = 'spec.nodeAffinity.required';
  if (nodeAffinity.required)
    validateNodeSelector(nodeAffinity.required, field, hasInvalidValue(previous?.spec?.nodeAffinity), errors);
  else errors.push(required(field, 'must specify required node constraints'));
  return errors;
}

/** A path that means the root. */
const isRoot = (path: string): boolean =>
  path.split('/').every((part) => part === '' || part === '.') && path.startsWith('/');

function restErrors(spec: Spec): FieldError[] {
  const {
    hostPath,
    persistentVolumeReclaimPolicy: policy,
    storageClassName,
    volumeMode,
    volumeAttributesClassName: className,
  } = spec;
  const errors: FieldError[] = [];
  if (hostPath && isRoot(hostPath.path ?? '') && policy === 'Recycle') {
    errors.push(
      forbiddenField('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"),
    );
  }
  if (storageClassName) pushAll(errors, dns1123SubdomainErrors(storageClassName, 'spec.storageClassName'));
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) {
    errors.push(notSupported('spec.volumeMode', volumeMode, VOLUME_MODES));
  }
  if (className === undefined) return errors;
  const field = 'spec.volumeAttributesClassName';
  pushAll(
    errors,
    className ? dns1123SubdomainErrors(className, field) : [required(field, 'an empty string is disallowed')],
  );
  if (!spec.csi) errors.push(required('spec.csi', 'has to be specified when using volumeAttributesClassName'));
  return errors;
}

function validateSpec(spec: Spec, name: string, previous: Volume | undefined): FieldError[] {
  const policy = spec.persistentVolumeReclaimPolicy;
  return [
    ...accessModeErrors(spec),
    ...capacityErrors(spec),
    ...(policy && !RECLAIM_POLICIES.includes(policy)
      ? [notSupported('spec.persistentVolumeReclaimPolicy', policy, RECLAIM_POLICIES)]
      : []),
    ...affinityErrors(spec, previous),
    ...sourceErrors(spec, name),
    ...restErrors(spec),
  ];
}

/** Errors of a volume described in place (in a VolumeAttachment), at `field`: a CSI source and little else. */
export function inlineVolumeErrors(spec: Spec, field: string): FieldError[] {
  const notHere = 'may not be specified in the context of inline volumes';
  const { persistentVolumeReclaimPolicy: policy, volumeMode } = spec;
  const errors: FieldError[] = [];
  if (spec.claimRef) errors.push(forbiddenField('spec.claimRef', notHere));
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(forbiddenField('spec.capacity', notHere));
  if (!spec.csi) errors.push(required('spec.csi', 'has to be specified in the context of inline volumes'));
  pushAll(errors, accessModeErrors(spec));
  if (policy && policy !== 'Retain') {
    errors.push(
      forbiddenField('spec.persistentVolumeReclaimPolicy', 'may only be Retain in the context of inline volumes'),
    );
  }
  if (spec.nodeAffinity) errors.push(forbiddenField('spec.nodeAffinity', notHere));
  pushAll(errors, sourceErrors(spec, ''));
  if (spec.storageClassName) errors.push(forbiddenField('spec.storageClassName', notHere));
  if (volumeMode !== undefined && volumeMode !== 'Filesystem') {
    const text = 'may not specify volumeMode other than Filesystem in the context of inline volumes';
    errors.push(forbiddenField('spec.volumeMode', text));
  }
  return errors.map((error) => ({ ...error, field: error.field.replace(/^spec/, field) }));
}

function mountOptionErrors({ metadata, spec = {} }: Volume): FieldError[] {
  if (metadata.annotations?.[MOUNT_OPTIONS_ANNOTATION] === undefined) return [];
  if (MOUNTABLE.some((name) => spec[name] !== undefined)) return [];
  return [
    forbiddenField(
      `metadata.annotations.${MOUNT_OPTIONS_ANNOTATION}`,
      'may not specify mount options for this volume type',
    ),
  ];
}

/** All errors of a volume but those of an update. */
export const validateVolume = (volume: Volume, previous: Volume | undefined): FieldError[] => [
  ...validateSpec(volume.spec ?? {}, volume.metadata.name ?? '', previous),
  ...mountOptionErrors(volume),
];

const sourcesOf = (spec: Spec | undefined): Spec =>
  Object.fromEntries(SOURCE_NAMES.flatMap((name) => (spec?.[name] === undefined ? [] : [[name, spec[name]]])));

function sourceChanges(next: Volume, previous: Volume): FieldError[] {
  const before = sourcesOf(previous.spec);
  const after = sourcesOf(next.spec);
  const oldCsi = previous.spec?.csi;
  // The one secret that may be set later.
  if (oldCsi && !oldCsi.controllerExpandSecretRef && next.spec?.csi) {
    after.csi = { ...next.spec.csi, controllerExpandSecretRef: undefined };
  }
  if (semanticEqual(before, after)) return [];
  const diff = unifiedJsonDiff(printVolumeSources(before), printVolumeSources(after));
  return [
    forbiddenField('spec.persistentvolumesource', `spec.persistentvolumesource is immutable after creation\n${diff}`),
  ];
}

const GA_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** The old affinity with each label's key as the new one writes it, where that is its later name. */
function renamed(before: Affinity, after: Affinity): Affinity {
  const terms = before?.required?.nodeSelectorTerms;
  if (!terms) return before;
  const nodeSelectorTerms = terms.map((term, i) => ({
    ...term,
    matchExpressions: term.matchExpressions?.map((expression, j) => {
      const key = after?.required?.nodeSelectorTerms?.[i]?.matchExpressions?.[j]?.key;
      return key !== undefined && GA_LABELS[expression.key] === key ? { ...expression, key } : expression;
    }),
  }));
  return { required: { ...before.required, nodeSelectorTerms } };
}

function affinityChanges(next: Volume, previous: Volume): FieldError[] {
  const before = previous.spec?.nodeAffinity;
  const after = next.spec?.nodeAffinity;
  if (!before || semanticEqual(renamed(before, after), after)) return [];
  return [
    invalid(
      'nodeAffinity',
      printVolumeAffinity(after),
      'field is immutable, except for updating from beta label to GA',
    ),
  ];
}

/** All errors of an update of the volume. */
export function validateVolumeUpdate(next: Volume, previous: Volume): FieldError[] {
  const isClassTaken =
    previous.spec?.volumeAttributesClassName !== undefined && next.spec?.volumeAttributesClassName === undefined;
  return [
    ...validateVolume(next, previous),
    ...sourceChanges(next, previous),
    ...validateImmutableField(next.spec?.volumeMode, previous.spec?.volumeMode, 'volumeMode'),
    ...affinityChanges(next, previous),
    ...(isClassTaken
      ? [forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden')]
      : []),
  ];
}
