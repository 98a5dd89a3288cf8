import { describe, expect, it } from 'vitest';
import { formatQuantity } from '../../meta/quantity.ts';
import { setPodLevelResourceDefaults } from './pod-level-resource-defaults.ts';
import { computeQosClass } from './pod-qos.ts';
import type { Resources } from './pod-resource-list.ts';
import { podLimits, podRequests } from './pod-resources.ts';
import type { Container, Pod, PodSpec } from './pod-types.ts';

const podOf = (spec: Partial<PodSpec>, status: Pod['status'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [], ...spec },
  status,
});
const requesting = (name: string, cpu: string, more: Partial<Container> = {}): Container => ({
  name,
  resources: { requests: { cpu } },
  ...more,
});
const texts = (resources: Resources): Record<string, string> =>
  Object.fromEntries([...resources].map(([name, value]) => [name, formatQuantity(value)]));

describe('requests of a pod', () => {
  it('sums what runs together', () => {
    expect(texts(podRequests(podOf({ containers: [requesting('a', '100m'), requesting('b', '200m')] })))).toEqual({
      cpu: '300m',
    });
  });

  it('takes the greater of the containers and any init container', () => {
    const spec = { containers: [requesting('a', '1')], initContainers: [requesting('i', '3'), requesting('j', '2')] };
    expect(texts(podRequests(podOf(spec)))).toEqual({ cpu: '3' });
  });

  it('counts sidecars with the containers, and with the init containers after them', () => {
    const sidecar = requesting('s', '1', { restartPolicy: 'Always' });
    const spec = {
      containers: [requesting('a', '1')],
      initContainers: [requesting('i', '5'), sidecar, requesting('j', '5')],
    };
    expect(texts(podRequests(podOf(spec)))).toEqual({ cpu: '6' });
  });

  it('adds overhead, and lets the pod level override', () => {
    const spec = {
      containers: [requesting('a', '1')],
      resources: { requests: { cpu: '2' } },
      overhead: { cpu: '250m' },
    };
    expect(texts(podRequests(podOf(spec)))).toEqual({ cpu: '2250m' });
    expect(texts(podRequests(podOf(spec), { withoutOverhead: true }))).toEqual({ cpu: '2' });
  });

  it('counts the greater of wish and grant during a resize', () => {
    const granted = {
      name: 'a',
      image: '',
      imageID: '',
      ready: true,
      restartCount: 0,
      allocatedResources: { cpu: '3' },
    };
    const pod = podOf({ containers: [requesting('a', '1')] }, { containerStatuses: [granted] });
    expect(texts(podRequests(pod))).toEqual({ cpu: '1' });
    expect(texts(podRequests(pod, { withStatus: true }))).toEqual({ cpu: '3' });
  });

  it('counts only the grant when the wish cannot be met', () => {
    const granted = {
      name: 'a',
      image: '',
      imageID: '',
      ready: true,
      restartCount: 0,
      allocatedResources: { cpu: '1' },
    };
    const status: Pod['status'] = {
      conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }],
      containerStatuses: [granted],
    };
    expect(texts(podRequests(podOf({ containers: [requesting('a', '9')] }, status), { withStatus: true }))).toEqual({
      cpu: '1',
    });
  });

  it('adds overhead to limits only where there is a limit', () => {
    const containers = [{ name: 'a', resources: { limits: { cpu: '1' } } }];
    expect(texts(podLimits(podOf({ containers, overhead: { cpu: '1', memory: '1Gi' } })))).toEqual({ cpu: '2' });
  });
});

describe('the QoS class', () => {
  const full = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1000m', memory: '1Gi' } };
  it.each([
    ['BestEffort', [{ name: 'a' }]],
    [
      'BestEffort',
      [{ name: 'a', resources: { requests: { 'example.com/x': '1' }, limits: { 'example.com/x': '1' } } }],
    ],
    ['Burstable', [{ name: 'a', resources: { requests: { cpu: '1' } } }]],
    ['Burstable', [{ name: 'a', resources: full }, { name: 'b' }]],
    ['Guaranteed', [{ name: 'a', resources: full }]],
    ['Burstable', [{ name: 'a', resources: { ...full, limits: { cpu: '2', memory: '1Gi' } } }]],
  ] as [string, Container[]][])('is %s', (expected, containers) => {
    expect(computeQosClass(podOf({ containers }))).toBe(expected);
  });

  it('counts init containers', () => {
    const spec = { containers: [{ name: 'a', resources: full }], initContainers: [{ name: 'i' }] };
    expect(computeQosClass(podOf(spec))).toBe('Burstable');
  });

  it('follows the pod level where there is one', () => {
    expect(computeQosClass(podOf({ containers: [{ name: 'a' }], resources: full }))).toBe('Guaranteed');
  });
});

describe('defaults at the pod level', () => {
  it('leaves pods without any alone', () => {
    const pod = podOf({ containers: [requesting('a', '1')] });
    setPodLevelResourceDefaults(pod);
    expect(pod.spec?.resources).toBeUndefined();
  });

  it('takes requests from containers, then from limits', () => {
    const pod = podOf({ containers: [requesting('a', '1')], resources: { limits: { cpu: '2', memory: '1Gi' } } });
    setPodLevelResourceDefaults(pod);
    expect(pod.spec?.resources).toEqual({
      limits: { cpu: '2', memory: '1Gi' },
      requests: { cpu: '1', memory: '1Gi' },
    });
  });

  it('takes limits from containers when each has one', () => {
    const containers = [{ name: 'a', resources: { limits: { cpu: '1' } } }];
    const pod = podOf({ containers, resources: { requests: { cpu: '500m' } } });
    setPodLevelResourceDefaults(pod);
    expect(pod.spec?.resources).toEqual({ requests: { cpu: '500m' }, limits: { cpu: '1' } });
  });
});
