import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { TestShard } from './runtime/test-shard.ts';

const SLICES = 'endpointslices.discovery.k8s.io';

const endpoints = (over: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'Endpoints',
  apiVersion: 'v1',
  metadata: { name: 'db', labels: { team: 'shop' }, ...over },
  subsets: [
    {
      addresses: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }],
      notReadyAddresses: [{ ip: '192.0.2.2' }],
      ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    },
  ],
});

function shardWith(object: UntypedObject, selector?: Record<string, string>): TestShard {
  const shard = new TestShard([endpointSliceMirroringController]);
  shard.create('services', {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: 'db' },
    spec: selector ? { selector } : {},
  });
  shard.create('endpoints', object);
  shard.settle();
  return shard;
}

describe('the EndpointSlice mirroring controller', () => {
  it('copies Endpoints into a slice per address family', () => {
    const shard = shardWith(endpoints());
    expect(shard.store.list(SLICES)).toMatchObject([
      {
        metadata: {
          generateName: 'db-',
          labels: {
            team: 'shop',
            'kubernetes.io/service-name': 'db',
            'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
          },
          ownerReferences: [{ kind: 'Endpoints', name: 'db', controller: true }],
        },
        addressType: 'IPv4',
        endpoints: [
          { addresses: ['192.0.2.1'], conditions: { ready: true } },
          { addresses: ['192.0.2.2'], conditions: { ready: false } },
        ],
        ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
      },
      { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] },
    ]);
  });

  it('follows their changes in place', () => {
    const shard = shardWith(endpoints());
    const [before] = shard.store.list(SLICES);
    shard.change('endpoints', 'db', (object) =>
      Object.assign(object, {
        subsets: [{ addresses: [{ ip: '192.0.2.9' }], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }],
      }),
    );
    shard.settle();
    expect(shard.store.list(SLICES)).toMatchObject([
      { metadata: { name: before?.metadata.name }, endpoints: [{ addresses: ['192.0.2.9'] }] },
    ]);
  });

  it.each([
    [
      'with the label that says not to',
      endpoints({ labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }),
      undefined,
    ],
    [
      'of a leader election',
      endpoints({ annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }),
      undefined,
    ],
    ['of a Service with a selector', endpoints(), { app: 'db' }],
  ])('leaves Endpoints alone %s', (_case, object, selector) => {
    expect(shardWith(object, selector).store.list(SLICES)).toEqual([]);
  });

  it('removes the slices when the Service gets a selector', () => {
    const shard = shardWith(endpoints());
    shard.change('services', 'db', (service) => Object.assign(service.spec as object, { selector: { app: 'db' } }));
    shard.settle();
    expect(shard.store.list(SLICES)).toEqual([]);
  });
});
