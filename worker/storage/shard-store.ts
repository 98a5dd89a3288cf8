/**
 * The storage of a shard: objects, undo log, timers, moments, effects and single facts, sealed where the
 * codec says so. Nothing here decides anything.
 */
import type { Status } from '../../schema/meta/status.ts';
import type { SealCount } from '../../schema/protocol/seal-report.ts';
import type { changes, effects, objects, timers } from '../../schema/tables/shard.ts';
import { type Migrations, migrate } from './migrate.ts';
import { PLAIN_ROWS, type RowCodec, type RowPlace, type Sealed } from './row-codec.ts';
import { shardStatements } from './shard-statements.ts';
import { type SqlHost, transact } from './sql-host.ts';

/** As it lies on disk. */
type StoredObject = typeof objects.$inferSelect;
type StoredChange = typeof changes.$inferSelect;
export type ObjectRow = Omit<StoredObject, 'text' | 'seal'> & { readonly text: string };
export type ChangeRow = Omit<StoredChange, 'previousText' | 'seal'> & { readonly previousText: string | null };
export type TimerRow = typeof timers.$inferSelect;
export type EffectRow = typeof effects.$inferSelect;
export type EffectKind = EffectRow['kind'];

/** What a scan of the log reads without touching texts. */
export type ChangeHead = Pick<ChangeRow, 'revision' | 'type' | 'resource' | 'name'>;

/** Everything of an object but its text and selectable meta. */
export type ObjectHead = Omit<ObjectRow, 'text' | 'meta'>;

/** Single numbers a shard keeps. */
export type ShardFact =
  /** The history starts after it. */
  | 'compactedThrough'
  /** No reservation of a revision up to it may be used any more. */
  | 'voidThrough'
  /** Fingerprint of the key under which every row lies that is to be sealed; 0: not known. */
  | 'sealedUnder';

/** Rows read from storage at a time. */
const PAGE_ROWS = 500;

export class ShardStore {
  readonly #host: SqlHost;
  readonly #codec: RowCodec;
  readonly #run: ReturnType<typeof shardStatements>;
  readonly #facts: Map<string, string>;
  #lastRevision: number;
  /** Undefined: to be read again. */
  #nextTimer: { readonly at: number | undefined } | undefined;

  /** Migrates the storage; throws when it is of a newer version. */
  constructor(host: SqlHost, migrations: Migrations, codec: RowCodec = PLAIN_ROWS) {
    migrate(host, migrations);
    this.#host = host;
    this.#codec = codec;
    this.#run = shardStatements(host);
    this.#facts = new Map(this.#run.allFacts.all().map(({ name, value }) => [name, value]));
    const newest = this.#run.lastChangeUpTo.get({ through: Number.MAX_SAFE_INTEGER })?.revision ?? 0;
    this.#lastRevision = Math.max(newest, this.fact('compactedThrough'));
  }

  /** Of the last change; not below what was really committed. */
  get lastRevision(): number {
    return this.#lastRevision;
  }

