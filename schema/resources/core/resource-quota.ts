/** ResourceQuota. Source: pkg/registry/core/resourcequota, pkg/apis/core/validation. */
import type { IResourceQuota } from 'kubernetes-models/v1/ResourceQuota';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { compareQuantities, formatQuantity } from '../../meta/quantity.ts';
import { defineResource } from '../../meta/resource.ts';
import { quantityAt } from '../field-checks.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { setResourceListDefaults } from './pod-resource-list.ts';
import { isStandardQuotaResource, quotaListErrors } from './resource-names.ts';

export type ResourceQuota = Typed<IResourceQuota>;
type Spec = NonNullable<ResourceQuota['spec']>;
type Requirement = NonNullable<NonNullable<Spec['scopeSelector']>['matchExpressions']>[number];

const POD_COUNT = ['pods'];
const POD_RESOURCES = [...POD_COUNT, 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];

/** The resources that a scope can tell apart. */
const SCOPED_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  Terminating: POD_RESOURCES,
  NotTerminating: POD_RESOURCES,
  BestEffort: POD_COUNT,
  NotBestEffort: POD_RESOURCES,
  PriorityClass: POD_RESOURCES,
  CrossNamespacePodAffinity: POD_RESOURCES,
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};

const EXISTENCE_ONLY = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];

const CONFLICTS = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

const isKnownScope = (scope: string): boolean => Object.hasOwn(SCOPED_RESOURCES, scope);

/** How many of the limited resources the scope cannot be applied to. */
function misfits({ hard = {} }: Spec, scope: string): number {
  const allowed = isKnownScope(scope) ? SCOPED_RESOURCES[scope] : undefined;
  if (!allowed) return 0;
  return Object.keys(hard).filter((name) => isStandardQuotaResource(name) && !allowed.includes(name)).length;
}

function conflictErrors(scopes: readonly string[], field: string, printed: unknown): FieldError[] {
  const clashing = CONFLICTS.filter(([one, other]) => scopes.includes(one) && scopes.includes(other));
  return clashing.map(() => invalid(field, printed, 'conflicting scopes'));
}

const MISFIT = 'unsupported scope applied to resource';

/** Each of these errors prints all scopes: more of the same would tell nothing and fill the memory. */
const SCOPE_ERRORS_MAX = 16;

/** An error that prints all scopes, up to so many times. */
function repeated(times: number, error: () => FieldError): FieldError[] {
  if (times === 0) return [];
  const told = error();
  return Array.from({ length: Math.min(times, SCOPE_ERRORS_MAX) }, () => told);
}

function scopeErrors(spec: Spec): FieldError[] {
  const scopes = spec.scopes ?? [];
  const field = 'spec.scopes';
  return [
    ...repeated(scopes.filter((scope) => !isKnownScope(scope)).length, () =>
      invalid(field, scopes, 'unsupported scope'),
    ),
    ...repeated(
      scopes.reduce((sum, scope) => sum + misfits(spec, scope), 0),
      () => invalid(field, scopes, MISFIT),
    ),
    ...conflictErrors(scopes, field, scopes),
  ];
}

const SELECTOR = 'spec.scopeSelector.matchExpressions';

