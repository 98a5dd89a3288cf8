/**
 * How a Deployment's replicas are shared among its ReplicaSets: scaling, and each step of a rollout.
 * Source: pkg/controller/deployment sync.go (scale), rolling.go, recreate.go, util/deployment_util.go.
 */
import type { Deployment, ReplicaSet } from '../workload-types.ts';
import { fencepostsOf, isRollingUpdate } from './fenceposts.ts';
import {
  actualCount,
  availableCount,
  byCreation,
  bySizeThenNewer,
  bySizeThenOlder,
  desiredCount,
  isActive,
  type ReplicaSets,
  replicasOf,
} from './replica-set-list.ts';
import { countAnnotation, DESIRED_REPLICAS, MAX_REPLICAS } from './revision.ts';

/** The size a ReplicaSet is to have. `force`: its size annotations are brought up to date even at that size. */
export interface Resize {
  readonly replicaSet: ReplicaSet;
  readonly replicas: number;
  readonly force: boolean;
}

const resize = (replicaSet: ReplicaSet, replicas: number, force = false): Resize => ({ replicaSet, replicas, force });

/** True when the Deployment's size was changed since its ReplicaSets were last sized. */
export const isScalingEvent = (deployment: Deployment, { all }: ReplicaSets): boolean =>
  all.some(
    (rs) =>
      isActive(rs) && (countAnnotation(rs, DESIRED_REPLICAS) ?? replicasOf(deployment)) !== replicasOf(deployment),
  );

/** The sizes after a change of the Deployment's size, or while it is paused. */
export function scale(deployment: Deployment, sets: ReplicaSets): readonly Resize[] {
  const replicas = replicasOf(deployment);
  const only = activeOrLatest(sets);
  if (only) return replicasOf(only) === replicas ? [] : [resize(only, replicas)];
  if (isSaturated(deployment, sets.current)) return sets.old.filter(isActive).map((rs) => resize(rs, 0));
  return isRollingUpdate(deployment) ? scaleProportionally(deployment, sets.all.filter(isActive)) : [];
}

/** The only active ReplicaSet, or the newest when none is; undefined when several are. */
function activeOrLatest({ current, old, all }: ReplicaSets): ReplicaSet | undefined {
  const active = all.filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? current ?? [...old].sort(byCreation).at(-1);
}

function isSaturated(deployment: Deployment, current: ReplicaSet | undefined): boolean {
  if (!current) return false;
  const replicas = replicasOf(deployment);
  return (
    replicasOf(current) === replicas &&
    countAnnotation(current, DESIRED_REPLICAS) === replicas &&
    (current.status?.availableReplicas ?? 0) === replicas
  );
}

function scaleProportionally(deployment: Deployment, active: readonly ReplicaSet[]): readonly Resize[] {
  const replicas = replicasOf(deployment);
  const allowed = replicas > 0 ? replicas + fencepostsOf(deployment).maxSurge : 0;
  const toAdd = allowed - desiredCount(active);
  const sorted = [...active].sort(toAdd > 0 ? bySizeThenNewer : bySizeThenOlder);
  let added = 0;
  const sizes = sorted.map((replicaSet) => {
    const proportion = proportionOf(replicaSet, deployment, toAdd, added);
    added += proportion;
    return replicasOf(replicaSet) + proportion;
  });
  return sorted.map((replicaSet, i) => {
    const leftover = i === 0 ? toAdd - added : 0;
    return resize(replicaSet, Math.max((sizes[i] as number) + leftover, 0), true);
  });
}

function proportionOf(replicaSet: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  if (toAdd === 0 || toAdd === added) return 0;
  const fraction = fractionOf(replicaSet, deployment);
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added);
}

/** How much a ReplicaSet grows if it keeps its share of the Deployment. */
function fractionOf(replicaSet: ReplicaSet, deployment: Deployment): number {
  const size = replicasOf(replicaSet);
  const replicas = replicasOf(deployment);
  if (replicas === 0) return -size;
  const maxBefore = countAnnotation(replicaSet, MAX_REPLICAS) || deployment.status?.replicas || 0;
  if (maxBefore === 0) return 0;
  return Math.round((size * (replicas + fencepostsOf(deployment).maxSurge)) / maxBefore) - size;
}

/** The size the current ReplicaSet may have now, given what the old ones still hold. */
export function currentSize(deployment: Deployment, all: readonly ReplicaSet[], size: number): number {
  const replicas = replicasOf(deployment);
  if (!isRollingUpdate(deployment)) return replicas;
  const room = replicas + fencepostsOf(deployment).maxSurge - desiredCount(all);
  return room <= 0 ? size : size + Math.min(room, replicas - size);
}

/** The next step of a rolling update: the current ReplicaSet up, or, if that cannot be, the old ones down. */
export function rollingStep(deployment: Deployment, current: ReplicaSet, sets: ReplicaSets): readonly Resize[] {
  const replicas = replicasOf(deployment);
  const size = replicasOf(current);
  if (size !== replicas) {
    const next = size > replicas ? replicas : currentSize(deployment, sets.all, size);
    if (next !== size) return [resize(current, next)];
  }
  return scaleDownOld(deployment, current, sets);
}

function scaleDownOld(deployment: Deployment, current: ReplicaSet, sets: ReplicaSets): readonly Resize[] {
  const old = sets.old.filter(isActive).sort(byCreation);
  if (old.length === 0) return [];
  const minAvailable = replicasOf(deployment) - fencepostsOf(deployment).maxUnavailable;
  const currentUnavailable = replicasOf(current) - (current.status?.availableReplicas ?? 0);
  const removable = desiredCount(sets.all) - minAvailable - currentUnavailable;
  if (removable <= 0) return [];
  const sizes = new Map(old.map((replicaSet) => [replicaSet, replicasOf(replicaSet)]));
  removeUnhealthy(sizes, removable);
  // The current one counts too: what it has available may replace what the old ones give up.
  removeHealthy(sizes, availableCount([...old, current]) - minAvailable);
  return old.flatMap((rs) => (sizes.get(rs) === replicasOf(rs) ? [] : [resize(rs, sizes.get(rs) as number)]));
}

/** Pods that are not available are missed by nobody; they go first. */
function removeUnhealthy(sizes: Map<ReplicaSet, number>, removable: number): void {
  let left = removable;
  for (const [replicaSet, size] of sizes) {
    const taken = Math.max(0, Math.min(left, size - (replicaSet.status?.availableReplicas ?? 0)));
    sizes.set(replicaSet, size - taken);
    left -= taken;
  }
}

function removeHealthy(sizes: Map<ReplicaSet, number>, removable: number): void {
  let left = removable;
  for (const [replicaSet, size] of sizes) {
    if (left <= 0) return;
    const taken = Math.min(size, left);
    sizes.set(replicaSet, size - taken);
    left -= taken;
  }
}

/** Recreate: the old ReplicaSets go down to nothing before the current one exists. */
export const recreateDown = ({ old }: ReplicaSets): readonly Resize[] =>
  old.filter(isActive).map((rs) => resize(rs, 0));

export const recreateUp = (deployment: Deployment, current: ReplicaSet): readonly Resize[] =>
  replicasOf(current) === replicasOf(deployment) ? [] : [resize(current, replicasOf(deployment))];

/** Whether old ReplicaSets believe that they still have pods. */
export const oldStillCount = ({ old }: ReplicaSets): boolean => actualCount(old) > 0;
