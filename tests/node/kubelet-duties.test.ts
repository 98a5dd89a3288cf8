import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importImage } from '../../agent-client/images/import-command.ts';
import { runAgent, type RunningAgent } from '../../agent-client/main.ts';
import { makeTestImages } from '../../scripts/test-images.ts';
import {
  eventually,
  FakeControlPlane,
  isReady,
  JOIN_TOKEN,
  type SeenContainer,
  type SeenStatus,
} from './fake-control-plane.ts';
import { whyNoContainers } from './requirements.ts';

const why = whyNoContainers();
if (why) console.log(`SKIPPED: tests of a kubelet's duties: ${why}`);

type Spec = Record<string, unknown>;
const shell = (script: string, more: Spec = {}): Spec => ({
  name: 'main',
  image: 'busybox:1.35',
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
  ...more,
});
const STAY = 'trap "exit 0" TERM; sleep 3600 & wait';
const SERVER = { name: 'main', image: 'hello:1', imagePullPolicy: 'IfNotPresent' };

describe.skipIf(why !== undefined)('what a kubelet does for its pods', () => {
  const plane = new FakeControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'zp-'));
  const dataDir = join(folder, 'node');
  let agent: RunningAgent;

  beforeAll(async () => {
    await plane.start();
    agent = await runAgent({
      server: plane.url,
      joinToken: () => JOIN_TOKEN,
      nodeName: 'duties',
      dataDir,
      runtime: 'containerd',
    });
    for (const file of makeTestImages(join(folder, 'images'), ['busybox', 'hello']))
      await importImage({ dataDir, file });
  });
  afterAll(async () => {
    await agent?.stop({ containers: 'stop', graceSeconds: 2 });
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ready = (name: string): Promise<SeenStatus> =>
    eventually(`${name} to be ready`, () => isReady(plane.status(name)) && plane.status(name));
  const phase = (name: string, wanted: string): Promise<SeenStatus> =>
    eventually(`${name} to be ${wanted}`, () => plane.status(name).phase === wanted && plane.status(name));
  const running = (name: string): Promise<SeenContainer> =>
    eventually(`${name} to run`, () => plane.container(name)?.state.running && plane.container(name));
  const logOf = async (name: string, container = 'main'): Promise<string> => (await plane.logs(name, container)).text;
  const gone = async (...names: string[]): Promise<void> => {
    for (const name of names) plane.deletePod(name);
    await eventually(`${names.join()} to go`, () => names.every((name) => !plane.pod(name)));
  };

  test('readiness follows its probe, both ways', async () => {
    const readinessProbe = { exec: { command: ['test', '-e', '/tmp/ok'] }, periodSeconds: 1, failureThreshold: 1 };
    plane.createPod('ready', { containers: [shell(STAY, { readinessProbe })] });
    const container = await running('ready');
    expect(container).toMatchObject({ ready: false, started: true });
    const id = container.containerID?.replace('containerd://', '') ?? '';
    await agent.nodes[0]?.runtime.exec(id, ['touch', '/tmp/ok'], 5_000);
    await ready('ready');
    await agent.nodes[0]?.runtime.exec(id, ['rm', '/tmp/ok'], 5_000);
    await eventually('unready', () => !isReady(plane.status('ready')));
    expect(plane.eventsOf('ready').some((e) => e.startsWith('Warning Unhealthy Readiness probe failed:'))).toBe(true);
    expect(plane.container('ready')?.restartCount).toBe(0);
    await gone('ready');
  });

  test('a dead container is restarted by its liveness probe', async () => {
    const livenessProbe = { httpGet: { path: '/version', port: 'http' }, periodSeconds: 1, failureThreshold: 2 };
    const pod = {
      ...SERVER,
      command: ['sh', '-c', '/bin/serve & sleep 2; kill %1; sleep 3600'],
      ports: [{ name: 'http', containerPort: 8080 }],
    };
    plane.createPod('live', { terminationGracePeriodSeconds: 1, containers: [{ ...pod, livenessProbe }] });
    await eventually('a restart', () => plane.container('live')?.restartCount === 1);
    expect(plane.eventsOf('live')).toContain('Normal Killing Container main failed liveness probe, will be restarted');
    await gone('live');
  });

  test('other probes wait for startup', async () => {
    const startupProbe = { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 30 };
    const livenessProbe = { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 1 };
    plane.createPod('startup', {
      containers: [shell(`(sleep 2; touch /tmp/up) & ${STAY}`, { startupProbe, livenessProbe })],
    });
    expect(await running('startup')).toMatchObject({ started: false, ready: false });
    await ready('startup');
    expect(plane.container('startup')).toMatchObject({ restartCount: 0, started: true });
    await gone('startup');
  });

  test('hooks run after the start and before the stop', async () => {
    const lifecycle = {
      postStart: { exec: { command: ['sh', '-c', 'echo post > /out/post'] } },
      preStop: { exec: { command: ['sh', '-c', 'echo pre > /out/pre'] } },
    };
    const out = join(folder, 'out');
    plane.createPod('hooks', {
      volumes: [{ name: 'out', hostPath: { path: out, type: 'DirectoryOrCreate' } }],
      containers: [shell(STAY, { lifecycle, volumeMounts: [{ name: 'out', mountPath: '/out' }] })],
    });
    await ready('hooks');
    expect(readFileSync(join(out, 'post'), 'utf8')).toBe('post\n');
    expect(existsSync(join(out, 'pre'))).toBe(false);
    await gone('hooks');
    expect(readFileSync(join(out, 'pre'), 'utf8')).toBe('pre\n');
  });

  test('a postStart that fails ends the container', async () => {
    const lifecycle = { postStart: { exec: { command: ['false'] } } };
    plane.createPod('post', { terminationGracePeriodSeconds: 1, containers: [shell(STAY, { lifecycle })] });
    await eventually('the event', () =>
      plane.eventsOf('post').some((e) => e.startsWith('Warning FailedPostStartHook')),
    );
    await gone('post');
  });

  test('what ignores TERM is killed when its grace is over', async () => {
    plane.createPod('stubborn', {
      terminationGracePeriodSeconds: 2,
      containers: [shell('trap "" TERM; while true; do sleep 1; done')],
    });
    await ready('stubborn');
    plane.deletePod('stubborn');
    await eventually('it to go', () => !plane.pod('stubborn'), 10_000);
    const last = plane.reports
      .flatMap((r) => r.pods)
      .filter((p) => p.kind === 'status' && p.name === 'stubborn')
      .at(-1);
    expect(last).toMatchObject({ status: { containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] } });
  });

  test('a second, hurried deletion shortens the first', async () => {
    plane.createPod('hurry', {
      terminationGracePeriodSeconds: 600,
      containers: [shell('trap "" TERM; while true; do sleep 1; done')],
    });
    await ready('hurry');
    plane.deletePod('hurry');
    await eventually('the stop to begin', () => plane.eventsOf('hurry').some((e) => e.startsWith('Normal Killing')));
    plane.deletePod('hurry', 0);
    const runtime = agent.nodes[0]?.runtime;
    await eventually('nothing of it to be left', () => !plane.pod('hurry'));
    for (let i = 0; i < 200 && (await runtime?.listSandboxes())?.length; i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await runtime?.listSandboxes()).toEqual([]);
  });

  test('a memory limit kills what exceeds it', async () => {
    plane.createPod('oom', {
      restartPolicy: 'Never',
      containers: [shell('cat /dev/zero | head -c 100000000 | tail', { resources: { limits: { memory: '20Mi' } } })],
    });
    const status = await eventually('its end', () => plane.container('oom')?.state.terminated && plane.status('oom'));
    expect(status.qosClass).toBe('Burstable');
    expect(status.containerStatuses[0]?.state.terminated).toMatchObject({ reason: 'OOMKilled' });
    await gone('oom');
  });

  test('activeDeadlineSeconds ends a pod', async () => {
    plane.createPod('deadline', { activeDeadlineSeconds: 1, containers: [shell(STAY)] });
    expect(await phase('deadline', 'Failed')).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    await gone('deadline');
  });

  test('host network, host ports and shared processes', async () => {
    plane.createPod('host', {
      hostNetwork: true,
      containers: [{ ...SERVER, env: [{ name: 'PORT', value: '18081' }] }],
    });
    plane.createPod('port', { containers: [{ ...SERVER, ports: [{ containerPort: 8080, hostPort: 18082 }] }] });
    plane.createPod('shared', { shareProcessNamespace: true, containers: [shell(`ps; ${STAY}`)] });
    const host = await ready('host');
    expect(host.podIP).toBe(host.hostIP);
    await ready('port');
    await ready('shared');
    expect(await answers(host.hostIP ?? '', 18081)).toBe(true);
    expect(await answers(host.hostIP ?? '', 18082)).toBe(true);
    expect(await logOf('shared')).toContain('/pause');
    await gone('host', 'port', 'shared');
  });

  test('subPath, subPathExpr, hostAliases, own dns and a termination message from the log', async () => {
    writeFileSync(join(folder, 'plain'), 'host\n');
    plane.createPod('paths', {
      restartPolicy: 'Never',
      hostAliases: [{ ip: '10.9.9.9', hostnames: ['alias.example'] }],
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['10.1.1.1'], searches: ['x.example'], options: [{ name: 'ndots', value: '3' }] },
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'file', hostPath: { path: join(folder, 'plain'), type: 'File' } },
      ],
      initContainers: [
        shell('mkdir /v/a; echo sub > /v/a/f', { name: 'make', volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      ],
      containers: [
        shell('cat /sub/f /plain /etc/resolv.conf; grep alias /etc/hosts; ls /own; echo last words; exit 4', {
          env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [
            { name: 'v', mountPath: '/sub', subPath: 'a' },
            { name: 'v', mountPath: '/own', subPathExpr: 'of-$(NAME)' },
            { name: 'file', mountPath: '/plain' },
          ],
        }),
      ],
    });
    const status = await phase('paths', 'Failed');
    const text = await logOf('paths');
    for (const part of [
      'sub\nhost\n',
      'nameserver 10.1.1.1',
      'search x.example',
      'options ndots:3',
      '10.9.9.9\talias.example',
      'last words',
    ])
      expect(text).toContain(part);
    expect(status.containerStatuses[0]?.state.terminated?.message).toMatch(/last words\n$/);
    await gone('paths');
  });

  test('an image changed in place restarts the container', async () => {
    const pod = plane.createPod('update', { containers: [SERVER] });
    const before = await ready('update');
    plane.put('pods', {
      ...plane.pod('update'),
      spec: { ...(pod['spec'] as Spec), containers: [{ ...SERVER, image: 'hello:2' }] },
    } as never);
    const after = await eventually(
      'the new image',
      () =>
        plane.container('update')?.image.endsWith('hello:2') &&
        plane.container('update')?.state.running &&
        plane.container('update'),
    );
    expect(after).toMatchObject({ restartCount: 1 });
    expect(after.containerID).not.toBe(before.containerStatuses[0]?.containerID);
    expect(plane.eventsOf('update')).toContain('Normal Killing Container main definition changed, will be restarted');
    await gone('update');
  });

  test('an ephemeral container joins a running pod', async () => {
    const pod = plane.createPod('debug', { containers: [SERVER] });
    await ready('debug');
    const ephemeral = { ...shell('ps', { name: 'look' }), targetContainerName: 'main' };
    plane.put('pods', {
      ...plane.pod('debug'),
      spec: { ...(pod['spec'] as Spec), ephemeralContainers: [ephemeral] },
    } as never);
    let text = '';
    for (let i = 0; i < 100 && !text.includes('serve'); i++) {
      text = await logOf('debug', 'look');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(text).toContain('/bin/serve');
    await gone('debug');
  });

  test('many pods at once', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `many-${i}`);
    for (const name of names) plane.createPod(name, { containers: [SERVER] });
    for (const name of names) await ready(name);
    expect(new Set(names.map((name) => plane.status(name).podIP)).size).toBe(20);
    await gone(...names);
  });
});

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3_000 });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
    socket.on('timeout', () => resolve(false));
  });
