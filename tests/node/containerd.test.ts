import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importImage } from '../../agent-client/images/import-command.ts';
import { runAgent, type RunningAgent } from '../../agent-client/main.ts';
import { makeTestImages } from '../../scripts/test-images.ts';
import { eventually, FakeControlPlane, isReady, JOIN_TOKEN, type SeenStatus } from './fake-control-plane.ts';
import { whyNoContainers } from './requirements.ts';

const why = whyNoContainers();
if (why) console.log(`SKIPPED: tests with real containers: ${why}`);

const BUSYBOX = { image: 'busybox:1.35', imagePullPolicy: 'IfNotPresent' };
const shell = (script: string): Record<string, unknown> => ({
  name: 'main',
  ...BUSYBOX,
  command: ['sh', '-c', script],
});
/** Ends at once on TERM, as well-behaved programs do. */
const SLEEP = shell('trap "exit 0" TERM; sleep 3600 & wait');

describe.skipIf(why !== undefined)('a node with containerd', () => {
  const plane = new FakeControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'zp-'));
  let agent: RunningAgent;

  const start = (): Promise<RunningAgent> =>
    runAgent({
      server: plane.url,
      joinToken: () => JOIN_TOKEN,
      nodeName: 'real',
      dataDir: join(folder, 'node'),
      runtime: 'containerd',
      log: (level, message, fields) =>
        level !== 'debug' && process.env['VERBOSE'] && console.log(level, message, JSON.stringify(fields ?? {})),
    });

  beforeAll(async () => {
    await plane.start();
    plane.put('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys', namespace: 'default' },
      data: { pin: Buffer.from('42').toString('base64') },
    });
    agent = await start();
    for (const file of makeTestImages(join(folder, 'images'), ['busybox', 'hello'])) {
      await importImage({ dataDir: join(folder, 'node'), file });
    }
  });

  afterAll(async () => {
    await agent?.stop({ containers: 'stop', graceSeconds: 2 });
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ready = (name: string): Promise<SeenStatus> =>
    eventually(`${name} to be ready`, () => {
      const status = plane.status(name);
      return isReady(status) && status;
    });
  const phase = (name: string, wanted: string): Promise<SeenStatus> =>
    eventually(
      `${name} to be ${wanted}, it is ${JSON.stringify(plane.status(name))}`,
      () => plane.status(name).phase === wanted && plane.status(name),
    );
  const logOf = async (name: string, options = {}): Promise<string> => (await plane.logs(name, 'main', options)).text;

  test('runs a server that answers on its pod IP, and deletes it', async () => {
    plane.createPod('web', { containers: [{ name: 'main', image: 'hello:1', imagePullPolicy: 'IfNotPresent' }] });
    const status = await ready('web');
    expect(status.podIP).toMatch(/^10\.244\./);
    expect(status.containerStatuses[0]?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
    expect(status.containerStatuses[0]?.image).toBe('docker.io/library/hello:1');
    expect(await eventuallyGet(`http://${status.podIP}:8080/`)).toBe('web\n');
    plane.deletePod('web');
    await eventually('the pod to go', () => !plane.pod('web'));
    expect(plane.eventsOf('web')).toEqual([
      'Normal Pulled Container image "hello:1" already present on machine and can be accessed by the pod',
      'Normal Created Container created',
      'Normal Started Container started',
      'Normal Killing Stopping container main',
    ]);
  });

  test('runs a pod to success, with logs and a termination message', async () => {
    // The runtime copies the two streams independently: only time puts them in order.
    plane.createPod('job', {
      restartPolicy: 'Never',
      containers: [shell('echo one; sleep 0.5; echo two >&2; printf done > /dev/termination-log')],
    });
    const status = await phase('job', 'Succeeded');
    expect(status.containerStatuses[0]?.state.terminated).toMatchObject({
      exitCode: 0,
      reason: 'Completed',
      message: 'done',
    });
    expect(await logOf('job')).toBe('one\ntwo\n');
    expect(await logOf('job', { tailLines: 1 })).toBe('two\n');
    expect(await logOf('job', { limitBytes: 2 })).toBe('on');
    expect(await logOf('job', { timestamps: true, tailLines: 1 })).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z two\n$/);
    plane.deletePod('job');
    await eventually('the pod to go', () => !plane.pod('job'));
  });

  test('runs init containers in order and a sidecar beside the main one', async () => {
    const volume = { volumes: [{ name: 'shared', emptyDir: {} }] };
    const mount = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
    plane.createPod('init', {
      ...volume,
      restartPolicy: 'Never',
      initContainers: [
        { ...shell('echo a >> /shared/order'), name: 'first', ...mount },
        {
          ...shell('trap "exit 0" TERM; echo b >> /shared/order; sleep 3600 & wait'),
          name: 'side',
          restartPolicy: 'Always',
          ...mount,
        },
        { ...shell('echo c >> /shared/order'), name: 'last', ...mount },
      ],
      containers: [{ ...shell('cat /shared/order'), ...mount }],
    });
    const status = await phase('init', 'Succeeded');
    expect(await logOf('init')).toBe('a\nb\nc\n');
    expect(status.initContainerStatuses.map((s) => s.name)).toEqual(['first', 'side', 'last']);
    plane.deletePod('init');
    await eventually('the pod to go', () => !plane.pod('init'));
  });

  test('restarts what crashes and backs off', async () => {
    plane.createPod('crash', { containers: [shell('echo run; exit 3')] });
    const status = await eventually('CrashLoopBackOff', () => {
      const found = plane.container('crash');
      return found?.state.waiting?.reason === 'CrashLoopBackOff' && found;
    });
    expect(status.lastState.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    expect(status.restartCount).toBe(1);
    expect(await logOf('crash', { previous: true })).toBe('run\n');
    plane.deletePod('crash');
    await eventually('the pod to go', () => !plane.pod('crash'));
  });

  test('gives containers their environment', async () => {
    plane.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { color: 'red' },
    });
    plane.createPod('env', {
      restartPolicy: 'Never',
      hostname: 'custom',
      containers: [
        {
          ...shell('echo $COLOR $PIN $WHO $P_color $CPU $(hostname) $KUBERNETES_SERVICE_PORT "$BOTH"'),
          resources: { limits: { cpu: '500m', memory: '64Mi' } },
          envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }],
          env: [
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
            { name: 'PIN', valueFrom: { secretKeyRef: { name: 'keys', key: 'pin' } } },
            { name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
            { name: 'BOTH', value: '$(COLOR)-$(PIN) $$(COLOR) $(NONE)' },
          ],
        },
      ],
    });
    await phase('env', 'Succeeded');
    expect(await logOf('env')).toBe(`red 42 env red 500 custom ${new URL(plane.url).port} red-42 $(COLOR) $(NONE)\n`);
    plane.deletePod('env');
  });

  test('mounts ConfigMaps, Secrets, downward fields and tokens, and follows their changes', async () => {
    plane.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'live', namespace: 'default' },
      data: { text: 'one' },
    });
    plane.createPod(
      'mounts',
      {
        serviceAccountName: 'default',
        volumes: [
          { name: 'cm', configMap: { name: 'live' } },
          {
            name: 'secret',
            secret: { secretName: 'keys', defaultMode: 0o400, items: [{ key: 'pin', path: 'deep/pin' }] },
          },
          { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          {
            name: 'all',
            projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'live' } }] },
          },
        ],
        containers: [
          {
            ...shell(
              'trap "exit 0" TERM; cat /cm/text /secret/deep/pin /info/labels /all/token; ls -l /secret/deep/; while sleep 0.1; do echo $(cat /cm/text); done',
            ),
            volumeMounts: [
              { name: 'cm', mountPath: '/cm' },
              { name: 'secret', mountPath: '/secret', readOnly: true },
              { name: 'info', mountPath: '/info' },
              { name: 'all', mountPath: '/all' },
            ],
          },
        ],
      },
      { labels: { app: 'x' } },
    );
    await ready('mounts');
    expect(await logOf('mounts')).toMatch(/^one42app="x"token-\d+total 0?.*-r--------.*pin/s);
    plane.put('configmaps', { ...plane.objects.get('configmaps|default/live'), data: { text: 'two' } } as never);
    const seen = await plane.logs('mounts', 'main', { follow: true }, 'two');
    expect(seen.text).toContain('two');
    plane.deletePod('mounts');
    await eventually('the pod to go', () => !plane.pod('mounts'));
  });

  test('waits for a missing ConfigMap and says so', async () => {
    plane.createPod('waits', {
      volumes: [{ name: 'cm', configMap: { name: 'later' } }],
      containers: [{ ...SLEEP, volumeMounts: [{ name: 'cm', mountPath: '/cm' }] }],
    });
    await eventually('FailedMount', () =>
      plane
        .eventsOf('waits')
        .includes('Warning FailedMount MountVolume.SetUp failed for volume "cm" : configmap "later" not found'),
    );
    plane.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'later', namespace: 'default' },
      data: {},
    });
    await ready('waits');
    plane.deletePod('waits');
    await eventually('the pod to go', () => !plane.pod('waits'));
  });

  test('says CreateContainerConfigError, ErrImageNeverPull and InvalidImageName', async () => {
    plane.createPod('config', {
      containers: [{ ...SLEEP, env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }] }],
    });
    plane.createPod('never', { containers: [{ name: 'main', image: 'absent:1', imagePullPolicy: 'Never' }] });
    plane.createPod('invalid', { containers: [{ name: 'main', image: 'Not:A:Name' }] });
    const waiting = (name: string, reason: string): Promise<{ readonly message?: string }> =>
      eventually(`${name}: ${reason}`, () => {
        const state = plane.container(name)?.state.waiting;
        return state?.reason === reason && state;
      });
    expect((await waiting('config', 'CreateContainerConfigError')).message).toBe('secret "none" not found');
    expect((await waiting('never', 'ErrImageNeverPull')).message).toBe(
      'Container image "absent:1" is not present with pull policy of Never',
    );
    await waiting('invalid', 'InvalidImageName');
    for (const name of ['config', 'never', 'invalid']) plane.deletePod(name);
    await eventually('the pods to go', () => !plane.pod('config') && !plane.pod('never') && !plane.pod('invalid'));
  });

  test('runs as the user and with the files the security context asks for', async () => {
    plane.createPod('user', {
      restartPolicy: 'Never',
      securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000 },
      volumes: [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
      containers: [
        {
          ...shell('id; touch /v/x && ls -ln /v; touch /nope; df -m /v | tail -1'),
          securityContext: {
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
        },
      ],
    });
    await phase('user', 'Succeeded');
    const text = await logOf('user');
    expect(text).toMatch(/uid=1000 gid=2000 groups=2000,3000|uid=1000 gid=2000 groups=3000/);
    expect(text).toMatch(/1000\s+3000/);
    expect(text).toContain('Read-only file system');
    expect(text).toMatch(/tmpfs\s+1\s/);
    plane.deletePod('user');
  });

  test('keeps containers over the death of the agent and takes them over', async () => {
    const readinessProbe = { exec: { command: ['sh', '-c', 'sleep 0.3'] }, periodSeconds: 1 };
    plane.createPod('steady', { containers: [{ ...SLEEP, readinessProbe }] });
    const before = (await ready('steady')).containerStatuses[0];
    await agent.stop({ containers: 'keep' });
    const reported = plane.reports.length;
    agent = await start();
    plane.createPod('after', { containers: [SLEEP] });
    await ready('after');
    const now = plane.container('steady');
    expect(now?.containerID).toBe(before?.containerID);
    expect(now?.restartCount).toBe(0);
    const later = plane.reports
      .slice(reported)
      .flatMap((r) => r.pods.filter((p) => p.kind === 'status' && p.name === 'steady'));
    for (const report of later) expect(report).toMatchObject({ status: { containerStatuses: [{ ready: true }] } });
    for (const name of ['steady', 'after']) plane.deletePod(name);
    await eventually('the pods to go', () => !plane.pod('steady') && !plane.pod('after'));
  });

  test('ends what was deleted while the agent was away', async () => {
    plane.createPod('orphan', { containers: [SLEEP] });
    await ready('orphan');
    await agent.stop({ containers: 'keep' });
    plane.remove('pods', 'default', 'orphan');
    plane.forgetHistory();
    agent = await start();
    const runtime = agent.nodes[0]?.runtime;
    for (let i = 0; i < 200 && (await runtime?.listSandboxes())?.length; i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await runtime?.listContainers()).toEqual([]);
    expect(await runtime?.listSandboxes()).toEqual([]);
  });

  test('restarts a crashed container while the control plane is away', async () => {
    plane.createPod('alone', { containers: [shell('trap "exit 1" USR1; echo up; sleep 3600 & wait')] });
    await ready('alone');
    await plane.stop();
    const runtime = agent.nodes[0]?.runtime;
    const [container] = (await runtime?.listContainers()) ?? [];
    await runtime?.exec(container?.id ?? '', ['kill', '-USR1', '1'], 5_000);
    for (let i = 0; i < 200; i++) {
      const states = (await runtime?.listContainers())?.map((c) => `${c.attempt}${c.state}`).sort();
      if (states?.join() === '0exited,1running') break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await plane.start();
    await eventually('the restart to be reported', () => plane.container('alone')?.restartCount === 1);
    plane.deletePod('alone', 2);
    await eventually('the pod to go', () => !plane.pod('alone'));
  });

  test('leaves nothing behind', async () => {
    const node = join(folder, 'node');
    for (
      let i = 0;
      i < 100 && existsSync(join(node, 'pods')) && (await agent.nodes[0]?.runtime.listSandboxes())?.length;
      i++
    ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await agent.nodes[0]?.runtime.listSandboxes()).toEqual([]);
  });
});

async function eventuallyGet(url: string): Promise<string> {
  for (let i = 0; ; i++) {
    try {
      return await get(url);
    } catch (error) {
      if (i > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const get = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    request(url, { timeout: 2_000 }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part));
      answer.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
