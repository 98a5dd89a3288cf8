import { expect, test } from 'vitest';
import type { Machine } from './machine.ts';
import { allocatable, newNode, type NodeDescription, nodeStatus, statusFingerprint } from './node-object.ts';
import { isUnder, notePressure } from './pressure.ts';

const MACHINE: Machine = {
  cpus: 4,
  memoryBytes: 8 * 2 ** 30,
  storageBytes: 100 * 2 ** 30,
  machineID: 'm',
  systemUUID: 's',
  bootID: 'b',
  kernelVersion: '6.1',
  osImage: 'Debian',
  architecture: 'amd64',
  operatingSystem: 'linux',
  hostname: 'h',
};
const NODE: NodeDescription = {
  name: 'n1',
  labels: { zone: 'a' },
  machine: MACHINE,
  runtime: { name: 'containerd', version: '1.6.20' },
  addresses: ['192.0.2.1'],
};
const HEALTHY = { runtimeReady: true, networkReady: true, message: '' };
const NOW = 1_700_000_000_000;
const status = (more: Partial<Parameters<typeof nodeStatus>[0]> = {}): Record<string, unknown> =>
  nodeStatus({ node: NODE, health: HEALTHY, images: [], previous: [], pressure: {}, now: NOW, ...more });
const condition = (of: Record<string, unknown>, type: string): Record<string, string> | undefined =>
  (of['conditions'] as Record<string, string>[]).find((c) => c['type'] === type);

test('a new node names itself and its network', () => {
  expect(newNode(NODE, '10.244.1.0/24')).toMatchObject({
    metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1', 'kubernetes.io/arch': 'amd64', zone: 'a' } },
    spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] },
  });
});

test('allocatable leaves room for the machine', () => {
  expect(allocatable(MACHINE)).toMatchObject({ cpu: '4', memory: `${8 * 2 ** 20 - 100 * 1024}Ki`, pods: '110' });
});

test('conditions keep their times and say what is wrong', () => {
  const first = status();
  expect(condition(first, 'Ready')).toMatchObject({
    status: 'True',
    reason: 'KubeletReady',
    message: 'kubelet is posting ready status',
  });
  const previous = first['conditions'] as never;
  const later = status({ previous, now: NOW + 60_000 });
  expect(condition(later, 'Ready')?.['lastTransitionTime']).toBe(condition(first, 'Ready')?.['lastTransitionTime']);
  expect(statusFingerprint(later)).toBe(statusFingerprint(first));
  const down = status({
    previous,
    now: NOW + 60_000,
    health: { runtimeReady: false, networkReady: false, message: 'x' },
  });
  expect(condition(down, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'KubeletNotReady',
    message: 'container runtime is down: x',
    lastTransitionTime: '2023-11-14T22:14:20Z',
  });
  expect(statusFingerprint(down)).not.toBe(statusFingerprint(first));
});

test('the largest images are named', () => {
  const images = Array.from({ length: 60 }, (_, i) => ({
    id: `${i}`,
    tags: [`t:${i}`],
    digests: [`t@${i}`],
    sizeBytes: i,
    uid: 0,
    username: '',
    pinned: false,
  }));
  const named = status({ images })['images'] as { names: string[] }[];
  expect(named).toHaveLength(50);
  expect(named[0]?.names).toEqual(['t@59', 't:59']);
});

test('pressure shows at once and goes five minutes after it was last seen', () => {
  const fine = {
    memoryAvailableBytes: 2 ** 30,
    diskAvailableBytes: 50,
    diskCapacityBytes: 100,
    processes: 10,
    processesMax: 1000,
  };
  let history = notePressure({}, { ...fine, diskAvailableBytes: 9 }, NOW);
  expect([isUnder(history, 'disk', NOW), isUnder(history, 'memory', NOW)]).toEqual([true, false]);
  history = notePressure(history, fine, NOW + 10_000);
  expect(isUnder(history, 'disk', NOW + 299_000)).toBe(true);
  expect(isUnder(history, 'disk', NOW + 300_000)).toBe(false);
  expect(condition(status({ pressure: { disk: NOW } }), 'DiskPressure')).toMatchObject({
    status: 'True',
    reason: 'KubeletHasDiskPressure',
  });
});
