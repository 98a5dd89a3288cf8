import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { formatTime } from '../../../schema/meta/time.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface StoredCondition extends Condition {
  readonly lastProbeTime: string | null;
  readonly lastTransitionTime: string;
}

/**
 * A pod's status with the condition in its place. The transition time moves only with the status.
 * `now` in ms since the epoch. Source: pkg/api/v1/pod UpdatePodCondition.
 */
export function withPodCondition(pod: UntypedObject, condition: Condition, now: number): Record<string, unknown> {
  const status = (pod['status'] ?? {}) as { conditions?: readonly StoredCondition[] };
  const conditions = [...(status.conditions ?? [])];
  const at = conditions.findIndex(({ type }) => type === condition.type);
  const earlier = conditions[at];
  const { type, status: value, ...why } = condition;
  const next: StoredCondition = {
    type,
    status: value,
    lastProbeTime: null,
    lastTransitionTime: earlier?.status === value ? earlier.lastTransitionTime : formatTime(now),
    ...why,
  };
  if (earlier === undefined) conditions.push(next);
  else conditions[at] = next;
  return { ...status, conditions };
}
