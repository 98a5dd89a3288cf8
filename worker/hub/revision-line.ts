/**
 * The hub's side of the revision line: epochs, reservations, ordered release, and the resolution of
 * spans that stay open. Storage, transport and time are injected, so that the simulator runs this code.
 */
import { pushAll } from '../../schema/meta/push-all.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { PublishRequest, ReserveReply, ReserveRequest } from '../../schema/protocol/hub.ts';
import type { ResolveReply, ResolveRequest } from '../../schema/protocol/shard.ts';
import type { ValueDemand, ValueLease } from '../../schema/protocol/value-lease.ts';
import type { HubStore } from '../storage/hub-store.ts';
import { Sequencer } from './sequencer.ts';

/** The ceiling that is persisted runs ahead by so many revisions. */
export const CEILING_STEP = 1_000_000;
/** A reservation never is larger. */
export const SPAN_REVISIONS_MAX = 65_536;
/** A span open for longer is resolved with its shard. */
export const SPAN_OPEN_MS_MAX = 1_000;
const WATCHDOG_MS = 500;
const EPOCH_RETRY_MS = 200;

export interface RevisionLinePorts {
  readonly store: Pick<HubStore, 'counter' | 'setCounter' | 'shards' | 'putShard' | 'removeShard'>;
  /** Resolves once everything written so far is durable. */
  sync(): Promise<void>;
  resolveSpans(shard: string, request: ResolveRequest): Promise<ResolveReply>;
  /** ms since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Whether commits in namespaces depend on the changed object. */
  isConfig(change: Change): boolean;
  /** Sets cluster-wide values aside for the span that ends with `last`. */
  lease?(last: number, demand: ValueDemand): ValueLease;
  /** The merged stream cannot be continued: the hub must end, and a new epoch begin. */
  broken(why: string): void;
  /** Called in revision order, without gaps; `through` only grows. */
  released(changes: readonly Change[], through: number): void;
}

interface Waiter {
  readonly revision: number;
  resolve(): void;
}

export class RevisionLine {
  readonly #ports: RevisionLinePorts;
  readonly #sequencer: Sequencer;
  readonly epoch: number;
  /** All changes up to here belong to earlier epochs. */
  readonly base: number;
  /** Known shards; true: active, must be asked at the next epoch. */
  readonly #shards = new Map<string, boolean>();
  #ceiling: number;
  /** Until everything that replies depend on is durable. */
  #durable: Promise<void>;
  #configRevision: number;
  #waiters: Waiter[] = [];
  #watching = false;
  /** Shards that reserved in this epoch, with the last revision they were given. */
  readonly #lastReserved = new Map<string, number>();

