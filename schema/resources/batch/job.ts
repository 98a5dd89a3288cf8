/** Job. Source: pkg/registry/batch/job, pkg/apis/batch/validation, pkg/apis/batch/v1 defaults. */
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { humanDuration } from '../../meta/duration.ts';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { goQuote } from '../../meta/go-format.ts';
import {
  formatLabelSelectorObject,
  labelSelectorOf,
  labelsMatch,
  validateLabelSelector,
} from '../../meta/label-selector.ts';
import { isDNS1123Label, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledTemplateFields } from '../core/pod-dropped-fields.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import { goMap, goSelector } from '../core/pod-validation/go-struct.ts';
import { validateLeniently } from '../core/pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from '../core/pod-validation/options.ts';
import { warningsForPodTemplate, workloadNameWarnings } from '../core/pod-warnings.ts';
import { age, ageColumn, column, containerCells, containersColumn, imagesColumn, nameColumn } from '../printing.ts';
import { type JobSpec, jobSpecErrors } from './job-spec-validation.ts';
import { jobChanges, validateJobStatus } from './job-update-validation.ts';

export type Job = Typed<IJob>;

const BACKOFF_LIMIT = 6;
const INT32_MAX = 2 ** 31 - 1;
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name'] as const;
const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'] as const;

const specOf = ({ spec }: Job): JobSpec => spec ?? ({} as JobSpec);
const templateOf = (job: Job): PodTemplateSpec => (specOf(job).template ?? {}) as PodTemplateSpec;

/** Of a job's spec, wherever it stands: its pods, and patterns that say nothing of the status they mean. */
export function defaultJobPods(spec: JobSpec): void {
  setPodTemplateDefaults((spec.template ??= {}) as PodTemplateSpec);
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
}

