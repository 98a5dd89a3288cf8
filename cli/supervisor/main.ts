/**
 * `zeroplane up`: keeps the control plane and this machine's nodes running until it is told to stop.
 * Built-ins only and little of them: this process stays resident beside workerd.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  claimDataDir,
  type DataDir,
  dataDirAt,
  defaultDataDir,
  processStartTime,
  releaseDataDir,
  runningSupervisor,
} from '../setup/data-dir.ts';
import type { Plan } from '../setup/plan.ts';
import { ApiClient } from './api-client.ts';
import { SupervisedChild } from './child-process.ts';
import { createJoinToken } from './join-token.ts';
import { parseUpOptions, type UpOptions } from './options.ts';

export interface Programs {
  /** The project's root. */
  readonly root: string;
  /** The Node.js that runs built programs. */
  readonly node: string;
}

const READY_TIMEOUT_MS = 60_000;
const NODES_READY_TIMEOUT_MS = 120_000;
const POLL_INTERVAL_MS = 50;
const CONTROL_PLANE_STOP_MS = 5_000;
const AGENT_STOP_MS = 45_000;
const SWEEP_INTERVAL_MS = 60_000;
const JOIN_TOKEN_LIFE_MS = 3_600_000;
const DETACH_TIMEOUT_MS = 300_000;

const say = (text: string): void => console.log(text);
const step = (text: string): void => say(`  ✓ ${text}`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs `up` to its end; the exit status. */
export async function up(args: readonly string[], programs: Programs): Promise<number> {
  try {
    const options = parseUpOptions(args, defaultDataDir());
    const dataDir = dataDirAt(options.dataDir);
    const other = runningSupervisor(dataDir);
    if (other !== undefined) {
      throw new Error(
        `a cluster already runs from ${dataDir.path} (process ${other}); stop it with: npx zeroplane down --data-dir ${dataDir.path}`,
      );
    }
    return options.detach ? await detach(options, programs, dataDir) : await supervise(options, programs, dataDir);
  } catch (error) {
    console.error(`zeroplane: ${messageOf(error)}`);
    return 1;
  }
}

const flagsOf = (options: UpOptions): string[] => [
  '--data-dir',
  options.dataDir,
  '--port',
  String(options.port),
  '--nodes',
  String(options.nodes),
  '--runtime',
  options.runtime,
];

const readyFile = (dataDir: DataDir): string => join(dataDir.run, 'ready');

/** Starts a supervisor of its own in the background and waits until its cluster is ready. */
async function detach(options: UpOptions, { root }: Programs, dataDir: DataDir): Promise<number> {
  mkdirSync(dataDir.logs, { recursive: true, mode: 0o700 });
  rmSync(readyFile(dataDir), { force: true });
  const logFile = join(dataDir.logs, 'zeroplane.log');
  rmSync(logFile, { force: true });
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [join(root, 'cli', 'bin.mjs'), 'up', ...flagsOf(options)], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  closeSync(log);
  let exited: number | undefined;
  child.once('exit', (code) => {
    exited = code ?? 1;
  });
  const deadline = Date.now() + DETACH_TIMEOUT_MS;
  while (exited === undefined && !existsSync(readyFile(dataDir)) && Date.now() < deadline)
    await sleep(POLL_INTERVAL_MS);
  process.stdout.write(readFileSync(logFile, 'utf8'));
  if (exited !== undefined) return exited;
  child.unref();
  if (!existsSync(readyFile(dataDir))) {
    console.error(`zeroplane: not ready yet, still starting in the background; see ${logFile}`);
    return 1;
  }
  return 0;
}

async function supervise(options: UpOptions, programs: Programs, dataDir: DataDir): Promise<number> {
  const stop = stopSignal();
  await reapLeftovers(dataDir);
  const prepared = await runPrepare(options, programs, stop);
  if (prepared !== 0) return prepared;
  const plan = JSON.parse(readFileSync(join(dataDir.run, 'plan.json'), 'utf8')) as Plan;
  claimDataDir(dataDir);
  const cluster = new RunningCluster(plan, programs, dataDir);
  try {
    await cluster.start(stop);
    if (!stop.requested) {
      writeFileSync(readyFile(dataDir), '');
      printNextSteps(plan, options);
    }
    await stop.signalled;
    say('\nstopping …');
    return 0;
  } finally {
    await cluster.stop();
    rmSync(readyFile(dataDir), { force: true });
    releaseDataDir(dataDir);
    if (stop.requested) say('stopped; everything is kept, start again with the same command');
  }
}

interface StopSignal {
  readonly requested: boolean;
  readonly signalled: Promise<void>;
}

function stopSignal(): StopSignal {
  let requested = false;
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        requested = true;
        resolve();
      });
    }
  });
  return {
    get requested() {
      return requested;
    },
    signalled,
  };
}

