/** CronJob. Source: pkg/registry/batch/cronjob, pkg/apis/batch/validation, pkg/apis/batch/v1 defaults. */
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { ageSince } from '../../meta/duration.ts';
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { formatLabelSelectorObject } from '../../meta/label-selector.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { dropDisabledTemplateFields } from '../core/pod-dropped-fields.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import { goSelector } from '../core/pod-validation/go-struct.ts';
import { validateLeniently } from '../core/pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from '../core/pod-validation/options.ts';
import { workloadNameWarnings } from '../core/pod-warnings.ts';
import { age, ageColumn, column, containerCells, containersColumn, imagesColumn, nameColumn } from '../printing.ts';
import { isTimeZone, parseSchedule } from './cron-schedule.ts';
import { defaultJobPods, jobSpecWarnings } from './job.ts';
import { type JobSpec, jobSpecErrors } from './job-spec-validation.ts';

export type CronJob = Typed<ICronJob>;
type Spec = NonNullable<CronJob['spec']>;

/** A job's name gets 11 characters more than its CronJob's. */
const NAME_CHARS_MAX = 52;
const CONCURRENCY_POLICIES = ['Allow', 'Forbid', 'Replace'];
const TIME_ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

const specOf = ({ spec }: CronJob): Spec => spec ?? ({} as Spec);
const jobSpecOf = (cronJob: CronJob): JobSpec => (specOf(cronJob).jobTemplate?.spec ?? {}) as JobSpec;
const templateOf = (cronJob: CronJob): PodTemplateSpec => (jobSpecOf(cronJob).template ?? {}) as PodTemplateSpec;

function defaults(cronJob: CronJob): void {
  const spec = (cronJob.spec ??= {} as Spec);
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  spec.jobTemplate.metadata ??= {};
  spec.jobTemplate.spec ??= {} as JobSpec;
  defaultJobPods(spec.jobTemplate.spec);
  cronJob.status ??= {};
}

