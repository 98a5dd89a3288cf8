/**
 * A Deployment's status and what its conditions say about the rollout's progress.
 * Source: pkg/controller/deployment sync.go (calculateStatus), progress.go, util/deployment_util.go.
 */
import { formatTime } from '../../../schema/meta/time.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus } from '../workload-types.ts';
import { fencepostsOf } from './fenceposts.ts';
import {
  actualCount,
  availableCount,
  desiredCount,
  readyCount,
  type ReplicaSets,
  replicasOf,
  terminatingCount,
} from './replica-set-list.ts';

const INT32_MAX = 2 ** 31 - 1;

type Conditions = readonly DeploymentCondition[];

export const conditionOf = (conditions: Conditions | undefined, type: string): DeploymentCondition | undefined =>
  conditions?.find((condition) => condition.type === type);

export const newCondition = (
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: number,
): DeploymentCondition => ({
  type,
  status,
  lastUpdateTime: formatTime(now),
  lastTransitionTime: formatTime(now),
  reason,
  message,
});

export const withoutCondition = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((condition) => condition.type !== type);

/** Unchanged when status and reason are; the transition time stays while the status does. */
export function withCondition(conditions: Conditions, condition: DeploymentCondition): Conditions {
  const known = conditionOf(conditions, condition.type);
  if (known?.status === condition.status && known.reason === condition.reason) return conditions;
  const lastTransitionTime =
    known?.status === condition.status ? known.lastTransitionTime : condition.lastTransitionTime;
  return [...withoutCondition(conditions, condition.type), { ...condition, lastTransitionTime }];
}

/** The largest 32-bit number means: no deadline. */
export function progressDeadline(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds === undefined || seconds === INT32_MAX ? undefined : seconds;
}

/** The status but for what the rollout's progress adds to its conditions. */
export function countedStatus(deployment: Deployment, { all, current }: ReplicaSets, now: number): DeploymentStatus {
  const available = availableCount(all);
  const updated = current ? actualCount([current]) : 0;
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: actualCount(all),
    updatedReplicas: updated,
    readyReplicas: readyCount(all),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, desiredCount(all) - available),
  };
  const terminatingReplicas = terminatingCount(all);
  const collisionCount = deployment.status?.collisionCount;
  const enough = available >= replicasOf(deployment) - fencepostsOf(deployment).maxUnavailable;
  const availability = enough
    ? newCondition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
    : newCondition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        now,
      );
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...withCondition(deployment.status?.conditions ?? [], availability)],
  };
}

/** The whole status while the Deployment rolls out or rests. */
export function rolloutStatus(deployment: Deployment, sets: ReplicaSets, now: number): DeploymentStatus {
  const status = countedStatus(deployment, sets, now);
  const progress = progressConditions(deployment, sets, status, now);
  const failure = replicaFailure(sets);
  const conditions = failure ? withCondition(progress, failure) : withoutCondition(progress, 'ReplicaFailure');
  return { ...status, conditions: [...conditions] };
}

function progressConditions(
  deployment: Deployment,
  sets: ReplicaSets,
  status: DeploymentStatus,
  now: number,
): Conditions {
  const conditions = status.conditions ?? [];
  if (progressDeadline(deployment) === undefined) return withoutCondition(conditions, 'Progressing');
  const known = conditionOf(deployment.status?.conditions, 'Progressing');
  const settled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && known?.reason === 'NewReplicaSetAvailable';
  if (settled) return conditions;

  const subject = sets.current
    ? `ReplicaSet "${sets.current.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, newCondition('Progressing', 'True', 'NewReplicaSetAvailable', message, now));
  }
  if (isProgressing(deployment.status ?? {}, status)) {
    const condition = newCondition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, now);
    // Each sign of progress renews lastUpdateTime, from which the deadline counts.
    const renewed =
      known?.status === 'True' ? { ...condition, lastTransitionTime: known.lastTransitionTime } : condition;
    return [...withoutCondition(conditions, 'Progressing'), renewed];
  }
  if (isTimedOut(deployment, status, now)) {
    const message = `${subject} has timed out progressing.`;
    return withCondition(conditions, newCondition('Progressing', 'False', 'ProgressDeadlineExceeded', message, now));
  }
  return conditions;
}

/** All replicas are of the current template and available, and no old pod is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function isProgressing(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldReplicas = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldReplicas(after) < oldReplicas(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const condition = conditionOf(status.conditions, 'Progressing');
  if (!condition || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  const deadline = deadlineOf(deployment, condition);
  return deadline !== undefined && deadline < now;
}

/** ms since the epoch. */
function deadlineOf(deployment: Deployment, condition: DeploymentCondition): number | undefined {
  const seconds = progressDeadline(deployment);
  if (seconds === undefined || !condition.lastUpdateTime) return undefined;
  return Date.parse(condition.lastUpdateTime) + seconds * 1000;
}

const DEADLINE_SLACK_MS = 1_000;

/** When a rollout that makes no progress must be looked at again; undefined when none is under way. */
export function progressCheckAt(deployment: Deployment, status: DeploymentStatus): number | undefined {
  const condition = conditionOf(status.conditions, 'Progressing');
  if (!condition || isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return undefined;
  if (condition.reason === 'NewReplicaSetAvailable') return undefined;
  const deadline = deadlineOf(deployment, condition);
  return deadline === undefined ? undefined : deadline + DEADLINE_SLACK_MS;
}

/** A ReplicaSet's failure to make or remove pods, the current one's first. */
function replicaFailure({ current, all }: ReplicaSets): DeploymentCondition | undefined {
  for (const replicaSet of current ? [current, ...all] : all) {
    const failure = replicaSet.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
    if (failure) return { ...failure, lastUpdateTime: failure.lastTransitionTime };
  }
  return undefined;
}

/** The Progressing condition of a Deployment that was just paused or resumed; undefined when it says so already. */
export function pauseCondition(deployment: Deployment, now: number): DeploymentCondition | undefined {
  if (progressDeadline(deployment) === undefined) return undefined;
  const reason = conditionOf(deployment.status?.conditions, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return undefined;
  const paused = deployment.spec?.paused === true;
  if (paused === (reason === 'DeploymentPaused')) return undefined;
  return paused
    ? newCondition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', now)
    : newCondition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now);
}
