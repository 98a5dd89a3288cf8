/**
 * Who holds which cluster-wide value: follows the merged stream, and leases what is free to the batches
 * that are to be committed. Lives in memory: a new epoch begins from what the shards hold, and no batch
 * commits under a reservation (and so a lease) of an older one.
 */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { PoolName, ResourceDefinition, ValuePool, ValuePools } from '../../schema/meta/resource.ts';
import type { Change } from '../../schema/protocol/change.ts';
import {
  LEASE_VALUES_MAX,
  type PoolDemand,
  type PoolLease,
  POOL_NAMES,
  type ValueDemand,
  type ValueLease,
} from '../../schema/protocol/value-lease.ts';
import type { HubConsumer } from './hub-consumer.ts';

type Held = Readonly<Record<PoolName, readonly string[]>>;

/** Makes a pool that gives out what is not in `used`, and adds to it what it gives out. */
export type PoolMaker = (used: Set<string>) => ValuePool;

export class ValueLedger implements HubConsumer {
  readonly resources: ReadonlySet<GroupResource>;
  readonly #definitions: ReadonlyMap<GroupResource, ResourceDefinition>;
  readonly #pools: ValuePools;
  /** Held by an object, or leased. */
  readonly #used: Readonly<Record<PoolName, Set<string>>> = { clusterIPs: new Set(), nodePorts: new Set() };
  /** How many objects hold a value: a later change may free what an earlier one has just taken. */
  readonly #holders: Readonly<Record<PoolName, Map<string, number>>> = { clusterIPs: new Map(), nodePorts: new Map() };
  readonly #objects = new Map<string, Held>();
  /** By last revision of the span, oldest first. */
  readonly #leases = new Map<number, Held>();

  constructor(definitions: readonly ResourceDefinition[], makers: Readonly<Record<PoolName, PoolMaker>>) {
    const drawing = definitions.filter(({ poolAllocation }) => poolAllocation !== undefined);
    this.#definitions = new Map(drawing.map((definition) => [definition.key, definition]));
    this.resources = new Set(this.#definitions.keys());
    this.#pools = {
      clusterIPs: makers.clusterIPs(this.#used.clusterIPs),
      nodePorts: makers.nodePorts(this.#used.nodePorts),
    };
  }

  restore(objects: readonly Change[]): void {
    for (const change of objects) this.#follow(change);
  }

  apply(changes: readonly Change[], revision: number): void {
    for (const change of changes) this.#follow(change);
    this.#endLeases(revision);
  }

  /** Sets values aside for the span that ends with `last`. */
  lease(last: number, demand: ValueDemand): ValueLease {
    const lease = {
      clusterIPs: leaseOf(this.#pools.clusterIPs, demand.clusterIPs),
      nodePorts: leaseOf(this.#pools.nodePorts, demand.nodePorts),
    };
    this.#leases.set(last, { clusterIPs: valuesOf(lease.clusterIPs), nodePorts: valuesOf(lease.nodePorts) });
    return lease;
  }

  #follow(change: Change): void {
    const allocation = this.#definitions.get(change.resource)?.poolAllocation;
    if (!allocation) return;
    const key = `${change.resource}\n${change.namespace}\n${change.name}`;
    const before = this.#objects.get(key);
    if (change.type === 'DELETED') this.#objects.delete(key);
    else {
      const after = allocation.held(JSON.parse(change.text) as UntypedObject);
      this.#objects.set(key, after);
      this.#count(after, 1);
    }
    if (before) this.#count(before, -1);
  }

  #count(held: Held, by: 1 | -1): void {
    for (const pool of POOL_NAMES) {
      for (const value of held[pool]) {
        const count = (this.#holders[pool].get(value) ?? 0) + by;
        if (count > 0) this.#holders[pool].set(value, count);
        else this.#holders[pool].delete(value);
        if (count > 0) this.#used[pool].add(value);
        else if (!this.#isLeased(pool, value)) this.#used[pool].delete(value);
      }
    }
  }

  #isLeased(pool: PoolName, value: string): boolean {
    for (const lease of this.#leases.values()) if (lease[pool].includes(value)) return true;
    return false;
  }

  /** Spans up to `revision` are closed: what their changes do not hold is free. */
  #endLeases(revision: number): void {
    for (const [last, lease] of this.#leases) {
      if (last > revision) continue;
      this.#leases.delete(last);
      for (const pool of POOL_NAMES) {
        for (const value of lease[pool]) {
          if (!this.#holders[pool].has(value) && !this.#isLeased(pool, value)) this.#used[pool].delete(value);
        }
      }
    }
  }
}

const valuesOf = ({ free, named }: PoolLease): readonly string[] => [...free, ...named];

function leaseOf(pool: ValuePool, demand: PoolDemand): PoolLease {
  const named: string[] = [];
  const refused: Record<string, string> = {};
  for (const value of demand.named.slice(0, LEASE_VALUES_MAX)) {
    const fault = pool.claim(value);
    if (fault === undefined) named.push(value);
    else refused[value] = fault;
  }
  const free: string[] = [];
  const wanted = Math.min(LEASE_VALUES_MAX, demand.count);
  while (free.length < wanted) {
    const value = pool.next();
    if (value === undefined) return { free, named, refused, isFull: true };
    free.push(value);
  }
  return { free, named, refused, isFull: false };
}
