/**
 * All watches of one Durable Object. Those that want the same text of the same objects form a group:
 * an event is matched and encoded once per group, however many watch.
 */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import { bytesOf, eventText, eventTypeFor, NEWLINE, type Watcher } from './watcher.ts';

/** Silence after which a bare newline is sent: only a write notices that a client is gone. */
export const SILENCE_MS_MAX = 20_000;
/** Time between bookmarks. */
export const BOOKMARK_INTERVAL_MS = 60_000;
/** Watches in one Durable Object; each holds some 80 KB. */
export const WATCHERS_MAX = 10_000;
/** Characters of events handed over in one piece. */
const CHUNK_LENGTH_MAX = 256 * 1024;

interface Group {
  readonly key: string;
  readonly members: Set<Watcher>;
}

export class Watchers {
  readonly #byResource = new Map<GroupResource, Map<string, Group>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Some watch wants bookmarks. */
  get wantsBookmarks(): boolean {
    return this.#all().some((watcher) => watcher.wantsBookmarks);
  }

  add(resource: GroupResource, watcher: Watcher): void {
    const groups = this.#byResource.get(resource) ?? new Map<string, Group>();
    this.#byResource.set(resource, groups);
    const key = `${watcher.encoder.key}\n${watcher.selection.key}`;
    const group = groups.get(key) ?? { key, members: new Set() };
    groups.set(key, group);
    group.members.add(watcher);
    this.#count += 1;
  }

  /** Forgets a watch; its sink is the caller's business. */
  remove(resource: GroupResource, watcher: Watcher): void {
    const groups = this.#byResource.get(resource);
    const key = `${watcher.encoder.key}\n${watcher.selection.key}`;
    const group = groups?.get(key);
    if (!groups || !group?.members.delete(watcher)) return;
    this.#count -= 1;
    if (group.members.size === 0) groups.delete(key);
    if (groups.size === 0) this.#byResource.delete(resource);
  }

  /** Changes in revision order, each delivered once over all calls; everything up to `through` is then delivered. */
  deliver(changes: readonly Change[], through: number, now: number): void {
    if (this.#count === 0) return;
    const byResource = Map.groupBy(changes, ({ resource }) => resource);
    for (const [resource, groups] of [...this.#byResource]) {
      const concerned = byResource.get(resource);
      for (const group of [...groups.values()]) {
        if (concerned) this.#deliverToGroup(resource, group, concerned, now);
        for (const watcher of group.members) watcher.position = Math.max(watcher.position, through);
      }
    }
  }

  /** Ends what is over, keeps the silent alive, and sends bookmarks as of `delivered` where they are due. */
  tick(delivered: number, now: number): void {
    for (const [resource, groups] of [...this.#byResource]) {
      for (const group of [...groups.values()]) {
        for (const watcher of [...group.members]) this.#tickOne(resource, watcher, delivered, now);
      }
    }
  }

  #tickOne(resource: GroupResource, watcher: Watcher, delivered: number, now: number): void {
    const isOver = now >= watcher.endsAt;
    if (watcher.wantsBookmarks && (isOver || now >= watcher.bookmarkAt)) {
      watcher.bookmarkAt = now + BOOKMARK_INTERVAL_MS;
      const revision = Math.max(delivered, watcher.position);
      if (
        !this.#write(resource, watcher, bytesOf(watcher.encoder.bookmark(revision, false, watcher.needsHeaders)), now)
      )
        return;
      watcher.needsHeaders = false;
    }
    if (isOver) {
      this.remove(resource, watcher);
      watcher.sink.end();
    } else if (now - watcher.writtenAt >= SILENCE_MS_MAX) this.#write(resource, watcher, NEWLINE, now);
  }

  #deliverToGroup(resource: GroupResource, group: Group, changes: readonly Change[], now: number): void {
    const first = (changes[0] as Change).revision;
    let shared: readonly Uint8Array[] | undefined;
    for (const watcher of [...group.members]) {
      const isUsual = watcher.position < first && !watcher.needsHeaders;
      if (isUsual) shared ??= eventChunks(watcher, changes);
      const chunks =
        isUsual && shared
          ? shared
          : eventChunks(
              watcher,
              changes.filter(({ revision }) => revision > watcher.position),
            );
      if (chunks.length > 0) watcher.needsHeaders = false;
      for (const chunk of chunks) if (!this.#write(resource, watcher, chunk, now)) break;
    }
  }

  #write(resource: GroupResource, watcher: Watcher, bytes: Uint8Array, now: number): boolean {
    watcher.writtenAt = now;
    if (watcher.sink.write(bytes)) return true;
    this.remove(resource, watcher);
    return false;
  }

  #all(): Watcher[] {
    return [...this.#byResource.values()].flatMap((groups) =>
      [...groups.values()].flatMap(({ members }) => [...members]),
    );
  }
}

/** The events of changes for one watch, in pieces of bounded size. */
export function eventChunks(
  { encoder, selection, needsHeaders }: Pick<Watcher, 'encoder' | 'selection' | 'needsHeaders'>,
  changes: readonly Change[],
): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let text = '';
  let headers = needsHeaders;
  for (const change of changes) {
    const type = eventTypeFor(change, selection);
    if (type === undefined) continue;
    text += eventText(encoder, change, type, headers);
    headers = false;
    if (text.length >= CHUNK_LENGTH_MAX) {
      chunks.push(bytesOf(text));
      text = '';
    }
  }
  if (text !== '') chunks.push(bytesOf(text));
  return chunks;
}
