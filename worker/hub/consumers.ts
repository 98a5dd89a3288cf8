/** The parts of the hub that follow the merged stream. The only list of them. */
import { catalog } from '../../schema/resources/catalog.ts';
import { NODE_PORT_RANGE, portPool } from '../../schema/resources/core/service-pools.ts';
import { AttributesClassProtection } from './attributes-class-protection.ts';
import type { HubConsumer, HubServices } from './hub-consumer.ts';
import type { Timers } from './mailboxes/mailboxes.ts';
import { NodeDoor } from './mailboxes/node-door.ts';
import { NodeLifecycle } from './node-lifecycle.ts';
import { Scheduling } from './scheduling.ts';
import { ServiceAddresses } from './service-addresses.ts';
import { networksPool, ServiceNetworks } from './service-networks.ts';
import { ShardRegistry, type ShardRegistryPorts } from './shard-registry.ts';
import { ValueLedger } from './value-ledger.ts';

export interface HubParts {
  /** In the order in which they are given each change. */
  readonly consumers: readonly HubConsumer[];
  readonly nodeDoor: NodeDoor;
  readonly ledger: ValueLedger;
}

export function createConsumers(
  services: HubServices,
  line: Pick<ShardRegistryPorts, 'shards' | 'forget'>,
  timers: Timers,
  random: () => number,
): HubParts {
  const networks = new ServiceNetworks();
  const ledger = new ValueLedger(catalog, {
    clusterIPs: (used) => networksPool(() => networks.cidrs, used, random),
    nodePorts: (used) => portPool(NODE_PORT_RANGE, used, random),
  });
  const nodeLifecycle = new NodeLifecycle(services);
  const nodeDoor = new NodeDoor(services, nodeLifecycle, timers);
  const registry = new ShardRegistry({ ...services, ...line });
  return {
    consumers: [
      networks,
      ledger,
      nodeDoor.mailboxes,
      new Scheduling(services),
      nodeLifecycle,
      new ServiceAddresses(services),
      new AttributesClassProtection(services),
      registry,
    ],
    nodeDoor,
    ledger,
  };
}
