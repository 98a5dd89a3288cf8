/**
 * A simulated cluster: shards and a hub that run the real code over injected storage, calls and time;
 * clients that write, list and watch; crashes, lost calls and reordering at every await; and the checks
 * of R1 to R6 (docs/spec/revision-line.md).
 */
import type { Answer, ListRequest, WatchRequest } from '../../schema/protocol/shard.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import { HubCore } from '../../worker/hub/hub-core.ts';
import { ShardCore } from '../../worker/shard/shard-core.ts';
import { compactHistory } from '../../worker/shard/upkeep.ts';
import { HubStore } from '../../worker/storage/hub-store.ts';
import { ShardStore } from '../../worker/storage/shard-store.ts';
import { hubMigrations, shardMigrations } from './migrations.ts';
import { Process, type ProcessPorts } from './process.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { keyOf, Truth, Violation } from './truth.ts';
import { isSelected, WatchSession } from './watch-session.ts';
import { type Operation, perform, WIDGETS, widgetDefinition } from './widgets.ts';

const NAMESPACES = ['a', 'b', 'c'] as const;
const NAMES = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6'] as const;
const WATCHES_MAX = 8;
const WRITES_OPEN_MAX = 12;
/** Steps in which everything must have settled once faults have ended. */
const SETTLE_STEPS_MAX = 20_000;

/** Deliberate mistakes: the simulator has to find them. */
export interface Mutations {
  /** Wraps a shard's store. */
  shardStore?(store: ShardStore): ShardStore;
  hubStore?(store: HubStore): HubStore;
  /** Replaces how storage is waited for. */
  sync?(sync: () => Promise<void>): () => Promise<void>;
  /** Changes a new hub. */
  hub?(hub: HubCore): void;
  shard?(shard: ShardCore): void;
}

interface Acknowledged {
  readonly namespace: string;
  readonly revision: number;
  readonly step: number;
}

interface Listed {
  readonly namespace: string;
  readonly parity: string | undefined;
  readonly startedAtStep: number;
  readonly revision: number;
  readonly items: readonly string[];
}

export interface Summary {
  readonly steps: number;
  readonly changes: number;
  readonly acknowledged: number;
  readonly lists: number;
  readonly watches: number;
  readonly events: number;
  readonly crashes: number;
  readonly expired: number;
  readonly cutOff: number;
}

export class World {
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #faults = { lossy: true };
  readonly #mutations: Mutations;
  readonly truth = new Truth();
  readonly #hub: Process<HubCore>;
  readonly #shards = new Map<string, Process<ShardCore>>();
  readonly #client: ProcessPorts;
  readonly #stores = new WeakMap<ShardCore, ShardStore>();
  readonly #acknowledged: Acknowledged[] = [];
  readonly #lists: Listed[] = [];
  readonly #open: { session: WatchSession; source: Process<HubCore> | Process<ShardCore>; life: number }[] = [];
  readonly #sessions: WatchSession[] = [];
  #openWrites = 0;
  #openReads = 0;
  #value = 0;
  #failure: unknown;

