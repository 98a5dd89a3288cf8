/** Conditions of a pod's status. Source: kubernetes pkg/api/pod/util.go (1.37). */
import { formatTime } from '../../meta/time.ts';
import type { Pod, PodCondition, PodStatus } from './pod-types.ts';

export const findPodCondition = (status: PodStatus | undefined, type: string): PodCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isPodReady = (pod: Pod): boolean => findPodCondition(pod.status, 'Ready')?.status === 'True';

/** Succeeded or failed: no container of it will run again. */
export const isPodTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/**
 * Sets a condition in place; its transition time moves only when the status does.
 * `now` in ms since the epoch. Returns whether anything changed.
 */
export function updatePodCondition(
  status: PodStatus,
  condition: Omit<PodCondition, 'lastTransitionTime'>,
  now: number,
): boolean {
  const conditions = (status.conditions ??= []);
  const index = conditions.findIndex((present) => present.type === condition.type);
  const previous = conditions[index];
  const hasMoved = !previous || previous.status !== condition.status;
  const lastTransitionTime = hasMoved ? formatTime(now) : previous.lastTransitionTime;
  const next: PodCondition = { ...condition, lastTransitionTime };
  if (previous) conditions[index] = next;
  else conditions.push(next);
  return hasMoved || previous.reason !== condition.reason || previous.message !== condition.message;
}
