import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { definitionOfKind } from '../../schema/resources/lookup.ts';
import { serviceAddressObject } from '../../schema/resources/networking/service-ip-address.ts';
import { AttributesClassProtection } from './attributes-class-protection.ts';
import { FakeHubServices } from './fake-hub-services.ts';
import { ServiceAddresses } from './service-addresses.ts';
import { networksPool, ServiceNetworks } from './service-networks.ts';

function changeOf(type: Change['type'], object: UntypedObject): Change {
  const group = object.apiVersion.split('/').slice(0, -1).join('/');
  return {
    revision: 1,
    type,
    resource: definitionOfKind(group, object.kind)?.key ?? '',
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
    text: JSON.stringify(object),
    meta: { labels: {}, fields: {} },
  };
}

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  fields: object,
  metadata: object = {},
): UntypedObject => ({
  apiVersion,
  kind,
  metadata: { name, uid: `uid-of-${name}`, ...metadata },
  ...fields,
});

const told = (requests: readonly WriteRequest[]): string[] =>
  requests.map((request) => `${request.verb} ${request.resource} ${'name' in request ? request.name : ''}`);

describe('the IPAddress objects of Services', () => {
  const service = (name: string, ...clusterIPs: string[]) =>
    object('v1', 'Service', name, { spec: { clusterIPs } }, { namespace: 'shop' });
  const addressObject = (ip: string, name: string): UntypedObject => {
    const made = serviceAddressObject(ip, { namespace: 'shop', name });
    return { ...made, metadata: { ...made.metadata, uid: 'uid-1' } };
  };

  async function follow(...changes: readonly Change[]) {
    const services = new FakeHubServices();
    const consumer = new ServiceAddresses(services);
    consumer.restore(changes);
    await services.run();
    const apply = async (...more: readonly Change[]): Promise<readonly WriteRequest[]> => {
      consumer.apply(more);
      await services.run();
      return services.take();
    };
    return { services, consumer, apply, first: services.take() };
  }

  it('are made for addresses, not for headless services, and go with them', async () => {
    const { first, apply } = await follow(
      changeOf('ADDED', service('web', '10.96.0.7')),
      changeOf('ADDED', service('db', 'None')),
    );
    expect(told(first)).toEqual(['create ipaddresses.networking.k8s.io 10.96.0.7']);
    expect(JSON.parse((first[0] as WriteRequest & { body: string }).body)).toMatchObject({
      metadata: {
        name: '10.96.0.7',
        labels: {
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
          'ipaddress.kubernetes.io/ip-family': 'IPv4',
        },
      },
      spec: { parentRef: { resource: 'services', namespace: 'shop', name: 'web' } },
    });
    expect(await apply(changeOf('ADDED', addressObject('10.96.0.7', 'web')))).toEqual([]);
    expect(told(await apply(changeOf('DELETED', service('web', '10.96.0.7'))))).toEqual([
      'delete ipaddresses.networking.k8s.io 10.96.0.7',
    ]);
  });

  it('are made again, and corrected when another service has the address', async () => {
    const known = [
      changeOf('ADDED', service('web', '10.96.0.7')),
      changeOf('ADDED', addressObject('10.96.0.7', 'web')),
    ];
    const { first, apply } = await follow(...known);
    expect(first).toEqual([]);
    expect(told(await apply(changeOf('DELETED', addressObject('10.96.0.7', 'web'))))).toEqual([
      'create ipaddresses.networking.k8s.io 10.96.0.7',
    ]);
    await apply(changeOf('ADDED', addressObject('10.96.0.7', 'web')));
    const moved = await apply(
      changeOf('DELETED', service('web', '10.96.0.7')),
      changeOf('ADDED', service('api', '10.96.0.7')),
    );
    expect(told(moved)).toEqual(['delete ipaddresses.networking.k8s.io 10.96.0.7']);
  });

  it('leave alone what somebody else made', async () => {
    const own = object('networking.k8s.io/v1', 'IPAddress', '10.96.0.8', {
      spec: { parentRef: { resource: 'gateways', group: 'example.com', name: 'x' } },
    });
    const { first } = await follow(changeOf('ADDED', own), changeOf('ADDED', service('web', '10.96.0.8')));
    expect(first).toEqual([]);
  });

  it('are made for any number of services without waiting', async () => {
    const { first } = await follow(
      ...Array.from({ length: 1200 }, (_, i) => changeOf('ADDED', service(`s${i}`, `10.97.${i >> 8}.${i & 255}`))),
    );
    expect(first).toHaveLength(1200);
  });

  it('are tried again when a write fails', async () => {
    const { services, consumer, apply } = await follow();
    services.answer = () => ({ code: 503, body: '{}' });
    await apply(changeOf('ADDED', service('web', '10.96.0.7')));
    expect(services.wake).toBeDefined();
    services.answer = () => ({ code: 201, body: '{}' });
    consumer.tick();
    await services.run();
    expect(told(services.take())).toEqual(['create ipaddresses.networking.k8s.io 10.96.0.7']);
  });
});

