import { expect, test } from 'vitest';
import { admitPod } from './pod-admission.ts';
import type { PodSpec } from './pod.ts';
import { sidecar, testPod } from './testing-pods.ts';

const NODE = { labels: { zone: 'a' }, allocatable: { cpu: '2', memory: '1Gi', pods: '3' } };
const using = (cpu: string) => testPod({ containers: [{ name: 'main', resources: { requests: { cpu } } }] });
const message = (spec: Partial<PodSpec>, ...others: string[]): string => {
  const admission = admitPod(testPod(spec), others.map(using), NODE);
  return admission.ok ? 'ok' : `${admission.reason}: ${admission.message}`;
};

test('takes what fits', () => {
  expect(message({ nodeSelector: { zone: 'a' } }, '1')).toBe('ok');
});

test('refuses what the scheduler would not have sent', () => {
  const asks = { containers: [{ name: 'main', resources: { requests: { cpu: '1500m' } } }] };
  expect(message(asks)).toBe('ok');
  expect(message(asks, '1')).toBe(
    "OutOfcpu: Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
  );
  expect(message({}, '1m', '1m', '1m')).toMatch(/^OutOfpods: .* requested: 1, used: 3, capacity: 3$/);
  expect(message({ nodeSelector: { zone: 'b' } })).toMatch(/^NodeAffinity: /);
});

test('counts init containers and sidecars as they run', () => {
  const resources = { requests: { cpu: '1' } };
  const initContainers = [
    { ...sidecar('s'), resources },
    { name: 'i', resources: { requests: { cpu: '1500m' } } },
  ];
  expect(message({ initContainers })).toMatch(/requested: 2500/);
});

test('refuses sysctls that would reach other pods', () => {
  expect(message({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } })).toBe('ok');
  expect(message({ securityContext: { sysctls: [{ name: 'kernel.shmmax', value: '1' }] } })).toBe(
    'SysctlForbidden: forbidden sysctl: "kernel.shmmax" not allowlisted',
  );
});
