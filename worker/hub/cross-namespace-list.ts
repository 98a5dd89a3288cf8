/** Lists over all namespaces: one snapshot, ordered by namespace and name, in stable pages. */
import { encodeContinue } from '../../schema/meta/continue-token.ts';
import type { ListRequest } from '../../schema/protocol/shard.ts';
import type { ListPlan } from '../storage/list-plan.ts';
import { HistoryExpired, mapLimited, type ShardReader, type SnapshotItems, snapshotPages } from './shard-fan-out.ts';

/** Namespaces asked at once for one page. */
const WINDOW_NAMESPACES = 8;
/** With more namespaces left, remainingItemCount (which is optional) is not counted. */
const COUNTED_NAMESPACES_MAX = 64;

export interface ListedPage {
  readonly texts: readonly string[];
  /** Empty: this was the last page. */
  readonly continue: string;
  readonly remaining: number | undefined;
}

export interface CrossListOptions {
  readonly request: ListRequest;
  readonly plan: ListPlan;
  readonly revision: number;
  /** In order. */
  readonly namespaces: readonly string[];
  readonly isSelective: boolean;
  shard(namespace: string): ShardReader;
}

/** Where in the order of namespaces and names a page starts. */
function startOf(after: string): { namespace: string; name: string } {
  const slash = after.indexOf('/');
  return slash < 0 ? { namespace: '', name: '' } : { namespace: after.slice(0, slash), name: after.slice(slash + 1) };
}

/** Throws `HistoryExpired` when the revision is too old for a shard. */
export async function listAcross(options: CrossListOptions): Promise<ListedPage> {
  const { request, plan, revision } = options;
  const start = startOf(plan.after);
  const namespaces = options.namespaces.filter((namespace) => namespace >= start.namespace);
  const snapshotRequest = (namespace: string) => ({
    resource: request.resource,
    revision,
    afterName: namespace === start.namespace ? start.name : '',
    limit: request.limit,
    labelSelector: request.labelSelector,
    fieldSelector: request.fieldSelector,
  });
  if (request.limit <= 0) {
    const pages = await mapLimited(namespaces, (namespace) => allPages(options.shard(namespace), snapshotRequest(namespace)));
    return { texts: pages.flat().map(({ text }) => text), continue: '', remaining: undefined };
  }
  return limitedPage(options, namespaces, snapshotRequest);
}

async function allPages(shard: ShardReader, request: Parameters<typeof snapshotPages>[1]): Promise<SnapshotItems> {
  const items: SnapshotItems[number][] = [];
  for await (const page of snapshotPages(shard, request)) items.push(...page);
  return items;
}

async function limitedPage(
  options: CrossListOptions,
  namespaces: readonly string[],
  snapshotRequest: (namespace: string) => Parameters<typeof snapshotPages>[1],
): Promise<ListedPage> {
  const { limit } = options.request;
  const items: { namespace: string; name: string; text: string }[] = [];
  for (let from = 0; from < namespaces.length; from += WINDOW_NAMESPACES) {
    const window = namespaces.slice(from, from + WINDOW_NAMESPACES);
    // One more than wanted tells whether anything follows.
    const found = await mapLimited(window, (namespace) => firstItems(options.shard(namespace), snapshotRequest(namespace), limit + 1));
    window.forEach((namespace, index) => {
      for (const { name, text } of found[index] ?? []) items.push({ namespace, name, text });
    });
    if (items.length > limit) return cutPage(options, items, namespaces);
  }
  return { texts: items.map(({ text }) => text), continue: '', remaining: undefined };
}

async function firstItems(shard: ShardReader, request: Parameters<typeof snapshotPages>[1], wanted: number): Promise<SnapshotItems> {
  const items: SnapshotItems[number][] = [];
  for await (const page of snapshotPages(shard, { ...request, limit: wanted })) {
    items.push(...page);
    if (items.length >= wanted) break;
  }
  return items.slice(0, wanted);
}

async function cutPage(
  options: CrossListOptions,
  items: readonly { namespace: string; name: string; text: string }[],
  namespaces: readonly string[],
): Promise<ListedPage> {
  const { request, revision, isSelective } = options;
  const page = items.slice(0, request.limit);
  const last = page.at(-1) as { namespace: string; name: string };
  const token = encodeContinue({ revision, after: `${last.namespace}/${last.name}` });
  const following = namespaces.filter((namespace) => namespace >= last.namespace);
  const isCounted = !isSelective && following.length <= COUNTED_NAMESPACES_MAX;
  const remaining = isCounted ? await countAfter(options, following, last) : undefined;
  return { texts: page.map(({ text }) => text), continue: token, remaining };
}

async function countAfter(options: CrossListOptions, namespaces: readonly string[], last: { namespace: string; name: string }): Promise<number> {
  const counts = await mapLimited(namespaces, async (namespace) => {
    const afterName = namespace === last.namespace ? last.name : '';
    const { resource } = options.request;
    const page = await options.shard(namespace).snapshot({ resource, revision: options.revision, afterName, limit: -1 });
    if (page.expired) throw new HistoryExpired();
    return page.remaining;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
