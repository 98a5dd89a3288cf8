/**
 * The hub without its Durable Object: revision line, merged log, cross-namespace lists and watches,
 * consumers. The simulator runs this very code.
 */
import { listText } from '../../schema/meta/list-text.ts';
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import { badRequest, type Status } from '../../schema/meta/status.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { PublishRequest, ReserveReply, ReserveRequest } from '../../schema/protocol/hub.ts';
import type { Answer, ListRequest, ShardRpc, WatchRequest } from '../../schema/protocol/shard.ts';
import type { ValueDemand, ValueLease } from '../../schema/protocol/value-lease.ts';
import type { HubStore } from '../storage/hub-store.ts';
import { listExpired, type ListPlan, planList, tooLargeResourceVersion, watchExpired } from '../storage/list-plan.ts';
import { selectionOf } from '../watch/selection.ts';
import {
  type OpenedWatch,
  openWatch,
  type SinkFactory,
  WatchFailure,
  type WatchSource,
} from '../watch/watch-server.ts';
import { Watchers } from '../watch/watchers.ts';
import { compareNamespaces, listAcross } from './cross-namespace-list.ts';
import { Followers } from './followers.ts';
import type { HubConsumer } from './hub-consumer.ts';
import { MERGED_LOG_BYTES_MAX, MergedLog } from './merged-log.ts';
import { RevisionLine } from './revision-line.ts';
import {
  HistoryExpired,
  mapLimited,
  mergedChanges,
  snapshotPages,
  TooMuchHistory,
  Unreadable,
} from './shard-fan-out.ts';

/** Times a list of the present is begun anew. */
const LIST_ATTEMPTS_MAX = 3;
/** Characters of older history that one watch may ask the shards for. */
const WATCH_HISTORY_LENGTH_MAX = 64 * 1024 * 1024;

export interface HubCorePorts {
  readonly store: HubStore;
  sync(): Promise<void>;
  /** Calls to a shard may be lost, then they reject. */
  shard(namespace: string): Pick<ShardRpc, 'resolveSpans' | 'snapshot' | 'listPart' | 'changesBetween'>;
  now(): number;
  sleep(ms: number): Promise<void>;
  definition(resource: string): ResourceDefinition | undefined;
  isConfig(resource: string): boolean;
  report(error: unknown): void;
  /** See RevisionLinePorts. */
  broken(why: string): void;
  lease?(last: number, demand: ValueDemand): ValueLease;
  /** Bytes of released changes kept in memory. */
  readonly logBytesMax?: number;
}

export class HubCore {
  readonly watchers = new Watchers();
  readonly line: RevisionLine;
  readonly #ports: HubCorePorts;
  readonly #log: MergedLog;
  #followers: Followers | undefined;
  /** Resolves once the consumers are restored. */
  readonly #restored = Promise.withResolvers<void>();
  #extending: Promise<void> | undefined;

  constructor(ports: HubCorePorts) {
    this.#ports = ports;
    this.line = new RevisionLine({
      store: ports.store,
      sync: ports.sync,
      resolveSpans: (shard, request) => ports.shard(shard).resolveSpans(request),
      now: ports.now,
      sleep: ports.sleep,
      isConfig: ({ resource, namespace }) => namespace === '' && ports.isConfig(resource),
      broken: ports.broken,
      ...(ports.lease ? { lease: ports.lease } : {}),
      released: (changes, through) => this.#released(changes, through),
    });
    this.#log = new MergedLog(this.line.base, ports.logBytesMax ?? MERGED_LOG_BYTES_MAX);
  }

