/** StorageVersionMigration. Source: pkg/registry/storagemigration, pkg/apis/storagemigration/validation (KEP-4192). */
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { isDNS1035Label, isDNS1123Subdomain, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { KubeObject } from '../../meta/object-meta.ts';
import { FIELD_IMMUTABLE } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { type Condition, validateConditions } from '../conditions.ts';
import { column, nameColumn } from '../printing.ts';

/** The packages do not know this version yet. */
export type StorageVersionMigration = KubeObject & {
  spec?: { resource?: { group?: string; resource?: string } };
  status?: { conditions?: Condition[]; resourceVersion?: string };
};

const FIELD = 'spec.resource';

const resourceOf = ({ spec }: StorageVersionMigration): { group: string; resource: string } => ({
  group: spec?.resource?.group ?? '',
  resource: spec?.resource?.resource ?? '',
});

/** All of a name's faults in one text, as upstream joins them here. */
const joined = (field: string, value: string, texts: readonly string[]): FieldError[] =>
  texts.length > 0 ? [invalid(field, value, texts.join(','))] : [];

function validate(migration: StorageVersionMigration): FieldError[] {
  const { group, resource } = resourceOf(migration);
  return [
    ...(resource
      ? joined(`${FIELD}.resource`, resource, isDNS1035Label(resource))
      : [required(`${FIELD}.resource`, 'resource is required to be set')]),
    ...(group ? joined(`${FIELD}.group`, group, isDNS1123Subdomain(group)) : []),
  ];
}

function specErrors(next: StorageVersionMigration, previous: StorageVersionMigration): FieldError[] {
  if (semanticEqual(resourceOf(next), resourceOf(previous))) return [];
  return [invalid('spec', { Resource: resourceOf(next) }, FIELD_IMMUTABLE)];
}

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean =>
  status?.conditions?.find((condition) => condition.type === type)?.status === 'True';

function versionErrors(next: StorageVersionMigration, previous: StorageVersionMigration): FieldError[] {
  const field = 'status.resourceVersion';
  const value = next.status?.resourceVersion ?? '';
  const before = previous.status?.resourceVersion ?? '';
  return [
    ...(value === '' || /^[1-9]\d*$/.test(value)
      ? []
      : [invalid(field, value, `resource version is not well formed: ${value}`)]),
    ...(before === '' || before === value ? [] : [invalid(field, value, FIELD_IMMUTABLE)]),
  ];
}

/** Of succeeded, failed and running at most one holds, and an end is final. */
function outcomeFaults(next: StorageVersionMigration, previous: StorageVersionMigration): string[] {
  const [isSuccess, isFailure, isRunning] = ['Succeeded', 'Failed', 'Running'].map((type) => isTrue(next, type));
  const faults: string[] = [];
  if (isSuccess && isFailure) faults.push('Both success and failed conditions cannot be true at the same time');
  if (isSuccess && isRunning) faults.push('Running condition cannot be true when success condition is true');
  if (isFailure && isRunning) faults.push('Running condition cannot be true when failed condition is true');
  if (isTrue(previous, 'Succeeded') && !isSuccess)
    faults.push('Success condition cannot be set to false once it is true');
  if (isTrue(previous, 'Failed') && !isFailure) faults.push('Failed condition cannot be set to false once it is true');
  return faults;
}

/** As the API's own type prints: in its order of fields. */
const printedCondition = ({ type, status, observedGeneration, lastTransitionTime, reason, message }: Condition) => ({
  type,
  status,
  ...(observedGeneration ? { observedGeneration } : {}),
  lastTransitionTime: lastTransitionTime ?? null,
  reason: reason ?? '',
  message: message ?? '',
});

function validateStatus(next: StorageVersionMigration, previous: StorageVersionMigration): FieldError[] {
  const conditions = next.status?.conditions;
  const shown = conditions?.map(printedCondition) ?? null;
  return [
    ...versionErrors(next, previous),
    ...validateConditions(conditions, 'status.conditions'),
    ...outcomeFaults(next, previous).map((text) => invalid('status.conditions', shown, text)),
  ];
}

export const storageVersionMigration = defineResource<StorageVersionMigration>({
  group: 'storagemigration.k8s.io',
  version: 'v1',
  kind: 'StorageVersionMigration',
  plural: 'storageversionmigrations',
  singular: 'storageversionmigration',
  scope: 'Cluster',
  schema: 'V1StorageVersionMigration',
  validateName: nameIsDNSSubdomain,
  defaults(migration) {
    migration.spec ??= {};
    migration.spec.resource ??= {};
    migration.spec.resource.group ??= '';
    migration.spec.resource.resource ??= '';
    migration.status ??= {};
  },
  prepareForCreate(migration) {
    migration.status = {};
  },
  validate,
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: (next, previous) => [...validate(next), ...specErrors(next, previous)],
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
      const { labels, annotations, finalizers, ownerReferences } = previous.metadata;
      next.metadata = { ...next.metadata, labels, annotations, finalizers, ownerReferences };
    },
    validateUpdate: validateStatus,
  },
  allowUnconditionalUpdate: false,
  table: {
    columns: [{ ...nameColumn, format: '' }, column('Resource', 'string', 'Fully qualified resource to migrate')],
    cells: (migration) => {
      const { group, resource } = resourceOf(migration);
      return [migration.metadata.name ?? '', `${resource}.${group}`];
    },
  },
});
