import { describe, expect, it } from 'vitest';
import { lease } from './coordination/lease.ts';
import { endpoints } from './core/endpoints.ts';
import { endpointSlice } from './discovery/endpoint-slice.ts';
import { created, rowOf, updated } from './kind-fixture.ts';

describe('Lease', () => {
  it('checks its numbers', () => {
    expect(created(lease, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }).errors).toEqual([
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ]);
    const { object } = created(lease, { spec: { holderIdentity: 'me', strategy: 'OldestEmulationVersion' } });
    expect(object.spec).toEqual({ holderIdentity: 'me' });
    expect(rowOf(lease, object)).toEqual(['x', 'me', '60m']);
  });
});

describe('Endpoints', () => {
  it('names each fault', () => {
    expect(
      created(endpoints, {
        subsets: [
          { ports: [{ port: 1 }, { port: 70000, protocol: 'X' }] },
          { addresses: [{ ip: '127.0.0.1', hostname: 'A', nodeName: 'N' }], ports: [{ port: 1 }] },
        ],
      }).errors.map((text) => text.replace(/(: Invalid value: "[^"]*": .{0,20}).*/, '$1')),
    ).toEqual([
      'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
      'subsets[0].ports[0].name: Required value',
      'subsets[0].ports[1].name: Required value',
      'subsets[0].ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'subsets[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      'subsets[1].addresses[0].hostname: Invalid value: "A": a lowercase RFC 1123',
      'subsets[1].addresses[0].nodeName: Invalid value: "N": a lowercase RFC 1123',
      'subsets[1].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the lo',
    ]);
  });

  it('shows three addresses and how many more', () => {
    const addresses = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '10.0.0.4'].map((ip) => ({ ip }));
    const { object } = created(endpoints, { subsets: [{ addresses, ports: [{ port: 80 }] }] });
    expect(rowOf(endpoints, object)).toEqual(['x', '10.0.0.1:80,10.0.0.2:80,[2001:db8::1]:80 + 1 more...', '60m']);
    expect(rowOf(endpoints, created(endpoints).object)[1]).toBe('<none>');
  });
});

describe('EndpointSlice', () => {
  it.each<[string, object, string[]]>([
    ['no address type', { endpoints: [] }, ['addressType: Required value']],
    [
      'an unknown address type',
      { addressType: 'IPv5' },
      ['addressType: Unsupported value: "IPv5": supported values: "FQDN", "IPv4", "IPv6"'],
    ],
    ['no address', { addressType: 'IPv4', endpoints: [{}] }, ['endpoints[0].addresses: Required value']],
    [
      'another family',
      { addressType: 'IPv4', endpoints: [{ addresses: ['2001:db8::1'] }] },
      ['endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address'],
    ],
    [
      'IPv6 out of form',
      { addressType: 'IPv6', endpoints: [{ addresses: ['2001:DB8::1'] }] },
      ['endpoints[0].addresses[0]: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")'],
    ],
    [
      'a name that is none',
      { addressType: 'FQDN', endpoints: [{ addresses: ['host'] }] },
      [
        'endpoints[0].addresses[0]: Invalid value: "host": should be a domain with at least two segments separated by dots',
      ],
    ],
    [
      'ports of one name',
      { addressType: 'IPv4', ports: [{ port: 1 }, { port: 2, protocol: 'X' }] },
      [
        'ports[1].name: Duplicate value: ""',
        'ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
    [
      'hints twice',
      {
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'], hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }],
      },
      ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
    ],
    [
      'too many',
      { addressType: 'IPv4', endpoints: Array.from({ length: 1001 }, () => ({ addresses: ['10.0.0.1'] })) },
      ['endpoints: Too many: 1001: must have at most 1000 items'],
    ],
  ])('refuses %s', (_, fields, errors) => {
    expect(created(endpointSlice, fields).errors).toEqual(errors);
  });

  it('drops topology, and counts labels into its generation', () => {
    const { object } = created(endpointSlice, {
      metadata: { generation: 1 },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], deprecatedTopology: { 'kubernetes.io/hostname': 'n' } }],
    });
    expect(object.endpoints).toEqual([{ addresses: ['10.0.0.1'], conditions: {} }]);
    const next = updated(endpointSlice, object, (changed) => {
      changed.metadata.labels = { a: 'b' };
      changed.addressType = 'IPv6';
    });
    expect(next.object.metadata.generation).toBe(2);
    expect(next.errors).toEqual(['addressType: Invalid value: null: field is immutable']);
  });

  it('shows ports and addresses', () => {
    const { object } = created(endpointSlice, {
      addressType: 'IPv4',
      ports: [{ name: 'a', port: 1 }, { name: 'b' }],
      endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    });
    expect(rowOf(endpointSlice, object)).toEqual(['x', 'IPv4', '1,b', '10.0.0.1,10.0.0.2', '60m']);
    expect(rowOf(endpointSlice, created(endpointSlice, { addressType: 'IPv4' }).object).slice(2, 4)).toEqual([
      '<unset>',
      '<unset>',
    ]);
  });
});
