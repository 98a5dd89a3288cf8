/** Conditions of a pod's status. Source: kubernetes pkg/api/pod/util.go (1.37). */
import { formatTime } from '../../meta/time.ts';
import type { Pod, PodCondition, PodStatus } from './pod-types.ts';

export const findPodCondition = (status: PodStatus | undefined, type: string): PodCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isPodReady = (pod: Pod): boolean => findPodCondition(pod.status, 'Ready')?.status === 'True';

/** Succeeded or failed: no container of it will run again. */
export const isPodTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** What a condition's writer says; the rest is filled in. */
export type PodConditionClaim = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * The status with the condition in it; shares what does not change. The transition time moves only
 * with the condition's status. `now` in ms since the epoch.
 */
export function withPodCondition(status: PodStatus | undefined, claim: PodConditionClaim, now: number): PodStatus {
  const conditions = [...(status?.conditions ?? [])];
  const index = conditions.findIndex((present) => present.type === claim.type);
  const earlier = conditions[index];
  const { type, status: value, ...why } = claim;
  const next: PodCondition = {
    type,
    status: value,
    // As upstream writes the time nobody sets.
    lastProbeTime: null as unknown as string,
    lastTransitionTime: earlier?.status === value ? earlier.lastTransitionTime : formatTime(now),
    ...why,
  };
  if (earlier) conditions[index] = next;
  else conditions.push(next);
  return { ...status, conditions };
}