function defaults(job: Job): void {
  const spec = (job.spec ??= {} as JobSpec);
  defaultJobPods(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : INT32_MAX;
  const labels = templateOf(job).metadata?.labels;
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = { ...labels };
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  job.status ??= {};
}

/** The job's own labels on its pods, and the selector for them. A clash is for validation to tell. */
function generateSelector(job: Job): void {
  const spec = specOf(job);
  if (spec.manualSelector) return;
  const { name = '', uid = '' } = job.metadata;
  const template = templateOf(job);
  const own = Object.fromEntries([...NAME_LABELS.map((key) => [key, name]), ...UID_LABELS.map((key) => [key, uid])]);
  template.metadata = { ...template.metadata, labels: { ...own, ...template.metadata?.labels } };
  spec.selector = { ...spec.selector, matchLabels: { [UID_LABELS[1]]: uid, ...spec.selector?.matchLabels } };
}

function labelErrors(labels: Readonly<Record<string, string>>, key: string, expected: string): FieldError[] {
  const field = `spec.template.metadata.labels[${key}]`;
  if (labels[key] === undefined) return [required(field, `must be '${expected}'`)];
  return labels[key] === expected ? [] : [invalid(field, goMap(labels), `must be '${expected}'`)];
}

function generatedSelectorErrors(job: Job): FieldError[] {
  const { manualSelector, selector } = specOf(job);
  if (manualSelector || !selector) return [];
  const { name = '', uid = '' } = job.metadata;
  const labels = templateOf(job).metadata?.labels ?? {};
  const own: Record<string, string> = {
    [UID_LABELS[0]]: uid,
    [NAME_LABELS[0]]: name,
    [UID_LABELS[1]]: uid,
    [NAME_LABELS[1]]: name,
  };
  const parsed = labelSelectorOf(selector);
  return [
    ...(uid ? [] : [required('metadata.uid')]),
    ...Object.entries(own).flatMap(([key, value]) => labelErrors(labels, key, value)),
    ...(parsed.ok && !labelsMatch(parsed.value, own)
      ? [invalid('spec.selector', goSelector(selector), '`selector` not auto-generated')]
      : []),
  ];
}

function selectorErrors(job: Job, allowInvalidLabelValueInSelector: boolean): FieldError[] {
  const { selector } = specOf(job);
  const errors = selector
    ? validateLabelSelector(selector, 'spec.selector', { allowInvalidLabelValueInSelector })
    : [required('spec.selector')];
  const labels = templateOf(job).metadata?.labels;
  // No selector selects nothing.
  const parsed = labelSelectorOf(selector);
  if (!parsed.ok || labelsMatch(parsed.value, labels)) return errors;
  return [
    ...errors,
    invalid('spec.template.metadata.labels', goMap(labels), '`selector` does not match template `labels`'),
  ];
}

/** The pod of the last index has the longest host name. */
function nameErrors(job: Job): FieldError[] {
  const { completionMode, completions = 0 } = specOf(job);
  const name = job.metadata.name ?? '';
  const hostname = `${name}-${completions - 1}`;
  if (completionMode !== 'Indexed' || completions <= 0 || isDNS1123Label(hostname).length === 0) return [];
  return [invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${hostname}`)];
}

const validateSpec = (job: Job, options: PodValidationOptions, allowInvalidSelector: boolean): FieldError[] => [
  ...jobSpecErrors(specOf(job), 'spec', options),
  ...selectorErrors(job, options.allowInvalidLabelValueInSelector || allowInvalidSelector),
];

/** `path` is that of a job's spec. */
export function jobSpecWarnings(
  { completionMode, completions = 0, parallelism = 0, template }: JobSpec,
  path: string,
): string[] {
  const isHuge = completionMode === 'Indexed' && completions > 100_000 && parallelism > 10_000;
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [
    ...(isHuge ? [`${path}: ${text}`] : []),
    ...warningsForPodTemplate(template as PodTemplateSpec, `${path}.template`),
  ];
}

function formatStatus({ metadata, status }: Job): string {
  const has = (type: string): boolean =>
    (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function formatCompletions(job: Job): string {
  const { completions, parallelism = 0 } = specOf(job);
  const succeeded = job.status?.succeeded ?? 0;
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function formatDuration({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  return humanDuration(
    (status.completionTime ? Date.parse(status.completionTime) : now) - Date.parse(status.startTime),
  );
}

export const job = defineResource<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  singular: 'job',
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1Job',
  validateName: nameIsDNSSubdomain,
  defaults,
  prepareForCreate(job) {
    generateSelector(job);
    job.status = {};
    dropDisabledTemplateFields(templateOf(job), undefined);
  },
  validate: (job) => [
    ...generatedSelectorErrors(job),
    ...validateSpec(job, STRICT_FOR_TEMPLATE, false),
    ...nameErrors(job),
  ],
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropDisabledTemplateFields(templateOf(next), templateOf(previous));
    },
    validateUpdate(next, previous) {
      const template = templateOf(previous);
      const allowInvalidSelector = validateLabelSelector(specOf(previous).selector, '').length > 0;
      return [
        ...validateLeniently(STRICT_FOR_TEMPLATE, template.spec, template.metadata, (options) =>
          validateSpec(next, options, allowInvalidSelector),
        ),
        ...jobChanges(next, previous),
        ...nameErrors(next),
      ];
    },
    warnings(next, previous) {
      if (previous && semanticEqual(next.spec, previous.spec)) return [];
      const texts = jobSpecWarnings(specOf(next), 'spec');
      return previous ? texts : [...workloadNameWarnings(next.metadata.name), ...texts];
    },
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: validateJobStatus,
  },
  hasGeneration: true,
  // Of old, its pods outlive it unless the client says otherwise.
  defaultPropagation: 'Orphan',
  selectableFieldNames: ['status.successful'],
  unknownFieldLabel: (label) => `field label ${goQuote(label)} not supported for batchv1.Job`,
  selectableFields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
  table: {
    columns: [
      nameColumn,
      column('Status', 'string', 'Status of the job.'),
      column(
        'Completions',
        'string',
        'The number of pods which reached phase Succeeded. The value increases monotonically for a given spec. However, it may decrease in reaction to scale down of elastic indexed jobs.',
      ),
      column('Duration', 'string', 'Time required to complete the job.'),
      ageColumn,
      containersColumn,
      imagesColumn,
      column(
        'Selector',
        'string',
        'A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
        1,
      ),
    ],
    cells: (job, now) => [
      job.metadata.name ?? '',
      formatStatus(job),
      formatCompletions(job),
      formatDuration(job, now),
      age(job, now),
      ...containerCells(templateOf(job).spec?.containers),
      formatLabelSelectorObject(specOf(job).selector),
    ],
  },
});