  constructor(seed: number, mutations: Mutations = {}) {
    this.#random = new Random(seed);
    this.#scheduler = new Scheduler(this.#random);
    this.#mutations = mutations;
    const shared = { scheduler: this.#scheduler, random: this.#random, faults: this.#faults };
    for (const namespace of NAMESPACES) {
      const process: Process<ShardCore> = new Process({
        ...shared,
        name: `shard ${namespace}`,
        durable: () => this.#guard(() => this.truth.record(namespace, process.storage.host)),
        start: (self, ports) => this.#startShard(namespace, self, ports),
      });
      this.#shards.set(namespace, process);
    }
    this.#hub = new Process({
      ...shared,
      name: 'hub',
      durable: () => {},
      start: (self, ports) => this.#startHub(self, ports),
    });
    let clientPorts: ProcessPorts | undefined;
    new Process<object>({
      ...shared,
      name: 'client',
      durable: () => {},
      start: (_self, ports) => {
        clientPorts = ports;
        return {};
      },
    }).instance();
    this.#client = clientPorts as unknown as ProcessPorts;
  }

  /** Runs the cluster for so many steps, lets it settle, and checks everything. Throws a Violation. */
  async run(steps: number): Promise<Summary> {
    for (let step = 0; step < steps; step++) {
      this.#disturb();
      await this.#advance();
    }
    await this.#settle();
    this.#check();
    const processes = [this.#hub, ...this.#shards.values()];
    for (const { storage } of processes) storage.close();
    return {
      steps: this.#scheduler.step,
      changes: this.truth.changes().length,
      acknowledged: this.#acknowledged.length,
      lists: this.#lists.length,
      watches: this.#sessions.length,
      events: this.#sessions.reduce((sum, { events }) => sum + events.length, 0),
      crashes: processes.reduce((sum, { crashes }) => sum + crashes, 0),
      expired: this.#sessions.filter(({ isExpired }) => isExpired).length,
      cutOff: this.#sessions.filter(({ wasCutOff }) => wasCutOff).length,
    };
  }

  async #advance(): Promise<void> {
    if (!(await this.#scheduler.advance())) this.#scheduler.now += 1;
    if (this.#failure !== undefined) throw this.#failure;
    this.#readWatches();
  }

  /** Checks inside callbacks must not vanish in a promise. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #report(error: unknown): void {
    if (String(error).includes('a bug that the simulator asks for')) return;
    this.#failure ??= error;
  }

  #startShard(namespace: string, self: Process<ShardCore>, ports: ProcessPorts): ShardCore {
    const real = new ShardStore(self.storage.host, shardMigrations);
    const core = new ShardCore({
      namespace,
      store: this.#mutations.shardStore?.(real) ?? real,
      hub: {
        reserve: (request) => ports.call(this.#hub, (hub) => hub.reserve(request)),
        publish: (request) =>
          ports.call(this.#hub, (hub) => {
            this.#guard(() => {
              const early = request.changes.find(({ revision }) => !this.truth.has(revision));
              if (early) throw new Violation(`[R3] ${early.revision} was published before it was durable`);
            });
            hub.publish(request);
          }),
        revision: () => ports.call(this.#hub, (hub) => hub.revision()),
      },
      sync: this.#mutations.sync?.(ports.sync) ?? ports.sync,
      now: ports.now,
      sleep: ports.sleep,
      definition: (resource) => (resource === WIDGETS ? widgetDefinition : undefined),
      refreshConfig: async () => {},
      config: () => undefined,
      report: (error) => this.#report(error),
    });
    this.#stores.set(core, real);
    this.#mutations.shard?.(core);
    return core;
  }

  #startHub(self: Process<HubCore>, ports: ProcessPorts): HubCore {
    const real = new HubStore(self.storage.host, hubMigrations);
    const shard = (namespace: string): Process<ShardCore> => this.#shards.get(namespace) as Process<ShardCore>;
    const core = new HubCore({
      store: this.#mutations.hubStore?.(real) ?? real,
      sync: ports.sync,
      shard: (namespace) => ({
        resolveSpans: (request) => ports.call(shard(namespace), (target) => target.resolveSpans(request)),
        snapshot: (request) => ports.call(shard(namespace), (target) => target.reads.snapshot(request)),
        listPart: (request) => ports.call(shard(namespace), (target) => target.reads.listPart(request)),
        changesBetween: (request) => ports.call(shard(namespace), (target) => target.reads.changes(request)),
      }),
      now: ports.now,
      sleep: ports.sleep,
      definition: (resource) => (resource === WIDGETS ? widgetDefinition : undefined),
      isConfig: () => false,
      broken: () => self.crash(),
      report: (error) => this.#report(error),
      // Small, so that watches need the shards' history too.
      logBytesMax: 20_000,
    });
    this.#mutations.hub?.(core);
    void core.start([]);
    return core;
  }

  /** What clients and fate do before a step. */
  #disturb(): void {
    const random = this.#random;
    if (this.#openWrites < WRITES_OPEN_MAX && random.chance(0.25)) this.#write();
    if (this.#openReads < 6 && random.chance(0.03)) void this.#list();
    if (this.#open.length < WATCHES_MAX && random.chance(0.03)) this.#watch();
    if (random.chance(0.004)) random.pick([...this.#shards.values()]).crash();
    if (random.chance(0.002)) this.#hub.crash();
    if (random.chance(0.01)) this.#tick();
    if (random.chance(0.0015)) this.#scheduler.now += random.pick([2_000, 20_000, 70_000, 200_000, 400_000]);
    if (random.chance(0.01)) this.#compact();
    if (this.#open.length > 0 && random.chance(0.01)) random.pick(this.#open).session.close();
  }

  #tick(): void {
    if (this.#hub.isRunning) this.#hub.instance().tickWatchers();
    for (const process of this.#shards.values()) if (process.isRunning) void process.instance().tickWatchers();
  }

  #compact(): void {
    const process = this.#random.pick([...this.#shards.values()]);
    if (!process.isRunning) return;
    const core = process.instance();
    compactHistory(this.#stores.get(core) as ShardStore, core.unpublishedFrom, this.#scheduler.now);
  }

  #operation(): Operation {
    const value = ++this.#value;
    const name = this.#random.pick(NAMES);
    const fate = this.#random.next();
    if (fate < 0.65) return { kind: 'put', name, value };
    if (fate < 0.85) return { kind: 'delete', name };
    if (fate < 0.95) return { kind: 'burst', names: NAMES.slice(0, 2 + this.#random.below(4)), value };
    return { kind: 'throw', name, value };
  }

  #write(): void {
    const namespace = this.#random.pick(NAMESPACES);
    const operation = this.#operation();
    this.#openWrites += 1;
    const acknowledged = ({ code, body }: Answer): void => {
      if (operation.kind === 'throw' && code !== 500)
        throw new Violation('[R5] a request whose execution throws was not answered 500');
      if (code !== 200) return;
      const revision = Number(body);
      if (!this.truth.has(revision)) throw new Violation(`[R3] ${revision} was acknowledged before it was durable`);
      this.#acknowledged.push({ namespace, revision, step: this.#scheduler.step });
    };
    this.#client
      .call(this.#shards.get(namespace) as Process<ShardCore>, (shard) => shard.write((tx) => perform(tx, operation)))
      .then(
        (answer) => this.#guard(() => acknowledged(answer)),
        // Lost: whether it happened is not known.
        () => {},
      )
      .finally(() => {
        this.#openWrites -= 1;
      });
  }

  async #list(): Promise<void> {
    this.#openReads += 1;
    try {
      await this.#listPages();
    } catch (error) {
      if (error instanceof Violation) this.#failure ??= error;
    } finally {
      this.#openReads -= 1;
    }
  }

  async #listPages(): Promise<void> {
    const namespace = this.#random.pick(['', '', ...NAMESPACES]);
    const parity = this.#random.chance(0.3) ? 'odd' : undefined;
    const limit = this.#random.pick([0, 0, 1, 2, 3]);
    const startedAtStep = this.#scheduler.step;
    const items: string[] = [];
    let revision = 0;
    for (let token = ''; ; ) {
      const request = listRequest(namespace, parity, limit, token);
      const answer = await this.#ask(namespace, request);
      if (answer.code === 410 && token !== '') return;
      if (answer.code !== 200) throw new Violation(`[R3] a list was answered ${answer.code} ${answer.body}`);
      const list = JSON.parse(answer.body) as {
        metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
        items: { metadata: { name: string; namespace: string; resourceVersion: string } }[];
      };
      revision = Number(list.metadata.resourceVersion);
      if (revision === 0) throw new Violation('[R4] a list has resourceVersion 0');
      for (const { metadata } of list.items) items.push(`${keyOf(metadata)} ${metadata.resourceVersion}`);
      token = list.metadata.continue ?? '';
      if (token === '') break;
    }
    this.#lists.push({ namespace, parity, startedAtStep, revision, items });
  }

  #ask(namespace: string, request: ListRequest): Promise<Answer> {
    if (namespace === '') return this.#client.call(this.#hub, (hub) => hub.list(request));
    return this.#client.call(this.#shards.get(namespace) as Process<ShardCore>, (shard) => shard.reads.read(request));
  }

  /** Opens a watch: from the state, from a list's revision, or from where an earlier watch was cut. */
  #watch(): void {
    const random = this.#random;
    const earlier = random.pick([undefined, ...this.#sessions.filter(({ position }) => position > 0).slice(-20)]);
    const listed = random.pick([undefined, ...this.#lists.slice(-10)]);
    const startRevision = random.pick([undefined, earlier?.position, listed?.revision]);
    const isSlow = random.chance(0.1);
    const namespace = random.pick(['', '', ...NAMESPACES]);
    const parity = random.chance(0.3) ? 'odd' : undefined;
    const session = new WatchSession({ namespace, parity, startRevision, isSlow });
    const source = namespace === '' ? this.#hub : (this.#shards.get(namespace) as Process<ShardCore>);
    const request = watchRequest(namespace, parity, startRevision);
    this.#sessions.push(session);
    const entry = { session, source, life: source.life };
    this.#open.push(entry);
    const open = (instance: HubCore | ShardCore) => {
      entry.life = source.life;
      return instance.watch(request, session.makeSink);
    };
    const opened =
      namespace === '' ? this.#client.call(this.#hub, open) : this.#client.call(source as Process<ShardCore>, open);
    opened.then(
      (result) =>
        this.#guard(() => {
          if (!result.ok) throw new Violation(`[R2] a watch was refused: ${JSON.stringify(result.status)}`);
        }),
      () => session.close(),
    );
  }

  #readWatches(): void {
    for (const entry of [...this.#open]) {
      if (entry.source.life !== entry.life) entry.session.close();
      this.#guard(() => entry.session.read());
      if (entry.session.isOver) this.#open.splice(this.#open.indexOf(entry), 1);
    }
  }

  /** No more faults and no more requests: everything must come to an end. */
  async #settle(): Promise<void> {
    this.#faults.lossy = false;
    this.#watchEverything();
    for (let step = 0; step < SETTLE_STEPS_MAX; step++) {
      if (step % 200 === 0) this.#tick();
      await this.#advance();
      if (this.#openWrites === 0 && this.#openReads === 0 && step > 2_000) break;
    }
    if (this.#openWrites > 0) throw new Violation(`[R6] ${this.#openWrites} writes were never answered`);
    if (this.#openReads > 0) throw new Violation(`[R6] ${this.#openReads} lists were never answered`);
    await this.#checkConverged();
  }

  /** One watch per scope that must end up with the whole truth. */
  #watchEverything(): void {
    for (const entry of this.#open) entry.session.close();
    this.#readWatches();
    for (const namespace of ['', ...NAMESPACES]) {
      const session = new WatchSession({ namespace, parity: undefined, startRevision: undefined, isSlow: false });
      const request = watchRequest(namespace, undefined, undefined);
      this.#sessions.push(session);
      const source = namespace === '' ? this.#hub : (this.#shards.get(namespace) as Process<ShardCore>);
      this.#open.push({ session, source, life: source.life });
      const open = (instance: HubCore | ShardCore) => instance.watch(request, session.makeSink);
      void (namespace === ''
        ? this.#client.call(this.#hub, open)
        : this.#client.call(source as Process<ShardCore>, open));
    }
  }

  async #checkConverged(): Promise<void> {
    const last = this.truth.changes().at(-1)?.revision ?? 0;
    for (const { session } of this.#open) {
      const { namespace } = session.options;
      const wanted = [...this.truth.stateAt(last, namespace)].map(([key, text]) => `${key} ${text}`);
      const state = new Map(session.initial.map(({ key, text }) => [key, text]));
      for (const { type, key, text } of session.events) {
        if (type === 'DELETED') state.delete(key);
        else state.set(key, text);
      }
      const got = [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, text]) => `${key} ${text}`);
      if (session.initialRevision === undefined)
        throw new Violation(`[R6] a watch of ${namespace || 'all'} never began`);
      if (wanted.join('\n') !== got.join('\n')) {
        throw new Violation(
          `[R4] a watch of ${namespace || 'all namespaces'} ends with\n${got.join('\n')}\nnot with\n${wanted.join('\n')}`,
        );
      }
    }
  }

  #check(): void {
    this.truth.checkHistory();
    for (const session of this.#sessions) session.check(this.truth);
    for (const list of this.#lists) this.#checkList(list);
  }

  #checkList({ namespace, parity, startedAtStep, revision, items }: Listed): void {
    const missed = this.#acknowledged.find(
      (write) =>
        write.step < startedAtStep && write.revision > revision && (namespace === '' || write.namespace === namespace),
    );
    if (missed) {
      const scope = namespace || 'all namespaces';
      throw new Violation(`[R3] a list of ${scope} at ${revision} began after ${missed.revision} was acknowledged`);
    }
    const wanted = [...this.truth.stateAt(revision, namespace)]
      .map(([key, text]) => ({ key, object: JSON.parse(text) }))
      .filter(({ object }) => isSelected(object, parity))
      .map(({ key, object }) => `${key} ${object.metadata.resourceVersion}`);
    if (wanted.join(', ') !== items.join(', ')) {
      throw new Violation(
        `[R4] the list of ${namespace || 'all namespaces'} at ${revision} was ${items.join(', ')}, is ${wanted.join(', ')}`,
      );
    }
  }
}

const selectorOf = (parity: string | undefined): string => (parity ? `parity=${parity}` : '');

const listRequest = (namespace: string, parity: string | undefined, limit: number, token: string): ListRequest => ({
  verb: 'list',
  resource: WIDGETS,
  apiVersion: 'v1',
  namespace,
  user: systemUser('simulator'),
  labelSelector: selectorOf(parity),
  fieldSelector: '',
  limit,
  continue: token,
  resourceVersion: '',
  resourceVersionMatch: '',
});

const watchRequest = (
  namespace: string,
  parity: string | undefined,
  startRevision: number | undefined,
): WatchRequest => ({
  resource: WIDGETS,
  apiVersion: 'v1',
  namespace,
  labelSelector: selectorOf(parity),
  fieldSelector: '',
  resourceVersion: startRevision === undefined ? '' : String(startRevision),
  resourceVersionMatch: startRevision === undefined ? 'NotOlderThan' : '',
  allowWatchBookmarks: true,
  sendInitialEvents: startRevision === undefined ? true : undefined,
  timeoutSeconds: 3_600,
  format: 'object',
});
