/** What may change in a job, and what its status may say. Source: pkg/apis/batch/validation, registry/batch/job. */
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { duplicate, type FieldError, invalid, OMIT_VALUE, required } from '../../meta/field-error.ts';
import { cloneJson } from '../../meta/json-value.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField, validateNonnegative } from '../../meta/object-meta-validation.ts';
import type { PodSpec, PodTemplateSpec } from '../core/pod-types.ts';
import { countIndexes, firstOverlap } from './job-indexes.ts';
import type { JobSpec } from './job-spec-validation.ts';

type Job = Typed<IJob>;
type Status = NonNullable<Job['status']>;

const specOf = ({ spec }: Job): JobSpec => spec ?? ({} as JobSpec);
const statusOf = ({ status }: Job): Status => status ?? {};

const hasCondition = (job: Job, type: string, status = 'True'): boolean =>
  (statusOf(job).conditions ?? []).some((condition) => condition.type === type && condition.status === status);

export const isJobFinished = (job: Job): boolean => hasCondition(job, 'Complete') || hasCondition(job, 'Failed');

/** While a job is suspended and has no pods, what decides where its pods go may change. */
function mayTemplateChange(job: Job): boolean {
  const { startTime, active = 0 } = statusOf(job);
  return specOf(job).suspend === true && (startTime === undefined || hasCondition(job, 'Suspended')) && active === 0;
}

type Affinity = PodSpec['affinity'];