  /** Begins a new epoch in storage. Then call `recover` once. */
  constructor(ports: RevisionLinePorts) {
    this.#ports = ports;
    const { store } = ports;
    this.epoch = store.counter('epoch') + 1;
    this.base = Math.max(1, store.counter('ceiling'));
    this.#ceiling = this.base + CEILING_STEP;
    store.setCounter('epoch', this.epoch);
    store.setCounter('ceiling', this.#ceiling);
    this.#durable = ports.sync();
    for (const { namespace, active } of store.shards()) this.#shards.set(namespace, active);
    this.#sequencer = new Sequencer(this.base);
    this.#configRevision = this.base;
  }

  get issued(): number {
    return this.#sequencer.issued;
  }

  get released(): number {
    return this.#sequencer.released;
  }

  /** Namespaces of all shards that ever wrote; the cluster-scoped one is the empty string. */
  shards(): readonly string[] {
    return [...this.#shards.keys()];
  }

  /** Asks every shard that may hold a reservation of an earlier epoch to forget it; then releases begin. Never rejects. */
  async recover(): Promise<void> {
    await this.#durable;
    const asked = [...this.#shards].filter(([, active]) => active).map(([shard]) => shard);
    await Promise.all(asked.map((shard) => this.#recoverShard(shard)));
    this.#emit(this.#sequencer.liftBarrier());
    // Those that have not reserved again meanwhile need not be asked next time.
    for (const shard of asked) {
      if (this.#lastReserved.has(shard)) continue;
      this.#shards.set(shard, false);
      this.#ports.store.putShard({ namespace: shard, active: false });
    }
  }

  async #recoverShard(shard: string): Promise<void> {
    for (;;) {
      try {
        await this.#ports.resolveSpans(shard, { epoch: this.epoch, releasedThrough: this.base, through: this.base });
        return;
      } catch {
        await this.#ports.sleep(EPOCH_RETRY_MS);
      }
    }
  }

  /** Forgets a shard whose namespace is gone, unless it is (or may be) writing. Never rejects. */
  async forget(shard: string): Promise<void> {
    const through = this.issued;
    if (!this.#shards.has(shard) || this.#sequencer.openThrough(shard) !== undefined) return;
    try {
      await this.#ports.resolveSpans(shard, { epoch: this.epoch, releasedThrough: through, through });
    } catch {
      // Known a while longer: the next hub tries again.
      return;
    }
    if ((this.#lastReserved.get(shard) ?? 0) > through) return;
    this.#shards.delete(shard);
    this.#lastReserved.delete(shard);
    this.#ports.store.removeShard(shard);
  }

  async reserve({ shard, count, values }: ReserveRequest): Promise<ReserveReply> {
    if (this.#shards.get(shard) !== true) {
      this.#shards.set(shard, true);
      this.#ports.store.putShard({ namespace: shard, active: true });
      this.#durable = this.#ports.sync();
    }
    const revisions = Math.max(1, Math.min(count, SPAN_REVISIONS_MAX));
    const span = this.#sequencer.reserve(shard, revisions, this.#ports.now());
    this.#raiseCeiling(span.last);
    this.#lastReserved.set(shard, span.last);
    this.#watch();
    // The cluster shard may be committing configuration right now: then no copy is surely fresh.
    const configRevision = Math.max(this.#configRevision, this.#sequencer.openThrough('') ?? 0);
    const lease = values && this.#ports.lease?.(span.last, values);
    await this.#durable;
    return {
      epoch: this.epoch,
      first: span.first,
      last: span.last,
      configRevision,
      ...(lease ? { values: lease } : {}),
    };
  }

  /** Moves the line on by one revision that no change will ever have. */
  advance(): void {
    const span = this.#sequencer.reserve('', 1, this.#ports.now());
    this.#raiseCeiling(span.last);
    this.#emit(this.#sequencer.close('', span.first, []));
  }

  publish({ shard, epoch, first, changes, more }: PublishRequest): void {
    // What an earlier epoch's reservation committed is part of the shards' history already.
    if (epoch !== this.epoch) return;
    this.#noteConfig(changes);
    if (more) this.#sequencer.collect(shard, first, changes);
    else this.#emit(this.#sequencer.close(shard, first, changes));
  }

  /** Resolves once everything handed out up to `revision` is released. */
  async waitReleased(revision: number): Promise<void> {
    if (this.released >= revision) return;
    await new Promise<void>((resolve) => this.#waiters.push({ revision, resolve }));
  }

  /** A revision at which a read that begins now is consistent: every span open now is closed by then. */
  async consistentRevision(): Promise<number> {
    await this.waitReleased(this.issued);
    return this.released;
  }

  #raiseCeiling(issued: number): void {
    if (issued <= this.#ceiling) return;
    this.#ceiling = issued + CEILING_STEP;
    this.#ports.store.setCounter('ceiling', this.#ceiling);
    this.#durable = this.#ports.sync();
  }

  #noteConfig(changes: readonly Change[]): void {
    for (const change of changes) {
      if (this.#ports.isConfig(change)) this.#configRevision = Math.max(this.#configRevision, change.revision);
    }
  }

  #emit(release: { changes: readonly Change[]; through: number } | undefined): void {
    if (!release) return;
    this.#ports.released(release.changes, release.through);
    const due = this.#waiters.filter(({ revision }) => revision <= release.through);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter(({ revision }) => revision > release.through);
    for (const { resolve } of due) resolve();
  }

  /** Runs while spans are open. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    void this.#watchdog();
  }

  async #watchdog(): Promise<void> {
    while (this.#sequencer.hasOpen) {
      await this.#ports.sleep(WATCHDOG_MS);
      const late = this.#sequencer.overdue(this.#ports.now() - SPAN_OPEN_MS_MAX);
      await Promise.all(late.map((shard) => this.#resolve(shard)));
    }
    this.#watching = false;
  }

  async #resolve(shard: string): Promise<void> {
    const through = this.#sequencer.openThrough(shard);
    if (through === undefined) return;
    try {
      const changes: Change[] = [];
      for (let complete = (this.#sequencer.openFrom(shard) ?? through + 1) - 1; complete < through; ) {
        const request = { epoch: this.epoch, releasedThrough: complete, through };
        const reply = await this.#ports.resolveSpans(shard, request);
        if (reply.expired) {
          this.#ports.broken(`shard ${shard} no longer has what it committed above ${complete}`);
          return;
        }
        pushAll(changes, reply.changes);
        complete = reply.complete;
      }
      this.#noteConfig(changes);
      this.#emit(this.#sequencer.closeAll(shard, through, changes));
    } catch {
      // The shard does not answer: the watchdog asks again.
    }
  }
}
