/**
 * Reads of the past. The log holds what each change replaced, so an object as of a revision is its live
 * row if that is not younger, else what the first younger change replaced; and what a change made is
 * what the object's next change replaced, else its live row.
 */
import { textAtRevision } from '../../schema/meta/text-at-revision.ts';
import type { Change, SelectableMeta } from '../../schema/protocol/change.ts';
import type { ChangeHead, ChangeRow, ShardStore } from './shard-store.ts';

export interface ObjectAsOf {
  readonly name: string;
  readonly text: string;
  /** JSON of SelectableMeta. */
  readonly metaText: string;
}

export interface SnapshotQuery {
  readonly resource: string;
  /** Exactly as of this revision; it must not be older than the history. */
  readonly revision: number;
  readonly afterName: string;
  /** 0: no limit. */
  readonly limit: number;
  /** The page ends after the object that brings it to this many characters of text. */
  readonly lengthMax: number;
  /** Absent: every object. */
  readonly matches?: ((meta: SelectableMeta) => boolean) | undefined;
  /** Only the object of this name can match. */
  readonly onlyName?: string | undefined;
}

export interface Snapshot {
  readonly items: readonly ObjectAsOf[];
  readonly more: boolean;
  /** Where the next page starts when `more`; differs from the last item's name when a selector skipped objects. */
  readonly lastName: string;
  /** Objects after `lastName`, whatever the selector says. */
  readonly remaining: number;
}

/** What happened to one name after a revision. */
interface Younger {
  /** The first change after the revision. */
  readonly first: ChangeHead;
  /** The object is there now. */
  isLive: boolean;
}

function youngerByName(store: ShardStore, resource: string, revision: number): ReadonlyMap<string, Younger> {
  const younger = new Map<string, Younger>();
  if (!store.hasChangeAfter(revision, resource)) return younger;
  for (const head of store.changeHeads(revision, resource)) {
    const known = younger.get(head.name);
    const isLive = head.type !== 'DELETED';
    if (known) known.isLive = isLive;
    else younger.set(head.name, { first: head, isLive });
  }
  return younger;
}

function* liveRows(store: ShardStore, resource: string, after: string): Generator<ObjectAsOf> {
  for (const { name, text, meta } of store.objectsAfter(resource, after)) yield { name, text, metaText: meta };
}

function before(store: ShardStore, { first }: Younger): ObjectAsOf | undefined {
  if (first.type === 'ADDED') return undefined;
  const row = store.change(first.revision);
  if (!row || row.previousText === null || row.previousMeta === null) {
    throw new Error(`change ${first.revision} of ${first.resource} ${first.name} has lost what it replaced`);
  }
  return { name: first.name, text: row.previousText, metaText: row.previousMeta };
}

