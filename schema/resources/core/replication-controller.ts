/** ReplicationController. Source: pkg/registry/core/replicationcontroller, pkg/apis/core/validation, v1 defaults. */
import type { IReplicationController } from 'kubernetes-models/v1/ReplicationController';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { formatLabels as formatSelector, labelSelectorFromSet, labelsMatch } from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { validateAvailable, validateCounts, validateWithinReplicas } from '../apps/workload-status.ts';
import { validateEndlessPods } from '../apps/workload-template.ts';
import {
  age,
  ageColumn,
  column,
  containerCells,
  containersColumn,
  formatLabels,
  imagesColumn,
  nameColumn,
} from '../printing.ts';
import { setPodTemplateDefaults } from './pod-defaults.ts';
import { dropDisabledTemplateFields } from './pod-dropped-fields.ts';
import type { PodTemplateSpec } from './pod-types.ts';
import { goMap } from './pod-validation/go-struct.ts';
import { validateLeniently } from './pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from './pod-validation/options.ts';
import { validatePodTemplate } from './pod-validation/pod-spec.ts';
import { warningsForPodTemplate, workloadNameWarnings } from './pod-warnings.ts';

export type ReplicationController = Typed<IReplicationController>;
type Labels = Record<string, string>;

const templateOf = ({ spec }: ReplicationController): PodTemplateSpec | undefined =>
  spec?.template as PodTemplateSpec | undefined;

const selectorOf = ({ spec }: ReplicationController): Labels => spec?.selector ?? {};

function defaults(controller: ReplicationController): void {
  const spec = (controller.spec ??= {});
  spec.replicas ??= 1;
  controller.status ??= { replicas: 0 };
  const template = templateOf(controller);
  if (!template) return;
  setPodTemplateDefaults(template);
  const labels = template.metadata?.labels;
  if (!labels) return;
  if (Object.keys(selectorOf(controller)).length === 0) spec.selector = { ...labels };
  if (Object.keys(controller.metadata.labels ?? {}).length === 0) controller.metadata.labels = { ...labels };
}

function templateErrors(controller: ReplicationController, options: PodValidationOptions): FieldError[] {
  const template = templateOf(controller);
  const path = 'spec.template';
  if (!template) return [required(path)];
  const errors: FieldError[] = [];
  const selector = labelSelectorFromSet(selectorOf(controller));
  const labels = template.metadata?.labels;
  if (!labelsMatch(selector, labels)) {
    errors.push(invalid(`${path}.metadata.labels`, goMap(labels), '`selector` does not match template `labels`'));
  }
  validatePodTemplate(template, path, options, errors);
  validateEndlessPods(template, 'ReplicationController', path, errors);
  return errors;
}

const validate = (controller: ReplicationController, options: PodValidationOptions): FieldError[] => [
  ...validateNonnegative(controller.spec?.minReadySeconds, 'spec.minReadySeconds'),
  ...(Object.keys(selectorOf(controller)).length === 0 ? [required('spec.selector')] : []),
  ...validateNonnegative(controller.spec?.replicas, 'spec.replicas'),
  ...templateErrors(controller, options),
];

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
] as const;

export const replicationController = defineResource<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1ReplicationController',
  validateName: nameIsDNSSubdomain,
  defaults,
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
    dropDisabledTemplateFields(templateOf(controller), undefined);
  },
  validate: (controller) => validate(controller, STRICT_FOR_TEMPLATE),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropDisabledTemplateFields(templateOf(next), templateOf(previous));
    },
    validateUpdate(next, previous) {
      const template = templateOf(previous);
      return validateLeniently(STRICT_FOR_TEMPLATE, template?.spec, template?.metadata, (options) =>
        validate(next, options),
      );
    },
    warnings(next, previous) {
      if (previous && semanticEqual(next.spec, previous.spec)) return [];
      const texts = warningsForPodTemplate(templateOf(next), 'spec.template');
      return previous ? texts : [...workloadNameWarnings(next.metadata.name), ...texts];
    },
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate({ status }) {
      const errors: FieldError[] = [];
      if (!status) return errors;
      validateCounts(status, COUNTS, errors);
      validateWithinReplicas(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], errors);
      validateAvailable(status, 'readyReplicas', errors);
      return errors;
    },
  },
  scale: {
    replicas: ({ spec }) => spec?.replicas ?? 0,
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: (controller) => formatSelector(labelSelectorFromSet(selectorOf(controller))),
    setReplicas(controller, replicas) {
      (controller.spec ??= {}).replicas = replicas;
    },
  },
  hasGeneration: true,
  // Of old, its pods outlive it unless the client says otherwise.
  defaultPropagation: 'Orphan',
  selectableFieldNames: ['status.replicas'],
  selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  table: {
    columns: [
      nameColumn,
      column(
        'Desired',
        'integer',
        'Replicas is the number of desired replicas. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
      ),
      column(
        'Current',
        'integer',
        'Replicas is the most recently observed number of replicas. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
      ),
      column('Ready', 'integer', 'The number of ready replicas for this replication controller.'),
      ageColumn,
      containersColumn,
      imagesColumn,
      column(
        'Selector',
        'string',
        'Selector is a label query over pods that should match the Replicas count. If Selector is empty, it is defaulted to the labels present on the Pod template. Label keys and values that must match in order to be controlled by this replication controller, if empty defaulted to labels on Pod template. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
        1,
      ),
    ],
    cells: (controller, now) => [
      controller.metadata.name ?? '',
      controller.spec?.replicas ?? 0,
      controller.status?.replicas ?? 0,
      controller.status?.readyReplicas ?? 0,
      age(controller, now),
      ...containerCells(templateOf(controller)?.spec?.containers),
      formatLabels(selectorOf(controller)),
    ],
  },
});
