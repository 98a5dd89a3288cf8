/**
 * Cluster-wide values (service addresses, node ports) travel with the reservation of a batch: the shard
 * says what its requests may take, the hub leases it, the batch draws from the lease. A lease lives as
 * long as its span: what no released change of the span holds is free again.
 */
import type { PoolName, ValuePool, ValuePools } from '../meta/resource.ts';

/** What a batch may take of one pool. */
export interface PoolDemand {
  readonly count: number;
  readonly named: readonly string[];
}

export type ValueDemand = Readonly<Record<PoolName, PoolDemand>>;

/** What the hub set aside of one pool. */
export interface PoolLease {
  /** Any of these may be taken. */
  readonly free: readonly string[];
  /** Asked for by name and had. */
  readonly named: readonly string[];
  /** Asked for by name and not to be had: upstream's reason by value. */
  readonly refused: Readonly<Record<string, string>>;
  /** Fewer than asked for, because the pool is empty. */
  readonly isFull: boolean;
}

export type ValueLease = Readonly<Record<PoolName, PoolLease>>;

export const POOL_NAMES: readonly PoolName[] = ['clusterIPs', 'nodePorts'];

/** Values one reservation may ask for, of each pool; what is left over waits for the next batch. */
export const LEASE_VALUES_MAX = 4_096;

/** What a request of unknown effect (a patch) may take: asked again with more when it does not suffice. */
export const PATCH_DEMAND: ValueDemand = {
  clusterIPs: { count: 1, named: [] },
  nodePorts: { count: 16, named: [] },
};

function sumOf(demands: readonly PoolDemand[]): PoolDemand {
  const count = demands.reduce((sum, demand) => sum + demand.count, 0);
  const named = [...new Set(demands.flatMap((demand) => demand.named))];
  return { count: Math.min(LEASE_VALUES_MAX, count), named: named.slice(0, LEASE_VALUES_MAX) };
}

/** What several requests ask for together; undefined when none asks for anything. */
export function combineDemands(demands: readonly ValueDemand[]): ValueDemand | undefined {
  if (demands.length === 0) return undefined;
  return {
    clusterIPs: sumOf(demands.map(({ clusterIPs }) => clusterIPs)),
    nodePorts: sumOf(demands.map(({ nodePorts }) => nodePorts)),
  };
}

/** The lease does not suffice: the request has to be repeated under one that covers `missing` too. */
export class LeaseExhausted extends Error {
  readonly missing: ValueDemand;

  constructor(missing: ValueDemand) {
    super('the lease of cluster-wide values is used up');
    this.missing = missing;
  }
}

const NOTHING: PoolDemand = { count: 0, named: [] };

class LeasedPool implements ValuePool {
  readonly #lease: PoolLease;
  readonly #missing: (demand: PoolDemand) => LeaseExhausted;
  #taken: readonly string[] = [];

  constructor(lease: PoolLease, missing: (demand: PoolDemand) => LeaseExhausted) {
    this.#lease = lease;
    this.#missing = missing;
  }

  get taken(): readonly string[] {
    return this.#taken;
  }

  giveBack(taken: readonly string[]): void {
    this.#taken = taken;
  }

  claim(value: string): string | undefined {
    const { free, named, refused } = this.#lease;
    if (Object.hasOwn(refused, value)) return refused[value];
    if (!free.includes(value) && !named.includes(value)) throw this.#missing({ count: 0, named: [value] });
    // Taken by an earlier request of this batch: under the next lease the hub says so itself.
    if (this.#taken.includes(value)) throw this.#missing({ count: 0, named: [value] });
    this.#taken = [...this.#taken, value];
    return undefined;
  }

  next(): string | undefined {
    const value = this.#lease.free.find((candidate) => !this.#taken.includes(candidate));
    if (value === undefined) {
      if (this.#lease.isFull) return undefined;
      throw this.#missing({ count: this.#lease.free.length + 1, named: [] });
    }
    this.#taken = [...this.#taken, value];
    return value;
  }
}

/** What of a lease is taken; see `LeasedPools.mark`. */
export interface LeaseMark {
  readonly clusterIPs: readonly string[];
  readonly nodePorts: readonly string[];
}

/** The pools of one batch. Throws `LeaseExhausted` where the lease says nothing. */
export class LeasedPools implements ValuePools {
  readonly clusterIPs: LeasedPool;
  readonly nodePorts: LeasedPool;

  /** Without a lease every draw is exhausted at once. */
  constructor(lease: ValueLease | undefined) {
    const none: PoolLease = { free: [], named: [], refused: {}, isFull: false };
    this.clusterIPs = new LeasedPool(
      lease?.clusterIPs ?? none,
      (clusterIPs) => new LeaseExhausted({ clusterIPs, nodePorts: NOTHING }),
    );
    this.nodePorts = new LeasedPool(
      lease?.nodePorts ?? none,
      (nodePorts) => new LeaseExhausted({ clusterIPs: NOTHING, nodePorts }),
    );
  }

  /** Remembers what is taken, so that a refused or dry-run request gives back what it took. */
  mark(): LeaseMark {
    return { clusterIPs: this.clusterIPs.taken, nodePorts: this.nodePorts.taken };
  }

  restore(mark: LeaseMark): void {
    this.clusterIPs.giveBack(mark.clusterIPs);
    this.nodePorts.giveBack(mark.nodePorts);
  }
}
