/** VolumeAttributesClass. Source: pkg/registry/storage/volumeattributesclass, pkg/apis/storage/validation. */
import type { IVolumeAttributesClass } from 'kubernetes-models/storage.k8s.io/v1/VolumeAttributesClass';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, forbiddenField, required } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { parameterErrors, provisionerErrors } from './class-fields.ts';

export type VolumeAttributesClass = Typed<IVolumeAttributesClass>;

const driverOf = ({ driverName }: Partial<VolumeAttributesClass>): string => driverName ?? '';

function validate(attributes: VolumeAttributesClass): FieldError[] {
  const { parameters = {} } = attributes;
  return [
    ...provisionerErrors(driverOf(attributes), 'driverName'),
    ...parameterErrors(parameters),
    ...(Object.keys(parameters).length === 0
      ? [required('parameters', 'must contain at least one key/value pair')]
      : []),
  ];
}

const changeErrors = (next: VolumeAttributesClass, previous: VolumeAttributesClass): FieldError[] =>
  (['driverName', 'parameters'] as const).flatMap((field) =>
    semanticEqual(next[field], previous[field]) ? [] : [forbiddenField(field, `updates to ${field} are forbidden.`)],
  );

export const volumeAttributesClass = defineResource<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  singular: 'volumeattributesclass',
  shortNames: ['vac'],
  scope: 'Cluster',
  schema: 'V1VolumeAttributesClass',
  validateName: nameIsDNSSubdomain,
  validate,
  update: {
    validateUpdate: (next, previous) => [...changeErrors(next, previous), ...validate(next)],
  },
  returnsDeletedObject: true,
  table: {
    columns: [
      nameColumn,
      column('DriverName', 'string', 'driverName is the name of the CSI driver This field is immutable.'),
      ageColumn,
    ],
    cells: (attributes, now) => [attributes.metadata.name ?? '', driverOf(attributes), age(attributes, now)],
  },
});
