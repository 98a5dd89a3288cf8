/**
 * A shard without its Durable Object: commit loop, reads and watches over injected storage, transport
 * and time. The simulator runs this very code.
 */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import type { Change, SelectableMeta } from '../../schema/protocol/change.ts';
import type { PublishRequest, ReserveReply, ReserveRequest } from '../../schema/protocol/hub.ts';
import type { Answer, ResolveReply, ResolveRequest, WatchRequest } from '../../schema/protocol/shard.ts';
import type { ValueDemand } from '../../schema/protocol/value-lease.ts';
import { changesBetween } from '../storage/history.ts';
import { watchExpired } from '../storage/list-plan.ts';
import { UnreadableObject } from '../storage/row-codec.ts';
import type { EffectRow, ShardStore } from '../storage/shard-store.ts';
import { selectionOf } from '../watch/selection.ts';
import {
  type OpenedWatch,
  openWatch,
  type SinkFactory,
  WatchFailure,
  type WatchSource,
} from '../watch/watch-server.ts';
import { Watchers } from '../watch/watchers.ts';
import { Batcher, type ControlResult, type ControlRun } from './batch.ts';
import { CommitLoop } from './commit-loop.ts';
import { MESSAGE_TEXT_LENGTH_MAX } from './outbox.ts';
import { ShardReads, statusAnswer } from './shard-reads.ts';
import { type PendingChange, WorkingSet } from './working-set.ts';

/** Objects of one page of a watch's initial state. */
const STATE_PAGE_OBJECTS = 500;

export interface ShardCorePorts {
  /** Empty for the cluster-scoped shard. */
  readonly namespace: string;
  readonly store: ShardStore;
  /** The hub. Calls may be lost, then they reject. */
  readonly hub: {
    reserve(request: ReserveRequest): Promise<ReserveReply>;
    publish(request: PublishRequest): Promise<void>;
    revision(): Promise<{ readonly issued: number }>;
  };
  sync(): Promise<void>;
  now(): number;
  sleep(ms: number): Promise<void>;
  definition(resource: string): ResourceDefinition | undefined;
  refreshConfig(configRevision: number): Promise<void>;
  config(resource: string, name: string): UntypedObject | undefined;
  configList?(resource: string): readonly UntypedObject[];
  control?(run: ControlRun): ControlResult;
  effectsOf?(change: PendingChange): readonly EffectRow[];
  /** Called after each delivery: alarms and effects may be due. */
  committed?(changes: readonly Change[]): void;
  report(error: unknown): void;
}

/** What selectors look at in an object. */
export function selectableMeta(definition: ResourceDefinition | undefined, object: UntypedObject): SelectableMeta {
  const { name = '', namespace, labels } = object.metadata;
  return {
    labels: labels ?? {},
    fields: {
      'metadata.name': name,
      ...(definition?.scope === 'Cluster' ? {} : { 'metadata.namespace': namespace ?? '' }),
      ...definition?.selectableFields?.(object),
    },
  };
}

export class ShardCore {
  readonly reads: ShardReads;
  readonly watchers = new Watchers();
  readonly batcher: Batcher<Answer>;
  readonly #ports: ShardCorePorts;
  readonly #tx: WorkingSet;
  readonly #loop: CommitLoop<WorkingSet, Answer>;
  /** Every change up to it was given to the watchers; `pending` batches are committed but not yet. */
  #delivered: number;
  #pending = 0;