/** Objects as of a revision in name order, after a name. */
function* objectsAsOf(
  store: ShardStore,
  resource: string,
  younger: ReadonlyMap<string, Younger>,
  after: string,
): Generator<ObjectAsOf> {
  const gone = [...younger]
    .filter(([name, { isLive }]) => !isLive && name > after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .values();
  let nextGone = gone.next();
  for (const row of liveRows(store, resource, after)) {
    for (; !nextGone.done && nextGone.value[0] < row.name; nextGone = gone.next()) {
      const object = before(store, nextGone.value[1]);
      if (object) yield object;
    }
    const changed = younger.get(row.name);
    const object = changed ? before(store, changed) : row;
    if (object) yield object;
  }
  for (; !nextGone.done; nextGone = gone.next()) {
    const object = before(store, nextGone.value[1]);
    if (object) yield object;
  }
}

/** Every object that the query's selectors could select. */
function* candidates(
  store: ShardStore,
  query: SnapshotQuery,
  younger: ReadonlyMap<string, Younger>,
): Generator<ObjectAsOf> {
  const { resource, afterName, onlyName } = query;
  if (onlyName === undefined) {
    yield* objectsAsOf(store, resource, younger, afterName);
    return;
  }
  if (onlyName <= afterName) return;
  const changed = younger.get(onlyName);
  const row = changed ? undefined : store.object(resource, onlyName);
  const object = changed ? before(store, changed) : row && { name: row.name, text: row.text, metaText: row.meta };
  if (object) yield object;
}

function countAfter(store: ShardStore, resource: string, younger: ReadonlyMap<string, Younger>, after: string): number {
  let count = store.objectCount(resource, after);
  for (const [name, { first, isLive }] of younger) {
    if (name <= after) continue;
    const wasThere = first.type !== 'ADDED';
    count += Number(wasThere) - Number(isLive);
  }
  return count;
}

/** One page of a resource's objects exactly as of a revision. */
export function snapshot(store: ShardStore, query: SnapshotQuery): Snapshot {
  const { resource, afterName, limit, lengthMax, matches } = query;
  const younger = youngerByName(store, resource, query.revision);
  const items: ObjectAsOf[] = [];
  let length = 0;
  let lastName = afterName;
  for (const object of candidates(store, query, younger)) {
    if ((limit > 0 && items.length >= limit) || length >= lengthMax) {
      return { items, more: true, lastName, remaining: countAfter(store, resource, younger, lastName) };
    }
    lastName = object.name;
    if (matches && !matches(JSON.parse(object.metaText) as SelectableMeta)) continue;
    items.push(object);
    length += object.text.length;
  }
  return { items, more: false, lastName, remaining: 0 };
}

export interface ChangesQuery {
  /** Undefined: all resources. */
  readonly resource: string | undefined;
  readonly after: number;
  readonly through: number;
  /** The page ends after the change that brings it to this many characters of text. */
  readonly lengthMax: number;
}

export interface ChangesRead {
  /** Oldest first. */
  readonly changes: readonly Change[];
  /** All changes up to here are in; below the query's `through` when `lengthMax` was reached. */
  readonly through: number;
}

/** Changes with `after < revision <= through`; the caller has checked that the history reaches back to `after`. */
export function changesBetween(store: ShardStore, namespace: string, query: ChangesQuery): ChangesRead {
  const heads = store.changeHeads(query.after, query.resource);
  const next = nextRevisions(heads);
  const rows = new Map<number, ChangeRow>();
  const row = (revision: number): ChangeRow => {
    const known = rows.get(revision) ?? store.change(revision);
    if (!known) throw new Error(`change ${revision} vanished from the log`);
    rows.set(revision, known);
    return known;
  };
  const changes: Change[] = [];
  let length = 0;
  for (const head of heads) {
    if (head.revision > query.through) break;
    if (length >= query.lengthMax) return { changes, through: (changes.at(-1) as Change).revision };
    const change = assemble(store, namespace, row(head.revision), next.get(head.revision), row);
    rows.delete(head.revision);
    changes.push(change);
    length += change.text.length + (change.previous?.text.length ?? 0);
  }
  return { changes, through: query.through };
}

/** For each change that has one, the revision of the same object's next change. */
function nextRevisions(heads: readonly ChangeHead[]): ReadonlyMap<number, number> {
  const latest = new Map<string, number>();
  const next = new Map<number, number>();
  for (const { resource, name, revision } of heads) {
    const key = `${resource}\n${name}`;
    const previous = latest.get(key);
    if (previous !== undefined) next.set(previous, revision);
    latest.set(key, revision);
  }
  return next;
}

function assemble(
  store: ShardStore,
  namespace: string,
  row: ChangeRow,
  next: number | undefined,
  load: (revision: number) => ChangeRow,
): Change {
  const { revision, type, resource, name } = row;
  const made = type === 'DELETED' ? lastState(row) : madeBy(store, row, next, load);
  if (made.text === null || made.meta === null)
    throw new Error(`change ${revision} of ${resource} ${name} has no result`);
  const change: Change = {
    revision,
    type,
    resource,
    namespace,
    name,
    text: made.text,
    meta: JSON.parse(made.meta) as SelectableMeta,
  };
  if (type !== 'MODIFIED' || row.previousText === null || row.previousMeta === null) return change;
  return { ...change, previous: { text: row.previousText, meta: JSON.parse(row.previousMeta) as SelectableMeta } };
}

/** What a deletion shows: the last state under the deletion's own revision. */
const lastState = ({
  revision,
  previousText,
  previousMeta,
}: ChangeRow): { text: string | null; meta: string | null } => ({
  text: previousText === null ? null : textAtRevision(previousText, revision),
  meta: previousMeta,
});

function madeBy(
  store: ShardStore,
  { resource, name, revision }: ChangeRow,
  next: number | undefined,
  load: (revision: number) => ChangeRow,
): { text: string | null; meta: string | null } {
  if (next !== undefined) {
    const { previousText, previousMeta } = load(next);
    return { text: previousText, meta: previousMeta };
  }
  const live = store.object(resource, name);
  if (!live || live.revision !== revision)
    throw new Error(`the result of change ${revision} of ${resource} ${name} is lost`);
  return { text: live.text, meta: live.meta };
}
