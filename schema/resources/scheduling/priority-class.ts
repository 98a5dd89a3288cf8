/** PriorityClass. Source: pkg/registry/scheduling/priorityclass, pkg/apis/scheduling/validation. */
import type { IPriorityClass } from 'kubernetes-models/scheduling.k8s.io/v1/PriorityClass';
import { type FieldError, forbiddenField } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { oneOfErrors } from '../field-checks.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type PriorityClass = Typed<IPriorityClass>;

const SYSTEM_PREFIX = 'system-';
const USER_DEFINED_PRIORITY_MAX = 1_000_000_000;

/** The classes every cluster has from its first start, with their values. */
export const SYSTEM_PRIORITY_CLASSES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

function systemClassFault({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const name = metadata.name ?? '';
  const expected = Object.hasOwn(SYSTEM_PRIORITY_CLASSES, name) ? SYSTEM_PRIORITY_CLASSES[name] : undefined;
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateValue(priorityClass: PriorityClass): FieldError[] {
  if (priorityClass.metadata.name?.startsWith(SYSTEM_PREFIX)) {
    const fault = systemClassFault(priorityClass);
    if (fault === undefined) return [];
    const rule = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${fault}`;
    return [forbiddenField('metadata.name', rule)];
  }
  if ((priorityClass.value ?? 0) <= USER_DEFINED_PRIORITY_MAX) return [];
  return [forbiddenField('value', `maximum allowed value of a user defined priority is ${USER_DEFINED_PRIORITY_MAX}`)];
}

export const priorityClass = defineResource<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  scope: 'Cluster',
  schema: 'V1PriorityClass',
  validateName: nameIsDNSSubdomain,
  defaults(priorityClass) {
    priorityClass.value ??= 0;
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  validate: (priorityClass) => [
    ...validateValue(priorityClass),
    ...oneOfErrors(priorityClass.preemptionPolicy, 'preemptionPolicy', ['PreemptLowerPriority', 'Never']),
  ],
  update: {
    validateUpdate: (next, previous) => [
      ...(next.value === previous.value ? [] : [forbiddenField('value', 'may not be changed in an update.')]),
      ...validateImmutableField(next.preemptionPolicy, previous.preemptionPolicy, 'preemptionPolicy'),
    ],
  },
  table: {
    columns: [
      nameColumn,
      column(
        'Value',
        'integer',
        'value represents the integer value of this priority class. This is the actual priority that pods receive when they have the name of this class in their pod spec.',
      ),
      column(
        'Global-Default',
        'boolean',
        'globalDefault specifies whether this PriorityClass should be considered as the default priority for pods that do not have any priority class. Only one PriorityClass can be marked as `globalDefault`. However, if more than one PriorityClasses exists with their `globalDefault` field set to true, the smallest value of such global default PriorityClasses will be used as the default priority.',
      ),
      ageColumn,
      column(
        'PreemptionPolicy',
        'string',
        'preemptionPolicy is the Policy for preempting pods with lower priority. One of Never, PreemptLowerPriority. Defaults to PreemptLowerPriority if unset.',
      ),
    ],
    cells: (priorityClass, now) => [
      priorityClass.metadata.name ?? '',
      priorityClass.value ?? 0,
      priorityClass.globalDefault ?? false,
      age(priorityClass, now),
      priorityClass.preemptionPolicy ?? '',
    ],
  },
});