  /** One atomic step; `body` must not await. */
  transact(body: () => undefined): void {
    transact(this.#host, body);
  }

  /** 0 when it was never set. */
  fact(name: ShardFact): number {
    return Number(this.#facts.get(name) ?? 0);
  }

  /** Within `transact`, or alone. The value read afterwards is the new one even if the transaction fails: callers abort then. */
  setFact(name: ShardFact, value: number): void {
    this.#run.putFact.run({ name, value: String(value) });
    this.#facts.set(name, String(value));
  }

  /** The Durable Object's name, once `remember` was called: an alarm may wake an object without telling it. */
  get rememberedName(): string | undefined {
    return this.#facts.get('name');
  }

  remember(name: string): void {
    if (this.#facts.get('name') === name) return;
    this.#run.putFact.run({ name: 'name', value: name });
    this.#facts.set('name', name);
  }

  /** Every live object's head, ordered by resource and name. */
  objectHeads(): readonly ObjectHead[] {
    return this.#run.objectHeads.all();
  }

  /** Throws `UnreadableObject`, as everything here that gives texts. */
  object(resource: string, name: string): ObjectRow | undefined {
    const row = this.#run.object.get({ resource, name });
    return row && this.#openObject(row);
  }

  /** Objects of a resource in name order after `after`; each is opened when it is asked for. */
  *objectsAfter(resource: string, after: string): Generator<ObjectRow> {
    for (let from = after; ; ) {
      const rows = this.#run.objectPage.all({ resource, after: from, limit: PAGE_ROWS });
      for (const row of rows) yield this.#openObject(row);
      if (rows.length < PAGE_ROWS) return;
      from = (rows.at(-1) as StoredObject).name;
    }
  }

  /** How many objects of the resource come after `after`. */
  objectCount(resource: string, after: string): number {
    return this.#run.objectCount.get({ resource, after })?.count ?? 0;
  }

  /** Names of objects of a resource whose last change is not younger than `revision`. */
  namesUnchangedSince(resource: string, revision: number, limit: number): readonly string[] {
    return this.#run.objectsUntil.all({ resource, revision, limit }).map(({ name }) => name);
  }

  /** Why objects of the kind cannot be stored at present. */
  refusal(resource: string): Status | undefined {
    return this.#codec.refusal(resource);
  }

  putObject(row: ObjectRow): void {
    const { resource, name, revision } = row;
    const { seal, bytes } = this.#seal({ resource, name, revision, column: 'live' }, row.meta, row.text);
    this.#run.putObject.run({ ...row, meta: seal === null ? row.meta : '', text: bytes, seal });
  }

  removeObject(resource: string, name: string): void {
    this.#run.removeObject.run({ resource, name });
  }

  appendChange(row: ChangeRow): void {
    this.#run.appendChange.run(this.#sealChange(row));
    this.#lastRevision = Math.max(this.#lastRevision, row.revision);
  }

  /** Writes a change that is there anew, sealed as new ones are. */
  replaceChange(row: ChangeRow): void {
    this.#run.replaceChange.run(this.#sealChange(row));
  }

  change(revision: number): ChangeRow | undefined {
    const row = this.#run.change.get({ revision });
    return row && this.#openChange(row);
  }

  /** How many of the kind's rows lie under which seal: live objects and what changes replaced. */
  sealCounts(resource: string): readonly SealCount[] {
    return [...this.#run.objectSeals.all({ resource }), ...this.#run.changeSeals.all({ resource })];
  }

  /** Names of objects that do not lie under `seal`, in order, at most `limit`. */
  namesSealedOtherwise(resource: string, seal: string | null, after: string, limit: number): readonly string[] {
    return this.#run.objectsSealedOtherwise.all({ resource, seal, after, limit }).map(({ name }) => name);
  }

  /** Revisions of changes whose replaced text does not lie under `seal`, in order, at most `limit`. */
  changesSealedOtherwise(resource: string, seal: string | null, after: number, limit: number): readonly number[] {
    return this.#run.changesSealedOtherwise.all({ resource, seal, after, limit }).map(({ revision }) => revision);
  }

  /** Heads of all changes after `after`, oldest first; of one resource if given. */
  changeHeads(after: number, resource?: string): readonly ChangeHead[] {
    return resource === undefined
      ? this.#run.changeHeads.all({ after })
      : this.#run.changeHeadsOf.all({ after, resource });
  }

  /** Whether anything of the resource changed after that revision. */
  hasChangeAfter(after: number, resource: string): boolean {
    return this.#run.hasChangeOf.get({ after, resource }) !== undefined;
  }

  /** Revision of the oldest change kept. */
  firstChange(): number | undefined {
    return this.#run.firstChange.get()?.revision;
  }

  /** Deletes changes up to `through` (which then holds as compacted). */
  compact(through: number): void {
    const last = this.#run.lastChangeUpTo.get({ through })?.revision;
    if (last === undefined || last === null) return;
    this.transact(() => {
      this.#run.compact.run({ through });
      this.setFact('compactedThrough', Math.max(last, this.fact('compactedThrough')));
    });
  }

  putTimer(row: TimerRow): void {
    this.#nextTimer = undefined;
    this.#run.putTimer.run(row);
  }

  removeTimer(controller: string, key: string): void {
    this.#nextTimer = undefined;
    this.#run.removeTimer.run({ controller, key });
  }

  dueTimers(now: number, limit: number): readonly TimerRow[] {
    return this.#run.dueTimers.all({ now, limit });
  }

  nextTimerAt(): number | undefined {
    this.#nextTimer ??= { at: this.#run.nextTimer.get()?.at };
    return this.#nextTimer.at;
  }

  putMoment(time: number, revision: number): void {
    this.#run.putMoment.run({ at: time, revision });
  }

  /** The latest revision known to have been committed at that time or before. */
  revisionAt(time: number): number | undefined {
    return this.#run.momentUpTo.get({ at: time })?.revision;
  }

  /** The time of the latest moment noted at that time or before. */
  momentAt(time: number): number | undefined {
    return this.#run.momentUpTo.get({ at: time })?.at;
  }

  removeMomentsBefore(time: number): void {
    this.#run.removeMoments.run({ at: time });
  }

  putEffect(row: EffectRow): void {
    this.#run.putEffect.run(row);
  }

  /** Removes it unless it has meanwhile been replaced for another uid. */
  removeEffect(kind: EffectKind, key: string, uid: string): void {
    this.#run.removeEffect.run({ kind, key, uid });
  }

  effects(): readonly EffectRow[] {
    return this.#run.allEffects.all();
  }

  #seal(place: RowPlace, meta: string, text: string): Sealed {
    if (!this.#codec.resources.includes(place.resource)) return { seal: null, bytes: text };
    const sealed = this.#codec.seal(place, `${meta}\n${text}`);
    return sealed.seal === null ? { seal: null, bytes: text } : sealed;
  }

  #sealChange(row: ChangeRow): StoredChange {
    const { resource, name, revision, previousMeta, previousText } = row;
    if (previousText === null || previousMeta === null) return { ...row, seal: null };
    const { seal, bytes } = this.#seal({ resource, name, revision, column: 'previous' }, previousMeta, previousText);
    return { ...row, previousMeta: seal === null ? previousMeta : '', previousText: bytes, seal };
  }

  #openObject(row: StoredObject): ObjectRow {
    if (row.seal === null) return row as ObjectRow;
    const { resource, name, revision } = row;
    return { ...row, ...this.#open({ resource, name, revision, column: 'live' }, row.seal, row.text) };
  }

  #openChange(row: StoredChange): ChangeRow {
    if (row.seal === null || row.previousText === null) return row as ChangeRow;
    const { resource, name, revision } = row;
    const { meta, text } = this.#open({ resource, name, revision, column: 'previous' }, row.seal, row.previousText);
    return { ...row, previousMeta: meta, previousText: text };
  }

  #open(place: RowPlace, seal: string, bytes: string | Uint8Array): { meta: string; text: string } {
    const plain = this.#codec.open(place, seal, typeof bytes === 'string' ? new Uint8Array() : bytes);
    const end = plain.indexOf('\n');
    return { meta: plain.slice(0, end), text: plain.slice(end + 1) };
  }
}
