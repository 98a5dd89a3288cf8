import { describe, expect, it } from 'vitest';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import { endpointSliceController } from './endpoint-slice.ts';
import { endpointsController } from './endpoints.ts';
import { TestShard } from './runtime/test-shard.ts';
import type { Endpoint, EndpointPort } from './service-endpoints.ts';

const SLICES = 'endpointslices.discovery.k8s.io';

interface Slice extends KubeObject {
  addressType: string;
  endpoints: Endpoint[];
  ports: EndpointPort[];
}

const service = (spec: Record<string, unknown> = {}, labels?: Record<string, string>): UntypedObject => ({
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name: 'web', ...(labels ? { labels } : {}) },
  spec: {
    selector: { app: 'web' },
    clusterIP: '10.96.0.9',
    ipFamilies: ['IPv4'],
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    ...spec,
  },
});

const pod = (name: string, containerPort = 8080, over: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, labels: { app: 'web' } },
  spec: { nodeName: 'n1', containers: [{ name: 'c', ports: [{ name: 'http', containerPort }] }], ...over },
});

const slices = (shard: TestShard) => shard.store.list(SLICES) as readonly KubeObject[] as readonly Slice[];
const endpoints = (shard: TestShard) => slices(shard).flatMap((slice) => slice.endpoints);
const readyOf = (shard: TestShard) =>
  Object.fromEntries(endpoints(shard).map((e) => [e.targetRef?.name, e.conditions]));

function run(shard: TestShard, name: string, ip: string | undefined, ready = true): void {
  const status = {
    phase: 'Running',
    ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}),
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  };
  shard.change<Pod>('pods', name, (p) => Object.assign(p, { status }), 'status');
  shard.settle();
}

function shardWith(object: UntypedObject, ...pods: readonly UntypedObject[]): TestShard {
  const shard = new TestShard([endpointSliceController, endpointsController]);
  shard.create('services', object);
  for (const each of pods) shard.create('pods', each);
  shard.settle();
  return shard;
}