/** The heavy part of setting up runs in a process that ends before anything else starts. */
async function runPrepare(options: UpOptions, { root, node }: Programs, stop: StopSignal): Promise<number> {
  const child: ChildProcess = spawn(node, [join(root, 'dist', 'cli.mjs'), 'prepare', ...flagsOf(options)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ZEROPLANE_ROOT: root },
  });
  void stop.signalled.then(() => child.kill());
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`zeroplane: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(stop.requested ? 0 : (code ?? 1)));
  });
}

const childrenFile = (dataDir: DataDir): string => join(dataDir.run, 'children.json');

/** Ends processes that a killed supervisor left behind; they would hold the port and the state. */
async function reapLeftovers(dataDir: DataDir): Promise<void> {
  if (!existsSync(childrenFile(dataDir))) return;
  const children = JSON.parse(readFileSync(childrenFile(dataDir), 'utf8')) as { pid: number; startTime: string }[];
  const alive = () => children.filter(({ pid, startTime }) => startTime !== '' && processStartTime(pid) === startTime);
  for (const { pid } of alive()) process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + CONTROL_PLANE_STOP_MS;
  while (alive().length > 0 && Date.now() < deadline) await sleep(POLL_INTERVAL_MS);
  for (const { pid } of alive()) process.kill(pid, 'SIGKILL');
  while (alive().length > 0) await sleep(POLL_INTERVAL_MS);
  rmSync(childrenFile(dataDir), { force: true });
}

class RunningCluster {
  readonly #plan: Plan;
  readonly #programs: Programs;
  readonly #dataDir: DataDir;
  readonly #api: ApiClient;
  readonly #sweeper: ApiClient;
  readonly #pids = new Map<string, number>();
  #controlPlane: SupervisedChild | undefined;
  #agents: SupervisedChild[] = [];
  #sweep: NodeJS.Timeout | undefined;

  constructor(plan: Plan, programs: Programs, dataDir: DataDir) {
    this.#plan = plan;
    this.#programs = programs;
    this.#dataDir = dataDir;
    const ca = readFileSync(plan.caFile, 'utf8');
    this.#api = new ApiClient(plan.localUrl, ca, plan.adminToken);
    this.#sweeper = new ApiClient(plan.localUrl, ca, plan.supervisorToken);
  }

  async start(stop: StopSignal): Promise<void> {
    const started = Date.now();
    this.#controlPlane = this.#child('control-plane', this.#plan.controlPlane, CONTROL_PLANE_STOP_MS);
    await this.#waitUntilReady(stop);
    step(`control plane ready on ${this.#plan.localUrl} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    this.#sweep = setInterval(
      () => void this.#sweeper.call('POST', '/internal/scheduled').catch(() => undefined),
      SWEEP_INTERVAL_MS,
    );
    if (this.#plan.nodes.length > 0 && !stop.requested) await this.#startNodes(stop);
  }

  async #waitUntilReady(stop: StopSignal): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    let last = 'no answer';
    while (!stop.requested) {
      try {
        const answer = await this.#api.call('GET', '/readyz', undefined, 5_000);
        if (answer.code === 200) return;
        last = answer.body.slice(0, 200);
      } catch (error) {
        last = messageOf(error);
      }
      if (Date.now() > deadline) {
        throw new Error(
          `the control plane did not become ready (${last}); its log is ${join(this.#dataDir.logs, 'control-plane.log')}`,
        );
      }
      await sleep(POLL_INTERVAL_MS);
    }
  }

  async #startNodes(stop: StopSignal): Promise<void> {
    const { nodes, runtime } = this.#plan;
    const started = Date.now();
    const token = await createJoinToken(this.#api, {
      lifeMs: JOIN_TOKEN_LIFE_MS,
      description: 'Nodes of the machine that runs the control plane.',
      now: Date.now(),
    });
    // One process stands for all simulated nodes; real ones have a process each.
    const groups = runtime === 'simulated' ? [nodes] : nodes.map((node) => [node]);
    this.#agents = groups.map((group) => this.#startAgent(group, token));
    const waiting = await this.#waitForNodes(stop);
    const what = `${nodes.length === 1 ? `node ${nodes[0]?.name}` : `${nodes.length} nodes`} (${runtime})`;
    if (waiting.length === 0) step(`${what} ready (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    else if (!stop.requested) say(`  ! not ready yet: ${waiting.join(', ')}; logs are in ${this.#dataDir.logs}`);
  }

  #startAgent(group: Plan['nodes'], token: string): SupervisedChild {
    const first = group[0] as Plan['nodes'][number];
    mkdirSync(first.folder, { recursive: true, mode: 0o700 });
    const tokenFile = join(first.folder, 'join-token');
    writeFileSync(tokenFile, token, { mode: 0o600 });
    const { node, root } = this.#programs;
    const argv = [
      node,
      join(root, 'dist', 'agent.mjs'),
      ...['--server', this.#plan.runtime === 'containerd' ? this.#plan.advertisedUrl : this.#plan.localUrl],
      ...['--ca-file', this.#plan.caFile, '--token-file', tokenFile],
      ...['--node-name', first.name, '--data-dir', first.folder, '--runtime', this.#plan.runtime],
      ...(group.length > 1 ? ['--simulated-nodes', String(group.length)] : []),
      // Ctrl-C stops everything: the pods too; they come back with the node.
      '--stop-pods-on-exit',
    ];
    return this.#child(`node-${first.name}`, argv, AGENT_STOP_MS);
  }

  async #waitForNodes(stop: StopSignal): Promise<string[]> {
    const deadline = Date.now() + NODES_READY_TIMEOUT_MS;
    let waiting = this.#plan.nodes.map((node) => node.name);
    while (waiting.length > 0 && !stop.requested && Date.now() < deadline) {
      await sleep(POLL_INTERVAL_MS * 2);
      const answer = await this.#api.call('GET', '/api/v1/nodes').catch(() => undefined);
      if (answer?.code === 200) waiting = notReady(waiting, answer.body);
    }
    return waiting;
  }

  #child(name: string, argv: readonly string[], stopTimeoutMs: number): SupervisedChild {
    return new SupervisedChild({
      name,
      argv,
      logFile: join(this.#dataDir.logs, `${name}.log`),
      stopTimeoutMs,
      onStart: (pid) => {
        this.#pids.set(name, pid);
        const children = [...this.#pids.values()].map((id) => ({ pid: id, startTime: processStartTime(id) }));
        writeFileSync(childrenFile(this.#dataDir), JSON.stringify(children));
      },
      onCrash: (how, delayMs) => say(`  ! ${name} ended (${how}), starting it again in ${delayMs} ms`),
    });
  }

  /** Nodes first, so that their last reports still reach the control plane. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    await this.#controlPlane?.stop();
    this.#api.close();
    this.#sweeper.close();
    rmSync(childrenFile(this.#dataDir), { force: true });
  }
}

/** Which of `names` the node list does not show as Ready. */
export function notReady(names: readonly string[], nodeList: string): string[] {
  const { items } = JSON.parse(nodeList) as {
    items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
  };
  const ready = new Set(
    items
      .filter((node) => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
      .map((node) => node.metadata.name),
  );
  return names.filter((name) => !ready.has(name));
}

function printNextSteps(plan: Plan, options: UpOptions): void {
  say(`
The cluster is ready. In another terminal:

  export KUBECONFIG=${plan.kubeconfig}
  kubectl get nodes
  kubectl create deployment web --image=IMAGE

${options.detach ? '' : 'Ctrl-C stops it; '}\`npx zeroplane --help\` shows what else there is.`);
}
