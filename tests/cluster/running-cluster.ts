/**
 * A cluster as `zeroplane up` runs it, in a temporary data directory, for tests and benchmarks that
 * speak to it over the wire.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = new URL('../..', import.meta.url).pathname;
const READY_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 60_000;

export interface ClusterOptions {
  readonly nodes?: number;
  readonly runtime?: 'simulated' | 'containerd' | 'auto';
  /** Reuse the data of an earlier cluster. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of `up`. */
  readonly flags?: readonly string[];
}

export interface RunningCluster {
  readonly dataDir: string;
  readonly port: number;
  readonly server: string;
  readonly ca: string;
  readonly adminToken: string;
  readonly kubeconfig: string;
  readonly supervisor: ChildProcess;
  /** What the supervisor has printed so far. */
  output(): string;
  /** Process ids of supervisor, control plane and agents. */
  pids(): { readonly supervisor: number; readonly controlPlane: number; readonly agents: readonly number[] };
  /** Runs kubectl against this cluster; never rejects. */
  kubectl(args: readonly string[], stdin?: string): Promise<CommandResult>;
  /** Ends all processes as Ctrl-C does; keeps the data. */
  stop(): Promise<void>;
  /** Ends all processes and deletes the data. */
  remove(): Promise<void>;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '::', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** Starts a cluster and waits until it says it is ready. */
export async function startCluster(options: ClusterOptions = {}): Promise<RunningCluster> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'zeroplane-'));
  const port = options.port ?? (await freePort());
  const args = ['up', '--data-dir', dataDir, '--port', String(port)];
  args.push(
    '--nodes',
    String(options.nodes ?? 0),
    '--runtime',
    options.runtime ?? 'simulated',
    ...(options.flags ?? []),
  );
  const supervisor = spawn(process.execPath, [join(root, 'cli', 'bin.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let output = '';
  supervisor.stdout.on('data', (chunk) => (output += chunk));
  supervisor.stderr.on('data', (chunk) => (output += chunk));
  const readyFile = join(dataDir, 'run', 'ready');
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!existsSync(readyFile)) {
    if (supervisor.exitCode !== null) throw new Error(`up ended:\n${output}${tailOfLogs(dataDir)}`);
    if (Date.now() > deadline) {
      supervisor.kill('SIGKILL');
      throw new Error(`not ready in time:\n${output}${tailOfLogs(dataDir)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const read = (name: string) => readFileSync(join(dataDir, name), 'utf8').trim();
  const cluster: RunningCluster = {
    dataDir,
    port,
    server: `https://127.0.0.1:${port}`,
    ca: read('secrets/ca.crt'),
    adminToken: read('secrets/admin-token'),
    kubeconfig: join(dataDir, 'kubeconfig'),
    supervisor,
    output: () => output,
    pids: () => {
      const [controlPlane, ...agents] = (JSON.parse(read('run/children.json')) as { pid: number }[]).map(
        ({ pid }) => pid,
      );
      return { supervisor: supervisor.pid as number, controlPlane: controlPlane as number, agents };
    },
    kubectl: (kubectlArgs, stdin) => kubectl(cluster.kubeconfig, kubectlArgs, stdin),
    stop: () => stopProcess(supervisor),
    remove: async () => {
      await stopProcess(supervisor);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return cluster;
}

function tailOfLogs(dataDir: string): string {
  const folder = join(dataDir, 'logs');
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .map((name) => `\n--- ${name}\n${readFileSync(join(folder, name), 'utf8').slice(-4000)}`)
    .join('');
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGINT');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(kill);
}

const CURRENT_KUBECTL = join(root, 'dist', 'tools', 'kubectl');
/** The one `npm test` brings, or the system's. */
export const KUBECTL = existsSync(CURRENT_KUBECTL) ? CURRENT_KUBECTL : '/usr/bin/kubectl';
export const hasKubectl = (): boolean => existsSync(KUBECTL);

async function kubectl(kubeconfig: string, args: readonly string[], stdin?: string): Promise<CommandResult> {
  const running = promisify(execFile)(KUBECTL, ['--kubeconfig', kubeconfig, ...args], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
    env: { ...process.env, HOME: process.env['HOME'] ?? '/tmp' },
  });
  if (stdin !== undefined) running.child.stdin?.end(stdin);
  try {
    const { stdout, stderr } = await running;
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 1, stdout: stdout ?? '', stderr: stderr ?? String(error) };
  }
}
