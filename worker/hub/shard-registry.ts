/**
 * Which shards the hub may forget: those whose Namespace is gone, once their history is of no use to
 * anyone. Keeps fan-outs from growing with every namespace that ever was.
 */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { HubConsumer } from './hub-consumer.ts';

/** A deleted namespace's changes are served to watches for so long. */
export const FORGET_AFTER_MS = 12 * 60_000;
const NAMESPACES = 'namespaces';

export interface ShardRegistryPorts {
  now(): number;
  wakeAt(at: number): void;
  /** Namespaces of all known shards. */
  shards(): readonly string[];
  /** Forgets a shard that holds no reservation. Never rejects. */
  forget(namespace: string): Promise<void>;
  defer(task: () => Promise<void>): void;
}

export class ShardRegistry implements HubConsumer {
  readonly resources: ReadonlySet<GroupResource> = new Set([NAMESPACES]);
  readonly #ports: ShardRegistryPorts;
  /** Namespaces that are gone, and when they may be forgotten. */
  readonly #gone = new Map<string, number>();

  constructor(ports: ShardRegistryPorts) {
    this.#ports = ports;
  }

  restore(objects: readonly Change[]): void {
    const present = new Set(objects.map(({ name }) => name));
    for (const namespace of this.#ports.shards())
      if (namespace !== '' && !present.has(namespace)) this.#leave(namespace);
  }

  apply(changes: readonly Change[]): void {
    for (const { type, name } of changes) {
      if (type === 'DELETED') this.#leave(name);
      else this.#gone.delete(name);
    }
  }

  tick(now: number): void {
    for (const [namespace, at] of this.#gone) {
      if (at > now) continue;
      this.#gone.delete(namespace);
      this.#ports.defer(() => this.#ports.forget(namespace));
    }
    this.#wake();
  }

  #leave(namespace: string): void {
    this.#gone.set(namespace, this.#ports.now() + FORGET_AFTER_MS);
    this.#wake();
  }

  #wake(): void {
    if (this.#gone.size > 0) this.#ports.wakeAt(Math.min(...this.#gone.values()));
  }
}
