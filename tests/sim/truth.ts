/** What really happened: every durable change of every shard, told by their logs; and the checks against it. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import { changesBetween } from '../../worker/storage/history.ts';
import { ShardStore } from '../../worker/storage/shard-store.ts';
import type { SqlHost } from '../../worker/storage/sql-host.ts';
import { shardMigrations } from './migrations.ts';

/** An invariant does not hold. */
export class Violation extends Error {}

export const keyOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;

export class Truth {
  readonly #byRevision = new Map<number, Change>();
  readonly #readThrough = new Map<string, number>();
  readonly #stores = new Map<string, ShardStore>();
  #sorted: Change[] | undefined;

  /** Takes in what a shard has made durable since the last time. */
  record(namespace: string, host: SqlHost): void {
    const after = this.#readThrough.get(namespace) ?? 0;
    const store = this.#stores.get(namespace) ?? new ShardStore(host, shardMigrations);
    this.#stores.set(namespace, store);
    const { changes } = changesBetween(store, namespace, {
      resource: undefined,
      after,
      through: Number.MAX_SAFE_INTEGER,
      lengthMax: Number.POSITIVE_INFINITY,
    });
    for (const change of changes) this.#add(change);
  }

  #add(change: Change): void {
    if (this.#byRevision.has(change.revision))
      throw new Violation(`[R1] revision ${change.revision} was given to two changes`);
    this.#byRevision.set(change.revision, change);
    this.#readThrough.set(change.namespace, change.revision);
    this.#sorted = undefined;
  }

  /** A durable change by its revision. */
  change(revision: number): Change | undefined {
    return this.#byRevision.get(revision);
  }

  /** In revision order. */
  changes(): readonly Change[] {
    this.#sorted ??= [...this.#byRevision.values()].sort((a, b) => a.revision - b.revision);
    return this.#sorted;
  }

  has(revision: number): boolean {
    return this.#byRevision.has(revision);
  }

  /** Text of each live object as of a revision, by `namespace/name`, in order. Empty namespace: all. */
  stateAt(revision: number, namespace: string): ReadonlyMap<string, string> {
    const state = new Map<string, string>();
    for (const change of this.changes()) {
      if (change.revision > revision) break;
      if (namespace !== '' && change.namespace !== namespace) continue;
      if (change.type === 'DELETED') state.delete(keyOf(change));
      else state.set(keyOf(change), change.text);
    }
    return new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** [R1] over the whole history. */
  checkHistory(): void {
    const last = new Map<string, { revision: number; generation: number; type: string }>();
    for (const change of this.changes()) {
      const object = JSON.parse(change.text) as UntypedObject;
      if (object.metadata.resourceVersion !== String(change.revision)) {
        throw new Violation(
          `[R1] ${keyOf(change)} at ${change.revision} carries resourceVersion ${object.metadata.resourceVersion}`,
        );
      }
      const before = last.get(keyOf(change));
      const generation = object.metadata.generation ?? 0;
      const isNew = !before || before.type === 'DELETED';
      if ((change.type === 'ADDED') !== isNew)
        throw new Violation(
          `[R1] ${change.type} of ${keyOf(change)} at ${change.revision} does not follow ${before?.type}`,
        );
      if (!isNew && change.type === 'MODIFIED' && generation !== (before?.generation ?? 0) + 1) {
        throw new Violation(`[R1] generation of ${keyOf(change)} went from ${before?.generation} to ${generation}`);
      }
      last.set(keyOf(change), { revision: change.revision, generation, type: change.type });
    }
  }
}
