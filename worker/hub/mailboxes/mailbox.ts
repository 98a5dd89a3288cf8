/**
 * What waits for one node: the state machine of a mailbox, without I/O.
 *
 * A mailbox knows everything that concerned its node after `floor`. A poll with `since >= floor`
 * acknowledges what is not newer than `since` and is answered with the rest; an older one is answered
 * in full, from the shards. Entries stay until they are acknowledged, so a lost answer loses nothing;
 * a newer entry about the same object takes the place of the older.
 */
import type { GroupResource } from '../../../schema/meta/object-meta.ts';

/** Beyond either limit a mailbox is emptied, and its node resynchronised in full. */
export const MAILBOX_ENTRIES_MAX = 4096;
export const MAILBOX_BYTES_MAX = 8 * 1024 * 1024;

interface About {
  readonly resource: GroupResource;
  readonly namespace: string;
  readonly name: string;
  /** The change that caused the entry. */
  readonly revision: number;
}

export type MailboxEntry =
  /** The object as it now is. */
  | (About & { readonly kind: 'object'; readonly uid: string; readonly text: string })
  | (About & { readonly kind: 'removed'; readonly uid: string })
  /** To be read from its shard when delivered: the node needs it from now on. */
  | (About & { readonly kind: 'read' })
  /** All of a resource in a namespace, likewise; `name` is empty. */
  | (About & { readonly kind: 'read-all' });

/** A pod of the same name but another uid is another pod; the end of the first must be told, too. */
const keyOf = (entry: MailboxEntry): string => {
  const key = `${entry.resource}\n${entry.namespace}\n${entry.name}`;
  return entry.resource === 'pods' && 'uid' in entry ? `${key}\n${entry.uid}` : key;
};

const sizeOf = (entry: MailboxEntry): number => (entry.kind === 'object' ? entry.text.length : 64);

export class Mailbox {
  /** Everything after this revision is known; Infinity after an overflow, until the next full answer. */
  #floor: number;
  readonly #entries = new Map<string, MailboxEntry>();
  #bytes = 0;

  constructor(floor: number) {
    this.#floor = floor;
  }

  /** Whether a poll that has acted on everything up to `since` can be answered from here. */
  knowsSince(since: number): boolean {
    return since >= this.#floor;
  }

  add(entry: MailboxEntry): void {
    if (this.#floor === Number.POSITIVE_INFINITY) return;
    const key = keyOf(entry);
    this.#remove(key);
    this.#entries.set(key, entry);
    this.#bytes += sizeOf(entry);
    if (this.#entries.size <= MAILBOX_ENTRIES_MAX && this.#bytes <= MAILBOX_BYTES_MAX) return;
    this.#entries.clear();
    this.#bytes = 0;
    this.#floor = Number.POSITIVE_INFINITY;
  }

  /** The node has acted on everything up to `since`. */
  acknowledge(since: number): void {
    for (const [key, entry] of this.#entries) if (entry.revision <= since) this.#remove(key);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get overflowed(): boolean {
    return this.#floor === Number.POSITIVE_INFINITY;
  }

  /** What is to be delivered, oldest first. It stays until acknowledged. */
  entries(): readonly MailboxEntry[] {
    return [...this.#entries.values()];
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#bytes -= sizeOf(entry);
    this.#entries.delete(key);
  }
}
