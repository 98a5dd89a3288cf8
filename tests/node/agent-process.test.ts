import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importImage } from '../../agent-client/images/import-command.ts';
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
if (why) console.log(`SKIPPED: tests of the agent as a process: ${why}`);

const root = new URL('../..', import.meta.url).pathname;
const TOKEN = { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } };
const SERVER = { volumes: [TOKEN], containers: [{ name: 'main', image: 'hello:1', imagePullPolicy: 'IfNotPresent' }] };

/** Processes of which an argument contains `text`. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}

describe.skipIf(why !== undefined)('the agent as a process', () => {
  const plane = new FakeControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'zp-'));
  const dataDir = join(folder, 'node');
  let agent: ChildProcess;
  let output = '';

  const start = (...extra: string[]): void => {
    writeFileSync(join(folder, 'token'), `${JOIN_TOKEN}\n`);
    const flags = [
      '--server',
      plane.url,
      '--token-file',
      join(folder, 'token'),
      '--node-name',
      'machine',
      '--data-dir',
      dataDir,
      ...extra,
    ];
    agent = spawn(process.execPath, [join(root, 'agent-client/agent-process.ts'), ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    agent.stderr?.on('data', (part: Buffer) => (output += part.toString()));
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (agent.exitCode !== null || agent.signalCode !== null) return agent.exitCode;
    const ended = new Promise<number | null>((resolve) => agent.once('exit', resolve));
    agent.kill(signal);
    return ended;
  };
  const ready = (name: string): Promise<SeenStatus> =>
    eventually(`${name} to be ready\n${output.slice(-2000)}`, () => {
      const status = plane.status(name);
      return isReady(status) && status;
    });
  const main = (name: string): SeenContainer => plane.container(name) as SeenContainer;

  beforeAll(async () => {
    mkdirSync(dataDir, { recursive: true });
    await plane.start();
    start();
    await eventually('the node', () => plane.objects.has('nodes|/machine'));
    for (const file of makeTestImages(folder, ['hello'])) await importImage({ dataDir, file });
  });

  afterAll(async () => {
    await end('SIGKILL');
    output = '';
    start('--stop-pods-on-exit');
    await eventually('the agent to run', () => output.includes('the agent runs'));
    await end('SIGTERM');
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('killed under load it neither loses nor restarts a container', async () => {
    for (let i = 0; i < 8; i++) plane.createPod(`first-${i}`, SERVER);
    for (let i = 0; i < 8; i++) await ready(`first-${i}`);
    const before = Array.from({ length: 8 }, (_, i) => main(`first-${i}`).containerID);
    for (let i = 0; i < 8; i++) plane.createPod(`second-${i}`, SERVER);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await end('SIGKILL');
    start();
    for (let i = 0; i < 8; i++) await ready(`second-${i}`);
    const after = Array.from({ length: 8 }, (_, i) => main(`first-${i}`));
    expect(after.map((s) => s.containerID)).toEqual(before);
    expect(after.map((s) => s.restartCount)).toEqual(Array(8).fill(0));
    for (let i = 0; i < 8; i++) {
      if (i > 0) plane.deletePod(`first-${i}`);
      plane.deletePod(`second-${i}`);
    }
    await eventually(
      'the pods to go',
      () => [...plane.objects.keys()].filter((k) => k.startsWith('pods|')).length === 1,
    );
  });

  test('containerd killed, it starts it again and keeps the containers', async () => {
    const before = main('first-0').containerID;
    const pid = Number(readFileSync(join(dataDir, 'containerd', 'containerd.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    plane.createPod('next', SERVER);
    await ready('next');
    expect(main('first-0')).toMatchObject({ containerID: before, restartCount: 0 });
    plane.deletePod('next');
    await eventually('the pod to go', () => !plane.pod('next'));
  });

  test('after a reboot it starts its pods again without the control plane', async () => {
    const before = main('first-0').containerID;
    await plane.stop();
    await end('SIGKILL');
    // What a reboot does: every process of the node is gone.
    for (const pid of processesWith(join(dataDir, 'containerd'))) process.kill(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 300));
    start();
    const bySocket = join(dataDir, 'containerd');
    await eventually('shims to run again', () => processesWith(bySocket).length > 1);
    await plane.start();
    const status = await eventually(`the restart to be reported\n${output.slice(-2000)}`, () => {
      const found = main('first-0');
      return found.containerID !== before && found.state.running && found;
    });
    expect(status.restartCount).toBe(1);
    await ready('first-0');
  });

  test('told to stop with its pods it ends them, and they come back with it', async () => {
    await end('SIGTERM');
    output = '';
    start('--stop-pods-on-exit');
    await eventually('the agent to run', () => output.includes('the agent runs'));
    expect(await end('SIGTERM')).toBe(0);
    expect(processesWith(join(dataDir, 'containerd'))).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(dataDir);
    const before = main('first-0').containerID;
    start();
    await eventually('the pod to run again', () => main('first-0').containerID !== before && main('first-0').ready);
    plane.deletePod('first-0');
    await eventually('the pod to go', () => !plane.pod('first-0'));
  });

  test('says in one line what is wrong with its flags', async () => {
    const run = (...flags: string[]): Promise<{ code: number | null; text: string }> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [join(root, 'agent-client/agent-process.ts'), ...flags], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let text = '';
        child.stderr.on('data', (part: Buffer) => (text += part.toString()));
        child.on('exit', (code) => resolve({ code, text }));
      });
    expect(await run()).toEqual({ code: 1, text: 'zeroplane agent: --server URL is needed; see --help\n' });
    expect(await run('--server', 'nope')).toEqual({ code: 1, text: 'zeroplane agent: --server nope is not a URL\n' });
    const missing = await run(
      '--server',
      plane.url,
      '--ca-file',
      '/none',
      '--data-dir',
      join(folder, 'x'),
      '--runtime',
      'simulated',
    );
    expect(missing).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^zeroplane agent: cannot read the CA file \/none: .*\n$/),
    });
  });
});
