/** Conditions of a Job. Source: pkg/controller/job job_controller.go. */
import { formatTime } from '../../../schema/meta/time.ts';
import type { Job } from '../../../schema/resources/batch/job.ts';

export type JobStatus = NonNullable<Job['status']>;
export type JobCondition = NonNullable<JobStatus['conditions']>[number];

export const trueCondition = (job: Job, type: string): JobCondition | undefined =>
  job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');

export const finishedCondition = (job: Job): JobCondition | undefined =>
  trueCondition(job, 'Complete') ?? trueCondition(job, 'Failed');

export const newCondition = (
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: number,
): JobCondition => ({
  type,
  status,
  lastProbeTime: formatTime(now),
  lastTransitionTime: formatTime(now),
  reason,
  message,
});

/** Replaces the condition of that type, or adds it. */
export const withCondition = (status: JobStatus, condition: JobCondition): JobStatus => ({
  ...status,
  conditions: [...(status.conditions ?? []).filter(({ type }) => type !== condition.type), condition],
});
