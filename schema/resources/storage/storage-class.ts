/** StorageClass. Source: pkg/registry/storage/storageclass, pkg/apis/storage/validation, pkg/apis/storage/v1 defaults. */
import { firstIndexOf } from '../../meta/first-index.ts';
import type { IStorageClass } from 'kubernetes-models/storage.k8s.io/v1/StorageClass';
import { duplicate, type FieldError, notSupported, required } from '../../meta/field-error.ts';
import { validateLabelName } from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { immutableStructErrors } from '../field-checks.ts';
import { labelDeprecation } from '../node/deprecated-labels.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { parameterErrors, provisionerErrors } from './class-fields.ts';

export type StorageClass = Typed<IStorageClass>;
type Term = NonNullable<StorageClass['allowedTopologies']>[number];
type Expression = NonNullable<Term['matchLabelExpressions']>[number];

const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];
const IMMUTABLE_FIELDS = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;
const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function termErrors({ matchLabelExpressions = [] }: Term, field: string): FieldError[] {
  const keys = matchLabelExpressions.map(({ key }: Partial<Expression>) => key ?? '');
  return matchLabelExpressions.flatMap(({ key = '', values = [] }: Partial<Expression>, i) => {
    const at = `${field}.matchLabelExpressions[${i}]`;
    return [
      ...(values.length === 0 ? [required(`${at}.values`)] : []),
      ...values.flatMap((value, j) =>
        firstIndexOf(values, value) < j ? [duplicate(`${at}.values[${j}]`, value)] : [],
      ),
      ...validateLabelName(key, `${at}.key`),
      ...(firstIndexOf(keys, key) < i ? [duplicate(`${at}.key`, key)] : []),
    ];
  });
}

const expressionMeaning = ({ key, values = [] }: Partial<Expression>): string =>
  JSON.stringify([key, [...new Set(values)].sort()]);

/** A term by what it means: the order of keys and values does not count. */
const meaningOf = ({ matchLabelExpressions = [] }: Term): string =>
  JSON.stringify(matchLabelExpressions.map(expressionMeaning).sort());

function topologyErrors(terms: readonly Term[]): FieldError[] {
  const meanings = terms.map(meaningOf);
  return terms.flatMap((term, i) => {
    const field = `allowedTopologies[${i}]`;
    // Upstream compares with as many empty terms, too.
    const isRepeated = meanings.indexOf(meanings[i] as string) < i || !term.matchLabelExpressions?.length;
    return [...termErrors(term, field), ...(isRepeated ? [duplicate(`${field}.matchLabelExpressions`, '')] : [])];
  });
}

function validate(storageClass: Partial<StorageClass>): FieldError[] {
  const {
    provisioner = '',
    parameters = {},
    reclaimPolicy,
    volumeBindingMode: mode,
    allowedTopologies = [],
  } = storageClass;
  const errors = [...provisionerErrors(provisioner, 'provisioner'), ...parameterErrors(parameters)];
  if (reclaimPolicy && !RECLAIM_POLICIES.includes(reclaimPolicy)) {
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, RECLAIM_POLICIES));
  }
  if (mode === undefined) errors.push(required('volumeBindingMode'));
  else if (!BINDING_MODES.includes(mode)) errors.push(notSupported('volumeBindingMode', mode, BINDING_MODES));
  return [...errors, ...topologyErrors(allowedTopologies)];
}

const warnings = ({ allowedTopologies = [] }: StorageClass): string[] =>
  allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key }, j) => {
      const deprecation = labelDeprecation(key);
      return deprecation ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${deprecation}`] : [];
    }),
  );

const isDefault = ({ metadata }: StorageClass): boolean =>
  DEFAULT_ANNOTATIONS.some((annotation) => metadata.annotations?.[annotation] === 'true');

export const storageClass = defineResource<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  singular: 'storageclass',
  shortNames: ['sc'],
  scope: 'Cluster',
  schema: 'V1StorageClass',
  validateName: nameIsDNSSubdomain,
  defaults(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validate,
  update: {
    validateUpdate: (next, previous) => [
      ...validate(next),
      ...IMMUTABLE_FIELDS.flatMap((field) => immutableStructErrors(next[field], previous[field], field, null)),
    ],
    warnings,
  },
  returnsDeletedObject: true,
  table: {
    columns: [
      nameColumn,
      column('Provisioner', 'string', 'provisioner indicates the type of the provisioner.'),
      column(
        'ReclaimPolicy',
        'string',
        'reclaimPolicy controls the reclaimPolicy for dynamically provisioned PersistentVolumes of this storage class. Defaults to Delete.',
      ),
      column(
        'VolumeBindingMode',
        'string',
        'volumeBindingMode indicates how PersistentVolumeClaims should be provisioned and bound.  When unset, VolumeBindingImmediate is used. This field is only honored by servers that enable the VolumeScheduling feature.',
      ),
      column(
        'AllowVolumeExpansion',
        'string',
        'allowVolumeExpansion shows whether the storage class allow volume expand.',
      ),
      ageColumn,
    ],
    cells: (storageClass, now) => [
      `${storageClass.metadata.name ?? ''}${isDefault(storageClass) ? ' (default)' : ''}`,
      storageClass.provisioner ?? '',
      storageClass.reclaimPolicy ?? 'Delete',
      storageClass.volumeBindingMode ?? 'Immediate',
      storageClass.allowVolumeExpansion ?? false,
      age(storageClass, now),
    ],
  },
});