describe('the EndpointSlice controller', () => {
  it('keeps an empty slice for a Service without pods', () => {
    const shard = shardWith(service({}, { team: 'shop' }));
    expect(slices(shard)).toMatchObject([
      {
        metadata: {
          generateName: 'web-',
          labels: {
            team: 'shop',
            'kubernetes.io/service-name': 'web',
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          },
          ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
        },
        addressType: 'IPv4',
        endpoints: [],
        ports: [],
      },
    ]);
  });

  it('publishes pods with their address, node and state, in the same slice', () => {
    const shard = shardWith(service(), pod('a'), pod('b'));
    const [before] = slices(shard);
    run(shard, 'a', '10.0.0.1');
    run(shard, 'b', '10.0.0.2', false);
    expect(slices(shard)).toHaveLength(1);
    expect(slices(shard)[0]?.metadata.name).toBe(before?.metadata.name);
    expect(slices(shard)[0]?.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8080 }]);
    expect(endpoints(shard)).toEqual([
      {
        addresses: ['10.0.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'n1',
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'a', uid: shard.store.get('pods', 'a')?.metadata.uid },
      },
      expect.objectContaining({
        addresses: ['10.0.0.2'],
        conditions: { ready: false, serving: false, terminating: false },
      }),
    ]);
  });

  it('says of terminating pods whether they still serve, and drops those that have ended', () => {
    const shard = shardWith(service(), pod('a'), pod('b'));
    run(shard, 'a', '10.0.0.1');
    run(shard, 'b', '10.0.0.2');
    shard.remove('pods', 'a');
    shard.settle();
    expect(readyOf(shard).a).toEqual({ ready: false, serving: true, terminating: true });
    shard.change<Pod>('pods', 'b', (p) => Object.assign(p.status ?? {}, { phase: 'Succeeded' }), 'status');
    shard.remove('pods', 'a', { gracePeriodSeconds: 0 });
    shard.settle();
    expect(endpoints(shard)).toEqual([]);
    expect(slices(shard)).toHaveLength(1);
  });

  it('publishes pods that are not ready where the Service wants it', () => {
    const shard = shardWith(service({ publishNotReadyAddresses: true }), pod('a'));
    run(shard, 'a', '10.0.0.1', false);
    expect(readyOf(shard).a).toEqual({ ready: true, serving: false, terminating: false });
  });

  it('puts pods whose named port differs into slices of their own', () => {
    const shard = shardWith(service(), pod('a', 8080), pod('b', 9090));
    run(shard, 'a', '10.0.0.1');
    run(shard, 'b', '10.0.0.2');
    expect(
      slices(shard)
        .map(({ ports }) => ports[0]?.port)
        .sort(),
    ).toEqual([8080, 9090]);
  });

  it('fills slices of a hundred and closes the gaps again', () => {
    const pods = Array.from({ length: 250 }, (_, i) => pod(`p${String(i).padStart(3, '0')}`));
    const shard = shardWith(service(), ...pods);
    for (const { metadata } of pods) run(shard, metadata.name as string, `10.0.1.${metadata.name}`);
    expect(
      slices(shard)
        .map((slice) => slice.endpoints.length)
        .sort(),
    ).toEqual([100, 100, 50]);
    expect(endpoints(shard)).toHaveLength(250);
    for (const { metadata } of pods.slice(0, 150))
      shard.remove('pods', metadata.name as string, { gracePeriodSeconds: 0 });
    shard.settle();
    expect(endpoints(shard)).toHaveLength(100);
  });

  it('follows the labels of pods and the selector', () => {
    const shard = shardWith(service(), pod('a'));
    run(shard, 'a', '10.0.0.1');
    shard.change('pods', 'a', ({ metadata }) => Object.assign(metadata, { labels: { app: 'other' } }));
    shard.settle();
    expect(endpoints(shard)).toEqual([]);
    shard.change('services', 'web', (object) => Object.assign(object.spec as object, { selector: { app: 'other' } }));
    shard.settle();
    expect(endpoints(shard)).toHaveLength(1);
  });

  it('names hosts of a headless Service and marks it', () => {
    const shard = shardWith(service({ clusterIP: 'None' }), pod('a', 8080, { hostname: 'db-0', subdomain: 'web' }));
    run(shard, 'a', '10.0.0.1');
    expect(endpoints(shard)[0]?.hostname).toBe('db-0');
    expect(slices(shard)[0]?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless']);
  });

  it('has slices per address family', () => {
    const shard = shardWith(service({ ipFamilies: ['IPv4', 'IPv6'] }), pod('a'));
    shard.change<Pod>(
      'pods',
      'a',
      (p) =>
        Object.assign(p, {
          status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
        }),
      'status',
    );
    shard.settle();
    expect(
      slices(shard)
        .map(({ addressType, endpoints: [first] }) => [addressType, first?.addresses[0]])
        .sort(),
    ).toEqual([
      ['IPv4', '10.0.0.1'],
      ['IPv6', 'fd00::1'],
    ]);
  });

  it('leaves Services without selector to their users', () => {
    const shard = shardWith(service({ selector: undefined }));
    expect(slices(shard)).toEqual([]);
  });

  it('makes a slice anew when somebody deletes it', () => {
    const shard = shardWith(service(), pod('a'));
    run(shard, 'a', '10.0.0.1');
    shard.remove(SLICES, slices(shard)[0]?.metadata.name as string);
    shard.settle();
    expect(endpoints(shard)).toHaveLength(1);
  });

  it('writes nothing when nothing that it publishes has changed', () => {
    const shard = shardWith(service(), pod('a'));
    run(shard, 'a', '10.0.0.1');
    const before = shard.writes.length;
    shard.change<Pod>('pods', 'a', (p) => Object.assign(p.status ?? {}, { startTime: 't' }), 'status');
    shard.settle([
      { controller: 'endpointslice-controller', key: 'web' },
      { controller: 'endpoint-controller', key: 'web' },
    ]);
    expect(shard.writes.length).toBe(before + 1);
  });
});

describe('the Endpoints controller', () => {
  it('lists ready and other addresses by port', () => {
    const shard = shardWith(service(), pod('b'), pod('a'), pod('c'));
    run(shard, 'a', '10.0.0.1');
    run(shard, 'b', '10.0.0.2');
    run(shard, 'c', '10.0.0.3', false);
    const object = shard.store.get('endpoints', 'web');
    expect(object?.metadata.labels).toEqual({ 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
    expect(object?.subsets).toMatchObject([
      {
        addresses: [{ ip: '10.0.0.1', nodeName: 'n1', targetRef: { name: 'a' } }, { ip: '10.0.0.2' }],
        notReadyAddresses: [{ ip: '10.0.0.3' }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  it('goes with its Service', () => {
    const shard = shardWith(service());
    expect(shard.store.get('endpoints', 'web')).toBeDefined();
    shard.remove('services', 'web');
    shard.settle();
    expect(shard.store.get('endpoints', 'web')).toBeUndefined();
  });
});