function affinityWithout(before: Affinity, after: Affinity): Affinity {
  const { nodeAffinity: _, ...rest } = before ?? {};
  if (after) return { ...rest, ...(after.nodeAffinity ? { nodeAffinity: after.nodeAffinity } : {}) };
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** The old template as if it had always had what the new one may bring. */
function adapted(before: PodTemplateSpec, after: PodTemplateSpec): PodTemplateSpec {
  const template = cloneJson(before);
  const { annotations, labels } = after.metadata ?? {};
  const { nodeSelector, tolerations, schedulingGates, affinity } = after.spec ?? ({} as PodSpec);
  template.metadata = { ...template.metadata, annotations, labels };
  template.spec = {
    ...(template.spec as PodSpec),
    nodeSelector,
    tolerations,
    schedulingGates,
    affinity: affinityWithout(template.spec?.affinity, affinity),
  };
  return template;
}

type Containers = NonNullable<PodSpec['containers']>;

function withResourcesOf(before: Containers | undefined, after: Containers | undefined): Containers | undefined {
  if (!before || before.length !== after?.length) return before;
  return before.map((container, i) =>
    container.name === after[i]?.name ? { ...container, resources: after[i]?.resources } : container,
  );
}

function templateChanges(next: Job, previous: Job): FieldError[] {
  const after = (specOf(next).template ?? {}) as PodTemplateSpec;
  const stored = (specOf(previous).template ?? {}) as PodTemplateSpec;
  const before = mayTemplateChange(previous) ? adapted(stored, after) : stored;
  if (!mayTemplateChange(previous)) return validateImmutableField(after, before, 'spec.template');
  const spec = { ...(before.spec as PodSpec) };
  spec.containers = withResourcesOf(spec.containers, after.spec?.containers) as Containers;
  spec.initContainers = withResourcesOf(spec.initContainers, after.spec?.initContainers);
  return validateImmutableField(after.spec, spec, 'spec.template.spec');
}

function completionChanges(next: JobSpec, previous: JobSpec): FieldError[] {
  const field = 'spec.completions';
  if (next.completionMode !== 'Indexed') return validateImmutableField(next.completions, previous.completions, field);
  const { completions, parallelism } = next;
  if (completions === undefined || completions === previous.completions || completions === parallelism) return [];
  return [invalid(field, completions, 'can only be modified in tandem with spec.parallelism')];
}

/** Errors of changes to what stays for a job's life. */
export function jobChanges(next: Job, previous: Job): FieldError[] {
  const [after, before] = [specOf(next), specOf(previous)];
  const same = (name: keyof JobSpec): FieldError[] => validateImmutableField(after[name], before[name], `spec.${name}`);
  return [
    ...completionChanges(after, before),
    ...same('selector'),
    ...templateChanges(next, previous),
    ...same('completionMode'),
    ...same('podFailurePolicy'),
    ...same('backoffLimitPerIndex'),
    ...same('managedBy'),
    ...same('successPolicy'),
  ];
}

const conditionError = (text: string): FieldError => invalid('status.conditions', OMIT_VALUE, text);

function uncountedErrors({ uncountedTerminatedPods: uncounted }: Status): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (uncounted?.[list] ?? []).flatMap((uid, i) => {
      const field = `status.uncountedTerminatedPods.${list}[${i}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** Which parts of the status an update changes: rules apply only to what changed. */
function changesOf(next: Job, previous: Job) {
  const [after, before] = [statusOf(next), statusOf(previous)];
  const flips = (test: (job: Job) => boolean): boolean => test(next) !== test(previous);
  const differs = (name: keyof Status): boolean => !semanticEqual(after[name], before[name]);
  return {
    finished: flips(isJobFinished),
    complete: flips((job) => hasCondition(job, 'Complete')),
    failed: flips((job) => hasCondition(job, 'Failed')),
    failureTarget: flips((job) => hasCondition(job, 'FailureTarget')),
    successCriteriaMet: flips((job) => hasCondition(job, 'SuccessCriteriaMet')),
    completedIndexes: differs('completedIndexes'),
    failedIndexes: after.failedIndexes !== before.failedIndexes,
    active: differs('active'),
    startTime: differs('startTime'),
    completionTime: differs('completionTime'),
    uncounted: differs('uncountedTerminatedPods'),
    ready: differs('ready'),
    terminating: differs('terminating'),
    resuming: hasCondition(previous, 'Suspended') && hasCondition(next, 'Suspended', 'False'),
  };
}

type Changes = ReturnType<typeof changesOf>;

function completionErrors(job: Job, changed: Changes): FieldError[] {
  const { completionTime, startTime } = statusOf(job);
  const isComplete = hasCondition(job, 'Complete');
  const errors: FieldError[] = [];
  if ((changed.complete || changed.failed) && isComplete && hasCondition(job, 'Failed')) {
    errors.push(conditionError('cannot set Complete=True and Failed=true conditions'));
  }
  if ((changed.complete || changed.failureTarget) && isComplete && hasCondition(job, 'FailureTarget')) {
    errors.push(conditionError('cannot set Complete=True and FailureTarget=true conditions'));
  }
  const field = 'status.completionTime';
  if ((changed.complete || changed.completionTime) && completionTime !== undefined && !isComplete) {
    errors.push(invalid(field, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
  }
  if ((changed.complete || changed.completionTime) && completionTime === undefined && isComplete) {
    errors.push(required(field, 'completionTime is required for Complete jobs'));
  }
  const isBefore =
    startTime !== undefined && completionTime !== undefined && Date.parse(completionTime) < Date.parse(startTime);
  if ((changed.startTime || changed.completionTime) && isBefore) {
    errors.push(invalid(field, completionTime, 'must be equal to or after `startTime`'));
  }
  if ((changed.failed || changed.failedIndexes) && hasCondition(job, 'Failed') && !hasCondition(job, 'FailureTarget')) {
    errors.push(conditionError('cannot set Failed=True condition without the FailureTarget=true condition'));
  }
  if ((changed.complete || changed.successCriteriaMet) && isComplete && !hasCondition(job, 'SuccessCriteriaMet')) {
    errors.push(conditionError('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'));
  }
  return errors;
}

function finishedErrors(job: Job, changed: Changes): FieldError[] {
  const { active = 0, startTime, uncountedTerminatedPods: uncounted, terminating = 0, ready } = statusOf(job);
  const isFinished = isJobFinished(job);
  const isSuspendedEmpty = specOf(job).suspend === true && specOf(job).completions === 0;
  const errors: FieldError[] = [];
  if ((changed.finished || changed.active) && active > 0 && isFinished) {
    errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  }
  if ((changed.finished || changed.startTime) && !isSuspendedEmpty && startTime === undefined && isFinished) {
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  }
  const uncountedPods = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if ((changed.finished || changed.uncounted) && isFinished && uncountedPods > 0) {
    const printed = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
    errors.push(invalid('status.uncountedTerminatedPods', printed, 'must be empty for finished job'));
  }
  if ((changed.finished || changed.terminating) && terminating > 0 && isFinished) {
    errors.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  if ((changed.ready || changed.active) && ready !== undefined && ready > active) {
    errors.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function indexErrors(job: Job, changed: Changes): FieldError[] {
  const { completions, backoffLimitPerIndex, completionMode } = specOf(job);
  const { completedIndexes = '', failedIndexes } = statusOf(job);
  const errors: FieldError[] = [];
  const format = (name: string, list: string): void => {
    const parsed = completions === undefined ? undefined : countIndexes(list, completions);
    if (parsed && !parsed.ok) errors.push(invalid(`status.${name}`, list, `error parsing ${name}: ${parsed.error}`));
  };
  if (changed.completedIndexes) format('completedIndexes', completedIndexes);
  if (changed.failedIndexes && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) {
    format('failedIndexes', failedIndexes);
  }
  if (changed.completedIndexes && completedIndexes !== '' && completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid('status.completedIndexes', completedIndexes, text));
  }
  if (changed.failedIndexes && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalid('status.failedIndexes', failedIndexes, text));
  }
  const overlap = firstOverlap(completedIndexes, failedIndexes ?? '', completions ?? 0);
  if ((changed.failedIndexes || changed.completedIndexes) && overlap !== undefined) {
    errors.push(
      invalid('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${overlap}`),
    );
  }
  return errors;
}

