/** PersistentVolumeClaim. Source: pkg/registry/core/persistentvolumeclaim, pkg/api/persistentvolumeclaim. */
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { formatQuantity, quantityMilliValue } from '../../meta/quantity.ts';
import { defineResource } from '../../meta/resource.ts';
import { quantityAt } from '../field-checks.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { validateClaim, validateClaimStatus, validateClaimUpdate } from './persistent-volume-claim-validation.ts';
import { setResourceListDefaults } from './pod-resource-list.ts';
import { CLASS_ANNOTATION, formatAccessModes, formatSize, storageClassOf } from './storage-printing.ts';

export type PersistentVolumeClaim = Typed<IPersistentVolumeClaim>;
type Spec = NonNullable<PersistentVolumeClaim['spec']>;

function isKnownSource(source: NonNullable<Spec['dataSource']>): boolean {
  if (source.kind === 'PersistentVolumeClaim') return !source.apiGroup;
  return source.kind === 'VolumeSnapshot' && source.apiGroup === 'snapshot.storage.k8s.io';
}

/** dataSource and dataSourceRef say the same, but for sources only the newer one can name. */
function normalizeDataSources(spec: Spec, previous: Spec | undefined): void {
  if (spec.dataSourceRef?.namespace && !previous?.dataSourceRef) delete spec.dataSourceRef;
  const isInUse = previous?.dataSource !== undefined || previous?.dataSourceRef !== undefined;
  if (!isInUse && !spec.dataSourceRef && spec.dataSource && !isKnownSource(spec.dataSource)) delete spec.dataSource;
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { kind, name, apiGroup } = spec.dataSourceRef;
    spec.dataSource = { kind, name, ...(apiGroup === undefined ? {} : { apiGroup }) };
  }
}

function warnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const fractional = (['requests', 'limits'] as const).flatMap((list) => {
    const size = quantityAt(spec?.resources?.[list]?.storage);
    if (!size || quantityMilliValue(size) % 1000 === 0) return [];
    return [
      `spec.resources.${list}[storage]: fractional byte value ${JSON.stringify(formatQuantity(size))} is invalid, must be an integer`,
    ];
  });
  if (metadata.annotations?.[CLASS_ANNOTATION] === undefined) return fractional;
  return [
    `metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`,
    ...fractional,
  ];
}

export const persistentVolumeClaim = defineResource<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  scope: 'Namespaced',
  schema: 'V1PersistentVolumeClaim',
  validateName: nameIsDNSSubdomain,
  defaults(claim) {
    claim.spec ??= {};
    claim.spec.volumeMode ??= 'Filesystem';
    claim.spec.resources ??= {};
    claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
    const lists = [
      claim.spec.resources?.requests,
      claim.spec.resources?.limits,
      claim.status.capacity,
      claim.status.allocatedResources,
    ];
    for (const list of lists) if (list) setResourceListDefaults(list);
  },
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    if (claim.spec) normalizeDataSources(claim.spec, undefined);
  },
  validate: (claim) => validateClaim(claim, undefined),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      if (next.spec) normalizeDataSources(next.spec, previous.spec);
    },
    validateUpdate: validateClaimUpdate,
    warnings,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: validateClaimStatus,
  },
  returnsDeletedObject: true,
  selectableFieldNames: ['name'],
  selectableFields: ({ metadata }) => ({ name: metadata.name ?? '' }),
  table: {
    columns: [
      nameColumn,
      column('Status', 'string', 'phase represents the current phase of PersistentVolumeClaim.'),
      column('Volume', 'string', 'volumeName is the binding reference to the PersistentVolume backing this claim.'),
      column('Capacity', 'string', 'capacity represents the actual resources of the underlying volume.'),
      column(
        'Access Modes',
        'string',
        'accessModes contains the actual access modes the volume backing the PVC has. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes-1',
      ),
      column('StorageClass', 'string', 'StorageClass of the pvc'),
      column('VolumeAttributesClass', 'string', 'VolumeAttributesClass of the pvc'),
      ageColumn,
      column(
        'VolumeMode',
        'string',
        'volumeMode defines what type of volume is required by the claim. Value of Filesystem is implied when not included in claim spec.',
        1,
      ),
    ],
    cells(claim, now) {
      const { metadata, spec, status } = claim;
      const isBound = Boolean(spec?.volumeName);
      return [
        metadata.name ?? '',
        metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
        spec?.volumeName ?? '',
        isBound ? formatSize(status?.capacity?.storage) : '',
        isBound ? formatAccessModes(status?.accessModes) : '',
        storageClassOf(claim),
        spec?.volumeAttributesClassName ?? '<unset>',
        age(claim, now),
        spec?.volumeMode ?? '<unset>',
      ];
    },
  },
});
