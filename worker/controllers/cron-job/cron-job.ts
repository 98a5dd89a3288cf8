/** Makes Jobs by the clock. Source: pkg/controller/cronjob cronjob_controllerv2.go, utils.go. */
import { cloneJson, equalJson } from '../../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import type { CronJob } from '../../../schema/resources/batch/cron-job.ts';
import { type CronSchedule, isTimeZone, parseSchedule } from '../../../schema/resources/batch/cron-schedule.ts';
import type { Job } from '../../../schema/resources/batch/job.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import { type ControllerContext, type ControllerWrite, defineController, type ReconcileResult } from '../controller.ts';
import { finishedCondition } from '../job/job-conditions.ts';
import { controllerReference, isControlledBy } from '../ownership.ts';
import { dueTime, nextTime, zoneOffset } from './next-time.ts';

const CRON_JOBS = 'cronjobs.batch';
const JOBS = 'jobs.batch';
const COMPONENT = 'cronjob-controller';
const SCHEDULED_ANNOTATION = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** A little after the time itself, so that it is over for sure. */
const SLACK_MS = 100;

type Status = NonNullable<CronJob['status']>;

export const cronJobController = defineController({
  name: 'cronjob',
  for: CRON_JOBS,
  owns: [JOBS],
  reconcile(view, name, context) {
    const cronJob = view.get(CRON_JOBS, name) as KubeObject as CronJob | undefined;
    return cronJob ? reconcileCronJob(view, cronJob, context) : { writes: [] };
  },
});

function reconcileCronJob(view: StoreReader, cronJob: CronJob, { now }: ControllerContext): ReconcileResult {
  const jobs = view
    .ownedBy(cronJob.metadata.uid ?? '', JOBS)
    .map(({ object }) => object as KubeObject as Job)
    .filter((job) => isControlledBy(job, cronJob));
  const news = statusNews(cronJob, jobs);
  if (news.length > 0) return { writes: news };
  if (cronJob.metadata.deletionTimestamp) return { writes: [] };
  const surplus = surplusJobs(cronJob, jobs);
  if (surplus.length > 0) return { writes: surplus.map((job) => deletion(cronJob, job)) };
  if (cronJob.spec?.suspend) return { writes: [] };

  const timeZone = cronJob.spec?.timeZone ?? '';
  if (!isTimeZone(timeZone)) {
    return {
      writes: [
        event(cronJob, 'Warning', 'UnknownTimeZone', `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`),
      ],
    };
  }
  const text = cronJob.spec?.schedule ?? '';
  const schedule = parseSchedule(text);
  if (!schedule.ok) {
    return {
      writes: [event(cronJob, 'Warning', 'UnparseableSchedule', `unparseable schedule: "${text}" : ${schedule.error}`)],
    };
  }
  return scheduled({ cronJob, jobs, schedule: schedule.value, timeZone, now });
}

interface Pass {
  readonly cronJob: CronJob;
  readonly jobs: readonly Job[];
  readonly schedule: CronSchedule;
  readonly timeZone: string;
  readonly now: number;
}

function scheduled(pass: Pass): ReconcileResult {
  const { cronJob, schedule, timeZone, now } = pass;
  const next = nextTime(schedule, now, timeZone);
  const later = (...writes: readonly ControllerWrite[]): ReconcileResult =>
    next === undefined ? { writes } : { writes, requeueAt: next + SLACK_MS };
  const { startingDeadlineSeconds } = cronJob.spec ?? {};
  const since = Date.parse(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp ?? '');
  const earliest =
    startingDeadlineSeconds === undefined ? since : Math.max(since, now - startingDeadlineSeconds * 1000);
  const { latest, isManyMissed } = dueTime(schedule, earliest, now, timeZone);
  if (latest === undefined) return later();
  const missed = isManyMissed
    ? [
        event(
          cronJob,
          'Warning',
          'TooManyMissedTimes',
          'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
        ),
      ]
    : [];
  const active = cronJob.status?.active ?? [];
  if (active.some(({ name }) => name === jobName(cronJob, latest))) return later(...missed);
  if (cronJob.spec?.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    return later(...missed, event(cronJob, 'Normal', 'JobAlreadyActive', message));
  }
  const replaced =
    cronJob.spec?.concurrencyPolicy === 'Replace'
      ? pass.jobs
          .filter(({ metadata }) => active.some(({ uid }) => uid === metadata.uid))
          .map((job) => deletion(cronJob, job))
      : [];
  return later(...missed, ...replaced, creation(pass, latest, replaced.length > 0));
}

