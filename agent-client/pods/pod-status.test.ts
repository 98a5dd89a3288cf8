import { describe, expect, test } from 'vitest';
import { NOTHING_OBSERVED } from './observed-pod.ts';
import type { PodCondition, PodStatus } from './pod.ts';
import { podStatus } from './pod-status.ts';
import type { PodStatusInput } from './pod-status-input.ts';
import { inSandbox, NOW, seen, sidecar, testPod } from './testing-pods.ts';

const status = (more: Partial<PodStatusInput>): PodStatus =>
  podStatus({
    pod: testPod(),
    previous: {},
    observed: NOTHING_OBSERVED,
    runtimeName: 'containerd',
    waiting: new Map(),
    probeState: () => ({ started: true, ready: true }),
    finished: false,
    hostIPs: ['192.0.2.1'],
    now: NOW,
    ...more,
  });
const condition = (of: PodStatus, type: string): PodCondition | undefined =>
  of.conditions?.find((c) => c.type === type);
const failed = { exitCode: 1, reason: 'Error' };
const NEVER = testPod({ restartPolicy: 'Never' });
const INIT = testPod({ initContainers: [{ name: 'a', image: 'i' }] });

describe('the status of a pod', () => {
  test('before anything runs', () => {
    const before = status({});
    expect(before).toMatchObject({
      phase: 'Pending',
      hostIP: '192.0.2.1',
      startTime: '2023-11-14T22:13:20Z',
      qosClass: 'BestEffort',
    });
    expect(before.containerStatuses?.[0]).toMatchObject({
      ready: false,
      started: false,
      state: { waiting: { reason: 'ContainerCreating' } },
    });
    expect(status({ pod: INIT }).containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    expect(condition(before, 'ContainersReady')).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    });
    expect(condition(before, 'PodReadyToStartContainers')?.status).toBe('False');
  });

  test('while it runs', () => {
    const running = status({ observed: inSandbox(seen('main', 'running')) });
    expect(running).toMatchObject({ phase: 'Running', podIP: '10.244.1.2', podIPs: [{ ip: '10.244.1.2' }] });
    expect(running.containerStatuses?.[0]).toMatchObject({
      ready: true,
      started: true,
      containerID: 'containerd://main-0',
    });
    expect(running.conditions?.map((c) => `${c.type}=${c.status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ]);
  });

  test('a probe that fails makes it unready but running', () => {
    const unready = status({
      observed: inSandbox(seen('main', 'running')),
      probeState: () => ({ started: true, ready: false }),
    });
    expect(unready.phase).toBe('Running');
    expect(condition(unready, 'Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady' });
  });

  test('readiness gates count', () => {
    const pod = testPod({ readinessGates: [{ conditionType: 'x/y' }] });
    const observed = inSandbox(seen('main', 'running'));
    expect(condition(status({ pod, observed }), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "x/y" does not exist.',
    });
    const passed = { ...pod, status: { conditions: [{ type: 'x/y', status: 'True' as const }] } };
    expect(condition(status({ pod: passed, observed }), 'Ready')?.status).toBe('True');
    expect(condition(status({ pod: passed, observed }), 'x/y')?.status).toBe('True');
  });

  test.each([
    ['Always', 0, 'Running'],
    ['OnFailure', 0, 'Succeeded'],
    ['OnFailure', 1, 'Running'],
    ['Never', 0, 'Succeeded'],
    ['Never', 1, 'Failed'],
  ] as const)('restartPolicy %s after exit %i is %s', (restartPolicy, exitCode, phase) => {
    const pod = testPod({ restartPolicy });
    expect(status({ pod, observed: inSandbox(seen('main', 'exited', { exitCode })) }).phase).toBe(phase);
  });

  test('finished pods say so in their conditions', () => {
    const done = status({ pod: NEVER, observed: inSandbox(seen('main', 'exited')), finished: true });
    expect(condition(done, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(condition(done, 'Initialized')).toMatchObject({ status: 'True', reason: 'PodCompleted' });
    const bad = status({ pod: NEVER, observed: inSandbox(seen('main', 'exited', failed)), finished: true });
    expect(condition(bad, 'ContainersReady')).toMatchObject({ status: 'False', reason: 'PodFailed' });
  });

  test('a crash loop waits, and its end is its last state', () => {
    const looping = status({
      observed: inSandbox(seen('main', 'exited', { ...failed, attempt: 2 })),
      waiting: new Map([['main', { reason: 'CrashLoopBackOff', message: 'back-off 20s' }]]),
    }).containerStatuses?.[0];
    expect(looping?.state).toEqual({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' } });
    expect(looping?.lastState?.terminated).toMatchObject({ exitCode: 1 });
    expect(looping).toMatchObject({ restartCount: 2, ready: false });
  });

  test('the container before the running one is its last state', () => {
    const again = status({
      observed: inSandbox(seen('main', 'exited', failed), seen('main', 'running', { attempt: 1 })),
    });
    expect(again.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, containerID: 'containerd://main-0' } },
    });
  });

  test('init containers hold the phase at Pending', () => {
    const first = status({ pod: INIT, observed: inSandbox(seen('a', 'running')) });
    expect(first.phase).toBe('Pending');
    expect(condition(first, 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [a]',
    });
    const after = status({ pod: INIT, observed: inSandbox(seen('a', 'exited'), seen('main', 'running')) });
    expect(after.phase).toBe('Running');
    expect(after.initContainerStatuses?.[0]).toMatchObject({ ready: true, started: false });
    const never = testPod({ restartPolicy: 'Never', initContainers: [{ name: 'a', image: 'i' }] });
    expect(status({ pod: never, observed: inSandbox(seen('a', 'exited', failed)), finished: true }).phase).toBe(
      'Failed',
    );
  });

  test('a sidecar counts for readiness, not for the end', () => {
    const pod = testPod({ restartPolicy: 'Never', initContainers: [sidecar('side')] });
    const running = status({ pod, observed: inSandbox(seen('side', 'running'), seen('main', 'running')) });
    expect(running.phase).toBe('Running');
    expect(running.initContainerStatuses?.[0]).toMatchObject({ ready: true, started: true });
    const done = status({
      pod,
      observed: inSandbox(seen('side', 'exited', { exitCode: 137 }), seen('main', 'exited')),
      finished: true,
    });
    expect(done.phase).toBe('Succeeded');
  });

  test('a terminal phase stays, whatever is seen', () => {
    const observed = inSandbox(seen('main', 'running'));
    expect(status({ previous: { phase: 'Failed', reason: 'Evicted' }, observed })).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
    });
    expect(status({ pod: { ...testPod(), status: { phase: 'Succeeded' } }, observed }).phase).toBe('Succeeded');
  });

  test('a pod that ends before it ran has failed', () => {
    const ended = status({ pod: testPod({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }), finished: true });
    expect(ended.phase).toBe('Failed');
    expect(ended.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
    });
    expect(condition(ended, 'Ready')).toMatchObject({ status: 'False', reason: 'PodFailed' });
  });

  test('an override fails the pod with its reason', () => {
    const override = { phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long' } as const;
    expect(status({ override, observed: inSandbox(seen('main', 'running')) })).toMatchObject(override);
  });

  test('a condition keeps its time until its status changes', () => {
    const first = status({ observed: inSandbox(seen('main', 'running')) });
    const later = status({ previous: first, observed: inSandbox(seen('main', 'running')), now: NOW + 60_000 });
    expect(later).toEqual(first);
    const crashed = status({ previous: first, observed: inSandbox(seen('main', 'exited', failed)), now: NOW + 60_000 });
    expect(condition(crashed, 'Ready')?.lastTransitionTime).toBe('2023-11-14T22:14:20Z');
    expect(condition(crashed, 'Initialized')?.lastTransitionTime).toBe('2023-11-14T22:13:20Z');
  });

  test('a container the runtime lost counts as ended, and as one restart', () => {
    const previous = status({ observed: inSandbox(seen('main', 'running')) });
    const lost = status({ previous, observed: NOTHING_OBSERVED });
    expect(lost.phase).toBe('Running');
    expect(lost.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
    });
  });

  test('host network pods have the node’s address', () => {
    expect(status({ pod: testPod({ hostNetwork: true }) }).podIP).toBe('192.0.2.1');
  });

  test('main containers are listed by name, init containers as they run', () => {
    const pod = testPod({ containers: [{ name: 'z' }, { name: 'b' }], initContainers: [{ name: 'y' }, { name: 'c' }] });
    expect(status({ pod }).containerStatuses?.map((c) => c.name)).toEqual(['b', 'z']);
    expect(status({ pod }).initContainerStatuses?.map((c) => c.name)).toEqual(['y', 'c']);
  });
});
