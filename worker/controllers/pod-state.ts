/** What controllers ask about a pod. Source: pkg/api/v1/pod util.go, pkg/controller controller_utils.go. */
import { findPodCondition, isPodReady, isPodTerminal } from '../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';

export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && !pod.metadata.deletionTimestamp;

export const isPodTerminating = (pod: Pod): boolean =>
  !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;

/** ms since the epoch; undefined unless the pod is ready and says since when. */
export function readySince(pod: Pod): number | undefined {
  const ready = findPodCondition(pod.status, 'Ready');
  if (ready?.status !== 'True' || !ready.lastTransitionTime) return undefined;
  return Date.parse(ready.lastTransitionTime);
}

/** Ready for at least `minReadySeconds`. `now` in ms since the epoch. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isPodReady(pod)) return false;
  if (minReadySeconds <= 0) return true;
  const since = readySince(pod);
  return since !== undefined && since + minReadySeconds * 1000 <= now;
}

/** When the first of the ready but not yet available pods becomes available, in ms since the epoch. */
export function nextAvailability(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  let next: number | undefined;
  if (minReadySeconds <= 0) return undefined;
  for (const pod of pods) {
    const since = readySince(pod);
    if (since === undefined) continue;
    const at = since + minReadySeconds * 1000;
    if (at > now && (next === undefined || at < next)) next = at;
  }
  return next;
}
