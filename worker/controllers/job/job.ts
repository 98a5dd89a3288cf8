/**
 * Runs pods to completion. Source: pkg/controller/job job_controller.go.
 *
 * A finished pod is counted exactly once: it is noted in `uncountedTerminatedPods`, then released from
 * its finalizer, then counted; each is a pass of its own. Not here yet: podFailurePolicy, successPolicy
 * and backoffLimitPerIndex.
 */
import { cloneJson, equalJson } from '../../../schema/meta/json-value.ts';
import { type LabelSelector, labelSelectorOf } from '../../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import type { Job } from '../../../schema/resources/batch/job.ts';
import { isPodReady } from '../../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import { type ControllerContext, type ControllerWrite, defineController, type ReconcileResult } from '../controller.ts';
import { claim, controllerOf } from '../ownership.ts';
import { podsToDelete } from '../pod-deletion-order.ts';
import { isPodActive, isPodTerminating } from '../pod-state.ts';
import { formatIndexes, parseIndexes } from './completion-indexes.ts';
import {
  finishedCondition,
  type JobCondition,
  type JobStatus,
  newCondition,
  trueCondition,
  withCondition,
} from './job-conditions.ts';
import {
  hasFailed,
  hasSucceeded,
  indexOf,
  isIndexed,
  isTracked,
  newJobPod,
  nextCreationAt,
  releaseWrite,
  replacesOnlyFailed,
  restartsOf,
} from './job-pods.ts';

const JOBS = 'jobs.batch';
const COMPONENT = 'job-controller';

export const jobController = defineController({
  name: 'job',
  for: JOBS,
  owns: ['pods'],
  // Pods whose Job is gone, or has let them go, must be released, too.
  watches: [{ resource: 'pods', keys: (pod) => trackedOwner(pod) }],
  reconcile(view, name, context) {
    const job = view.get(JOBS, name) as KubeObject as Job | undefined;
    return job ? reconcileJob(view, job, context) : { writes: releaseOrphans(view, name) };
  },
});

/** Stands for the Job of tracked pods that have no controller any more: no Job has this name. */
const NO_OWNER = '';

function trackedOwner(pod: Pod): readonly string[] {
  if (!isTracked(pod)) return [];
  const owner = controllerOf(pod);
  if (!owner) return [NO_OWNER];
  return owner.kind === 'Job' ? [owner.name] : [];
}

const releaseOrphans = (view: StoreReader, name: string): readonly ControllerWrite[] =>
  (view.list('pods') as readonly KubeObject[] as readonly Pod[])
    .filter((pod) => trackedOwner(pod)[0] === name)
    .map(releaseWrite);

interface Pass {
  readonly job: Job;
  readonly status: JobStatus;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly terminating: number;
  readonly now: number;
}

function reconcileJob(view: StoreReader, job: Job, { now }: ControllerContext): ReconcileResult {
  if (job.spec?.managedBy && job.spec.managedBy !== 'kubernetes.io/job-controller') return { writes: [] };
  const pods = claim<Pod>({ view, owner: job, selector: selectorOf(job), resource: 'pods' });
  if (pods.writes.length > 0) return { writes: pods.writes };
  const pass: Pass = {
    job,
    status: job.status ?? {},
    pods: pods.owned,
    active: pods.owned.filter(isPodActive),
    terminating: pods.owned.filter(isPodTerminating).length,
    now,
  };
  const finished = finishedCondition(job);
  if (finished) return afterFinish(pass, finished);
  const counting = countFinished(pass);
  if (counting.length > 0) return { writes: counting };
  const ending = trueCondition(job, 'FailureTarget') ?? trueCondition(job, 'SuccessCriteriaMet');
  if (ending) return { writes: finish(pass, ending) };
  const reached = endReached(pass);
  if (reached) return { writes: [statusWrite(job, counted(pass, withCondition(started(pass), reached)))] };
  return run(pass);
}

function selectorOf(job: Job): LabelSelector {
  const parsed = labelSelectorOf(job.spec?.selector);
  return parsed.ok ? parsed.value : 'nothing';
}

/** Nothing is left to do but to release the last pods, and to go when the time to live is over. */
function afterFinish({ job, pods, now }: Pass, finished: JobCondition): ReconcileResult {
  const releases = pods.filter((pod) => isTracked(pod) && !isPodActive(pod)).map(releaseWrite);
  const seconds = job.spec?.ttlSecondsAfterFinished;
  if (releases.length > 0 || seconds === undefined || job.metadata.deletionTimestamp) return { writes: releases };
  const expiry = Date.parse(finished.lastTransitionTime ?? '') + seconds * 1000;
  if (expiry > now) return { writes: [], requeueAt: expiry };
  const options = { propagationPolicy: 'Foreground' as const, preconditions: { uid: job.metadata.uid } };
  return { writes: [{ op: 'delete', resource: JOBS, name: job.metadata.name ?? '', options }] };
}

