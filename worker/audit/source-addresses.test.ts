import { describe, expect, it } from 'vitest';
import { connectionAddress, sourceAddresses } from './source-addresses.ts';

describe('where a request came from', () => {
  it('is what proxies say, then the connection, each once', () => {
    const headers = new Headers({ 'x-forwarded-for': '192.0.2.1, x, 2001:db8::1', 'x-real-ip': '192.0.2.1' });
    expect(sourceAddresses(headers, '10.0.0.1')).toEqual(['192.0.2.1', '2001:db8::1', '10.0.0.1']);
    expect(sourceAddresses(new Headers({ 'x-real-ip': '10.0.0.1' }), '10.0.0.1')).toEqual(['10.0.0.1']);
    expect(sourceAddresses(new Headers({ 'x-forwarded-for': '<script>' }), undefined)).toEqual([]);
  });

  it.each([
    ['192.0.2.1:80', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['[2001:db8::1]:80', '2001:db8::1'],
    ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    [undefined, undefined],
  ])('of the connection %s is %s', (clientIp, address) => {
    expect(connectionAddress(new Headers(), { clientIp })).toBe(address);
  });

  it('is not what a client says of its connection where the platform knows it', () => {
    const headers = new Headers({ 'cf-connecting-ip': '10.0.0.1' });
    expect(connectionAddress(headers, { clientIp: '192.0.2.1:80' })).toBe('192.0.2.1');
    expect(connectionAddress(headers, { colo: 'AMS' })).toBe('10.0.0.1');
    expect(connectionAddress(new Headers(), undefined)).toBeUndefined();
  });
});
