/**
 * Group commit: whatever arrived while the last batch was under way is the next one. Per batch one
 * reservation, one synchronous transaction, then (once it is durable) answers, local watchers and one
 * publish. The revision line's rules on the shard's side are here; see docs/spec/revision-line.md.
 */
import { internalError, serviceUnavailable, type Status, tooManyRequests } from '../../schema/meta/status.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { PublishRequest, ReserveReply } from '../../schema/protocol/hub.ts';
import type { ResolveReply, ResolveRequest } from '../../schema/protocol/shard.ts';
import { combineDemands, type ValueDemand } from '../../schema/protocol/value-lease.ts';
import { Gathering } from './gathering.ts';
import { publishInParts } from './outbox.ts';

/** Writes that wait for a batch; above it new ones get 429. */
export const PENDING_WRITES_MAX = 4_096;
/** Writes in one batch. */
export const BATCH_WRITES_MAX = 512;
/** Revisions a batch reserves beyond those its requests obviously need. */
export const SPAN_REVISIONS_MIN = 1_024;
export const SPAN_REVISIONS_MAX = 65_536;
const REVISIONS_PER_WRITE = 8;
const RETRY_MS_MIN = 20;
const RETRY_MS_MAX = 2_000;
/** Reservations that failed in a row before the waiting writes are answered with 503. */
const RESERVE_ATTEMPTS_MAX = 5;
/** Batches in which an item found too little before it is refused. */
const ITEM_ATTEMPTS_MAX = 16;

/** Something to do inside a batch, with the answer for who waits. */
export interface BatchItem<Tx, Result> {
  run(tx: Tx): Result;
  /** Everything it wrote is undone; the result stands. */
  readonly dryRun: boolean;
  /** Cluster-wide values it may take. */
  readonly demand?: ValueDemand;
}

export type ItemOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'refused'; readonly status: Status }
  /** The span, or the lease of values that came with it, did not suffice: to be repeated under a larger one. */
  | { readonly kind: 'exhausted'; readonly missing?: ValueDemand };

export interface Committed<Result> {
  /** In the items' order. */
  readonly outcomes: readonly ItemOutcome<Result>[];
  readonly changes: readonly Change[];
  /** Controllers have work left: another batch should follow at once. */
  readonly hasMore: boolean;
}

export interface SpanRange {
  readonly first: number;
  readonly last: number;
}

export interface CommitPorts<Tx, Result> {
  readonly shard: string;
  reserve(count: number, values: ValueDemand | undefined): Promise<ReserveReply>;
  publish(request: PublishRequest): Promise<void>;
  /** The highest revision the hub has handed out. */
  issued(): Promise<number>;
  /** Makes the copy of the configuration at least as new as the reservation demands. */
  refresh(reply: ReserveReply): Promise<void>;
  /** One synchronous transaction over all items; must leave nothing behind when it throws. */
  commit(items: readonly BatchItem<Tx, Result>[], span: ReserveReply): Committed<Result>;
  /** Resolves once everything committed so far is durable. Rejects only when the shard is to die. */
  sync(): Promise<void>;
  /** Durable changes for local watchers, in order; `through` is final for this shard. */
  deliver(changes: readonly Change[], through: number): void;
  sleep(ms: number): Promise<void>;
  /** The log's changes with `after < revision <= through`, as many as one message holds. */
  logged(after: number, through: number): ResolveReply;
  /** Persisted: no reservation up to it may be used. */
  readonly voids: { get(): number; set(through: number): void };
  /** Reports our own bugs. */
  report(error: unknown): void;
}

interface Waiting<Tx, Result> {
  readonly item: BatchItem<Tx, Result>;
  demand: ValueDemand | undefined;
  attempts: number;
  resolve(outcome: ItemOutcome<Result>): void;
}