function countFinished(pass: Pass): readonly ControllerWrite[] {
  const { job, status, pods } = pass;
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const noted = new Set([...succeeded, ...failed]);
  const completed = completedIndexes(pass);
  const isCompleted = (pod: Pod) => isIndexed(job) && hasSucceeded(pod) && completed.has(indexOf(pod));
  const fresh = pods.filter((pod) => isTracked(pod) && !noted.has(pod.metadata.uid ?? ''));
  const newSucceeded = fresh.filter((pod) => hasSucceeded(pod) && !isIndexed(job));
  const newIndexes = fresh.filter(
    (pod) => hasSucceeded(pod) && isIndexed(job) && !isCompleted(pod) && isWithin(pod, job),
  );
  const newFailed = fresh.filter((pod) => hasFailed(pod, job));
  if (newSucceeded.length + newIndexes.length + newFailed.length > 0) {
    const indexes = new Set([...completed, ...newIndexes.map(indexOf)]);
    const next: JobStatus = {
      ...counted(pass, started(pass)),
      uncountedTerminatedPods: uncounted([...succeeded, ...uids(newSucceeded)], [...failed, ...uids(newFailed)]),
      ...(isIndexed(job) && indexes.size > 0
        ? { completedIndexes: formatIndexes(indexes), succeeded: indexes.size }
        : {}),
    };
    return [statusWrite(job, next)];
  }
  const done = pods.filter((pod) => isTracked(pod) && (noted.has(pod.metadata.uid ?? '') || isCompleted(pod)));
  if (done.length > 0) return done.map(releaseWrite);
  if (noted.size === 0) return [];
  const next: JobStatus = {
    ...status,
    uncountedTerminatedPods: {},
    ...(succeeded.length > 0 ? { succeeded: (status.succeeded ?? 0) + succeeded.length } : {}),
    ...(failed.length > 0 ? { failed: (status.failed ?? 0) + failed.length } : {}),
  };
  return [statusWrite(job, next)];
}

const uids = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.uid ?? '');

const uncounted = (succeeded: string[], failed: string[]) => ({
  ...(succeeded.length > 0 ? { succeeded } : {}),
  ...(failed.length > 0 ? { failed } : {}),
});

const isWithin = (pod: Pod, job: Job): boolean => indexOf(pod) >= 0 && indexOf(pod) < (job.spec?.completions ?? 0);

const completedIndexes = ({ job, status }: Pass): ReadonlySet<number> =>
  parseIndexes(status.completedIndexes, job.spec?.completions ?? 0);

