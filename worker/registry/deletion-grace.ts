/** Graceful deletion. Source: registry/rest/delete.go BeforeDelete. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import { formatTime } from '../../schema/meta/time.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';

/** `none`: no grace applies; `pending`: already deleting and nothing to shorten; `marked`: `next` was changed. */
export type Grace = 'none' | 'pending' | 'marked';

const MS_PER_SECOND = 1_000;
/** A negative period means this one. */
const NEGATIVE_PERIOD_SECONDS = 1;

const nonNegative = (seconds: number | undefined): number | undefined =>
  seconds !== undefined && seconds < 0 ? NEGATIVE_PERIOD_SECONDS : seconds;

/** Sets deletionTimestamp and deletionGracePeriodSeconds of `next` (whose metadata is private) as the request asks. */
export function gracefulDeletion(
  definition: ResourceDefinition,
  next: UntypedObject,
  options: DeleteOptions,
  now: number,
): Grace {
  if (!definition.gracefulDeletion) return 'none';
  const requested = nonNegative(options.gracePeriodSeconds);
  const meta = next.metadata;
  if (meta.deletionTimestamp) return shorten(next, requested, now);

  const seconds = definition.gracefulDeletion.gracePeriodSeconds(next, requested);
  meta.deletionTimestamp = formatTime(now + seconds * MS_PER_SECOND);
  meta.deletionGracePeriodSeconds = seconds;
  if (meta.generation) meta.generation += 1;
  return 'marked';
}

/** A pending deletion may only be brought forward. */
function shorten(next: UntypedObject, requested: number | undefined, now: number): Grace {
  const meta = next.metadata;
  const current = nonNegative(meta.deletionGracePeriodSeconds) ?? 0;
  if (current === 0) return 'none';
  if (requested === undefined || requested >= current) return 'pending';

  const deadline = Date.parse(meta.deletionTimestamp ?? '') - (current - requested) * MS_PER_SECOND;
  const passed = deadline < now;
  meta.deletionTimestamp = formatTime(passed ? now : deadline);
  meta.deletionGracePeriodSeconds = passed && requested !== 0 ? 1 : requested;
  return 'marked';
}
