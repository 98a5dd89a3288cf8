/**
 * What a shard keeps in memory of its objects while it commits: every object's head (name, uid,
 * owners), and the bodies last used, up to a bound in bytes.
 */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { SelectableMeta } from '../../schema/protocol/change.ts';
import type { ObjectHead, ObjectRow } from '../storage/shard-store.ts';

/** Estimated bytes of bodies kept between batches; a parsed body weighs about five times its text. */
export const OBJECT_CACHE_BYTES_MAX = 24 * 1024 * 1024;
const BYTES_PER_TEXT_CHARACTER = 5;

export interface Body {
  readonly text: string;
  readonly metaText: string;
  readonly meta: SelectableMeta;
  readonly object: UntypedObject;
}

/** One live object. Only the directory and the working set change entries. */
export interface Entry {
  readonly resource: GroupResource;
  readonly name: string;
  revision: number;
  uid: string;
  /** Uid of the owner with `controller: true`, or empty. */
  controller: string;
  owners: readonly string[];
  /** Absent: only in storage. */
  body: Body | undefined;
}

interface ResourceEntries {
  readonly byName: Map<string, Entry>;
  /** In name order. */
  readonly sorted: Entry[];
  readonly unowned: Set<Entry>;
}

/** `owners` column of an object: see schema/tables/shard.ts. */
export function ownersText(object: UntypedObject): string {
  const references = object.metadata.ownerReferences;
  if (!references || references.length === 0) return '';
  const controller = references.find((reference) => reference.controller)?.uid ?? '';
  return JSON.stringify([controller, ...references.map((reference) => reference.uid)]);
}

export function parseOwners(text: string): { controller: string; owners: readonly string[] } {
  if (text === '') return { controller: '', owners: [] };
  const [controller = '', ...owners] = JSON.parse(text) as string[];
  return { controller, owners };
}

/** Index of the first entry whose name is not before `name`. */
function position(sorted: readonly Entry[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Entry).name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class ObjectDirectory {
  readonly #resources = new Map<GroupResource, ResourceEntries>();
  readonly #byUid = new Map<string, Entry>();
  readonly #owned = new Map<string, Set<Entry>>();
  /** Entries with a body, least recently used first. */
  readonly #used = new Map<Entry, number>();
  #usedBytes = 0;

  /** `heads` in resource and name order. */
  constructor(heads: readonly ObjectHead[]) {
    for (const { resource, name, revision, uid, owners } of heads) {
      this.link({ resource, name, revision, uid, ...parseOwners(owners), body: undefined });
    }
  }

  get(resource: GroupResource, name: string): Entry | undefined {
    return this.#resources.get(resource)?.byName.get(name);
  }

  /** In name order. */
  list(resource: GroupResource): readonly Entry[] {
    return this.#resources.get(resource)?.sorted ?? [];
  }

  resources(): readonly GroupResource[] {
    return [...this.#resources].filter(([, entries]) => entries.sorted.length > 0).map(([resource]) => resource);
  }

  byUid(uid: string): Entry | undefined {
    return this.#byUid.get(uid);
  }

  ownedBy(uid: string): Iterable<Entry> {
    return this.#owned.get(uid) ?? [];
  }

  unowned(resource: GroupResource): Iterable<Entry> {
    return this.#resources.get(resource)?.unowned ?? [];
  }

  link(entry: Entry): void {
    const entries: ResourceEntries = this.#resources.get(entry.resource) ?? {
      byName: new Map(),
      sorted: [],
      unowned: new Set(),
    };
    this.#resources.set(entry.resource, entries);
    entries.byName.set(entry.name, entry);
    const last = entries.sorted.at(-1);
    if (last === undefined || last.name < entry.name) entries.sorted.push(entry);
    else entries.sorted.splice(position(entries.sorted, entry.name), 0, entry);
    this.index(entry);
  }

  unlink(entry: Entry): void {
    const entries = this.#resources.get(entry.resource);
    if (!entries) return;
    entries.byName.delete(entry.name);
    entries.sorted.splice(position(entries.sorted, entry.name), 1);
    this.unindex(entry);
    this.drop(entry);
  }

  /** Enters uid and owners; call after they changed, and `unindex` before. */
  index(entry: Entry): void {
    this.#byUid.set(entry.uid, entry);
    if (entry.controller === '') this.#resources.get(entry.resource)?.unowned.add(entry);
    for (const owner of entry.owners) {
      const owned = this.#owned.get(owner) ?? new Set<Entry>();
      this.#owned.set(owner, owned.add(entry));
    }
  }

  unindex(entry: Entry): void {
    if (this.#byUid.get(entry.uid) === entry) this.#byUid.delete(entry.uid);
    this.#resources.get(entry.resource)?.unowned.delete(entry);
    for (const owner of entry.owners) {
      const owned = this.#owned.get(owner);
      owned?.delete(entry);
      if (owned?.size === 0) this.#owned.delete(owner);
    }
  }

  /** The body, read through `load` when it is not in memory. */
  body(entry: Entry, load: (resource: string, name: string) => ObjectRow | undefined): Body {
    if (entry.body === undefined) {
      const row = load(entry.resource, entry.name);
      if (!row) throw new Error(`${entry.resource} ${entry.name} is in the directory but not in storage`);
      entry.body = {
        text: row.text,
        metaText: row.meta,
        meta: JSON.parse(row.meta) as SelectableMeta,
        object: JSON.parse(row.text) as UntypedObject,
      };
    }
    this.use(entry);
    return entry.body;
  }

  /** Notes that the body was used or replaced. */
  use(entry: Entry): void {
    this.drop(entry);
    const bytes = (entry.body?.text.length ?? 0) * BYTES_PER_TEXT_CHARACTER;
    this.#used.set(entry, bytes);
    this.#usedBytes += bytes;
  }

  drop(entry: Entry): void {
    this.#usedBytes -= this.#used.get(entry) ?? 0;
    this.#used.delete(entry);
  }

  /** Forgets the bodies used longest ago until the rest fits. Only when every body is in storage. */
  trim(bytesMax: number): void {
    for (const entry of this.#used.keys()) {
      if (this.#usedBytes <= bytesMax) return;
      this.drop(entry);
      entry.body = undefined;
    }
  }
}
