import { describe, expect, it } from 'vitest';
import {
  cidrWarnings,
  formatCidr,
  formatIp,
  type IpAddress,
  type IpPrefix,
  ipWarnings,
  parseCidrSloppy,
  parseIpSloppy,
  validateCidr,
  validateEndpointIp,
  validateIp,
  validateLegacyCidr,
  validateLegacyIp,
} from './ip-address.ts';

const bodies = (errors: readonly { body: string }[]): string[] => errors.map(({ body }) => body);

describe('addresses', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['010.000.0.001', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['fe80::', 'fe80::'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('reads %s', (text, canonical) => {
    expect(formatIp(parseIpSloppy(text) as IpAddress)).toBe(canonical);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '1.2.3.a',
    ':',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1/64',
  ])('refuses %j', (text) => {
    expect(parseIpSloppy(text)).toBeUndefined();
  });

  it('refuses what is valid only for its age, unless the old object had it', () => {
    expect(bodies(validateLegacyIp('010.0.0.1', 'spec.ip'))).toEqual([
      'Invalid value: "010.0.0.1": must not have leading 0s',
    ]);
    expect(bodies(validateLegacyIp('::ffff:1.2.3.4', 'spec.ip'))).toEqual([
      'Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address',
    ]);
    expect(validateLegacyIp('010.0.0.1', 'spec.ip', ['010.0.0.1'])).toEqual([]);
    expect(validateLegacyIp('FE80:0::1', 'spec.ip')).toEqual([]);
  });

  it('asks newer fields for the canonical form', () => {
    expect(bodies(validateIp('2001:DB8::1', 'f'))).toEqual([
      'Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
    ]);
  });

  it('keeps addresses that reach nothing from being endpoints', () => {
    expect(validateEndpointIp('10.1.2.3', 'f')).toEqual([]);
    expect(bodies(validateEndpointIp('0.0.0.0', 'f'))).toEqual([
      'Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
    ]);
    expect(validateEndpointIp('127.0.0.1', 'f')).toHaveLength(1);
    expect(validateEndpointIp('::1', 'f')).toHaveLength(1);
    expect(validateEndpointIp('169.254.169.254', 'f')).toHaveLength(1);
    expect(validateEndpointIp('224.0.0.1', 'f')).toHaveLength(1);
    expect(validateEndpointIp('ff02::1', 'f')).toHaveLength(1);
  });

  it('warns of odd forms', () => {
    expect(ipWarnings('010.0.0.1', 'spec.ip')).toEqual([
      'spec.ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
    ]);
    expect(ipWarnings('2001:db8:0:0::1', 'spec.ip')).toEqual([
      'spec.ip: IPv6 address "2001:db8:0:0::1" should be in RFC 5952 canonical format ("2001:db8::1")',
    ]);
  });
});

describe('CIDRs', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['10.0.0.0/028', '10.0.0.0/28'],
  ])('reads %s', (text, canonical) => {
    expect(formatCidr(parseCidrSloppy(text) as IpPrefix)).toBe(canonical);
  });

  it('names each fault', () => {
    expect(bodies(validateLegacyCidr('10.0.0.0', 'f'))).toEqual([
      'Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ]);
    expect(bodies(validateLegacyCidr('10.0.0.1/8', 'f'))).toEqual([
      'Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
    ]);
    expect(bodies(validateLegacyCidr('10.0.0.0/08', 'f'))).toEqual([
      'Invalid value: "10.0.0.0/08": must not have leading 0s in IP or prefix length',
    ]);
    expect(validateLegacyCidr('10.0.0.0/33', 'f')).toHaveLength(1);
    expect(bodies(validateCidr('2001:DB8::/32', 'f'))).toEqual([
      'Invalid value: "2001:DB8::/32": must be in canonical form ("2001:db8::/32")',
    ]);
  });

  it('warns of bits beyond the prefix', () => {
    expect(cidrWarnings('10.1.2.3/8', 'f')).toEqual([
      'f: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
    ]);
  });
});
