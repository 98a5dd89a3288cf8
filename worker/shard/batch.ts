/**
 * One batch's transaction: the requests, then the controllers over everything that changed, then one
 * flush to storage. Synchronous from end to end.
 */
import { internalError } from '../../schema/meta/status.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { ReserveReply } from '../../schema/protocol/hub.ts';
import { LeasedPools, LeaseExhausted } from '../../schema/protocol/value-lease.ts';
import type { EffectRow, ShardStore, TimerRow } from '../storage/shard-store.ts';
import { UnreadableObject } from '../storage/row-codec.ts';
import type { BatchItem, Committed, ItemOutcome } from './commit-loop.ts';
import { type PendingChange, SpanExhausted, type WorkingSet, WriteRefused } from './working-set.ts';

/** A controller's key that is due. */
export interface DueKey {
  readonly controller: string;
  readonly key: string;
  readonly failures?: number;
}

/** When a key is to be looked at again; `at` undefined: not any more. */
export interface KeyTimer extends DueKey {
  /** ms since the epoch. */
  readonly at: number | undefined;
}

export interface ControlRun {
  readonly tx: WorkingSet;
  readonly now: number;
  readonly work: readonly DueKey[];
  /** Every change since the last call, oldest first. */
  takeChanges(): readonly PendingChange[];
  /** False once the batch should end. */
  hasRoom(): boolean;
}

export interface ControlResult {
  readonly work: readonly DueKey[];
  readonly timers: readonly KeyTimer[];
}

export interface BatchSettings {
  readonly store: ShardStore;
  readonly tx: WorkingSet;
  /** ms since the epoch. */
  now(): number;
  /** Runs the controllers; absent where there are none. */
  control?(run: ControlRun): ControlResult;
  /** What a change asks to be done elsewhere, kept until it is done. */
  effectsOf?(change: PendingChange): readonly EffectRow[];
  report(error: unknown): void;
}

/** Timers taken up by one batch. */
const DUE_TIMERS_MAX = 1_000;
/** Changes after which a batch takes no more controller work; the rest goes into the next. */
const BATCH_CHANGES_MAX = 4_096;
/** Text written after which a batch takes no more controller work. */
const BATCH_TEXT_LENGTH_MAX = 16_000_000;
/** Revisions kept back so that a controller's pass, once begun, finds room for what it writes. */
const ROOM_REVISIONS_MIN = 64;
/** When the controllers' runtime itself failed, the batch's dirty keys come back through the next change; due keys after this. */
const CONTROL_RETRY_MS = 10_000;
/** A moment is noted no more often. */
export const MOMENT_INTERVAL_MS = 30_000;

const timerKey = ({ controller, key }: DueKey): string => `${controller}\n${key}`;

export class Batcher<Result> {
  readonly #settings: BatchSettings;
  /** Keys that have a row in `timers`. */
  readonly #timerKeys = new Set<string>();
  #work: readonly DueKey[] = [];
  #lastMoment = Number.NEGATIVE_INFINITY;

  constructor(settings: BatchSettings) {
    this.#settings = settings;
    for (const timer of settings.store.dueTimers(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)) {
      this.#timerKeys.add(timerKey(timer));
    }
  }

  /** Controller keys to be run by the next batch (activation, drain). Lost with the process: the caller repeats. */
  addWork(work: readonly DueKey[]): void {
    this.#work = [...this.#work, ...work];
  }

  /** See `CommitPorts.commit`. */
  commit(items: readonly BatchItem<WorkingSet, Result>[], span: ReserveReply): Committed<Result> {
    const { tx } = this.#settings;
    tx.begin(span.first, span.last, new LeasedPools(span.values));
    const start = tx.mark();
    const work = this.#work;
    try {
      const outcomes = items.map((item) => this.#run(item));
      const { due, control } = this.#control();
      const changes = tx.changes();
      this.#flush(changes, due, control);
      tx.end();
      return {
        outcomes,
        changes: changes.map(plainChange),
        hasMore: control.work.length > 0 || due.length >= DUE_TIMERS_MAX,
      };
    } catch (error) {
      tx.rollback(start);
      tx.end();
      this.#work = work;
      throw error;
    }
  }

  #run(item: BatchItem<WorkingSet, Result>): ItemOutcome<Result> {
    const { tx, report } = this.#settings;
    const mark = tx.mark();
    try {
      const result = item.run(tx);
      if (item.dryRun) tx.rollback(mark);
      return { kind: 'done', result };
    } catch (error) {
      tx.rollback(mark);
      if (error instanceof SpanExhausted) return { kind: 'exhausted' };
      if (error instanceof LeaseExhausted) return { kind: 'exhausted', missing: error.missing };
      if (error instanceof WriteRefused || error instanceof UnreadableObject)
        return { kind: 'refused', status: error.status };
      report(error);
      return { kind: 'refused', status: internalError('the request could not be executed') };
    }
  }