/** What has become of the Jobs, where the status does not say it yet. */
function statusNews(cronJob: CronJob, jobs: readonly Job[]): readonly ControllerWrite[] {
  const status = cronJob.status ?? {};
  const events: ControllerWrite[] = [];
  const active = (status.active ?? []).filter(({ name, uid }) => {
    const job = jobs.find(({ metadata }) => metadata.uid === uid);
    const finished = job && finishedCondition(job);
    if (!job) events.push(event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`));
    else if (finished)
      events.push(
        event(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${finished.type}`),
      );
    return job && !finished;
  });
  const successes = jobs
    .filter((job) => finishedCondition(job)?.type === 'Complete')
    .flatMap((job) => job.status?.completionTime ?? []);
  const lastSuccessfulTime = [status.lastSuccessfulTime ?? '', ...successes].sort().at(-1);
  const { active: _active, ...rest } = status;
  const next: Status = {
    ...rest,
    ...(active.length > 0 ? { active } : {}),
    ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}),
  };
  return equalJson(status, next) ? [] : [{ ...statusWrite(cronJob, next), onDone: () => events }];
}

/** Finished Jobs beyond the history limits, the oldest of each kind. */
function surplusJobs(cronJob: CronJob, jobs: readonly Job[]): readonly Job[] {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec ?? {};
  const beyond = (type: 'Complete' | 'Failed', limit: number | undefined): readonly Job[] => {
    const finished = jobs.filter((job) => finishedCondition(job)?.type === type && !job.metadata.deletionTimestamp);
    if (limit === undefined) return [];
    const startOf = ({ status, metadata }: Job) => `${status?.startTime ?? ''} ${metadata.name}`;
    return finished.sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1)).slice(0, Math.max(0, finished.length - limit));
  };
  return [...beyond('Complete', successfulJobsHistoryLimit), ...beyond('Failed', failedJobsHistoryLimit)];
}

const MINUTE_MS = 60_000;

/** The same for the same time, so that no time is served twice. */
const jobName = (cronJob: CronJob, time: number): string => `${cronJob.metadata.name}-${Math.floor(time / MINUTE_MS)}`;

function creation(pass: Pass, time: number, isReplacing: boolean): ControllerWrite {
  const { cronJob } = pass;
  const object = newJob(pass, time);
  return {
    op: 'create',
    resource: JOBS,
    object,
    onDone: (job) => {
      const reference = {
        kind: 'Job',
        namespace: job.metadata.namespace,
        name: job.metadata.name,
        uid: job.metadata.uid,
        apiVersion: 'batch/v1',
        resourceVersion: job.metadata.resourceVersion,
      };
      const active = [...(isReplacing ? [] : (cronJob.status?.active ?? [])), reference];
      return [
        event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`),
        statusWrite(cronJob, { ...cronJob.status, active, lastScheduleTime: formatTime(time) }),
      ];
    },
    onRefused: ({ message, reason, details }) => {
      if (details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating')) return [];
      // Somebody else's Job has the name: this time is over.
      if (reason === 'AlreadyExists')
        return [statusWrite(cronJob, { ...cronJob.status, lastScheduleTime: formatTime(time) })];
      return [event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${message}`)];
    },
  };
}

function newJob({ cronJob, timeZone }: Pass, time: number): UntypedObject {
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {};
  const annotations = { ...metadata?.annotations, [SCHEDULED_ANNOTATION]: zonedTime(time, timeZone) };
  return {
    kind: 'Job',
    apiVersion: 'batch/v1',
    metadata: {
      name: jobName(cronJob, time),
      namespace: cronJob.metadata.namespace,
      ...(metadata?.labels ? { labels: { ...metadata.labels } } : {}),
      annotations,
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: cloneJson(spec ?? {}),
  };
}

/** RFC 3339 with the zone's offset. */
function zonedTime(time: number, timeZone: string): string {
  const offset = zoneOffset(time, timeZone);
  if (offset === 0) return formatTime(time);
  const minutes = Math.abs(offset) / MINUTE_MS;
  const two = (value: number) => String(value).padStart(2, '0');
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${formatTime(time + offset).slice(0, -1)}${zone}`;
}

const deletion = (cronJob: CronJob, { metadata }: Job): ControllerWrite => ({
  op: 'delete',
  resource: JOBS,
  name: metadata.name ?? '',
  options: { propagationPolicy: 'Background' },
  onDone: () => [event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${metadata.name}`)],
  onRefused: ({ message }) => [event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${message}`)],
});

function statusWrite(cronJob: CronJob, status: Status): ControllerWrite & { op: 'update' } {
  const object = { ...cloneJson(cronJob), status: cloneJson(status) } as KubeObject as UntypedObject;
  return { op: 'update', resource: CRON_JOBS, object, subresource: 'status' };
}

const event = (cronJob: CronJob, type: 'Normal' | 'Warning', reason: string, message: string): ControllerWrite => ({
  op: 'event',
  event: { type, reason, message, component: COMPONENT, regarding: cronJob as KubeObject as UntypedObject },
});
