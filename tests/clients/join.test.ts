/** Machines that become nodes by a join token, as `zeroplane token` and `zeroplane agent` do it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, eventually } from './api-calls.ts';

const bin = new URL('../../cli/bin.mjs', import.meta.url).pathname;

let cluster: RunningCluster;
let calls: ApiCalls;
let folder: string;
const agents: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  folder = mkdtempSync(join(tmpdir(), 'zp-join-'));
});
afterAll(async () => {
  for (const agent of agents) agent.kill('SIGTERM');
  await calls?.close();
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const zeroplane = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });

const agentFlags = (name: string, token: string): string[] => [
  ...['agent', '--server', cluster.server, '--token', token, '--ca-file', join(cluster.dataDir, 'secrets', 'ca.crt')],
  ...['--runtime', 'simulated', '--node-name', name, '--data-dir', join(folder, name)],
];

test('a machine with a join token becomes a Ready node; revoked, the token lets no further one in', async () => {
  const { stdout } = await zeroplane('token', 'create', '--data-dir', cluster.dataDir);
  const token = stdout.trim();
  expect(token).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
  agents.push(spawn(process.execPath, [bin, ...agentFlags('far', token)], { stdio: 'ignore' }));
  await eventually('the node is Ready', async () => {
    const node = await calls.call('GET', '/api/v1/nodes/far');
    const ready = node.json?.status?.conditions?.find((condition: { type: string }) => condition.type === 'Ready');
    return ready?.status === 'True' ? true : undefined;
  });

  expect((await zeroplane('token', 'list', '--data-dir', cluster.dataDir)).stdout).toContain(token.slice(0, 6));
  expect((await zeroplane('token', 'revoke', token, '--data-dir', cluster.dataDir)).stdout).toBe('revoked\n');
  const late = await zeroplane(...agentFlags('late', token));
  expect(late.code).toBe(1);
  expect(late.stderr).toBe(
    'zeroplane agent: the join token is wrong, has ended or was revoked; make one on the control plane with: npx zeroplane token create\n',
  );
});

test("a node's credential opens its own door only, and none once its Secret is deleted", async () => {
  const { stdout } = await zeroplane('token', 'create', '--data-dir', cluster.dataDir);
  const joined = await calls.call('POST', '/agent/v1/join', { token: stdout.trim(), body: { nodeName: 'bare' } });
  expect(joined.code).toBe(201);
  const { token } = joined.json;
  expect((await calls.call('GET', '/api/v1/nodes/bare', { token })).code).toBe(404);
  expect((await calls.call('GET', '/agent/v1/nodes/far/poll?since=0&session=x', { token })).code).toBe(403);
  expect((await calls.call('GET', '/api/v1/secrets', { token })).code).toBe(403);
  const secrets = await calls.call('GET', '/api/v1/namespaces/kube-system/secrets');
  const secret = secrets.json.items.find(
    (item: { metadata: { annotations?: Record<string, string> } }) =>
      item.metadata.annotations?.['zeroplane.dev/node'] === 'bare',
  );
  expect((await calls.call('DELETE', `/api/v1/namespaces/kube-system/secrets/${secret.metadata.name}`)).code).toBe(200);
  await eventually('the credential is refused', async () =>
    (await calls.call('GET', '/api/v1/nodes/bare', { token })).code === 401 ? true : undefined,
  );
});
