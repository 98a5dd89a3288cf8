/** The Durable Object of one namespace (or of the cluster-scoped objects): a thin shell around ShardCore. */
import { DurableObject } from 'cloudflare:workers';
import shardMigrations from '../../migrations/shard/migrations.js';
import type {
  Answer,
  ChangesPage,
  ChangesRequest,
  ConfigReply,
  ConfigRequest,
  DrainReply,
  DrainRequest,
  ListPart,
  ListPartRequest,
  ReadRequest,
  ResolveReply,
  ResolveRequest,
  ShardRpc,
  SnapshotPage,
  SnapshotRequest,
  WatchRequest,
  WriteRequest,
} from '../../schema/protocol/shard.ts';
import type { SealReport } from '../../schema/protocol/seal-report.ts';
import { definitionOf } from '../../schema/resources/lookup.ts';
import { freshObjects } from '../authn/fresh-objects.ts';
import { issueLegacyToken } from '../authn/legacy-service-account-token.ts';
import { signingKeys } from '../authn/signing-keys.ts';
import { bootstrapCluster } from '../bootstrap/bootstrap-cluster.ts';
import {
  clusterControllers,
  dependentsWork,
  namespacedControllers,
  namespacedResources,
  namespaceWork,
  tokenSecretWork,
} from '../controllers/controller-list.ts';
import { namespaceAfterDrain, remainingContent } from '../controllers/namespace-content.ts';
import { type Env, shardName } from '../env.ts';
import { randomSuffix } from '../random-names.ts';
import { valueDemandOf } from '../registry/value-demand.ts';
import { parseEncryptionKeys } from '../sealing/encryption-keys.ts';
import { sealedRows } from '../sealing/sealed-rows.ts';
import { ShardStore } from '../storage/shard-store.ts';
import { verifySignature } from '../verify-signature.ts';
import { CONFIG_RESOURCES, ConfigCopy } from './config-copy.ts';
import { Effects, effectsOf } from './effects.ts';
import { RegistryBinding } from './registry-binding.ts';
import { Resealing } from './resealing.ts';
import { ShardCore } from './shard-core.ts';
import { TokenSigning } from './token-signing.ts';
import { compactHistory, expiredNames, nextAlarmAt, TIME_TO_LIVE_MS } from './upkeep.ts';