function scheduleErrors({ schedule, timeZone }: Spec, previous: Spec | undefined): FieldError[] {
  const field = 'spec.schedule';
  if (!schedule) return [required(field)];
  const parsed = parseSchedule(schedule);
  const errors = parsed.ok ? [] : [invalid(field, schedule, parsed.error)];
  const mayNameZone = previous?.schedule?.includes('TZ') === true;
  if (!schedule.includes('TZ')) return errors;
  if (!mayNameZone) {
    return [...errors, invalid(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
  }
  if (timeZone === undefined) return errors;
  return [...errors, invalid(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule')];
}

function timeZoneErrors(timeZone: string | undefined): FieldError[] {
  const field = 'spec.timeZone';
  if (timeZone === undefined) return [];
  if (timeZone === '') return [invalid(field, timeZone, 'timeZone must be nil or non-empty string')];
  const isOdd = (part: string): boolean =>
    part === '.' || part === '..' || part.startsWith('-') || !TIME_ZONE_PART.test(part);
  if (timeZone.split('/').some(isOdd)) return [invalid(field, timeZone, `unknown time zone ${timeZone}`)];
  if (timeZone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    const errors = [invalid(field, timeZone, text)];
    return timeZone === 'Local' ? errors : [...errors, invalid(field, timeZone, `unknown time zone ${timeZone}`)];
  }
  return isTimeZone(timeZone) ? [] : [invalid(field, timeZone, `unknown time zone ${timeZone}`)];
}

function concurrencyErrors({ concurrencyPolicy: policy }: Spec): FieldError[] {
  const field = 'spec.concurrencyPolicy';
  if (!policy) return [required(field)];
  return CONCURRENCY_POLICIES.includes(policy) ? [] : [notSupported(field, policy, CONCURRENCY_POLICIES)];
}

function jobTemplateErrors(cronJob: CronJob, options: PodValidationOptions): FieldError[] {
  const spec = jobSpecOf(cronJob);
  const at = 'spec.jobTemplate.spec';
  return [
    ...jobSpecErrors(spec, at, options),
    ...(spec.selector
      ? [invalid(`${at}.selector`, goSelector(spec.selector), '`selector` will be auto-generated')]
      : []),
    ...(spec.manualSelector ? [notSupported(`${at}.manualSelector`, true, ['nil', 'false'])] : []),
  ];
}

function validateSpec(cronJob: CronJob, previous: CronJob | undefined, options: PodValidationOptions): FieldError[] {
  const spec = specOf(cronJob);
  const isZoneKnown = previous !== undefined && specOf(previous).timeZone === spec.timeZone;
  return [
    ...scheduleErrors(spec, previous && specOf(previous)),
    ...validateNonnegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(isZoneKnown ? [] : timeZoneErrors(spec.timeZone)),
    ...concurrencyErrors(spec),
    ...jobTemplateErrors(cronJob, options),
    ...validateNonnegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...validateNonnegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
  ];
}

function nameErrors({ metadata: { name = '' } }: CronJob): FieldError[] {
  return name.length > NAME_CHARS_MAX
    ? [invalid('metadata.name', name, `must be no more than ${NAME_CHARS_MAX} characters`)]
    : [];
}

function warnings(next: CronJob, previous: CronJob | undefined): string[] {
  const isSame = previous && semanticEqual(next.spec, previous.spec);
  const texts = isSame ? [] : jobSpecWarnings(jobSpecOf(next), 'spec.jobTemplate.spec');
  if (!previous) return [...workloadNameWarnings(next.metadata.name), ...texts];
  if (!specOf(next).schedule?.includes('TZ')) return texts;
  const link = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
  return [
    ...texts,
    `cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ${link} for more details`,
  ];
}

export const cronJob = defineResource<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  singular: 'cronjob',
  shortNames: ['cj'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1CronJob',
  validateName: nameIsDNSSubdomain,
  defaults,
  prepareForCreate(cronJob) {
    cronJob.status = {};
    dropDisabledTemplateFields(templateOf(cronJob), undefined);
  },
  validate: (cronJob) => [...validateSpec(cronJob, undefined, STRICT_FOR_TEMPLATE), ...nameErrors(cronJob)],
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropDisabledTemplateFields(templateOf(next), templateOf(previous));
    },
    validateUpdate(next, previous) {
      const template = templateOf(previous);
      return validateLeniently(STRICT_FOR_TEMPLATE, template.spec, template.metadata, (options) =>
        validateSpec(next, previous, options),
      );
    },
    warnings,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: () => [],
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column('Schedule', 'string', 'The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron.'),
      column(
        'Timezone',
        'string',
        'The time zone name for the given schedule, see https://en.wikipedia.org/wiki/List_of_tz_database_time_zones. If not specified, this will default to the time zone of the kube-controller-manager process. The set of valid time zone names and the time zone offset is loaded from the system-wide time zone database by the API server during CronJob validation and the controller manager during execution. If no system-wide time zone database can be found a bundled version of the database is used instead. If the time zone name becomes invalid during the lifetime of a CronJob or due to a change in host configuration, the controller will stop creating new new Jobs and will create a system event with the reason UnknownTimeZone. More information can be found in https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones',
      ),
      column(
        'Suspend',
        'boolean',
        'This flag tells the controller to suspend subsequent executions, it does not apply to already started executions.  Defaults to false.',
      ),
      column('Active', 'integer', 'A list of pointers to currently running jobs.'),
      column('Last Schedule', 'string', 'Information when was the last time the job was successfully scheduled.'),
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
    cells: (cronJob, now) => [
      cronJob.metadata.name ?? '',
      specOf(cronJob).schedule ?? '',
      specOf(cronJob).timeZone ?? '<none>',
      specOf(cronJob).suspend === undefined ? '<unset>' : specOf(cronJob).suspend ? 'True' : 'False',
      cronJob.status?.active?.length ?? 0,
      cronJob.status?.lastScheduleTime ? ageSince(cronJob.status.lastScheduleTime, now) : '<none>',
      age(cronJob, now),
      ...containerCells(templateOf(cronJob).spec?.containers),
      formatLabelSelectorObject(jobSpecOf(cronJob).selector),
    ],
  },
});
