/**
 * The revision line's state machine, pure: which spans of revisions are open, and what may be released.
 * Nothing is released above an open span. See docs/spec/revision-line.md.
 */
import type { Change } from '../../schema/protocol/change.ts';

export interface Span {
  readonly shard: string;
  readonly first: number;
  readonly last: number;
  /** ms since the epoch. */
  readonly openedAt: number;
}

interface Slot extends Span {
  /** Parts of a large span's changes that came ahead of its closing. */
  collected?: Change[];
  /** Set once the span is closed. */
  changes: readonly Change[] | undefined;
}

/** What became releasable: changes in revision order, and the revision up to which all is now out. */
export interface Release {
  readonly changes: readonly Change[];
  readonly through: number;
}

export class Sequencer {
  /** Spans that are open, or closed above an open one; ascending. */
  #slots: Slot[] = [];
  #issued: number;
  #released: number;

  /**
   * A new epoch. Earlier ones may have handed out revisions up to `base`, so nothing is released before
   * `liftBarrier` says that none of them can be committed any more.
   */
  constructor(base: number) {
    this.#issued = base;
    this.#released = 0;
    this.#slots.push({ shard: '', first: 1, last: base, openedAt: Number.POSITIVE_INFINITY, changes: undefined });
  }

  /** The highest revision handed out. */
  get issued(): number {
    return this.#issued;
  }

  /** Every change up to it has been released or is known through the shards' history; 0 before the barrier is lifted. */
  get released(): number {
    return this.#released;
  }

  /** Hands out the next `count` revisions. */
  reserve(shard: string, count: number, now: number): Span {
    const span = { shard, first: this.#issued + 1, last: this.#issued + count, openedAt: now };
    this.#issued = span.last;
    this.#slots.push({ ...span, changes: undefined });
    return span;
  }

  /** No reservation of an earlier epoch can be committed any more. */
  liftBarrier(): Release | undefined {
    return this.#close((slot) => slot.openedAt === Number.POSITIVE_INFINITY, []);
  }

  /** Keeps a part of the span's changes; the span stays open. A part that comes again replaces what it repeats. */
  collect(shard: string, first: number, changes: readonly Change[]): void {
    const slot = this.#slots.find((open) => open.first === first && open.shard === shard && open.changes === undefined);
    const from = changes[0]?.revision;
    if (!slot || from === undefined) return;
    slot.collected = [...(slot.collected ?? []).filter(({ revision }) => revision < from), ...changes];
  }

  /** Closes the shard's span that starts at `first`; a span that is closed or of an earlier epoch is ignored. */
  close(shard: string, first: number, changes: readonly Change[]): Release | undefined {
    const span = this.#slots.find((slot) => slot.first === first && slot.shard === shard);
    const collected = span?.collected?.filter(
      ({ revision }) => revision < (changes[0]?.revision ?? Number.POSITIVE_INFINITY),
    );
    const all = collected ? [...collected, ...changes] : changes;
    return this.#close((slot) => slot === span, all);
  }

  /** Closes all spans of the shard up to `through`: it holds no reservation of them any more and committed just `changes`. */
  closeAll(shard: string, through: number, changes: readonly Change[]): Release | undefined {
    return this.#close(
      (slot) => slot.shard === shard && slot.last <= through && slot.openedAt !== Number.POSITIVE_INFINITY,
      changes,
    );
  }

  /** Shards with a span that was opened before `openedBefore` and is still open. */
  overdue(openedBefore: number): readonly string[] {
    const late = this.#slots.filter((slot) => slot.changes === undefined && slot.openedAt < openedBefore);
    return [...new Set(late.map((slot) => slot.shard))];
  }

  /** The last revision of the shard's newest open span. */
  openThrough(shard: string): number | undefined {
    return this.#slots.findLast(
      (slot) => slot.shard === shard && slot.changes === undefined && slot.openedAt !== Number.POSITIVE_INFINITY,
    )?.last;
  }

  /** The first revision of the shard's oldest open span. */
  openFrom(shard: string): number | undefined {
    return this.#slots.find(
      (slot) => slot.shard === shard && slot.changes === undefined && slot.openedAt !== Number.POSITIVE_INFINITY,
    )?.first;
  }

  /** Whether any span, the barrier included, is open. */
  get hasOpen(): boolean {
    return this.#slots.length > 0;
  }

  #close(matches: (slot: Slot) => boolean, changes: readonly Change[]): Release | undefined {
    for (const slot of this.#slots) {
      if (slot.changes !== undefined || !matches(slot)) continue;
      slot.changes = changes.filter(({ revision }) => revision >= slot.first && revision <= slot.last);
    }
    return this.#release();
  }

  #release(): Release | undefined {
    const open = this.#slots.findIndex((slot) => slot.changes === undefined);
    const done = open < 0 ? this.#slots : this.#slots.slice(0, open);
    if (done.length === 0) return undefined;
    this.#slots = open < 0 ? [] : this.#slots.slice(open);
    this.#released = (done.at(-1) as Slot).last;
    return { changes: done.flatMap((slot) => slot.changes ?? []), through: this.#released };
  }
}