const TICK_MS = 1_000;
/** An alarm is not set for any sooner. */
const ALARM_MS_MIN = 10;
/** After an alarm that failed. */
const ALARM_RETRY_MS = 30_000;
const BOOTSTRAP_RETRY_MS_MIN = 1_000;
const BOOTSTRAP_RETRY_MS_MAX = 60_000;
const NOTHING: Answer = { code: 200, body: '' };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Shard extends DurableObject<Env> implements ShardRpc {
  /** `cluster/namespace`. */
  readonly #name: string;
  readonly #namespace: string;
  readonly #store: ShardStore;
  readonly #resealing: Resealing;
  readonly #tokens: TokenSigning;
  readonly #core: ShardCore;
  readonly #registry: RegistryBinding;
  readonly #config: ConfigCopy;
  readonly #effects: Effects;
  /** Undefined: none is set, or what is set is not known. */
  #alarmAt: number | undefined;
  #ticking = false;
  #bootstrapped: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const codec = sealedRows({
      keys: parseEncryptionKeys(env.SECRETS_ENCRYPTION_KEYS ?? ''),
      cluster: env.CLUSTER,
      namespace: () => this.#namespace,
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      unreadable: (key) => this.#resealing.note(key),
    });
    this.#store = new ShardStore(ctx.storage, shardMigrations, codec);
    const name = ctx.id.name ?? this.#store.rememberedName;
    if (name === undefined) throw new Error('a shard is reached by its name');
    this.#name = name;
    this.#namespace = name.slice(name.indexOf('/') + 1);
    this.#resealing = new Resealing({
      store: this.#store,
      codec,
      sleep,
      unreadable: (count) => ctx.waitUntil(this.#tellUnreadable(count)),
    });
    const isCluster = this.#namespace === '';
    this.#tokens = this.#newTokenSigning();
    this.#registry = new RegistryBinding(
      { now: () => Date.now(), newUid: () => crypto.randomUUID(), randomSuffix, verifySignature },
      isCluster ? clusterControllers() : namespacedControllers({ clusterCa: env.CLUSTER_CA, tokens: this.#tokens }),
    );
    this.#config = new ConfigCopy((revision) => this.#shard('').config({ namespace: this.#namespace, revision }));
    this.#core = this.#newCore(isCluster);
    this.#effects = this.#newEffects();
    ctx.waitUntil(this.#recallAlarm());
    ctx.waitUntil(this.#reseal());
    if (isCluster) ctx.waitUntil(this.ready());
  }

  async write(request: WriteRequest): Promise<Answer> {
    const definition = definitionOf(request.resource);
    const demand = definition && valueDemandOf(definition, request);
    return this.#core.write((tx) => this.#registry.execute(request, tx), {
      dryRun: request.dryRun,
      ...(demand ? { demand } : {}),
    });
  }

  async writeAll(requests: readonly WriteRequest[]): Promise<readonly Answer[]> {
    return Promise.all(requests.map((request) => this.write(request)));
  }

  async read(request: ReadRequest): Promise<Answer> {
    return this.#core.reads.read(request);
  }

  async readAll(requests: readonly ReadRequest[]): Promise<readonly Answer[]> {
    return Promise.all(requests.map((request) => this.read(request)));
  }

  async snapshot(request: SnapshotRequest): Promise<SnapshotPage> {
    return this.#core.reads.snapshot(request);
  }

  async listPart(request: ListPartRequest): Promise<ListPart> {
    return this.#core.reads.listPart(request);
  }

  async changesBetween(request: ChangesRequest): Promise<ChangesPage> {
    return this.#core.reads.changes(request);
  }

  async resolveSpans(request: ResolveRequest): Promise<ResolveReply> {
    return this.#core.resolveSpans(request);
  }

  async drain(_request: DrainRequest): Promise<DrainReply> {
    await this.#runNamespaceWork();
    return remainingContent(this.#core.view, namespacedResources);
  }

  async activate(): Promise<void> {
    await this.#runNamespaceWork();
  }

  async ownerDeleted(uid: string): Promise<void> {
    const dependents = this.#core.view.ownedBy(uid);
    if (dependents.length === 0) return;
    this.#core.batcher.addWork(dependentsWork(uid, dependents));
    await this.#core.write(() => NOTHING);
  }

  async config({ namespace, revision }: ConfigRequest): Promise<ConfigReply> {
    await this.#core.reads.reach(revision);
    const { view } = this.#core;
    const own = view.get('namespaces', namespace);
    const objects = [
      ...(own ? [{ resource: 'namespaces', object: own }] : []),
      ...CONFIG_RESOURCES.flatMap((resource) => view.list(resource).map((object) => ({ resource, object }))),
    ].map(({ resource, object }) => ({ resource, name: object.metadata.name ?? '', text: JSON.stringify(object) }));
    return { revision: this.#core.position, objects };
  }

  async sealing(): Promise<SealReport> {
    this.ctx.waitUntil(this.#reseal());
    return this.#resealing.report();
  }

  async ready(): Promise<boolean> {
    if (this.#namespace !== '') return true;
    this.#bootstrapped ??= this.#bootstrap();
    await this.#bootstrapped;
    return true;
  }

  /** A watch; see WatchRequest. */
  override async fetch(request: Request): Promise<Response> {
    const asked = JSON.parse(request.headers.get('x-zeroplane-watch') ?? 'null') as WatchRequest | null;
    if (!asked) return new Response(null, { status: 404 });
    const opened = await this.#core.watch(asked);
    if (!opened.ok) return Response.json(opened.status, { status: opened.status.code });
    this.#tick();
    return new Response(opened.body, { headers: { 'content-type': 'application/json' } });
  }

  /** Never throws: an alarm that keeps failing is given up by the platform. */
  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    try {
      await this.#upkeep(Date.now());
      this.#schedule(true);
    } catch (error) {
      console.error(`shard ${this.#namespace}:`, error);
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  async #reseal(): Promise<void> {
    await this.#resealing.run().catch((error) => console.error(`shard ${this.#namespace}:`, error));
  }

  async #tellUnreadable(count: number): Promise<void> {
    const hub = this.env.HUB.get(this.env.HUB.idFromName(this.env.CLUSTER));
    // The hub's next round asks anyway.
    await hub.unreadableRows(this.#namespace, count).catch(() => {});
  }

  async #upkeep(now: number): Promise<void> {
    compactHistory(this.#store, this.#core.unpublishedFrom, now);
    for (const { resource, names } of expiredNames(this.#store, now)) {
      await this.#core.write((tx) => {
        for (const name of names) if (tx.get(resource, name)) tx.remove(resource, name);
        return NOTHING;
      });
    }
    const timerAt = this.#store.nextTimerAt();
    if (timerAt !== undefined && timerAt <= now) await this.#core.write(() => NOTHING);
    await this.#effects.run();
  }

  #newCore(isCluster: boolean): ShardCore {
    const hubId = this.env.HUB.idFromName(this.env.CLUSTER);
    const hub = () => this.env.HUB.get(hubId);
    return new ShardCore({
      namespace: this.#namespace,
      store: this.#store,
      hub: {
        reserve: (request) => hub().reserve(request),
        publish: (request) => hub().publish(request),
        revision: () => hub().revision(),
      },
      sync: () => this.ctx.storage.sync(),
      now: () => Date.now(),
      sleep,
      definition: definitionOf,
      refreshConfig: (revision) => (isCluster ? Promise.resolve() : this.#config.refresh(revision)),
      config: (resource, objectName) => this.#config.get(resource, objectName),
      configList: (resource) => this.#config.list(resource),
      control: (run) => this.#registry.control(run),
      ...(isCluster ? { effectsOf } : {}),
      committed: (changes) => {
        this.#schedule(false);
        if (this.#tokens.isDue) this.ctx.waitUntil(this.#tokens.run());
        if (isCluster && changes.length > 0) this.ctx.waitUntil(this.#effects.run().then(() => this.#schedule(true)));
      },
      report: (error) => console.error(`shard ${this.#namespace}:`, error),
    });
  }

  #newTokenSigning(): TokenSigning {
    const objects = freshObjects(
      (namespace, request) => this.#shard(namespace).read(request),
      () => Date.now(),
    );
    return new TokenSigning({
      sign: async (subjects) => {
        const keys = await signingKeys(objects);
        if (!keys) throw new Error('the cluster has no signing key yet');
        return Promise.all(subjects.map((subject) => issueLegacyToken(subject, keys)));
      },
      signed: (secrets) => {
        this.#core.batcher.addWork(tokenSecretWork(secrets));
        this.ctx.waitUntil(this.#core.write(() => NOTHING));
      },
      report: (error) => console.warn(`shard ${this.#namespace}: tokens are not signed yet:`, String(error)),
    });
  }

  #newEffects(): Effects {
    return new Effects({
      store: this.#store,
      now: () => Date.now(),
      activate: (namespace) => this.#shard(namespace).activate(),
      drain: (namespace, namespaceUid) => this.#shard(namespace).drain({ namespaceUid }),
      ownerDeleted: (namespace, uid) => this.#shard(namespace).ownerDeleted(uid),
      namespaces: () => this.#core.view.list('namespaces').map(({ metadata }) => metadata.name ?? ''),
      namespace: (name) => this.#core.view.get('namespaces', name),
      drained: async (name, uid, reply) => {
        await this.#core.write((tx) => {
          const namespace = tx.get('namespaces', name);
          const write = namespace?.metadata.uid === uid ? namespaceAfterDrain(namespace, reply, Date.now()) : undefined;
          if (write) this.#registry.apply(write, 'namespace-controller', tx);
          return NOTHING;
        });
      },
      report: (error) => console.error(`shard ${this.#namespace}:`, error),
    });
  }

  #shard(namespace: string): DurableObjectStub<Shard> {
    return this.env.SHARD.get(this.env.SHARD.idFromName(shardName(this.env.CLUSTER, namespace)));
  }

  async #runNamespaceWork(): Promise<void> {
    this.#core.batcher.addWork(namespaceWork(this.#namespace));
    await this.#core.write(() => NOTHING);
  }

  async #bootstrap(): Promise<void> {
    for (let delayMs = BOOTSTRAP_RETRY_MS_MIN; ; delayMs = Math.min(BOOTSTRAP_RETRY_MS_MAX, delayMs * 2)) {
      try {
        await bootstrapCluster(
          {
            serves: (resource) => definitionOf(resource) !== undefined,
            list: (request) =>
              request.namespace === '' ? this.read(request) : this.#shard(request.namespace).read(request),
            writeAll: (namespace, requests) =>
              namespace === '' ? this.writeAll(requests) : this.#shard(namespace).writeAll(requests),
          },
          { apiServerUrl: this.env.API_SERVER_URL },
        );
        return;
      } catch (error) {
        console.warn('the cluster’s first objects could not be made yet:', String(error));
        await sleep(delayMs);
      }
    }
  }

  /** On waking: an alarm that is set stays (setting one writes a row), one that a crash left out is set. */
  async #recallAlarm(): Promise<void> {
    this.#alarmAt = (await this.ctx.storage.getAlarm()) ?? undefined;
    this.#schedule(false);
  }

  /** Sets the alarm for what is due next. `anew`: everything is looked at, not just timers. */
  #schedule(anew: boolean): void {
    const timerAt = this.#store.nextTimerAt();
    if (!anew && this.#alarmAt !== undefined && (timerAt === undefined || timerAt >= this.#alarmAt)) return;
    const hasExpiring = Object.keys(TIME_TO_LIVE_MS).some((resource) => this.#core.view.count(resource) > 0);
    const now = Date.now();
    const next = nextAlarmAt(this.#store, hasExpiring, now);
    if (next === undefined) return;
    const at = Math.max(next, now + ALARM_MS_MIN);
    if (at === this.#alarmAt) return;
    this.#alarmAt = at;
    this.#store.remember(this.#name);
    void this.ctx.storage.setAlarm(at);
  }

  /** Runs while there are watches. */
  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setTimeout(async () => {
      await this.#core.tickWatchers();
      this.#ticking = false;
      if (this.#core.watchers.count > 0) this.#tick();
    }, TICK_MS);
  }
}