function operatorErrors({ scopeName, operator, values = [] }: Requirement): FieldError[] {
  const errors: FieldError[] = [];
  if (EXISTENCE_ONLY.includes(scopeName) && operator !== 'Exists') {
    const text =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    errors.push(invalid(`${SELECTOR}.operator`, operator ?? '', text));
  }
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return errors;
      return [
        ...errors,
        required(
          `${SELECTOR}.values`,
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      ];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return errors;
      return [
        ...errors,
        invalid(
          `${SELECTOR}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      ];
    default:
      return [...errors, invalid(`${SELECTOR}.operator`, operator ?? '', 'not a valid selector operator')];
  }
}

function printSelector(requirements: readonly Requirement[]): unknown {
  const expressions = requirements.map(({ scopeName, operator, values }) => ({
    ScopeName: scopeName,
    Operator: operator,
    Values: values ?? null,
  }));
  return { MatchExpressions: expressions };
}

function selectorErrors(spec: Spec): FieldError[] {
  const requirements = spec.scopeSelector?.matchExpressions ?? [];
  const misfit = repeated(1, () => invalid(SELECTOR, printSelector(requirements), MISFIT));
  let room = SCOPE_ERRORS_MAX;
  const misfitErrors = (scope: string): FieldError[] => {
    const count = Math.min(room, misfits(spec, scope));
    room -= count;
    return Array.from({ length: count }).flatMap(() => misfit);
  };
  const errors = requirements.flatMap((requirement) => [
    ...(isKnownScope(requirement.scopeName)
      ? []
      : [invalid(`${SELECTOR}.scopeName`, requirement.scopeName ?? '', 'unsupported scope')]),
    ...misfitErrors(requirement.scopeName),
    ...operatorErrors(requirement),
  ]);
  const names = requirements.map(({ scopeName }) => scopeName);
  return [...errors, ...conflictErrors(names, SELECTOR, spec.scopes)];
}

const validateSpec = ({ spec = {} }: ResourceQuota): FieldError[] => [
  ...quotaListErrors(spec.hard, 'spec.hard'),
  ...scopeErrors(spec),
  ...selectorErrors(spec),
];

const validateStatus = ({ status }: ResourceQuota): FieldError[] => [
  ...quotaListErrors(status?.hard, 'status.hard'),
  ...quotaListErrors(status?.used, 'status.used'),
];

function scopeChanges(next: ResourceQuota, previous: ResourceQuota): FieldError[] {
  const after = new Set<string>(next.spec?.scopes);
  const before = new Set<string>(previous.spec?.scopes);
  const isSame = after.size === before.size && [...after].every((scope) => before.has(scope));
  return isSame ? [] : [invalid('spec.scopes', next.spec?.scopes, 'field is immutable')];
}

/** Warns of requests allowed beyond the limits. */
function warnings({ spec }: ResourceQuota, previous: ResourceQuota | undefined): string[] {
  const hard: Readonly<Record<string, unknown>> = spec?.hard ?? {};
  if (previous) return [];
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const isBareAllowed = name === 'cpu' || name === 'memory';
    const requestName = hard[`requests.${name}`] === undefined && isBareAllowed ? name : `requests.${name}`;
    const request = hard[requestName] === undefined ? undefined : quantityAt(hard[requestName]);
    const limit = hard[`limits.${name}`] === undefined ? undefined : quantityAt(hard[`limits.${name}`]);
    if (!request || !limit || compareQuantities(request, limit) <= 0) return [];
    return [
      `ResourceQuota ${requestName} (${formatQuantity(request)}) should be less than limits.${name} (${formatQuantity(limit)})`,
    ];
  });
}

/** `cpu: 1/2, memory: 1Gi/2Gi`, of the limits or of all else. */
function formatUse({ status }: ResourceQuota, isLimit: boolean): string {
  const used: Readonly<Record<string, unknown>> = status?.used ?? {};
  const text = (value: unknown): string => {
    const quantity = quantityAt(value);
    return quantity ? formatQuantity(quantity) : '0';
  };
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === isLimit)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${text(used[name])}/${text(hard)}`)
    .join(', ');
}

export const resourceQuota = defineResource<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  scope: 'Namespaced',
  schema: 'V1ResourceQuota',
  validateName: nameIsDNSSubdomain,
  defaults(quota) {
    quota.spec ??= {};
    quota.status ??= {};
    for (const list of [quota.spec.hard, quota.status?.hard, quota.status?.used])
      if (list) setResourceListDefaults(list);
  },
  prepareForCreate(quota) {
    quota.status = {};
  },
  validate: (quota) => [...validateSpec(quota), ...validateStatus(quota)],
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: (next, previous) => [...validateSpec(next), ...scopeChanges(next, previous)],
    warnings,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: validateStatus,
  },
  returnsDeletedObject: true,
  table: {
    columns: [
      nameColumn,
      column('Request', 'string', 'Request represents a minimum amount of cpu/memory that a container may consume.'),
      column(
        'Limit',
        'string',
        'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
      ),
      ageColumn,
    ],
    cells: (quota, now) => [
      quota.metadata.name ?? '',
      formatUse(quota, false),
      formatUse(quota, true),
      age(quota, now),
    ],
  },
});