function criteriaErrors(job: Job): FieldError[] {
  if (!hasCondition(job, 'SuccessCriteriaMet')) {
    if (!specOf(job).successPolicy || !hasCondition(job, 'Complete')) return [];
    return [conditionError('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True')];
  }
  return ['Failed', 'FailureTarget']
    .filter((type) => hasCondition(job, type))
    .map((type) => conditionError(`cannot set SuccessCriteriaMet=True and ${type}=true conditions`));
}

function backwardErrors(next: Job, previous: Job, changed: Changes): FieldError[] {
  const [after, before] = [statusOf(next), statusOf(previous)];
  const errors = ['Failed', 'Complete', 'FailureTarget']
    .filter((type) => hasCondition(previous, type) && !hasCondition(next, type))
    .map((type) => conditionError(`cannot disable the terminal ${type}=True condition`));
  if ((after.failed ?? 0) < (before.failed ?? 0)) {
    errors.push(invalid('status.failed', after.failed ?? 0, 'cannot decrease the failed counter'));
  }
  const { completionMode, completions, parallelism, suspend } = specOf(next);
  const isElastic = completionMode === 'Indexed' && completions === parallelism;
  if (!isElastic && (after.succeeded ?? 0) < (before.succeeded ?? 0)) {
    errors.push(invalid('status.succeeded', after.succeeded ?? 0, 'cannot decrease the succeeded counter'));
  }
  if (after.completionTime !== undefined && before.completionTime !== undefined && changed.completionTime) {
    errors.push(invalid('status.completionTime', after.completionTime, 'field is immutable'));
  }
  if (changed.startTime && !changed.resuming && before.startTime !== undefined && !suspend) {
    errors.push(invalid('status.startTime', after.startTime, 'field is immutable for unsuspended job once set'));
  }
  const [met, wasMet] = [hasCondition(next, 'SuccessCriteriaMet'), hasCondition(previous, 'SuccessCriteriaMet')];
  if (wasMet && !met) errors.push(conditionError('cannot disable the SuccessCriteriaMet=True condition'));
  if (hasCondition(previous, 'Complete') && !wasMet && met) {
    errors.push(conditionError('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
  }
  return errors;
}

/** All errors of an update of a job's status. */
export function validateJobStatus(next: Job, previous: Job): FieldError[] {
  const changed = changesOf(next, previous);
  const status = statusOf(next);
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((name) =>
      validateNonnegative(status[name], `status.${name}`),
    ),
    ...uncountedErrors(status),
    ...completionErrors(next, changed),
    ...finishedErrors(next, changed),
    ...indexErrors(next, changed),
    ...criteriaErrors(next),
    ...backwardErrors(next, previous, changed),
  ];
}
