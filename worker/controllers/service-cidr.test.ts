import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { serviceAddressObject } from '../../schema/resources/networking/service-ip-address.ts';
import { TestShard } from './runtime/test-shard.ts';
import { serviceCidrController } from './service-cidr.ts';

const CIDRS = 'servicecidrs.networking.k8s.io';
const ADDRESSES = 'ipaddresses.networking.k8s.io';

const serviceCidr = (name: string, ...cidrs: string[]): UntypedObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs },
});

function shardWith(...objects: readonly UntypedObject[]): TestShard {
  const shard = new TestShard([serviceCidrController]);
  for (const object of objects) shard.create(CIDRS, object);
  shard.settle();
  return shard;
}

const address = (ip: string): UntypedObject => serviceAddressObject(ip, { namespace: 'shop', name: 'web' });

describe('a ServiceCIDR', () => {
  it('is kept by a finalizer, and ready', () => {
    const shard = shardWith(serviceCidr('more', '10.0.0.0/24'));
    expect(shard.store.get(CIDRS, 'more')).toMatchObject({
      metadata: { finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: '',
            message: 'Kubernetes Service CIDR is ready',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    });
  });

  it('goes after a while when it is not used', () => {
    const shard = shardWith(serviceCidr('more', '10.0.0.0/24'));
    shard.create(ADDRESSES, { ...address('10.0.0.9'), metadata: { name: '10.0.0.9' } });
    shard.remove(CIDRS, 'more');
    shard.settle();
    shard.advance(9_000);
    expect(shard.store.get(CIDRS, 'more')).toBeDefined();
    shard.advance(2_000);
    expect(shard.store.get(CIDRS, 'more')).toBeUndefined();
  });

  it('stays while it alone holds the address of a Service', () => {
    const shard = shardWith(serviceCidr('more', '10.0.0.0/24'));
    shard.create(ADDRESSES, address('10.0.0.9'));
    shard.remove(CIDRS, 'more');
    shard.settle();
    shard.advance(60_000);
    expect(shard.store.get(CIDRS, 'more')).toMatchObject({
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'Terminating',
            message:
              'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
          },
        ],
      },
    });
    shard.remove(ADDRESSES, '10.0.0.9');
    shard.settle();
    expect(shard.store.get(CIDRS, 'more')).toBeUndefined();
  });

  it('goes when another takes its addresses over', () => {
    const shard = shardWith(serviceCidr('more', '10.0.0.0/24'));
    shard.create(ADDRESSES, address('10.0.0.9'));
    shard.remove(CIDRS, 'more');
    shard.settle();
    shard.now += 60_000;
    shard.create(CIDRS, serviceCidr('larger', '10.0.0.0/16'));
    shard.settle();
    expect(shard.store.get(CIDRS, 'more')).toBeUndefined();
  });
});
