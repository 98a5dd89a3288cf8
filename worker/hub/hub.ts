/** The Durable Object of one cluster: a thin shell around HubCore and its consumers. */
import { DurableObject } from 'cloudflare:workers';
import hubMigrations from '../../migrations/hub/migrations.js';
import type { StatusReply, StatusReport } from '../../schema/protocol/agent.ts';
import { NODE_DOOR_HEADER } from '../../schema/protocol/node-door.ts';
import type { HubRpc, PublishRequest, ReserveReply, ReserveRequest } from '../../schema/protocol/hub.ts';
import type { Answer, ListRequest, ReadRequest, WatchRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import type { SealSummary } from '../../schema/protocol/seal-report.ts';
import { definitionOf } from '../../schema/resources/lookup.ts';
import { type Env, shardName } from '../env.ts';
import { isConfigResource } from '../shard/config-copy.ts';
import type { Shard } from '../shard/shard.ts';
import { HubStore } from '../storage/hub-store.ts';
import { createConsumers, type HubParts } from './consumers.ts';
import { HubCore } from './hub-core.ts';
import { type KeySetting, parseEncryptionKeys } from '../sealing/encryption-keys.ts';
import { currentSeal } from '../sealing/sealed-rows.ts';
import { SealingRounds } from './sealing-rounds.ts';
import { callShards } from './shard-calls.ts';

const TICK_MS = 1_000;
/** What is due later than this waits for an alarm. Above the grace of silent nodes: an alarm is a row written. */
const TIMER_MS_MAX = 65_000;

export class Hub extends DurableObject<Env> implements HubRpc {
  readonly #core: HubCore;
  readonly #parts: HubParts;
  readonly #keys: KeySetting;
  readonly #sealing: SealingRounds;
  #ticking = false;
  /** Of the alarm, as far as it is known. */
  #alarmAt: number | undefined;
  /** When the consumers are ticked next, and by which timer. */
  #wake: { readonly at: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#parts = createConsumers(
      {
        now: () => Date.now(),
        writeAll: (requests: readonly WriteRequest[]) =>
          callShards(requests, (namespace, group) => this.#shard(namespace).writeAll(group)),
        readAll: (requests: readonly ReadRequest[]) =>
          callShards(requests, (namespace, group) => this.#shard(namespace).readAll(group)),
        wakeAt: (at) => this.#wakeAt(at),
        defer: (task) => this.#core.defer(task),
      },
      { shards: () => this.#core.line.shards(), forget: (namespace) => this.#core.line.forget(namespace) },
      { set: (callback, delayMs) => setTimeout(callback, delayMs), clear: (timer) => clearTimeout(timer as number) },
      () => Math.random(),
    );
    const store = new HubStore(ctx.storage, hubMigrations);
    this.#keys = parseEncryptionKeys(env.SECRETS_ENCRYPTION_KEYS ?? '');
    this.#sealing = new SealingRounds({
      shards: () => this.#core.line.shards(),
      ask: (namespace) => this.#shard(namespace).sealing(),
      finished: { get: () => store.counter('sealedUnder'), set: (key) => store.setCounter('sealedUnder', key) },
      current: currentSeal(this.#keys),
      report: (error) => console.error('hub:', error),
    });
    this.#core = new HubCore({
      store,
      sync: () => ctx.storage.sync(),
      shard: (namespace) => this.#shard(namespace),
      now: () => Date.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      definition: definitionOf,
      isConfig: isConfigResource,
      broken: (why) => ctx.abort(why),
      lease: (last, demand) => this.#parts.ledger.lease(last, demand),
      report: (error) => console.error('hub:', error),
    });
    ctx.waitUntil(this.#core.start(this.#parts.consumers).then(() => this.#sealing.round()));
  }

  async reserve(request: ReserveRequest): Promise<ReserveReply> {
    return this.#core.reserve(request);
  }

  async publish(request: PublishRequest): Promise<void> {
    this.#core.publish(request);
  }

  async revision(): Promise<{ readonly issued: number; readonly released: number }> {
    return this.#core.revision();
  }

  async list(request: ListRequest): Promise<Answer> {
    return this.#core.list(request);
  }

  /** A watch over all namespaces (see WatchRequest), or a request of the agents' API. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.has(NODE_DOOR_HEADER)) return this.#parts.nodeDoor.fetch(request);
    const asked = JSON.parse(request.headers.get('x-zeroplane-watch') ?? 'null') as WatchRequest | null;
    if (!asked) return new Response(null, { status: 404 });
    const opened = await this.#core.watch(asked);
    if (!opened.ok) return Response.json(opened.status, { status: opened.status.code });
    this.#tick();
    return new Response(opened.body, { headers: { 'content-type': 'application/json' } });
  }

  async agentReport(node: string, report: StatusReport): Promise<StatusReply> {
    return this.#parts.nodeDoor.report(node, report);
  }

  async nodeReaches(node: string, object: { resource: string; namespace: string; name: string }): Promise<boolean> {
    return this.#parts.nodeDoor.nodeReaches(node, object);
  }

  async unreadableRows(namespace: string, rows: number): Promise<void> {
    this.#sealing.note(namespace, rows);
  }

  async unreadable(): Promise<number> {
    return this.#sealing.unreadable;
  }

  async sealing(): Promise<SealSummary> {
    return this.#sealing.summary(this.#keys.ok ? undefined : this.#keys.why);
  }

  /** The cron trigger: what timers of a sleeping hub have missed. Also wakes the cluster shard, whose first wake makes the first objects. */
  async sweep(): Promise<void> {
    this.#core.tickConsumers();
    await this.#sealing.round();
    await this.#shard('').ready();
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    this.#core.tickConsumers();
  }

  #shard(namespace: string): DurableObjectStub<Shard> {
    return this.env.SHARD.get(this.env.SHARD.idFromName(shardName(this.env.CLUSTER, namespace)));
  }

  /** Soon by a timer; later by the alarm, which a sleeping hub hears too (a timer would keep it awake). */
  #wakeAt(at: number): void {
    const delay = at - Date.now();
    if (delay > TIMER_MS_MAX) {
      if (this.#alarmAt !== undefined && this.#alarmAt <= at) return;
      this.#alarmAt = at;
      void this.ctx.storage.setAlarm(at);
      return;
    }
    if (this.#wake && this.#wake.at <= at) return;
    if (this.#wake) clearTimeout(this.#wake.timer);
    const timer = setTimeout(
      () => {
        this.#wake = undefined;
        this.#core.tickConsumers();
      },
      Math.max(0, delay),
    );
    this.#wake = { at, timer };
  }

  /** Runs while there are watches. */
  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setTimeout(() => {
      this.#ticking = false;
      this.#core.tickWatchers();
      if (this.#core.watchers.count > 0) this.#tick();
    }, TICK_MS);
  }
}
