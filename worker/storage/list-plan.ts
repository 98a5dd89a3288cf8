/**
 * What resourceVersion, resourceVersionMatch, limit and continue ask of a list, and the failures they
 * can meet. Source: apiserver storage/interfaces.go ValidateListOptions, storage/errors.go, etcd3/errors.go.
 */
import { decodeContinue, encodeContinue } from '../../schema/meta/continue-token.ts';
import { badRequest, fail, failure, ok, type Result, resourceExpired, type Status } from '../../schema/meta/status.ts';
import type { ListRequest } from '../../schema/protocol/shard.ts';

export interface ListPlan {
  /** The snapshot asked for; undefined: the current state. */
  readonly exact: number | undefined;
  /** The state must not be older than this. */
  readonly notOlderThan: number;
  /** True: any state will do, however old (`resourceVersion=0`). */
  readonly isAnyState: boolean;
  /** The page starts after this key. */
  readonly after: string;
  /** When the snapshot that the pages are of was taken; ms since the epoch. */
  readonly since: number;
  /** The page goes on at the present after its snapshot had expired: it must show another resourceVersion. */
  readonly isInconsistent: boolean;
}

/**
 * Pages of one snapshot are given for so long, whether or not anything has changed since. Upstream's
 * snapshots end with etcd's compaction, every five minutes.
 */
export const SNAPSHOT_AGE_MS_MAX = 5 * 60_000;

const UNSIGNED = /^\d+$/;

/** A resourceVersion as number; empty gives 0. */
export function parseResourceVersion(text: string): Result<number> {
  if (text === '') return ok(0);
  const revision = Number(text);
  if (UNSIGNED.test(text) && Number.isSafeInteger(revision)) return ok(revision);
  const why = UNSIGNED.test(text) ? 'value out of range' : 'invalid syntax';
  const quoted = JSON.stringify(text);
  const message = `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`;
  return fail(badRequest(`invalid resource version: ${message}`));
}

/** `now` in ms since the epoch. */
export function planList(
  request: Pick<ListRequest, 'continue' | 'resourceVersion' | 'resourceVersionMatch' | 'limit'>,
  now: number,
): Result<ListPlan> {
  const plan = { exact: undefined, notOlderThan: 0, isAnyState: false, after: '', since: now, isInconsistent: false };
  if (request.continue !== '') {
    const token = decodeContinue(request.continue);
    if (!token.ok) return token;
    if (request.resourceVersion !== '' && request.resourceVersion !== '0') {
      return fail(badRequest('specifying resource version is not allowed when using continue'));
    }
    const { revision, after, since = now } = token.value;
    if (revision < 0) return ok({ ...plan, after, isInconsistent: true });
    const continued = { ...plan, exact: revision, after, since };
    return now - since > SNAPSHOT_AGE_MS_MAX ? fail(listExpired(continued)) : ok(continued);
  }
  const parsed = parseResourceVersion(request.resourceVersion);
  if (!parsed.ok) return parsed;
  const revision = parsed.value;
  const isAnyState = request.resourceVersion === '0' && request.resourceVersionMatch !== 'Exact';
  const isExact =
    request.resourceVersionMatch === 'Exact' || (request.resourceVersionMatch === '' && request.limit > 0);
  if (revision > 0 && isExact) return ok({ ...plan, exact: revision });
  return ok({ ...plan, notOlderThan: revision, isAnyState });
}

/** Seconds after which a client should ask again for a revision that is not there yet. */
const RETRY_AFTER_SECONDS = 1;

/** 504: a revision from the future. */
export const tooLargeResourceVersion = (asked: number, current: number): Status =>
  failure({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    },
  });

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
  'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing ' +
  'with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the ' +
  'time the first chunk was returned and now may show up in the list.';

/** 410: the snapshot is older than the history. A page that continues gets a token for going on inconsistently. */
export function listExpired(plan: ListPlan): Status {
  if (plan.after === '') return resourceExpired('The resourceVersion for the provided list is too old.');
  const token = encodeContinue({ revision: -1, after: plan.after });
  return { ...resourceExpired(CONTINUE_EXPIRED), metadata: { continue: token } };
}

/** 410: a watch from before the history. */
export const watchExpired = (asked: number, oldest: number): Status =>
  resourceExpired(`too old resource version: ${asked} (${oldest})`);
