import { expect, test } from 'vitest';
import { testPod } from '../pods/testing-pods.ts';
import { cniConfig } from './cni-config.ts';
import { parseResolvConf, podDns } from './dns-config.ts';
import { choosePodCidr, routeDestinations } from './pod-cidr.ts';

const HOST = parseResolvConf('# x\nsearch a.example b.example. .\nnameserver 192.0.2.53\noptions ndots:2 rotate\n');

test('resolv.conf is read', () => {
  expect(HOST).toEqual({
    servers: ['192.0.2.53'],
    searches: ['a.example', 'b.example'],
    options: ['ndots:2', 'rotate'],
  });
});

test('a pod has the node’s resolvers, its own, or both', () => {
  expect(podDns(testPod({ dnsPolicy: 'Default' }), HOST)).toEqual(HOST);
  const dnsConfig = {
    nameservers: ['10.0.0.1'],
    searches: ['c.example'],
    options: [{ name: 'ndots', value: '5' }, { name: 'debug' }],
  };
  expect(podDns(testPod({ dnsPolicy: 'Default', dnsConfig }), HOST)).toEqual({
    servers: ['192.0.2.53', '10.0.0.1'],
    searches: ['a.example', 'b.example', 'c.example'],
    options: ['ndots:5', 'rotate', 'debug'],
  });
  expect(podDns(testPod({ dnsPolicy: 'None', dnsConfig }), HOST).servers).toEqual(['10.0.0.1']);
});

test('a node’s network follows from its name and avoids what the machine has', () => {
  const first = choosePodCidr('node', []);
  expect(first).toMatch(/^10\.244\.\d+\.0\/24$/);
  expect(choosePodCidr('node', [])).toBe(first);
  const taken = first.replace('0/24', '7');
  expect(choosePodCidr('node', [taken, '192.168.1.0'])).not.toBe(first);
});

test('the kernel’s routes are read', () => {
  expect(
    routeDestinations('Iface\tDestination\tGateway\neth0\t00000000\t010200C0\nveth1\t022CF40A\t00000000\n'),
  ).toEqual(['0.0.0.0', '10.244.44.2']);
});

test('pods are joined by ptp with an address of the node’s network', () => {
  const config = JSON.parse(cniConfig({ cidr: '10.244.7.0/24', stateDir: '/s' }));
  expect(config.plugins.map((p: { type: string }) => p.type)).toEqual(['ptp', 'portmap']);
  expect(config.plugins[0].ipam.ranges).toEqual([[{ subnet: '10.244.7.0/24' }]]);
});