export class CommitLoop<Tx, Result> {
  readonly #ports: CommitPorts<Tx, Result>;
  #queue: Waiting<Tx, Result>[] = [];
  /** A batch is due although no request waits (timers, controllers' remaining work). */
  #due = false;
  #running: Promise<void> | undefined;
  /** Deliveries and answers of earlier batches, in order. */
  #settled: Promise<void> = Promise.resolve();
  #spanRevisions = SPAN_REVISIONS_MIN;
  /** Nothing of this shard will ever be committed at or below it beyond what is committed. */
  #position: number;
  /** Reservations begun so far; and as many as had been begun when the last finished batch began its own. */
  #reservations = 0;
  #reservationsDone = 0;
  #current: Promise<void> = Promise.resolve();
  readonly #gathering = new Gathering();
  /** Changes handed to the hub but not acknowledged, by first revision of their span. */
  readonly #unpublished = new Set<number>();

  /** `lastRevision`: of the last committed change, from storage. */
  constructor(ports: CommitPorts<Tx, Result>, lastRevision: number) {
    this.#ports = ports;
    this.#position = lastRevision;
  }

  /** The revision up to which this shard's content is final and known; what local lists are as of. */
  get position(): number {
    return this.#position;
  }

  /** Spans that the hub may not know yet. */
  get unpublishedFrom(): number {
    return this.#unpublished.size === 0 ? Number.POSITIVE_INFINITY : Math.min(...this.#unpublished);
  }

  /** Queues an item. 429 when too many wait. */
  submit(item: BatchItem<Tx, Result>): Promise<ItemOutcome<Result>> {
    if (this.#queue.length >= PENDING_WRITES_MAX) {
      return Promise.resolve({
        kind: 'refused',
        status: tooManyRequests('Too many requests are waiting for this namespace, please try again later.', 1),
      });
    }
    return new Promise((resolve) => {
      const answer = (outcome: ItemOutcome<Result>): void => {
        this.#gathering.answered();
        resolve(outcome);
      };
      this.#queue.push({ item, demand: item.demand, attempts: 0, resolve: answer });
      this.#gathering.came(this.#queue.length);
      this.#start();
    });
  }

  /** Makes a batch run even if no request waits. */
  kick(): void {
    this.#due = true;
    this.#start();
  }

  /** Resolves when no batch is under way and everything committed so far is delivered. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
    await this.#settled;
  }

  /**
   * Makes `position` at least what the hub had handed out when this was called: by a batch that
   * reserves after the call, or by asking the hub while no reservation of ours is under way.
   */
  async refreshPosition(): Promise<void> {
    const begun = this.#reservations;
    for (;;) {
      if (this.#reservationsDone > begun) return;
      if (this.#running) {
        await this.#current;
        continue;
      }
      const before = this.#reservations;
      const issued = await this.#ports.issued();
      if (this.#reservations === before) {
        this.#advance(issued);
        return;
      }
    }
  }

  /** The hub's question about spans that stay open. */
  async resolve({ releasedThrough, through }: ResolveRequest): Promise<ResolveReply> {
    if (through > this.#ports.voids.get()) this.#ports.voids.set(through);
    const logged = this.#ports.logged(releasedThrough, through);
    await this.#ports.sync();
    return logged;
  }

  #start(): void {
    if (this.#running) return;
    this.#running = this.#run().catch((error) => {
      this.#running = undefined;
      this.#ports.report(error);
    });
  }

