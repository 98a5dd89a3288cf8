/** ReplicaSet. Source: kubernetes pkg/registry/apps/replicaset, pkg/apis/apps (1.37). */
import type { IReplicaSet } from 'kubernetes-models/apps/v1/ReplicaSet';
import { semanticEqual } from '../../meta/deep-equal.ts';
import type { FieldError } from '../../meta/field-error.ts';
import { formatLabelSelectorObject } from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource, type UpdateStrategy } from '../../meta/resource.ts';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledTemplateFields } from '../core/pod-dropped-fields.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import { validateLeniently } from '../core/pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from '../core/pod-validation/options.ts';
import { warningsForPodTemplate, workloadNameWarnings } from '../core/pod-warnings.ts';
import { age, ageColumn, column, containerCells, containersColumn, imagesColumn, nameColumn } from '../printing.ts';
import { replicasScale } from './scale.ts';
import { validateAvailable, validateCounts, validateWithinReplicas } from './workload-status.ts';
import { validateReplicaSetTemplate, validateSelectorKept, validateWorkloadSelector } from './workload-template.ts';

export type ReplicaSet = Typed<IReplicaSet>;
type Spec = NonNullable<ReplicaSet['spec']>;

const templateOf = ({ spec }: ReplicaSet): PodTemplateSpec => (spec?.template ?? {}) as PodTemplateSpec;

export function setReplicaSetDefaults(replicaSet: ReplicaSet): void {
  const spec = (replicaSet.spec ??= {} as Spec);
  spec.replicas ??= 1;
  setPodTemplateDefaults((spec.template ??= {}) as PodTemplateSpec);
  replicaSet.status ??= { replicas: 0 };
}

function validateReplicaSet(replicaSet: ReplicaSet, options: PodValidationOptions): FieldError[] {
  const { replicas, minReadySeconds, selector } = replicaSet.spec ?? ({} as Spec);
  const errors = [
    ...validateNonnegative(replicas, 'spec.replicas'),
    ...validateNonnegative(minReadySeconds, 'spec.minReadySeconds'),
  ];
  // Upstream's text says deployment here too.
  validateWorkloadSelector(selector, 'deployment', errors);
  validateReplicaSetTemplate(selector, templateOf(replicaSet), options, errors);
  return errors;
}

const update: UpdateStrategy<ReplicaSet> = {
  prepareForUpdate(next, previous) {
    next.status = previous.status;
    dropDisabledTemplateFields(templateOf(next), templateOf(previous));
  },
  validateUpdate(next, previous) {
    const template = templateOf(previous);
    return [
      ...validateLeniently(STRICT_FOR_TEMPLATE, template.spec, template.metadata, (options) =>
        validateReplicaSet(next, options),
      ),
      ...validateSelectorKept(next.spec?.selector, previous.spec?.selector),
    ];
  },
  warnings(next, previous) {
    if (previous && semanticEqual(next.spec, previous.spec)) return [];
    const warnings = warningsForPodTemplate(templateOf(next), 'spec.template');
    return previous ? warnings : [...workloadNameWarnings(next.metadata.name), ...warnings];
  },
};

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
  'terminatingReplicas',
] as const;

const status: UpdateStrategy<ReplicaSet> = {
  prepareForUpdate(next, previous) {
    next.spec = previous.spec;
  },
  validateUpdate({ status: counts }) {
    const errors: FieldError[] = [];
    if (!counts) return errors;
    validateCounts(counts, COUNTS, errors);
    validateWithinReplicas(counts, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], errors);
    validateAvailable(counts, 'readyReplicas', errors);
    return errors;
  },
};

export const replicaSet = defineResource<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1ReplicaSet',
  validateName: nameIsDNSSubdomain,
  defaults: setReplicaSetDefaults,
  prepareForCreate(next) {
    next.status = { replicas: 0 };
    dropDisabledTemplateFields(templateOf(next), undefined);
  },
  validate: (next) => validateReplicaSet(next, STRICT_FOR_TEMPLATE),
  update,
  status,
  scale: replicasScale(),
  hasGeneration: true,
  selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  selectableFieldNames: ['status.replicas'],
  table: {
    columns: [
      nameColumn,
      column(
        'Desired',
        'integer',
        'Replicas is the number of desired pods. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset',
      ),
      column(
        'Current',
        'integer',
        'Replicas is the most recently observed number of non-terminating pods. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset',
      ),
      column(
        'Ready',
        'integer',
        'The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.',
      ),
      ageColumn,
      containersColumn,
      imagesColumn,
      column(
        'Selector',
        'string',
        "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
        1,
      ),
    ],
    cells: (object, now) => [
      object.metadata.name ?? '',
      object.spec?.replicas ?? 0,
      object.status?.replicas ?? 0,
      object.status?.readyReplicas ?? 0,
      age(object, now),
      ...containerCells(templateOf(object).spec?.containers),
      formatLabelSelectorObject(object.spec?.selector),
    ],
  },
});