  #control(): { due: readonly TimerRow[]; control: ControlResult } {
    const { control, store, tx, report } = this.#settings;
    if (!control) return { due: [], control: { work: [], timers: [] } };
    const now = this.#settings.now();
    const due = this.#timerKeys.size > 0 ? store.dueTimers(now, DUE_TIMERS_MAX) : [];
    const work = [...this.#work, ...due];
    const mark = tx.mark();
    let taken = 0;
    const run: ControlRun = {
      tx,
      now,
      work,
      takeChanges: () => {
        const fresh = tx.changes().slice(taken);
        taken = tx.changes().length;
        return fresh;
      },
      hasRoom: () =>
        tx.room() > ROOM_REVISIONS_MIN &&
        tx.changes().length < BATCH_CHANGES_MAX &&
        tx.textLength() < BATCH_TEXT_LENGTH_MAX,
    };
    try {
      const result = control(run);
      this.#work = [];
      return { due, control: result };
    } catch (error) {
      // A bug of the runtime must not fail the requests; what was due is tried again later.
      tx.rollback(mark);
      report(error);
      this.#work = [];
      return { due, control: { work: [], timers: work.map((key) => ({ ...key, at: now + CONTROL_RETRY_MS })) } };
    }
  }

  #flush(changes: readonly PendingChange[], due: readonly TimerRow[], control: ControlResult): void {
    const { store, tx, effectsOf } = this.#settings;
    const now = this.#settings.now();
    const rows = timerRows(due, control, now);
    const last = changes.at(-1)?.revision;
    if (last === undefined && rows.length === 0) return;
    store.transact(() => {
      tx.flush();
      for (const { timer, at } of rows) this.#writeTimer(timer, at);
      if (effectsOf) for (const change of changes) for (const effect of effectsOf(change)) store.putEffect(effect);
      if (last !== undefined && now - this.#lastMoment >= MOMENT_INTERVAL_MS) store.putMoment(now, last);
      return undefined;
    });
    if (last !== undefined && now - this.#lastMoment >= MOMENT_INTERVAL_MS) this.#lastMoment = now;
  }

  #writeTimer(timer: DueKey, at: number | undefined): void {
    const { store } = this.#settings;
    const key = timerKey(timer);
    if (at !== undefined) {
      store.putTimer({ controller: timer.controller, key: timer.key, at, failures: timer.failures ?? 0 });
      this.#timerKeys.add(key);
    } else if (this.#timerKeys.has(key)) {
      store.removeTimer(timer.controller, timer.key);
      this.#timerKeys.delete(key);
    }
  }
}

/** What is to be written to `timers`: due ones go, new ones come, and unfinished work is due at once (so a crash keeps it). */
function timerRows(
  due: readonly TimerRow[],
  { timers, work }: ControlResult,
  now: number,
): readonly { timer: DueKey; at: number | undefined }[] {
  const rows = new Map<string, { timer: DueKey; at: number | undefined }>();
  for (const timer of due) rows.set(timerKey(timer), { timer, at: undefined });
  for (const timer of timers) rows.set(timerKey(timer), { timer, at: timer.at });
  for (const timer of work) rows.set(timerKey(timer), { timer, at: now });
  return [...rows.values()];
}

/** Without what only the batch needs: this crosses RPC. */
function plainChange(change: PendingChange): Change {
  const { revision, type, resource, namespace, name, text, meta, previous } = change;
  return previous
    ? { revision, type, resource, namespace, name, text, meta, previous }
    : { revision, type, resource, namespace, name, text, meta };
}
