/** What was stored, however strange, is followed by every part of the hub. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import { addressPool, NODE_PORT_RANGE, portPool, SERVICE_CIDR } from '../../schema/resources/core/service-pools.ts';
import { catalog } from '../../schema/resources/catalog.ts';
import { Dice, type Members, RICH_NODE, RICH_POD, RICH_STATUS, spoil } from '../http/testing/spoilt-objects.ts';
import { TestServer } from '../http/testing/test-server.ts';
import { changeOf, FakeHubServices } from './fake-hub-services.ts';
import type { HubConsumer } from './hub-consumer.ts';
import { NodeLifecycle } from './node-lifecycle.ts';
import { Scheduling } from './scheduling.ts';
import { ValueLedger } from './value-ledger.ts';

const DAY_MS = 86_400_000;
const SERVICE = { spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ name: 'a', port: 80 }] } };

class Followed extends FakeHubServices {
  readonly server = new TestServer({ isWhole: true });
  readonly consumers: readonly HubConsumer[] = [
    new Scheduling(this),
    new NodeLifecycle(this),
    new ValueLedger(catalog, {
      clusterIPs: (used) => addressPool(SERVICE_CIDR, used, () => 0.5),
      nodePorts: (used) => portPool(NODE_PORT_RANGE, used, () => 0.5),
    }),
  ];

  /** Sends a write; what it stored is released to all consumers. */
  async send(line: string, body: unknown): Promise<void> {
    const before = this.#stored();
    await this.server.request(line, { body });
    const after = this.#stored();
    for (const [key, object] of after) {
      const previous = before.get(key);
      if (previous?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
      await this.#release(changeOf(previous ? 'MODIFIED' : 'ADDED', object, previous));
    }
  }

  async later(ms: number): Promise<void> {
    this.time += ms;
    for (const consumer of this.consumers) consumer.tick?.(this.time);
    await this.run();
  }

  #stored(): Map<string, UntypedObject> {
    const shop = this.server.shard('shop');
    const objects = [...shop.list('pods'), ...shop.list('services'), ...this.server.shard('').list('nodes')];
    return new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
  }

  async #release(change: Change): Promise<void> {
    for (const consumer of this.consumers) consumer.apply([change], 1);
    await this.run();
  }
}

async function live(dice: Dice): Promise<void> {
  const hub = new Followed();
  const metadata = (name: string): Members => ({ name, labels: { app: 'web' } });
  await hub.send('POST /api/v1/nodes', { metadata: metadata('n0'), ...RICH_NODE });
  await hub.send('POST /api/v1/nodes', spoil({ metadata: metadata('n1'), ...RICH_NODE }, dice));
  for (const name of ['p0', 'p1', 'p2']) {
    await hub.send('POST /api/v1/namespaces/shop/pods', spoil({ metadata: metadata(name), spec: RICH_POD }, dice));
    await hub.send('POST /api/v1/namespaces/shop/services', spoil({ metadata: metadata(name), ...SERVICE }, dice));
    const stored = hub.server.shard('shop').get('pods', name);
    if (!stored) continue;
    const status = spoil({ ...stored, status: RICH_STATUS }, dice);
    await hub.send(`PUT /api/v1/namespaces/shop/pods/${name}/status`, status);
    await hub.send(`PUT /api/v1/namespaces/shop/pods/${name}`, spoil(stored as Members, dice));
  }
  for (const path of ['/api/v1/nodes/n0', '/api/v1/nodes/n1', '/api/v1/nodes/n0/status']) {
    await hub.send(`PUT ${path}`, spoil({ metadata: { name: path.split('/')[4] }, ...RICH_NODE }, dice));
  }
  await hub.later(DAY_MS);
  expect(hub.server.controllerFailures).toEqual([]);
}

test('strange pods, nodes and services hold up no part of the hub', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => live(new Dice(seed))),
    { numRuns: 150, seed: 20_261_121, endOnFailure: true },
  );
});