describe('the protection of VolumeAttributesClasses', () => {
  const attributes = (metadata: object = {}) =>
    object(
      'storage.k8s.io/v1',
      'VolumeAttributesClass',
      'gold',
      {},
      { finalizers: ['kubernetes.io/vac-protection'], ...metadata },
    );
  const leaving = () => attributes({ deletionTimestamp: '2026-01-01T00:00:00Z' });
  const claim = (fields: object) => object('v1', 'PersistentVolumeClaim', 'a', fields, { namespace: 'shop' });
  const volume = (name?: string) =>
    object('v1', 'PersistentVolume', 'v', { spec: { volumeAttributesClassName: name } });

  it.each([
    ['a claim', claim({ spec: { volumeAttributesClassName: 'gold' } })],
    ['a claim that still has it', claim({ status: { currentVolumeAttributesClassName: 'gold' } })],
    [
      'a claim that is to get it',
      claim({ status: { modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold' } } }),
    ],
    ['a volume', volume('gold')],
  ])('lasts while %s refers to them', async (_what, referrer) => {
    const services = new FakeHubServices();
    const consumer = new AttributesClassProtection(services);
    consumer.restore([changeOf('ADDED', referrer), changeOf('ADDED', leaving())]);
    await services.run();
    expect(services.take()).toEqual([]);
    consumer.apply([changeOf('DELETED', referrer)]);
    await services.run();
    const [request] = services.take();
    expect(request).toMatchObject({ verb: 'patch', name: 'gold', patchType: 'strategic' });
    expect(JSON.parse((request as WriteRequest & { body: string }).body)).toEqual({
      metadata: { uid: 'uid-of-gold', '$deleteFromPrimitiveList/finalizers': ['kubernetes.io/vac-protection'] },
    });
  });

  it('holds nothing that is not to go', async () => {
    const services = new FakeHubServices();
    const consumer = new AttributesClassProtection(services);
    consumer.apply([changeOf('ADDED', attributes())]);
    await services.run();
    expect(services.take()).toEqual([]);
  });
});

describe('the networks of Services', () => {
  const network = (name: string, cidrs: readonly string[], metadata: object = {}) =>
    object('networking.k8s.io/v1', 'ServiceCIDR', name, { spec: { cidrs } }, metadata);

  it('are those of the ServiceCIDRs that stay', () => {
    const networks = new ServiceNetworks();
    expect(networks.cidrs).toEqual(['10.96.0.0/12']);
    networks.restore([
      changeOf('ADDED', network('kubernetes', ['10.96.0.0/12'])),
      changeOf('ADDED', network('more', ['203.0.113.0/24', 'fd00::/112'])),
      changeOf('ADDED', network('same', ['203.0.113.0/24'])),
      changeOf('ADDED', network('single', ['203.0.114.1/32'])),
    ]);
    expect(networks.cidrs).toEqual(['10.96.0.0/12', '203.0.113.0/24']);
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    networks.apply([changeOf('MODIFIED', network('more', ['203.0.113.0/24'], { deletionTimestamp }))]);
    networks.apply([changeOf('DELETED', network('same', ['203.0.113.0/24']))]);
    expect(networks.cidrs).toEqual(['10.96.0.0/12']);
  });

  it('give out what one of them has', () => {
    const used = new Set<string>();
    const cidrs = ['10.0.0.0/30', '10.0.1.0/30'];
    const pool = networksPool(
      () => cidrs,
      used,
      () => 0,
    );
    expect(Array.from({ length: 5 }, () => pool.next())).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '10.0.1.1',
      '10.0.1.2',
      undefined,
    ]);
    expect(pool.claim('10.0.1.1')).toBe('provided IP is already allocated');
    expect(pool.claim('10.0.2.1')).toBe('the provided network does not match the current range');
    cidrs.push('10.0.2.0/30');
    expect(pool.claim('10.0.2.1')).toBeUndefined();
  });
});
