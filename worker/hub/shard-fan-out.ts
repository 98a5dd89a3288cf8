/** Reads over the shards of all namespaces as of one released revision. */
import type { Status } from '../../schema/meta/status.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type {
  ChangesPage,
  ChangesRequest,
  ShardRpc,
  SnapshotPage,
  SnapshotRequest,
} from '../../schema/protocol/shard.ts';

/** Calls to shards under way at once for one read. */
const CALLS_MAX = 16;

export type ShardReader = Pick<ShardRpc, 'snapshot' | 'listPart' | 'changesBetween'>;

/** A shard's history does not reach back far enough. */
export class HistoryExpired extends Error {}

/** An object that the read needs cannot be opened; the status says which. */
export class Unreadable extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

/** More text than one message or memory should hold. */
export class TooMuchHistory extends Error {}

/** Runs `task` for each item, some at a time; results in the items' order. */
export async function mapLimited<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await task(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CALLS_MAX, items.length) }, worker));
  return results;
}

export type SnapshotItems = SnapshotPage['items'];

/** All pages of one shard's objects as of a revision. */
export async function* snapshotPages(shard: ShardReader, request: SnapshotRequest): AsyncGenerator<SnapshotItems> {
  for (let afterName = request.afterName; ; ) {
    const page = await shard.snapshot({ ...request, afterName });
    if (page.unreadable) throw new Unreadable(page.unreadable);
    if (page.expired) throw new HistoryExpired();
    yield page.items;
    if (!page.more) return;
    afterName = page.lastName;
  }
}

async function shardChanges(
  shard: ShardReader,
  request: ChangesRequest,
  take: (page: ChangesPage) => void,
): Promise<void> {
  for (let after = request.after; after < request.through; ) {
    const page = await shard.changesBetween({ ...request, after });
    if (page.unreadable) throw new Unreadable(page.unreadable);
    if (page.expired) throw new HistoryExpired();
    take(page);
    after = page.through;
  }
}

export interface MergedChangesRequest extends ChangesRequest {
  /** Characters of text; more throws `TooMuchHistory`. */
  readonly lengthMax: number;
}

/** Changes of several shards in revision order. Everything up to `through` must have been released. */
export async function mergedChanges(
  shards: readonly ShardReader[],
  request: MergedChangesRequest,
): Promise<readonly Change[]> {
  const { resource, after, through, lengthMax } = request;
  const all: Change[] = [];
  let length = 0;
  await mapLimited(shards, (shard) =>
    shardChanges(shard, { resource, after, through }, ({ changes }) => {
      for (const change of changes) {
        length += change.text.length + (change.previous?.text.length ?? 0);
        all.push(change);
      }
      if (length > lengthMax) throw new TooMuchHistory();
    }),
  );
  return all.sort((a, b) => a.revision - b.revision);
}
