/** The networks Services get their addresses from: those of the ServiceCIDRs that stay. Source: registry/core/service/ipallocator cidrallocator.go. */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import type { ValuePool } from '../../schema/meta/resource.ts';
import type { Change } from '../../schema/protocol/change.ts';
import { addressPool, type Random, SERVICE_CIDR } from '../../schema/resources/core/service-pools.ts';
import { parseCidrSloppy } from '../../schema/resources/ip-address.ts';
import { cidrsOf, type ServiceCIDR } from '../../schema/resources/networking/service-cidr.ts';
import type { HubConsumer } from './hub-consumer.ts';
import { objectOf } from './parsed-change.ts';

/** What a network says of addresses that it does not hold. */
const OUTSIDE = 'the provided network does not match the current range';

/** In smaller networks nothing is left beside the network's own address and its broadcast address. */
const PREFIX_BITS_MAX = 30;

function isUsable(cidr: string): boolean {
  const prefix = parseCidrSloppy(cidr);
  return prefix !== undefined && prefix.address.isV4 && prefix.bits <= PREFIX_BITS_MAX;
}

export class ServiceNetworks implements HubConsumer {
  readonly resources: ReadonlySet<GroupResource> = new Set(['servicecidrs.networking.k8s.io']);
  readonly #cidrs = new Map<string, readonly string[]>();

  restore(objects: readonly Change[]): void {
    this.apply(objects);
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const object = objectOf<ServiceCIDR>(change);
      const isLeaving = change.type === 'DELETED' || object.metadata.deletionTimestamp !== undefined;
      if (isLeaving) this.#cidrs.delete(change.name);
      else this.#cidrs.set(change.name, cidrsOf(object).filter(isUsable));
    }
  }

  /** Each network once; the cluster's own while there is no other. */
  get cidrs(): readonly string[] {
    const known = [...new Set([...this.#cidrs.values()].flat())];
    return known.length > 0 ? known : [SERVICE_CIDR];
  }
}

/** A pool over several networks, which may change. `used` as in `addressPool`. */
export function networksPool(networks: () => readonly string[], used: Set<string>, random: Random): ValuePool {
  const pools = new Map<string, ValuePool>();
  const current = (): readonly ValuePool[] =>
    networks().map((cidr) => {
      const pool = pools.get(cidr) ?? addressPool(cidr, used, random);
      pools.set(cidr, pool);
      return pool;
    });
  return {
    claim(value) {
      const faults: string[] = [];
      for (const pool of current()) {
        const fault = pool.claim(value);
        if (fault === undefined) return undefined;
        faults.push(fault);
      }
      // A network that holds the address says more of it than those that do not.
      return faults.find((fault) => fault !== OUTSIDE) ?? OUTSIDE;
    },
    next() {
      for (const pool of current()) {
        const value = pool.next();
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}