/** The interim condition by which the Job's end is decided; it ends when its last pod has. */
function endReached({ job, status, pods, active, now }: Pass): JobCondition | undefined {
  const { backoffLimit = 6, activeDeadlineSeconds, completions, suspend } = job.spec ?? {};
  const failure = (reason: string, message: string) => newCondition('FailureTarget', 'True', reason, message, now);
  const restarts = job.spec?.template?.spec?.restartPolicy === 'OnFailure' ? restartsOf(pods) : 0;
  if ((status.failed ?? 0) > backoffLimit || (restarts > 0 && restarts >= backoffLimit)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadline = deadlineOf(status, activeDeadlineSeconds);
  if (!suspend && deadline !== undefined && deadline <= now) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  const succeeded = status.succeeded ?? 0;
  const isComplete = active.length === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
  if (!isComplete) return undefined;
  return newCondition(
    'SuccessCriteriaMet',
    'True',
    'CompletionsReached',
    'Reached expected number of succeeded pods',
    now,
  );
}

function deadlineOf(status: JobStatus, seconds: number | undefined): number | undefined {
  return seconds === undefined || !status.startTime ? undefined : Date.parse(status.startTime) + seconds * 1000;
}

function finish(pass: Pass, ending: JobCondition): readonly ControllerWrite[] {
  const { job, active, terminating, status, now } = pass;
  if (active.length > 0) return active.map((pod) => deletion(job, pod));
  if (terminating > 0) return changedStatus(job, counted(pass, status));
  const isSuccess = ending.type === 'SuccessCriteriaMet';
  const { reason = '', message = '' } = ending;
  const final = newCondition(isSuccess ? 'Complete' : 'Failed', 'True', reason, message, now);
  const next = withCondition(counted(pass, status), final);
  const event = isSuccess
    ? eventOf(job, 'Normal', 'Completed', 'Job completed')
    : eventOf(job, 'Warning', reason, message);
  return [
    { ...statusWrite(job, isSuccess ? { ...next, completionTime: formatTime(now) } : next), onDone: () => [event] },
  ];
}

function run(pass: Pass): ReconcileResult {
  const { job, status, active, now } = pass;
  if (job.metadata.deletionTimestamp) return { writes: changedStatus(job, counted(pass, status)) };
  const suspension = suspensionChange(pass);
  if (suspension) return { writes: suspension };
  const surplus = active.length - wantedActive(pass);
  const doomed = surplus > 0 ? podsToDelete(active, [], surplus, now) : duplicates(pass);
  if (doomed.length > 0) return { writes: doomed.map((pod) => deletion(job, pod)) };
  const creationAt = nextCreationAt(pass.pods, job);
  const missing = wantedActive(pass) - active.length - (replacesOnlyFailed(job) ? pass.terminating : 0);
  if (missing > 0 && creationAt <= now) {
    // The start comes first: pods are created by the pass that follows it.
    if (!status.startTime) return { writes: [statusWrite(job, counted(pass, started(pass)))] };
    const creations = newPods(pass, missing);
    if (creations.length > 0) return { writes: creations };
  }
  const deadline = deadlineOf(status, job.spec?.activeDeadlineSeconds);
  const waits = [missing > 0 ? creationAt : undefined, deadline].filter(
    (at) => at !== undefined && at > now,
  ) as number[];
  return {
    writes: changedStatus(job, counted(pass, started(pass))),
    ...(waits.length > 0 ? { requeueAt: Math.min(...waits) } : {}),
  };
}

function wantedActive({ job, status, active }: Pass): number {
  const { completions, parallelism = 1, suspend } = job.spec ?? {};
  if (suspend) return 0;
  const succeeded = status.succeeded ?? 0;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** Of an indexed Job, active pods whose index is done, out of range or taken by another. */
function duplicates(pass: Pass): readonly Pod[] {
  if (!isIndexed(pass.job)) return [];
  const taken = new Set(completedIndexes(pass));
  return pass.active.filter((pod) => {
    const index = indexOf(pod);
    const isSpare = !isWithin(pod, pass.job) || taken.has(index);
    taken.add(index);
    return isSpare;
  });
}

function newPods(pass: Pass, count: number): readonly ControllerWrite[] {
  const { job } = pass;
  if (!isIndexed(job)) return Array.from({ length: count }, () => creation(job, undefined));
  const taken = new Set([...completedIndexes(pass), ...pass.active.map(indexOf)]);
  if (replacesOnlyFailed(job)) for (const pod of pass.pods.filter(isPodTerminating)) taken.add(indexOf(pod));
  const free: number[] = [];
  for (let i = 0; i < (job.spec?.completions ?? 0) && free.length < count; i++) if (!taken.has(i)) free.push(i);
  return free.map((index) => creation(job, index));
}

function suspensionChange(pass: Pass): readonly ControllerWrite[] | undefined {
  const { job, active, now } = pass;
  const isSuspended = trueCondition(job, 'Suspended') !== undefined;
  if (job.spec?.suspend) {
    if (active.length > 0) return active.map((pod) => deletion(job, pod));
    if (isSuspended) return undefined;
    const { startTime: _startTime, ...status } = counted(pass, pass.status);
    const next = withCondition(status, newCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', now));
    return [{ ...statusWrite(job, next), onDone: () => [eventOf(job, 'Normal', 'Suspended', 'Job suspended')] }];
  }
  if (!isSuspended) return undefined;
  const resumed = newCondition('Suspended', 'False', 'JobResumed', 'Job resumed', now);
  const next = withCondition({ ...counted(pass, pass.status), startTime: formatTime(now) }, resumed);
  return [{ ...statusWrite(job, next), onDone: () => [eventOf(job, 'Normal', 'Resumed', 'Job resumed')] }];
}

const started = ({ job, status, now }: Pass): JobStatus =>
  status.startTime || job.spec?.suspend ? status : { ...status, startTime: formatTime(now) };

/** The status with its pods counted anew. */
function counted({ active, terminating }: Pass, status: JobStatus): JobStatus {
  const { active: _active, ...rest } = status;
  return {
    ...rest,
    ...(active.length > 0 ? { active: active.length } : {}),
    ready: active.filter(isPodReady).length,
    terminating,
    uncountedTerminatedPods: status.uncountedTerminatedPods ?? {},
  };
}

const changedStatus = (job: Job, status: JobStatus): readonly ControllerWrite[] =>
  equalJson(job.status ?? {}, status) ? [] : [statusWrite(job, status)];

function statusWrite(job: Job, status: JobStatus): ControllerWrite & { op: 'update' } {
  const object = { ...cloneJson(job), status } as KubeObject as UntypedObject;
  return { op: 'update', resource: JOBS, object, subresource: 'status' };
}

const creation = (job: Job, index: number | undefined): ControllerWrite => ({
  op: 'create',
  resource: 'pods',
  object: newJobPod(job, index),
  onDone: (pod) => [eventOf(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)],
  onRefused: ({ message, details }) =>
    details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating')
      ? []
      : [eventOf(job, 'Warning', 'FailedCreate', `Error creating: ${message}`)],
});

const deletion = (job: Job, { metadata }: Pod): ControllerWrite => ({
  op: 'delete',
  resource: 'pods',
  name: metadata.name ?? '',
  onDone: () => [eventOf(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${metadata.name}`)],
});

const eventOf = (job: Job, type: 'Normal' | 'Warning', reason: string, message: string): ControllerWrite => ({
  op: 'event',
  event: { type, reason, message, component: COMPONENT, regarding: job as KubeObject as UntypedObject },
});
