import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import { existingPodWarnings } from './existing-pods.ts';

const pod = (name: string, spec: object = {}, controller = ''): Pod =>
  ({
    metadata: { name, ...(controller ? { ownerReferences: [{ controller: true, uid: controller }] } : {}) },
    spec: { containers: [{ name: 'main', image: 'i' }], ...spec },
  }) as unknown as Pod;

const baseline = { level: 'baseline', version: 'latest' } as const;
const HEAD = 'existing pods in namespace "shop" violate the new PodSecurity enforce level "baseline:latest"';

const warnings = (pods: readonly Pod[], more: { total?: number; isLate?: () => boolean } = {}) =>
  existingPodWarnings({ namespace: 'shop', pods, total: pods.length, enforce: baseline, isLate: () => false, ...more });

describe('pods that are there when a namespace is relabelled', () => {
  it('say nothing when they keep to the level', () => {
    expect(warnings([])).toEqual([]);
    expect(warnings([pod('a'), pod('b')])).toEqual([]);
  });

  it('are told of by what they violate, the first by name, the others by number', () => {
    const host = { hostNetwork: true };
    expect(warnings([pod('a', host)])).toEqual([HEAD, 'a: host namespaces']);
    expect(warnings([pod('b', host), pod('a', host)])).toEqual([HEAD, 'a (and 1 other pod): host namespaces']);
    const both = { hostPID: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] };
    expect(warnings([pod('a', host), pod('b', host), pod('c', both), pod('d', host)])).toEqual([
      HEAD,
      'a (and 2 other pods): host namespaces',
      'c: host namespaces, hostPath volumes',
    ]);
  });

  it('are looked at one of each controller first, and not all when there are many', () => {
    const many = Array.from({ length: 3_000 }, (_, i) => pod(`a-${String(i).padStart(4, '0')}`, {}, 'one'));
    const last = pod('z', { hostIPC: true }, 'two');
    expect(warnings([...many, last])).toEqual([
      'new PodSecurity enforce level only checked against the first 3000 of 3001 existing pods',
      HEAD,
      'z: host namespaces',
    ]);
  });

  it('are not looked at for long', () => {
    const pods = [pod('a', { hostIPC: true }), pod('b')];
    expect(warnings(pods, { isLate: () => true })[0]).toBe(
      'new PodSecurity enforce level only checked against the first 1 of 2 existing pods',
    );
    expect(warnings([pod('a')], { total: 7 })).toEqual([
      'new PodSecurity enforce level only checked against the first 1 of 7 existing pods',
    ]);
  });
});
