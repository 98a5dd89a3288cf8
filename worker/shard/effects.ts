/**
 * What follows from the cluster shard's commits in other shards: telling a namespace that it exists,
 * emptying one that is deleted, and collecting the dependents of cluster-scoped owners. Each effect is
 * written in the transaction that causes it and repeated until it is done.
 */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { DrainReply } from '../../schema/protocol/shard.ts';
import type { EffectRow, ShardStore } from '../storage/shard-store.ts';
import type { PendingChange } from './working-set.ts';

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** Between two rounds of a drain that goes on. */
const DRAIN_MS_MIN = 250;
const DRAIN_MS_MAX = 5_000;

/** What a change in the cluster shard asks of other shards. */
export function effectsOf(change: PendingChange): readonly EffectRow[] {
  const uid = change.object.metadata.uid ?? '';
  const due = { uid, at: 0, attempts: 0 };
  if (change.resource === 'namespaces') {
    if (change.type === 'DELETED') return [];
    const isDeleting = change.object.metadata.deletionTimestamp !== undefined;
    const wasDeleting = change.previousObject?.metadata.deletionTimestamp !== undefined;
    if (isDeleting) return wasDeleting ? [] : [{ kind: 'drain', key: change.name, ...due }];
    return change.type === 'ADDED' ? [{ kind: 'activate', key: change.name, ...due }] : [];
  }
  return change.type === 'DELETED' ? [{ kind: 'ownerDeleted', key: uid, ...due }] : [];
}

export interface EffectPorts {
  readonly store: ShardStore;
  now(): number;
  activate(namespace: string): Promise<void>;
  drain(namespace: string, uid: string): Promise<DrainReply>;
  ownerDeleted(namespace: string, uid: string): Promise<void>;
  namespaces(): readonly string[];
  /** The Namespace as stored now. */
  namespace(name: string): UntypedObject | undefined;
  /** Writes what a drain's reply means for the Namespace. */
  drained(name: string, uid: string, reply: DrainReply): Promise<void>;
  report(error: unknown): void;
}

export class Effects {
  readonly #ports: EffectPorts;
  readonly #running = new Set<string>();

  constructor(ports: EffectPorts) {
    this.#ports = ports;
  }

  /** Starts what is due; resolves when that is done or put off. */
  async run(): Promise<void> {
    const due = this.#ports.store.effects().filter(({ at }) => at <= this.#ports.now());
    await Promise.all(due.map((effect) => this.#runOne(effect)));
  }

  async #runOne(effect: EffectRow): Promise<void> {
    const key = `${effect.kind} ${effect.key} ${effect.uid}`;
    if (this.#running.has(key)) return;
    this.#running.add(key);
    try {
      const again = await this.#perform(effect);
      if (again === undefined) this.#ports.store.removeEffect(effect.kind, effect.key, effect.uid);
      else this.#putOff(effect, again);
    } catch (error) {
      this.#ports.report(error);
      this.#putOff(effect, Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(effect.attempts, 10)));
    } finally {
      this.#running.delete(key);
    }
  }

  #putOff(effect: EffectRow, delayMs: number): void {
    const current = this.#ports.store.effects().find(({ kind, key }) => kind === effect.kind && key === effect.key);
    // A newer effect for another uid has taken its place.
    if (current && current.uid !== effect.uid) return;
    this.#ports.store.putEffect({ ...effect, at: this.#ports.now() + delayMs, attempts: effect.attempts + 1 });
  }

  /** Undefined when done, else in how many ms to go on. */
  async #perform({ kind, key, uid, attempts }: EffectRow): Promise<number | undefined> {
    switch (kind) {
      case 'activate':
        if (this.#ports.namespace(key)?.metadata.uid === uid) await this.#ports.activate(key);
        return undefined;
      case 'ownerDeleted':
        await Promise.all(this.#ports.namespaces().map((namespace) => this.#ports.ownerDeleted(namespace, uid)));
        return undefined;
      case 'drain': {
        if (this.#ports.namespace(key)?.metadata.uid !== uid) return undefined;
        const reply = await this.#ports.drain(key, uid);
        await this.#ports.drained(key, uid, reply);
        if (this.#ports.namespace(key)?.metadata.uid !== uid) return undefined;
        return Math.min(DRAIN_MS_MAX, DRAIN_MS_MIN * 2 ** Math.min(attempts, 10));
      }
    }
  }
}