  /** Ends earlier epochs' reservations, then restores the consumers. Never rejects. */
  async start(consumers: readonly HubConsumer[]): Promise<void> {
    await this.line.recover();
    if (consumers.length === 0) {
      this.#restored.resolve();
      return;
    }
    this.#followers = new Followers(consumers, {
      objects: (resources, revision) => this.#objects(resources, revision),
      since: (revision) => this.#log.since(revision),
      released: () => this.line.released,
      sleep: this.#ports.sleep,
      report: this.#ports.report,
    });
    await this.#followers.start();
    this.#restored.resolve();
  }

  async reserve(request: ReserveRequest): Promise<ReserveReply> {
    // Which values are free is known only then.
    if (request.values) await this.#restored.promise;
    return this.line.reserve(request);
  }

  publish(request: PublishRequest): void {
    this.line.publish(request);
  }

  revision(): { issued: number; released: number } {
    return { issued: this.line.issued, released: this.line.released };
  }

  /** Cross-namespace list. */
  async list(request: ListRequest): Promise<Answer> {
    const definition = this.#ports.definition(request.resource);
    if (!definition) return statusAnswer(badRequest('the server does not know this resource'));
    const plan = planList(request, this.#ports.now());
    if (!plan.ok) return statusAnswer(plan.status);
    const selection = selectionOf(request.labelSelector, request.fieldSelector);
    if (!selection.ok) return statusAnswer(selection.status);
    const isSelective = selection.value.matches !== undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#listOnce(request, definition, plan.value, isSelective);
      } catch (error) {
        if (error instanceof Unreadable) return statusAnswer(error.status);
        if (!(error instanceof HistoryExpired)) throw error;
        // A list of the present may have been overtaken by compaction while it was read: it has a new present.
        const mayRepeat = plan.value.exact === undefined && attempt < LIST_ATTEMPTS_MAX;
        if (!mayRepeat) return statusAnswer(listExpired(plan.value));
      }
    }
  }

  async #listOnce(
    request: ListRequest,
    definition: ResourceDefinition,
    plan: ListPlan,
    isSelective: boolean,
  ): Promise<Answer> {
    const revision = await this.#listRevision(plan);
    if (typeof revision !== 'number') return statusAnswer(revision);
    const page = await listAcross({
      request,
      plan,
      revision,
      namespaces: this.#namespaces(),
      isSelective,
      shard: (namespace) => this.#ports.shard(namespace),
    });
    const facts = { resourceVersion: String(revision), continue: page.continue, remainingItemCount: page.remaining };
    return { code: 200, body: listText(definition, request.apiVersion, page.texts, facts) };
  }

  watch(request: WatchRequest, makeSink?: SinkFactory): Promise<OpenedWatch> {
    return openWatch(this.#source(), this.watchers, request, makeSink);
  }

  /** To be called about each second while there are watchers. */
  tickWatchers(): void {
    if (this.line.released > 0) this.watchers.tick(this.line.released, this.#ports.now());
  }

  tickConsumers(): void {
    this.#followers?.tick(this.#ports.now());
  }

  /** See HubServices.defer. */
  defer(task: () => Promise<void>): void {
    if (this.#followers) this.#followers.defer(task);
    else task().catch((error) => this.#ports.report(error));
  }

  #released(changes: readonly Change[], through: number): void {
    this.#log.append(changes, through);
    this.watchers.deliver(changes, through, this.#ports.now());
    this.#followers?.released(changes, through);
  }

  /** All shards of namespaces, in order. */
  #namespaces(): readonly string[] {
    return this.line
      .shards()
      .filter((namespace) => namespace !== '')
      .sort(compareNamespaces);
  }

  async #listRevision({ exact, notOlderThan, isAnyState, isInconsistent }: ListPlan): Promise<number | Status> {
    const wanted = exact ?? notOlderThan;
    if (isInconsistent) this.line.advance();
    if (wanted > this.line.issued) return tooLargeResourceVersion(wanted, this.line.released);
    if (exact !== undefined) {
      await this.line.waitReleased(Math.max(exact, this.line.base));
      return exact;
    }
    return this.#recentRevision(isAnyState);
  }

  /** `isAnyState`: whatever is released will do, as soon as anything is. */
  async #recentRevision(isAnyState: boolean): Promise<number> {
    if (!isAnyState) return this.line.consistentRevision();
    await this.line.waitReleased(this.line.base);
    return this.line.released;
  }

  async #objects(resources: ReadonlySet<string>, revision: number): Promise<readonly Change[]> {
    const wanted = [...resources].flatMap((resource) => {
      const isCluster = this.#ports.definition(resource)?.scope === 'Cluster';
      return (isCluster ? [''] : this.#namespaces()).map((namespace) => ({ resource, namespace }));
    });
    const found = await mapLimited(wanted, async ({ resource, namespace }) => {
      const changes: Change[] = [];
      const request = { resource, revision, afterName: '', limit: 0 };
      for await (const page of snapshotPages(this.#ports.shard(namespace), request)) {
        for (const { name, text, meta } of page)
          changes.push({ revision, type: 'ADDED', resource, namespace, name, text, meta });
      }
      return changes;
    });
    return found.flat();
  }

  #source(): WatchSource {
    return {
      definition: this.#ports.definition,
      now: this.#ports.now,
      delivered: () => Math.max(this.line.released, this.line.base),
      reach: async (revision) => {
        if (revision === 'now') return this.line.consistentRevision();
        if (revision > this.line.issued) return tooLargeResourceVersion(revision, this.line.released);
        await this.line.waitReleased(Math.max(revision, this.line.base));
        return this.line.released;
      },
      tooOld: () => undefined,
      state: (request, revision) => this.#state(request, revision),
      history: (resource, after, through) => this.#history(resource, after, through),
    };
  }

  async *#state({ resource, labelSelector, fieldSelector }: WatchRequest, revision: number) {
    const request = { resource, revision, afterName: '', limit: 0, labelSelector, fieldSelector };
    try {
      for (const namespace of this.#namespaces()) yield* snapshotPages(this.#ports.shard(namespace), request);
    } catch (error) {
      if (error instanceof HistoryExpired) throw new WatchFailure(watchExpired(revision, this.#log.floor));
      if (error instanceof Unreadable) throw new WatchFailure(error.status);
      throw error;
    }
  }

  /** From memory, and from the shards what is no longer (or, after a restart, not yet) there. */
  async *#history(resource: string, after: number, through: number): AsyncGenerator<readonly Change[]> {
    await this.line.waitReleased(this.line.base);
    for (let from = after; from < through; ) {
      const recent = this.#log.since(from);
      if (recent) {
        yield recent.filter((change) => change.resource === resource && change.revision <= through);
        return;
      }
      await this.#extend(from);
      if (this.#log.floor <= from) continue;
      const until = Math.min(this.#log.floor, through);
      yield await this.#older(resource, from, until, WATCH_HISTORY_LENGTH_MAX);
      from = until;
    }
  }

  /** Fills the log from the shards' history back to `from`, once for all watches that begin meanwhile. */
  async #extend(from: number): Promise<void> {
    while (this.#extending) await this.#extending;
    const { floor } = this.#log;
    if (floor <= from) return;
    const extend = async (): Promise<void> => {
      try {
        const changes = await this.#older(undefined, from, floor, MERGED_LOG_BYTES_MAX / 2);
        // What was dropped meanwhile raised the floor: then the two no longer meet.
        if (this.#log.floor === floor) this.#log.prepend(changes, from);
      } catch (error) {
        // Then each watch asks for its own kind.
        if (!(error instanceof TooMuchHistory) && !(error instanceof Unreadable)) throw error;
      }
    };
    this.#extending = extend().finally(() => {
      this.#extending = undefined;
    });
    await this.#extending;
  }

  async #older(
    resource: string | undefined,
    after: number,
    through: number,
    lengthMax: number,
  ): Promise<readonly Change[]> {
    try {
      const shards = this.line.shards().map((namespace) => this.#ports.shard(namespace));
      return await mergedChanges(shards, { resource, after, through, lengthMax });
    } catch (error) {
      const isLost = error instanceof HistoryExpired || (error instanceof TooMuchHistory && resource !== undefined);
      if (isLost) throw new WatchFailure(watchExpired(after, this.#log.floor));
      if (error instanceof Unreadable && resource !== undefined) throw new WatchFailure(error.status);
      throw error;
    }
  }
}

const statusAnswer = (status: Status): Answer => ({ code: status.code, body: JSON.stringify(status) });