  constructor(ports: ShardCorePorts) {
    this.#ports = ports;
    const { store, namespace } = ports;
    this.#tx = new WorkingSet({
      namespace,
      store,
      selectable: (resource, object) => selectableMeta(ports.definition(resource), object),
      config: ports.config,
      ...(ports.configList ? { configList: ports.configList } : {}),
    });
    this.batcher = new Batcher({
      store,
      tx: this.#tx,
      now: ports.now,
      report: ports.report,
      ...(ports.control ? { control: ports.control } : {}),
      ...(ports.effectsOf ? { effectsOf: ports.effectsOf } : {}),
    });
    const { lastRevision } = store;
    this.#delivered = lastRevision;
    this.#loop = new CommitLoop(
      {
        shard: namespace,
        reserve: (count, values) => ports.hub.reserve({ shard: namespace, count, ...(values ? { values } : {}) }),
        publish: (request) => ports.hub.publish(request),
        issued: async () => (await ports.hub.revision()).issued,
        refresh: ({ configRevision }) => ports.refreshConfig(configRevision),
        commit: (items, span) => {
          // A batch that fails is delivered too, without changes.
          this.#pending += 1;
          return this.batcher.commit(items, span);
        },
        sync: ports.sync,
        deliver: (changes, through) => this.#deliver(changes, through),
        sleep: ports.sleep,
        logged: (after, through) => this.#logged(after, through),
        voids: {
          get: () => store.fact('voidThrough'),
          set: (through) => store.setFact('voidThrough', through),
        },
        report: ports.report,
      },
      lastRevision,
    );
    this.reads = new ShardReads({
      store,
      namespace,
      definition: ports.definition,
      position: () => this.#loop.position,
      refreshPosition: () => this.#loop.refreshPosition(),
      // An empty batch: its span moves the position.
      advance: async () => {
        await this.write(() => ({ code: 200, body: '' }));
      },
      sync: ports.sync,
      now: ports.now,
    });
  }

  /** Runs `execute` inside a batch; its answer comes once the batch is durable. */
  async write(
    execute: (tx: WorkingSet) => Answer,
    options: { dryRun?: boolean; demand?: ValueDemand } = {},
  ): Promise<Answer> {
    const { dryRun = false, demand } = options;
    const outcome = await this.#loop.submit({ run: execute, dryRun, ...(demand ? { demand } : {}) });
    if (outcome.kind === 'done') return outcome.result;
    if (outcome.kind === 'refused') return statusAnswer(outcome.status);
    throw new Error('an exhausted item is never given back');
  }

  /** Makes a batch run for timers and controllers' work. */
  kick(): void {
    this.#loop.kick();
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#loop.idle();
  }

  resolveSpans(request: ResolveRequest): Promise<ResolveReply> {
    return this.#loop.resolve(request);
  }

  /** Changes the hub may not have yet begin at this revision; infinite when it has all. */
  get unpublishedFrom(): number {
    return this.#loop.unpublishedFrom;
  }

  get position(): number {
    return this.#loop.position;
  }

  /** The working set, for looking only; never across an await. */
  get view(): WorkingSet {
    return this.#tx;
  }

  watch(request: WatchRequest, makeSink?: SinkFactory): Promise<OpenedWatch> {
    return openWatch(this.#source(), this.watchers, request, makeSink);
  }

  /** To be called about each second while there are watchers. */
  async tickWatchers(): Promise<void> {
    const { now } = this.#ports;
    if (this.watchers.wantsBookmarks) await this.reads.freshen().catch(() => {});
    this.watchers.tick(this.delivered, now());
  }

  /** All changes of this shard up to it have been given to the watchers, and none will come below. */
  get delivered(): number {
    return this.#pending === 0 ? Math.max(this.#delivered, this.#loop.position) : this.#delivered;
  }

  #deliver(changes: readonly Change[], through: number): void {
    this.#pending = Math.max(0, this.#pending - 1);
    this.#delivered = through;
    this.watchers.deliver(changes, through, this.#ports.now());
    this.#ports.committed?.(changes);
  }

  #logged(after: number, through: number): ResolveReply {
    const { store, namespace } = this.#ports;
    if (after < store.fact('compactedThrough')) return { changes: [], complete: after, expired: true };
    try {
      const query = { resource: undefined, after, through, lengthMax: MESSAGE_TEXT_LENGTH_MAX };
      const read = changesBetween(store, namespace, query);
      return { changes: read.changes, complete: read.through };
    } catch (error) {
      // What cannot be opened cannot be published: the hub has to begin anew without it, as without lost history.
      if (error instanceof UnreadableObject) return { changes: [], complete: after, expired: true };
      throw error;
    }
  }

  #source(): WatchSource {
    const { store, sync, now, definition } = this.#ports;
    return {
      definition,
      now,
      delivered: () => this.delivered,
      reach: async (revision) => {
        if (revision === 'now') await this.reads.freshen();
        else {
          if (revision === 0) await this.reads.freshen();
          const ahead = await this.reads.reach(revision);
          if (ahead) return ahead;
        }
        const { position } = this.#loop;
        await sync();
        return position;
      },
      tooOld: (revision) => {
        const oldest = store.fact('compactedThrough');
        return revision < oldest ? watchExpired(revision, oldest) : undefined;
      },
      state: (request, revision) => this.#state(request, revision),
      history: (resource, after, through) => this.#history(resource, after, through),
    };
  }

  async *#state(request: WatchRequest, revision: number) {
    const selection = selectionOf(request.labelSelector, request.fieldSelector);
    if (!selection.ok) throw new WatchFailure(selection.status);
    const { resource, labelSelector, fieldSelector } = request;
    for (let afterName = ''; ; ) {
      const page = this.reads.snapshot({
        resource,
        revision,
        afterName,
        limit: STATE_PAGE_OBJECTS,
        labelSelector,
        fieldSelector,
      });
      if (page.unreadable) throw new WatchFailure(page.unreadable);
      if (page.expired) throw new WatchFailure(watchExpired(revision, this.#ports.store.fact('compactedThrough')));
      yield page.items;
      if (!page.more) return;
      afterName = page.lastName;
    }
  }

  async *#history(resource: string, after: number, through: number): AsyncGenerator<readonly Change[]> {
    for (let from = after; from < through; ) {
      const page = this.reads.changes({ resource, after: from, through });
      if (page.unreadable) throw new WatchFailure(page.unreadable);
      if (page.expired) throw new WatchFailure(watchExpired(from, this.#ports.store.fact('compactedThrough')));
      yield page.changes;
      from = page.through;
    }
  }
}
