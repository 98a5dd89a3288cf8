/** Deployment. Source: kubernetes pkg/registry/apps/deployment, pkg/apis/apps (1.37). */
import { pushAll } from '../../meta/push-all.ts';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { formatLabels, labelSelectorOf } from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource, type TableDefinition, type UpdateStrategy } from '../../meta/resource.ts';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledTemplateFields } from '../core/pod-dropped-fields.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import { goStruct } from '../core/pod-validation/go-struct.ts';
import { validateLeniently } from '../core/pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from '../core/pod-validation/options.ts';
import { warningsForPodTemplate, workloadNameWarnings } from '../core/pod-warnings.ts';
import { age, ageColumn, column, containerCells, containersColumn, imagesColumn, nameColumn } from '../printing.ts';
import { intOrPercentValue, validateAtMost100Percent, validateIntOrPercent } from './int-or-percent.ts';
import { replicasScale } from './scale.ts';
import {
  validateAvailable,
  validateCollisionCount,
  validateCounts,
  validateWithinReplicas,
} from './workload-status.ts';
import { validateReplicaSetTemplate, validateSelectorKept, validateWorkloadSelector } from './workload-template.ts';

export type Deployment = Typed<IDeployment>;
type Spec = NonNullable<Deployment['spec']>;
type Strategy = NonNullable<Spec['strategy']>;

const templateOf = ({ spec }: Deployment): PodTemplateSpec => (spec?.template ?? {}) as PodTemplateSpec;

/** Source: pkg/apis/apps/v1/defaults.go. */
export function setDeploymentDefaults(deployment: Deployment): void {
  const spec = (deployment.spec ??= {} as Spec);
  spec.replicas ??= 1;
  const strategy = (spec.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rollingUpdate = (strategy.rollingUpdate ??= {});
    rollingUpdate.maxUnavailable ??= '25%';
    rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  setPodTemplateDefaults((spec.template ??= {} as Spec['template']) as PodTemplateSpec);
  deployment.status ??= {};
}

function validateDeployment(deployment: Deployment, options: PodValidationOptions): FieldError[] {
  const spec = deployment.spec ?? ({} as Spec);
  const errors = validateNonnegative(spec.replicas, 'spec.replicas');
  validateWorkloadSelector(spec.selector, 'deployment', errors);
  validateReplicaSetTemplate(spec.selector, templateOf(deployment), options, errors);
  validateStrategy(spec.strategy ?? {}, errors);
  pushAll(errors, validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'));
  pushAll(errors, validateNonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'));
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined) {
    const path = 'spec.progressDeadlineSeconds';
    pushAll(errors, validateNonnegative(deadline, path));
    if (deadline <= (spec.minReadySeconds ?? 0)) {
      errors.push(invalid(path, deadline, 'must be greater than minReadySeconds'));
    }
  }
  return errors;
}

function validateStrategy(strategy: Strategy, errors: FieldError[]): void {
  const path = 'spec.strategy.rollingUpdate';
  switch (strategy.type as string | undefined) {
    case 'Recreate':
      if (strategy.rollingUpdate) {
        errors.push(forbiddenField(path, "may not be specified when strategy `type` is 'Recreate'"));
      }
      return;
    case 'RollingUpdate':
      if (strategy.rollingUpdate) validateRollingUpdate(strategy.rollingUpdate, path, errors);
      else errors.push(required(path, 'this should be defaulted and never be nil'));
      return;
    default: {
      const shown = goStruct({ type: '', rollingUpdate: undefined, ...strategy }, ['type', 'rollingUpdate']);
      errors.push(notSupported('spec.strategy', shown, ['Recreate', 'RollingUpdate']));
    }
  }
}

function validateRollingUpdate(
  { maxUnavailable = 0, maxSurge = 0 }: NonNullable<Strategy['rollingUpdate']>,
  path: string,
  errors: FieldError[],
): void {
  validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`, errors);
  validateIntOrPercent(maxSurge, `${path}.maxSurge`, errors);
  if (intOrPercentValue(maxUnavailable) === 0 && intOrPercentValue(maxSurge) === 0) {
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  validateAtMost100Percent(maxUnavailable, `${path}.maxUnavailable`, errors);
}

const update: UpdateStrategy<Deployment> = {
  prepareForUpdate(next, previous) {
    next.status = previous.status;
    dropDisabledTemplateFields(templateOf(next), templateOf(previous));
    // The controller copies annotations to the replica sets, so it must see that they changed.
    if (!semanticEqual(next.metadata.annotations, previous.metadata.annotations)) {
      next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
    }
  },
  validateUpdate(next, previous) {
    const template = templateOf(previous);
    return [
      ...validateLeniently(STRICT_FOR_TEMPLATE, template.spec, template.metadata, (options) =>
        validateDeployment(next, options),
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
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
] as const;

const status: UpdateStrategy<Deployment> = {
  prepareForUpdate(next, previous) {
    next.spec = previous.spec;
    if (previous.metadata.labels) next.metadata.labels = { ...previous.metadata.labels };
    else delete next.metadata.labels;
  },
  validateUpdate({ status: counts = {} }, previous) {
    const errors: FieldError[] = [];
    validateCounts(counts, COUNTS, errors);
    validateWithinReplicas(counts, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], errors);
    validateAvailable(counts, 'readyReplicas', errors);
    validateCollisionCount(counts, previous.status, errors);
    return errors;
  },
};

const table: TableDefinition<Deployment> = {
  columns: [
    nameColumn,
    column('Ready', 'string', 'Number of the pod with ready state'),
    column(
      'Up-to-date',
      'string',
      'Total number of non-terminating pods targeted by this deployment that have the desired template spec.',
    ),
    column(
      'Available',
      'string',
      'Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.',
    ),
    ageColumn,
    containersColumn,
    imagesColumn,
    column(
      'Selector',
      'string',
      "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
      1,
    ),
  ],
  cells: (object, now) => [
    object.metadata.name ?? '',
    `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
    object.status?.updatedReplicas ?? 0,
    object.status?.availableReplicas ?? 0,
    age(object, now),
    ...containerCells(templateOf(object).spec?.containers),
    selectorCell(object),
  ],
};

function selectorCell({ spec }: Deployment): string {
  const parsed = labelSelectorOf(spec?.selector);
  return parsed.ok ? formatLabels(parsed.value) : '<invalid>';
}

export const deployment = defineResource<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1Deployment',
  validateName: nameIsDNSSubdomain,
  defaults: setDeploymentDefaults,
  prepareForCreate(next) {
    next.status = {};
    dropDisabledTemplateFields(templateOf(next), undefined);
  },
  validate: (next) => validateDeployment(next, STRICT_FOR_TEMPLATE),
  update,
  status,
  scale: replicasScale(),
  hasGeneration: true,
  table,
});
