/** CSIStorageCapacity. Source: pkg/registry/storage/csistoragecapacity, pkg/apis/storage/validation. */
import type { ICSIStorageCapacity } from 'kubernetes-models/storage.k8s.io/v1/CSIStorageCapacity';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid } from '../../meta/field-error.ts';
import { validateLabelSelector } from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { FIELD_IMMUTABLE } from '../../meta/object-meta-validation.ts';
import { formatQuantity } from '../../meta/quantity.ts';
import { defineResource } from '../../meta/resource.ts';
import { goSelector } from '../core/pod-validation/go-struct.ts';
import { dns1123SubdomainErrors, nonnegativeQuantityErrors, quantityAt } from '../field-checks.ts';
import { labelDeprecation } from '../node/deprecated-labels.ts';
import { column, nameColumn } from '../printing.ts';

export type CSIStorageCapacity = Typed<ICSIStorageCapacity>;

const classOf = ({ storageClassName }: Partial<CSIStorageCapacity>): string => storageClassName ?? '';

function validate(capacity: CSIStorageCapacity): FieldError[] {
  const { nodeTopology } = capacity;
  return [
    ...(nodeTopology ? validateLabelSelector(nodeTopology, 'nodeTopology') : []),
    ...dns1123SubdomainErrors(classOf(capacity), 'storageClassName'),
    ...(capacity.capacity === undefined ? [] : nonnegativeQuantityErrors(capacity.capacity, 'capacity')),
  ];
}

/** Errors of what GetCapacity was asked with. */
function changeErrors(next: CSIStorageCapacity, previous: CSIStorageCapacity): FieldError[] {
  const { nodeTopology } = next;
  return [
    ...(semanticEqual(nodeTopology, previous.nodeTopology)
      ? []
      : [invalid('nodeTopology', nodeTopology ? goSelector(nodeTopology) : null, FIELD_IMMUTABLE)]),
    ...(classOf(next) === classOf(previous) ? [] : [invalid('storageClassName', classOf(next), FIELD_IMMUTABLE)]),
  ];
}

const deprecationOf = (key: string, field: string): string[] => {
  const deprecation = labelDeprecation(key);
  return deprecation ? [`${field}: ${deprecation}`] : [];
};

/** Source: pkg/api/storage/util.go. */
const warnings = ({ nodeTopology }: CSIStorageCapacity): string[] => [
  ...(nodeTopology?.matchExpressions ?? []).flatMap(({ key }, i) =>
    deprecationOf(key, `nodeTopology.matchExpressions[${i}].key`),
  ),
  ...Object.keys(nodeTopology?.matchLabels ?? {}).flatMap((key) =>
    deprecationOf(key, `nodeTopology.matchLabels.${key}`),
  ),
];

function formatCapacity(value: unknown): string {
  const quantity = quantityAt(value);
  return quantity ? formatQuantity(quantity) : '<unset>';
}

export const csiStorageCapacity = defineResource<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  singular: 'csistoragecapacity',
  scope: 'Namespaced',
  schema: 'V1CSIStorageCapacity',
  validateName: nameIsDNSSubdomain,
  validate,
  update: {
    validateUpdate: (next, previous) => [...validate(next), ...changeErrors(next, previous)],
    warnings,
  },
  allowUnconditionalUpdate: false,
  table: {
    columns: [
      nameColumn,
      column(
        'StorageClassName',
        'string',
        'storageClassName represents the name of the StorageClass that the reported capacity applies to. It must meet the same requirements as the name of a StorageClass object (non-empty, DNS subdomain). If that object no longer exists, the CSIStorageCapacity object is obsolete and should be removed by its creator. This field is immutable.',
      ),
      column(
        'Capacity',
        'string',
        'capacity is the value reported by the CSI driver in its GetCapacityResponse for a GetCapacityRequest with topology and parameters that match the previous fields.\n\nThe semantic is currently (CSI spec 1.2) defined as: The available capacity, in bytes, of the storage that can be used to provision volumes. If not set, that information is currently unavailable.',
      ),
    ],
    cells: (capacity) => [
      capacity.metadata.name ?? '',
      classOf(capacity),
      capacity.capacity === undefined ? '<unset>' : formatCapacity(capacity.capacity),
    ],
  },
});
