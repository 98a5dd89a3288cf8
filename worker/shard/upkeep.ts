/** What a shard's alarm does: forget old history, let short-lived objects expire; and when to wake again. */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import type { ShardStore } from '../storage/shard-store.ts';
import { MOMENT_INTERVAL_MS } from './batch.ts';

/** History is kept for at least this long; older revisions get 410. */
export const HISTORY_MS_MIN = 5 * 60_000;
/** Between two compactions while there is history. */
const COMPACTION_INTERVAL_MS = 150_000;
/** Kinds that vanish some time after their last change. Source: kube-apiserver --event-ttl. */
export const TIME_TO_LIVE_MS = { events: 60 * 60_000 } as const satisfies Readonly<Record<GroupResource, number>>;
const EXPIRY_INTERVAL_MS = 10 * 60_000;
/** Objects that expire in one batch. */
export const EXPIRED_PER_BATCH_MAX = 500;
/** Moments are needed as far back as the longest time to live, with room for idle hours. */
const MOMENTS_MS_MAX = 3 * 60 * 60_000;

/** Deletes history older than `HISTORY_MS_MIN`, never what the hub may still lack (from `keepFrom` on). */
export function compactHistory(store: ShardStore, keepFrom: number, now: number): void {
  const { lastRevision } = store;
  const noted = store.revisionAt(now);
  // Without new commits nobody else notes that what was newest has become old.
  if (noted !== undefined && noted < lastRevision) store.putMoment(now, lastRevision);
  const old = store.revisionAt(now - HISTORY_MS_MIN - MOMENT_INTERVAL_MS);
  if (old !== undefined) store.compact(Math.min(old, keepFrom - 1));
  const oldestNeeded = store.momentAt(now - MOMENTS_MS_MAX);
  if (oldestNeeded !== undefined) store.removeMomentsBefore(oldestNeeded);
}

/** Names whose time has come, per resource. */
export function expiredNames(
  store: ShardStore,
  now: number,
): readonly { resource: GroupResource; names: readonly string[] }[] {
  return Object.entries(TIME_TO_LIVE_MS).flatMap(([resource, timeToLive]) => {
    const revision = store.revisionAt(now - timeToLive);
    if (revision === undefined) return [];
    const names = store.namesUnchangedSince(resource, revision, EXPIRED_PER_BATCH_MAX);
    return names.length > 0 ? [{ resource, names }] : [];
  });
}

/** When the alarm is needed next, in ms since the epoch; undefined: not before something changes. */
export function nextAlarmAt(store: ShardStore, hasExpiring: boolean, now: number): number | undefined {
  const times = [
    store.firstChange() === undefined ? undefined : now + COMPACTION_INTERVAL_MS,
    hasExpiring ? now + EXPIRY_INTERVAL_MS : undefined,
    store.nextTimerAt(),
    store.effects()[0]?.at,
  ].filter((time) => time !== undefined);
  return times.length > 0 ? Math.min(...times) : undefined;
}
