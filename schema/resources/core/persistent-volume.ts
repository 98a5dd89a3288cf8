/** PersistentVolume. Source: pkg/registry/core/persistentvolume, pkg/api/persistentvolume, v1 defaults. */
import type { IPersistentVolume } from 'kubernetes-models/v1/PersistentVolume';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { formatTime } from '../../meta/time.ts';
import { labelDeprecation } from '../node/deprecated-labels.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { validateVolume, validateVolumeUpdate } from './persistent-volume-validation.ts';
import { setResourceListDefaults } from './pod-resource-list.ts';
import { CLASS_ANNOTATION, formatAccessModes, formatSize, storageClassOf } from './storage-printing.ts';

export type PersistentVolume = Typed<IPersistentVolume>;
type Spec = NonNullable<PersistentVolume['spec']>;

const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  [CLASS_ANNOTATION]: 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
};

const DEPRECATED_SOURCES: readonly [keyof Spec, string, string][] = [
  ['cephfs', 'spec.cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'spec.photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'spec.scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'spec.storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'spec.glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'spec.rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function affinityWarnings({ nodeAffinity }: Spec): string[] {
  return (nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions = [] }, i) =>
    matchExpressions.flatMap(({ key }, j) => {
      const deprecation = labelDeprecation(key);
      const field = `spec.nodeAffinity.required.nodeSelectorTerms[${i}].matchExpressions[${j}].key`;
      return deprecation ? [`${field}: ${key} is ${deprecation}`] : [];
    }),
  );
}

function warnings({ metadata, spec = {} }: PersistentVolume): string[] {
  const texts = Object.entries(DEPRECATED_ANNOTATIONS)
    .filter(([key]) => metadata.annotations?.[key] !== undefined)
    .map(([key, text]) => `metadata.annotations[${key}]: ${text}`);
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    texts.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  }
  const sources = DEPRECATED_SOURCES.filter(([source]) => spec[source] !== undefined);
  return [...texts, ...sources.map(([, field, text]) => `${field}: ${text}`), ...affinityWarnings(spec)];
}

function defaultSources({ hostPath, rbd, iscsi, azureDisk, scaleIO }: Spec): void {
  if (hostPath) hostPath.type ??= '';
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (iscsi) iscsi.iscsiInterface ||= 'default';
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}

export const persistentVolume = defineResource<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  singular: 'persistentvolume',
  shortNames: ['pv'],
  scope: 'Cluster',
  schema: 'V1PersistentVolume',
  validateName: nameIsDNSSubdomain,
  defaults(volume) {
    volume.spec ??= {};
    volume.spec.persistentVolumeReclaimPolicy ||= 'Retain';
    volume.spec.volumeMode ??= 'Filesystem';
    volume.status = { ...volume.status, phase: volume.status?.phase || 'Pending' };
    if (volume.spec.capacity) setResourceListDefaults(volume.spec.capacity);
    defaultSources(volume.spec);
  },
  prepareForCreate(volume, { now }) {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: formatTime(now) };
  },
  validate: (volume) => validateVolume(volume, undefined),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: validateVolumeUpdate,
    warnings,
  },
  status: {
    prepareForUpdate(next, previous, { now }) {
      next.spec = previous.spec;
      next.status ??= {};
      const before = previous.status?.lastPhaseTransitionTime;
      const given = next.status.lastPhaseTransitionTime;
      if (previous.status?.phase === next.status.phase) next.status.lastPhaseTransitionTime = given ?? before;
      else if (given === undefined || given === before) next.status.lastPhaseTransitionTime = formatTime(now);
    },
    validateUpdate: () => [],
  },
  returnsDeletedObject: true,
  selectableFieldNames: ['name'],
  selectableFields: ({ metadata }) => ({ name: metadata.name ?? '' }),
  table: {
    columns: [
      nameColumn,
      column(
        'Capacity',
        'string',
        "capacity is the description of the persistent volume's resources and capacity. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#capacity",
      ),
      column(
        'Access Modes',
        'string',
        'accessModes contains all ways the volume can be mounted. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes',
      ),
      column(
        'Reclaim Policy',
        'string',
        'persistentVolumeReclaimPolicy defines what happens to a persistent volume when released from its claim. Valid options are Retain (default for manually created PersistentVolumes), Delete (default for dynamically provisioned PersistentVolumes), and Recycle (deprecated). Recycle must be supported by the volume plugin underlying this PersistentVolume. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#reclaiming',
      ),
      column(
        'Status',
        'string',
        'phase indicates if a volume is available, bound to a claim, or released by a claim. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#phase',
      ),
      column(
        'Claim',
        'string',
        'claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding',
      ),
      column('StorageClass', 'string', 'StorageClass of the pv'),
      column('VolumeAttributesClass', 'string', 'VolumeAttributesClass of the pv'),
      column(
        'Reason',
        'string',
        'reason is a brief CamelCase string that describes any failure and is meant for machine parsing and tidy display in the CLI.',
      ),
      ageColumn,
      column(
        'VolumeMode',
        'string',
        'volumeMode defines if a volume is intended to be used with a formatted filesystem or to remain in raw block state. Value of Filesystem is implied when not included in spec.',
        1,
      ),
    ],
    cells(volume, now) {
      const { metadata, spec = {}, status } = volume;
      return [
        metadata.name ?? '',
        formatSize(spec.capacity?.storage),
        formatAccessModes(spec.accessModes),
        spec.persistentVolumeReclaimPolicy ?? '',
        metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
        spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
        storageClassOf(volume),
        spec.volumeAttributesClassName ?? '<unset>',
        status?.reason ?? '',
        age(volume, now),
        spec.volumeMode ?? '<unset>',
      ];
    },
  },
});
