import { describe, expect, test } from 'vitest';
import type { ImageInfo } from '../runtime/port.ts';
import { containerResources, cpuQuota, cpuShares } from './cgroup-resources.ts';
import { containerSecurity, rootProblem } from './container-security.ts';
import type { Container, Pod } from './pod.ts';
import { containerConfig, containerHash, podHostname, sandboxConfig } from './pod-config.ts';
import { testPod } from './testing-pods.ts';

const GIB = 2 ** 30;
const withResources = (
  limits: Record<string, string>,
  requests: Record<string, string> = {},
): { pod: Pod; container: Container } => {
  const container: Container = { name: 'main', resources: { limits, requests } };
  return { pod: testPod({ containers: [container] }), container };
};

describe('resources as cgroup settings', () => {
  test.each([
    [0, 2, 0],
    [1, 2, 1_000],
    [100, 102, 10_000],
    [2500, 2560, 250_000],
  ])('%i millicores are %i shares and a quota of %i µs', (milli, shares, quota) => {
    expect([cpuShares(milli), cpuQuota(milli)]).toEqual([shares, quota]);
  });

  test('the lower the promise, the sooner the kernel kills', () => {
    const score = (limits: Record<string, string>, requests: Record<string, string> = {}): number => {
      const { pod, container } = withResources(limits, requests);
      return containerResources(pod, container, 8 * GIB).oomScoreAdj;
    };
    expect(score({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' })).toBe(-997);
    expect(score({})).toBe(1000);
    expect(score({}, { memory: '4Gi' })).toBe(500);
    expect(score({}, { memory: '8Gi' })).toBe(3);
    expect(score({}, { cpu: '1m' })).toBe(999);
  });

  test('a limit stands in for a missing request', () => {
    const { pod, container } = withResources({ cpu: '500m', memory: '64Mi' });
    expect(
      containerResources(pod, { ...container, resources: { limits: container.resources?.limits } }, GIB),
    ).toMatchObject({
      cpuShares: 512,
      cpuQuota: 50_000,
      memoryLimitBytes: 64 * 2 ** 20,
    });
  });
});

describe('security', () => {
  const security = (own: Container['securityContext'], pod: Pod = testPod()) =>
    containerSecurity(pod, { name: 'main', securityContext: own }, undefined, '/seccomp');

  test('the container’s word comes before the pod’s', () => {
    const pod = testPod({
      securityContext: {
        runAsUser: 1,
        runAsGroup: 2,
        fsGroup: 3,
        supplementalGroups: [4, 3],
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(security({ runAsUser: 9 }, pod)).toMatchObject({
      runAsUser: 9,
      runAsGroup: 2,
      supplementalGroups: [4, 3],
      seccomp: { type: 'RuntimeDefault' },
    });
    expect(security({ seccompProfile: { type: 'Localhost', localhostProfile: 'p.json' } })).toMatchObject({
      seccomp: { type: 'Localhost', path: '/seccomp/p.json' },
    });
  });

  test('privileged containers see everything, others not', () => {
    expect(security(undefined).maskedPaths).toContain('/proc/kcore');
    expect(security({ privileged: true })).toMatchObject({
      privileged: true,
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: { type: 'Unconfined' },
    });
  });

  test('who must not be root is not', () => {
    const image = (more: Partial<ImageInfo>): ImageInfo => ({
      id: '',
      tags: [],
      digests: [],
      sizeBytes: 0,
      uid: undefined,
      username: '',
      pinned: false,
      ...more,
    });
    const problem = (own: Container['securityContext'], of: ImageInfo): string | undefined =>
      rootProblem(testPod(), { name: 'main', securityContext: own }, of);
    const where = '(pod: "web_default(u1)", container: main)';
    expect(problem(undefined, image({ uid: 0 }))).toBeUndefined();
    expect(problem({ runAsNonRoot: true }, image({ uid: 0 }))).toBe(
      `container has runAsNonRoot and image will run as root ${where}`,
    );
    expect(problem({ runAsNonRoot: true }, image({ username: 'bob' }))).toBe(
      `container has runAsNonRoot and image has non-numeric user (bob), cannot verify user is non-root ${where}`,
    );
    expect(problem({ runAsNonRoot: true, runAsUser: 0 }, image({ uid: 5 }))).toBe(
      `container's runAsUser breaks non-root policy ${where}`,
    );
    expect(problem({ runAsNonRoot: true }, image({ uid: 5 }))).toBeUndefined();
  });
});

describe('what the runtime is told', () => {
  const sandbox = (pod: Pod) =>
    sandboxConfig({ pod, attempt: 2, logDirectory: '/l', cgroupParent: '/c', dns: undefined, seccompRoot: '/s' });

  test('host names are cut and cleaned, and absent with host network', () => {
    expect(podHostname(testPod({}, { name: `${'a'.repeat(62)}.b` }))).toBe('a'.repeat(62));
    expect(podHostname(testPod({ hostname: 'own' }))).toBe('own');
    expect(sandbox(testPod({ hostNetwork: true }))).toMatchObject({ hostname: '', namespaces: { network: 'node' } });
  });

  test('a sandbox knows its pod, its ports and its sysctls', () => {
    const pod = testPod({
      containers: [
        { name: 'main', ports: [{ containerPort: 80, hostPort: 8080, protocol: 'UDP' }, { containerPort: 81 }] },
      ],
      securityContext: { sysctls: [{ name: 'a.b', value: '1' }] },
      shareProcessNamespace: true,
    });
    expect(sandbox(pod)).toMatchObject({
      attempt: 2,
      labels: { 'io.kubernetes.pod.uid': 'u1' },
      portMappings: [{ protocol: 'UDP', containerPort: 80, hostPort: 8080, hostIP: '' }],
      sysctls: { 'a.b': '1' },
      namespaces: { pid: 'pod' },
    });
  });

  test('a container’s command and arguments are expanded', () => {
    const container: Container = { name: 'main', image: 'app:1', command: ['$(A)'], args: ['$(B)', '$$(A)'] };
    const config = containerConfig({
      pod: testPod(),
      container,
      role: 'main',
      attempt: 3,
      imageRef: 'sha256:1',
      env: [{ name: 'A', value: 'a' }],
      mounts: [],
      memoryCapacityBytes: GIB,
      seccompRoot: '/s',
    });
    expect(config).toMatchObject({
      command: ['a'],
      args: ['$(B)', '$(A)'],
      logPath: 'main/3.log',
      annotations: { 'io.kubernetes.pod.terminationGracePeriod': '30' },
    });
  });

  test('only name and image make it another container', () => {
    const base: Container = { name: 'main', image: 'app:1' };
    expect(containerHash({ ...base, env: [{ name: 'A' }] })).toBe(containerHash(base));
    expect(containerHash({ ...base, image: 'app:2' })).not.toBe(containerHash(base));
  });
});