  async #run(): Promise<void> {
    // Lets the requests of one turn gather.
    await Promise.resolve();
    while (this.#queue.length > 0 || this.#due) {
      this.#current = this.#batch();
      await this.#current;
    }
    this.#running = undefined;
  }

  async #batch(): Promise<void> {
    const patience = this.#due ? undefined : this.#gathering.patience(this.#queue.length, this.#ports.sleep);
    if (patience) await patience;
    const reply = await this.#reserve();
    const begun = this.#reservations;
    if (!reply) return;
    const voided = (): boolean => reply.first <= this.#ports.voids.get();
    if (!voided()) await this.#refresh(reply);
    // From here to the end of the commit nothing awaits: a resolve comes before or after, never between.
    if (voided()) return;
    const batch = this.#queue.splice(0, BATCH_WRITES_MAX);
    this.#due = false;
    const committed = this.#commit(batch, reply);
    if (committed.hasMore) this.#due = true;
    this.#advance(reply.last);
    this.#reservationsDone = begun;
    this.#settle(reply, batch, committed);
  }

  async #refresh(reply: ReserveReply): Promise<void> {
    for (let attempt = 0; reply.first > this.#ports.voids.get(); attempt++) {
      try {
        return await this.#ports.refresh(reply);
      } catch {
        await this.#ports.sleep(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** attempt));
      }
    }
  }

  /** A reservation; undefined after too many failures, when those who wait have been told. */
  async #reserve(): Promise<ReserveReply | undefined> {
    const wanted = Math.max(this.#spanRevisions, SPAN_REVISIONS_MIN + this.#queue.length * REVISIONS_PER_WRITE);
    for (let attempt = 0; attempt < RESERVE_ATTEMPTS_MAX; attempt++) {
      this.#reservations += 1;
      try {
        return await this.#ports.reserve(Math.min(SPAN_REVISIONS_MAX, wanted), this.#demand());
      } catch {
        await this.#ports.sleep(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** attempt));
      }
    }
    this.#refuseAll(serviceUnavailable('the cluster’s revision sequence does not answer, please try again'));
    return undefined;
  }

  #demand(): ValueDemand | undefined {
    return combineDemands(this.#queue.slice(0, BATCH_WRITES_MAX).flatMap(({ demand }) => demand ?? []));
  }

  #refuseAll(status: Status): void {
    for (const { resolve } of this.#queue.splice(0)) resolve({ kind: 'refused', status });
  }

  #commit(batch: readonly Waiting<Tx, Result>[], span: ReserveReply): Committed<Result> {
    try {
      return this.#ports.commit(
        batch.map(({ item }) => item),
        span,
      );
    } catch (error) {
      this.#ports.report(error);
      const status = internalError('the write could not be stored');
      return { outcomes: batch.map(() => ({ kind: 'refused', status })), changes: [], hasMore: false };
    }
  }

  /** Answers, watchers and the hub, once the batch is durable; the next batch does not wait for it. */
  #settle(reply: ReserveReply, batch: readonly Waiting<Tx, Result>[], { outcomes, changes }: Committed<Result>): void {
    this.#requeueExhausted(reply, batch, outcomes);
    this.#unpublished.add(reply.first);
    const durable = this.#ports.sync();
    const before = this.#settled;
    this.#settled = (async () => {
      await durable;
      void this.#publish(reply, changes);
      await before;
      this.#ports.deliver(changes, reply.last);
      outcomes.forEach((outcome, index) => {
        if (outcome.kind !== 'exhausted') batch[index]?.resolve(outcome);
      });
    })();
    this.#settled.catch((error) => this.#ports.report(error));
  }

  #requeueExhausted(
    span: SpanRange,
    batch: readonly Waiting<Tx, Result>[],
    outcomes: readonly ItemOutcome<Result>[],
  ): void {
    const isLargest = span.last - span.first + 1 >= SPAN_REVISIONS_MAX;
    let isSpanExhausted = false;
    const again: Waiting<Tx, Result>[] = [];
    batch.forEach((waiting, index) => {
      const outcome = outcomes[index];
      if (outcome?.kind !== 'exhausted') return;
      waiting.attempts += 1;
      if (outcome.missing)
        waiting.demand = combineDemands([...(waiting.demand ? [waiting.demand] : []), outcome.missing]);
      else isSpanExhausted = true;
      const isHopeless = (!outcome.missing && isLargest && index === 0) || waiting.attempts >= ITEM_ATTEMPTS_MAX;
      if (!isHopeless) again.push(waiting);
      else
        waiting.resolve({ kind: 'refused', status: internalError('the request needs more than one batch can hold') });
    });
    this.#spanRevisions = isSpanExhausted ? Math.min(SPAN_REVISIONS_MAX, this.#spanRevisions * 4) : SPAN_REVISIONS_MIN;
    this.#queue.unshift(...again);
  }

  /**
   * Until the hub has taken it, also when the hub has asked for it meanwhile: the answer to that may be
   * lost, and what counts as published may be compacted.
   */
  async #publish({ epoch, first }: ReserveReply, changes: readonly Change[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await publishInParts(changes, (part, more) =>
          this.#ports.publish({ shard: this.#ports.shard, epoch, first, changes: part, more }),
        );
        break;
      } catch {
        await this.#ports.sleep(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** attempt));
      }
    }
    this.#unpublished.delete(first);
  }

  #advance(revision: number): void {
    if (revision > this.#position) this.#position = revision;
  }
}
