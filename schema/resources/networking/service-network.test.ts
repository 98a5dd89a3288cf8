import { describe, expect, it } from 'vitest';
import { created, rowOf, updated } from '../kind-fixture.ts';
import { ipAddress } from './ip-address.ts';
import { serviceCidr } from './service-cidr.ts';

describe('a ServiceCIDR', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['one network', ['10.0.0.0/16'], []],
    ['one of each family', ['10.0.0.0/16', 'fd00:1234::/112'], []],
    ['none', [], ['spec.cidrs: Required value: at least one CIDR required']],
    [
      'three',
      ['10.0.0.0/16', 'fd00::/112', '10.1.0.0/16'],
      ['spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/16","fd00::/112","10.1.0.0/16"]}: may only hold up to 2 values'],
    ],
    [
      'two of a family',
      ['10.0.0.0/16', '10.1.0.0/16'],
      [
        'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/16","10.1.0.0/16"]}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    ],
    [
      'a host',
      ['10.0.0.1/16'],
      ['spec.cidrs[0]: Invalid value: "10.0.0.1/16": must not have bits set beyond the prefix length'],
    ],
    [
      'another spelling',
      ['FD00::/112'],
      ['spec.cidrs[0]: Invalid value: "FD00::/112": must be in canonical form ("fd00::/112")'],
    ],
  ])('of %s', (_name, cidrs, errors) => {
    expect(created(serviceCidr, { spec: { cidrs } }).errors).toEqual(errors);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['may become dual-stack', ['10.0.0.0/16', 'fd00::/112'], []],
    ['may not become another', ['10.1.0.0/16'], ['spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable']],
    ['may not be emptied', [], ['spec.cidrs: Invalid value: []: field is immutable']],
    [
      'may not get a second of its family',
      ['10.0.0.0/16', '10.1.0.0/16'],
      [
        'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/16","10.1.0.0/16"]}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    ],
  ])('%s', (_name, cidrs, errors) => {
    const { object } = created(serviceCidr, { spec: { cidrs: ['10.0.0.0/16'] } });
    const change = updated(serviceCidr, object, (next) => {
      next.spec = { cidrs: [...cidrs] };
    });
    expect(change.errors).toEqual(errors);
  });

  it('shows its networks', () => {
    const { object } = created(serviceCidr, { spec: { cidrs: ['10.0.0.0/16', 'fd00::/112'] } });
    expect(rowOf(serviceCidr, object)).toEqual(['x', '10.0.0.0/16,fd00::/112', '60m']);
  });
});

describe('an IPAddress', () => {
  it.each<[string, readonly string[]]>([
    ['10.0.0.1', []],
    ['2001:db8::1', []],
    ['web', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    ['010.0.0.1', ['must not have leading 0s']],
    ['::ffff:10.0.0.1', ['must not be an IPv4-mapped IPv6 address']],
    ['2001:DB8::1', ['must be in canonical form ("2001:db8::1")']],
  ])('named %s', (name, texts) => {
    expect(ipAddress.validateName(name, false)).toEqual(texts);
  });

  const parentRef = { resource: 'services', namespace: 'shop', name: 'web' };

  it.each<[string, object, readonly string[]]>([
    ['nothing', {}, ['spec.parentRef: Required value']],
    [
      'a reference to nothing',
      { parentRef: {} },
      ['spec.parentRef.resource: Required value', 'spec.parentRef.name: Required value'],
    ],
    [
      'a reference with a path',
      { parentRef: { ...parentRef, name: 'a/b', namespace: '..' } },
      [
        `spec.parentRef.name: Invalid value: "a/b": may not contain '/'`,
        `spec.parentRef.namespace: Invalid value: "..": may not be '..'`,
      ],
    ],
    ['a Service', { parentRef }, []],
  ])('of %s', (_name, spec, errors) => {
    expect(created(ipAddress, { spec }).errors).toEqual(errors);
  });

  it('keeps its parent, and shows it', () => {
    const { object } = created(ipAddress, { metadata: { name: '10.0.0.1' }, spec: { parentRef } });
    expect(rowOf(ipAddress, object)).toEqual(['10.0.0.1', 'services/shop/web']);
    const gateway = { group: 'example.com', resource: 'Gateways', name: 'web' };
    const moved = updated(ipAddress, object, (next) => {
      next.spec = { parentRef: gateway };
    });
    expect(moved.errors).toEqual(['spec.parentRef: Invalid value: null: field is immutable']);
    expect(rowOf(ipAddress, moved.object)[1]).toBe('gateways.example.com/web');
  });
});
