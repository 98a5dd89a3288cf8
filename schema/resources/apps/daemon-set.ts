/** DaemonSet. Source: pkg/registry/apps/daemonset, pkg/apis/apps/validation, pkg/apis/apps/v1. */
import type { IDaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import {
  formatLabelSelectorObject,
  labelSelectorOf,
  labelsMatch,
  validateLabelSelector,
} from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledTemplateFields } from '../core/pod-dropped-fields.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import { goMap } from '../core/pod-validation/go-struct.ts';
import { validateLeniently } from '../core/pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from '../core/pod-validation/options.ts';
import { validatePodTemplate } from '../core/pod-validation/pod-spec.ts';
import { warningsForPodTemplate } from '../core/pod-warnings.ts';
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
import { intOrPercentValue, validateAtMost100Percent, validateIntOrPercent } from './int-or-percent.ts';
import { validateCollisionCount, validateCounts } from './workload-status.ts';
import { validateEndlessPods, validateSelectorKept } from './workload-template.ts';

export type DaemonSet = Typed<IDaemonSet>;
type Spec = NonNullable<DaemonSet['spec']>;
type RollingUpdate = NonNullable<NonNullable<Spec['updateStrategy']>['rollingUpdate']>;

/** Counts the changes of the template. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';
const HISTORY_LIMIT = 10;

const specOf = ({ spec }: DaemonSet): Spec => spec ?? ({} as Spec);
const templateOf = (set: DaemonSet): PodTemplateSpec => (specOf(set).template ?? {}) as PodTemplateSpec;

const EMPTY_STATUS = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

function defaults(set: DaemonSet): void {
  const spec = (set.spec ??= {} as Spec);
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...strategy.rollingUpdate };
  }
  spec.revisionHistoryLimit ??= HISTORY_LIMIT;
  setPodTemplateDefaults((spec.template ??= {}) as PodTemplateSpec);
  set.status ??= { ...EMPTY_STATUS };
}

const templateGenerationOf = ({ metadata }: DaemonSet): number =>
  Number.parseInt(metadata.annotations?.[TEMPLATE_GENERATION] ?? '', 10) || 0;

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

function rollingUpdateErrors({ maxUnavailable = 0, maxSurge = 0 }: RollingUpdate): FieldError[] {
  const path = 'spec.updateStrategy.rollingUpdate';
  const errors: FieldError[] = [];
  for (const rule of [validateIntOrPercent, validateAtMost100Percent]) {
    rule(maxUnavailable, `${path}.maxUnavailable`, errors);
    rule(maxSurge, `${path}.maxSurge`, errors);
  }
  const [mayMiss, maySurge] = [intOrPercentValue(maxUnavailable) !== 0, intOrPercentValue(maxSurge) !== 0];
  if (mayMiss && maySurge) {
    errors.push(invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  }
  if (!mayMiss && !maySurge) errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

function strategyErrors({ updateStrategy = {} }: Spec): FieldError[] {
  const { type = '', rollingUpdate } = updateStrategy;
  const path = 'spec.updateStrategy';
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') {
    const printed = { Type: type, RollingUpdate: rollingUpdate ?? null };
    return [notSupported(path, printed, ['RollingUpdate', 'OnDelete'])];
  }
  return rollingUpdate ? rollingUpdateErrors(rollingUpdate) : [required(`${path}.rollingUpdate`)];
}

function selectorErrors(set: DaemonSet, allowInvalidLabelValueInSelector: boolean): FieldError[] {
  const { selector } = specOf(set);
  const errors = validateLabelSelector(selector, 'spec.selector', { allowInvalidLabelValueInSelector });
  const parsed = labelSelectorOf(selector);
  const labels = templateOf(set).metadata?.labels;
  if (parsed.ok && !labelsMatch(parsed.value, labels)) {
    errors.push(invalid('spec.template.metadata.labels', goMap(labels), '`selector` does not match template `labels`'));
  }
  const isEmpty = Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0) === 0;
  if (selector && isEmpty) errors.push(invalid('spec.selector', {}, 'empty selector is invalid for daemonset'));
  return errors;
}

function validate(set: DaemonSet, options: PodValidationOptions, allowInvalidSelector: boolean): FieldError[] {
  const spec = specOf(set);
  const errors = selectorErrors(set, options.allowInvalidLabelValueInSelector || allowInvalidSelector);
  validatePodTemplate(templateOf(set), 'spec.template', options, errors);
  validateEndlessPods(templateOf(set), 'DaemonSet', 'spec.template', errors);
  return [
    ...errors,
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...strategyErrors(spec),
    ...validateNonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ];
}

const COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const;

export const daemonSet = defineResource<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1DaemonSet',
  validateName: nameIsDNSSubdomain,
  defaults,
  prepareForCreate(set) {
    set.status = { ...EMPTY_STATUS };
    setTemplateGeneration(set, Math.max(1, templateGenerationOf(set)));
    dropDisabledTemplateFields(templateOf(set), undefined);
  },
  validate: (set) => validate(set, STRICT_FOR_TEMPLATE, false),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropDisabledTemplateFields(templateOf(next), templateOf(previous));
      const isSame = semanticEqual(specOf(next).template, specOf(previous).template);
      setTemplateGeneration(next, templateGenerationOf(previous) + (isSame ? 0 : 1));
    },
    validateUpdate(next, previous) {
      const template = templateOf(previous);
      const allowInvalidSelector = validateLabelSelector(specOf(previous).selector, '').length > 0;
      return [
        ...validateSelectorKept(specOf(next).selector, specOf(previous).selector),
        ...validateLeniently(STRICT_FOR_TEMPLATE, template.spec, template.metadata, (options) =>
          validate(next, options, allowInvalidSelector),
        ),
      ];
    },
    warnings: (next, previous) =>
      previous && semanticEqual(specOf(next).template, specOf(previous).template)
        ? []
        : warningsForPodTemplate(templateOf(next), 'spec.template'),
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate({ status }, previous) {
      const errors: FieldError[] = [];
      if (!status) return errors;
      validateCounts(status, COUNTS, errors);
      validateCollisionCount(status, previous.status, errors);
      return errors;
    },
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Desired',
        'integer',
        'The total number of nodes that should be running the daemon pod (including nodes correctly running the daemon pod). More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/',
      ),
      column(
        'Current',
        'integer',
        'The number of nodes that are running at least 1 daemon pod and are supposed to run the daemon pod. More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/',
      ),
      column(
        'Ready',
        'integer',
        'numberReady is the number of nodes that should be running the daemon pod and have one or more of the daemon pod running with a Ready Condition.',
      ),
      column('Up-to-date', 'integer', 'The total number of nodes that are running updated daemon pod'),
      column(
        'Available',
        'integer',
        'The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available (ready for at least spec.minReadySeconds)',
      ),
      column(
        'Node Selector',
        'string',
        "NodeSelector is a selector which must be true for the pod to fit on a node. Selector which must match a node's labels for the pod to be scheduled on that node. More info: https://kubernetes.io/docs/concepts/configuration/assign-pod-node/",
      ),
      ageColumn,
      containersColumn,
      imagesColumn,
      column(
        'Selector',
        'string',
        "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
        1,
      ),
    ],
    cells: (set, now) => [
      set.metadata.name ?? '',
      set.status?.desiredNumberScheduled ?? 0,
      set.status?.currentNumberScheduled ?? 0,
      set.status?.numberReady ?? 0,
      set.status?.updatedNumberScheduled ?? 0,
      set.status?.numberAvailable ?? 0,
      formatLabels(templateOf(set).spec?.nodeSelector),
      age(set, now),
      ...containerCells(templateOf(set).spec?.containers),
      formatLabelSelectorObject(specOf(set).selector),
    ],
  },
});
