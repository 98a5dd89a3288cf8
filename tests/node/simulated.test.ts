import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AgentOptions, runAgent, type RunningAgent } from '../../agent-client/main.ts';
import { eventually, FakeControlPlane, isReady, JOIN_TOKEN } from './fake-control-plane.ts';

const MAIN = { containers: [{ name: 'main', image: 'app:1', imagePullPolicy: 'IfNotPresent' }] };

describe('a simulated node', () => {
  let plane: FakeControlPlane;
  let folder: string;
  let agent: RunningAgent | undefined;

  beforeEach(async () => {
    plane = new FakeControlPlane();
    await plane.start();
    folder = mkdtempSync(join(tmpdir(), 'zeroplane-simulated-'));
  });

  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (options: Partial<AgentOptions> = {}): Promise<void> => {
    agent = await runAgent({
      server: plane.url,
      joinToken: () => JOIN_TOKEN,
      nodeName: 'n1',
      dataDir: folder,
      runtime: 'simulated',
      ...options,
    });
  };

  const running = (name: string): Promise<unknown> =>
    eventually(`${name} running and ready`, () => {
      const status = plane.status(name);
      return status.phase === 'Running' && isReady(status);
    });

  test('registers its Node and says it is ready', async () => {
    await start({ labels: { zone: 'a' } });
    const node = await eventually('the node object', () => plane.objects.get('nodes|/n1'));
    expect(node.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'n1',
      'kubernetes.io/os': 'linux',
      zone: 'a',
    });
    const report = await eventually('a node status', () => plane.reports.find((r) => r.node));
    const conditions = report.node?.['conditions'] as readonly { type: string }[];
    expect(conditions.find((c) => c.type === 'Ready')).toMatchObject({
      status: 'True',
      reason: 'KubeletReady',
    });
  });

  test('runs a pod and reports it as a kubelet does', async () => {
    await start();
    plane.createPod('web', MAIN);
    await running('web');
    const status = plane.status('web');
    expect(status.podIP).toMatch(/^10\./);
    expect(status.containerStatuses[0]).toMatchObject({ name: 'main', ready: true, started: true, restartCount: 0 });
    expect(status.conditions.map((c) => c.type)).toEqual([
      'PodReadyToStartContainers',
      'Initialized',
      'Ready',
      'ContainersReady',
      'PodScheduled',
    ]);
    await eventually('its events', () => plane.eventsOf('web').length >= 4);
    expect(plane.eventsOf('web').map((e) => e.replace(/in \d+.*/, 'in …'))).toEqual([
      'Normal Pulling Pulling image "app:1"',
      'Normal Pulled Successfully pulled image "app:1" in …',
      'Normal Created Container created',
      'Normal Started Container started',
    ]);
  });

  test('deletes a pod only after it has stopped', async () => {
    await start();
    plane.createPod('web', MAIN);
    await running('web');
    plane.deletePod('web');
    await eventually('the pod to go', () => plane.pod('web') === undefined);
    const last = plane.reports.flatMap((r) => r.pods);
    expect(last.at(-1)).toMatchObject({ kind: 'terminated', name: 'web' });
    await eventually('Killing', () => plane.eventsOf('web').includes('Normal Killing Stopping container main'));
  });

  test('runs init containers first and a job to its end', async () => {
    await start();
    plane.createPod(
      'job',
      {
        restartPolicy: 'Never',
        initContainers: [{ name: 'prepare', image: 'i' }],
        containers: [{ name: 'main', image: 'app:1' }],
      },
      { annotations: { 'simulated.zeroplane.dev/exit-after-ms': '50' } },
    );
    await eventually('the job to succeed', () => plane.status('job').phase === 'Succeeded');
    const status = plane.status('job');
    expect(status.initContainerStatuses[0]?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(status.containerStatuses[0]?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(status.conditions.find((c) => c.type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PodCompleted',
    });
  });

  test('backs off a container that keeps failing', async () => {
    await start();
    plane.createPod('crash', MAIN, {
      annotations: { 'simulated.zeroplane.dev/exit-after-ms': '10', 'simulated.zeroplane.dev/exit-code': '1' },
    });
    const container = await eventually('CrashLoopBackOff', () => {
      const found = plane.container('crash');
      return found?.state.waiting?.reason === 'CrashLoopBackOff' && found;
    });
    const uid = plane.pod('crash')?.metadata.uid;
    expect(container.state.waiting?.message).toBe(
      `back-off 10s restarting failed container=main pod=crash_default(${uid})`,
    );
    expect(container.lastState.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
    expect(container.restartCount).toBe(1);
    expect(plane.status('crash').phase).toBe('Running');
  });

  test('says why an image cannot be had', async () => {
    await start();
    plane.createPod('nope', MAIN, { annotations: { 'simulated.zeroplane.dev/pull-error': 'no such image' } });
    const waiting = await eventually('ImagePullBackOff', () => {
      const state = plane.container('nope')?.state;
      return state?.waiting?.reason === 'ImagePullBackOff' && state.waiting;
    });
    expect(waiting.message).toBe('Back-off pulling image "app:1": ErrImagePull: no such image');
    expect(plane.eventsOf('nope').slice(0, 5)).toEqual([
      'Normal Pulling Pulling image "app:1"',
      'Warning Failed Failed to pull image "app:1": no such image',
      'Warning Failed Error: ErrImagePull',
      'Normal BackOff Back-off pulling image "app:1"',
      'Warning Failed Error: ImagePullBackOff',
    ]);
  });

  test('keeps on while the control plane is away and reports afterwards', async () => {
    await start();
    plane.createPod('web', MAIN);
    await running('web');
    await plane.stop();
    plane.createPod('late', MAIN);
    plane.forgetHistory();
    await plane.start();
    await running('late');
    expect(plane.container('web')?.restartCount).toBe(0);
  });

  test('stands for many nodes at once', async () => {
    await start({ simulatedNodes: 50 });
    await eventually('50 nodes', () => [...plane.objects.keys()].filter((k) => k.startsWith('nodes|')).length === 50);
    expect(plane.objects.has('nodes|/n1-50')).toBe(true);
  });

  test('answers for logs', async () => {
    await start();
    plane.createPod('web', MAIN);
    await running('web');
    const answer = await plane.logs('web', 'main');
    expect(answer).toMatchObject({
      opening: { ok: true },
      text: 'simulated container main of pod default/web, attempt 0\n',
    });
  });
});
