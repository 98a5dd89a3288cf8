/**
 * `zeroplane up`: keeps the control plane and this machine's nodes running until it is told to stop.
 * It stays resident beside workerd, so it loads no HTTP client (15 MiB): what speaks to the API server
 * at start-up are short-lived processes of the full command.
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
import { agentNodeFlags } from '../setup/agent-flags.ts';
import type { Plan } from '../setup/plan.ts';
import { SupervisedChild } from './child-process.ts';
import { parseUpOptions, type UpOptions } from './options.ts';
import { triggerSweep } from './sweep.ts';

export interface Programs {
  /** The project's root. */
  readonly root: string;
  /** The Node.js that runs built programs. */
  readonly node: string;
}

const POLL_INTERVAL_MS = 50;
const CONTROL_PLANE_STOP_MS = 5_000;
const AGENT_STOP_MS = 45_000;
const SWEEP_INTERVAL_MS = 60_000;
const START_CRASHES_MAX = 3;
const DETACH_TIMEOUT_MS = 300_000;

const say = (text: string): void => console.log(text);
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
  const prepared = await runStep(['prepare', ...flagsOf(options)], programs, stop);
  if (prepared !== 0 || stop.requested) return prepared;
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

/** Runs a step of the start in a process of its own, which ends before the next; its exit status. */
async function runStep(args: readonly string[], { root, node }: Programs, stop: StopSignal): Promise<number> {
  const child: ChildProcess = spawn(node, [join(root, 'dist', 'cli.mjs'), ...args], {
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
  readonly #pids = new Map<string, number>();
  #crashes = 0;
  #controlPlane: SupervisedChild | undefined;
  #agents: SupervisedChild[] = [];
  #sweep: NodeJS.Timeout | undefined;

  constructor(plan: Plan, programs: Programs, dataDir: DataDir) {
    this.#plan = plan;
    this.#programs = programs;
    this.#dataDir = dataDir;
  }

  async start(stop: StopSignal): Promise<void> {
    this.#controlPlane = this.#child('control-plane', this.#plan.controlPlane, CONTROL_PLANE_STOP_MS);
    await this.#step(['await-control-plane'], stop);
    const sweep = () => triggerSweep(this.#plan.controlSocket, this.#plan.adminToken);
    this.#sweep = setInterval(sweep, SWEEP_INTERVAL_MS);
    if (this.#plan.nodes.length === 0 || stop.requested) return;
    // One process stands for all simulated nodes; real ones have a process each.
    const groups = this.#plan.runtime === 'simulated' ? [this.#plan.nodes] : this.#plan.nodes.map((node) => [node]);
    this.#agents = groups.map((group) => this.#startAgent(group));
    await this.#step(['await-nodes'], stop);
  }

  /** Gives up early when the control plane cannot even start. */
  async #step(args: readonly string[], stop: StopSignal): Promise<void> {
    const hopeless = new Promise<never>((_, reject) => {
      this.#onCrash = () => {
        this.#crashes += 1;
        if (this.#crashes >= START_CRASHES_MAX)
          reject(new Error(`the control plane cannot start: ${lastLine(this.#logFile('control-plane'))}`));
      };
    });
    const status = await Promise.race([
      runStep([...args, '--data-dir', this.#dataDir.path], this.#programs, stop),
      hopeless,
    ]);
    this.#onCrash = () => {};
    if (status !== 0) throw new Error(`see ${this.#dataDir.logs}`);
  }

  #onCrash = (): void => {};

  readonly #logFile = (name: string): string => join(this.#dataDir.logs, `${name}.log`);

  #startAgent(group: Plan['nodes']): SupervisedChild {
    const first = group[0] as Plan['nodes'][number];
    mkdirSync(first.folder, { recursive: true, mode: 0o700 });
    const { node, root } = this.#programs;
    const argv = [
      node,
      ...agentNodeFlags(this.#plan.runtime),
      join(root, 'dist', 'agent.mjs'),
      ...['--server', this.#plan.runtime === 'containerd' ? this.#plan.advertisedUrl : this.#plan.localUrl],
      ...['--ca-file', this.#plan.caFile, '--token-file', this.#plan.joinTokenFile],
      ...['--node-name', first.name, '--data-dir', first.folder, '--runtime', this.#plan.runtime],
      ...(group.length > 1 ? ['--simulated-nodes', String(group.length)] : []),
      // Ctrl-C stops everything: the pods too; they come back with the node.
      '--stop-pods-on-exit',
    ];
    return this.#child(`node-${first.name}`, argv, AGENT_STOP_MS);
  }

  #child(name: string, argv: readonly string[], stopTimeoutMs: number): SupervisedChild {
    return new SupervisedChild({
      name,
      argv,
      logFile: this.#logFile(name),
      stopTimeoutMs,
      // workerd does not replace the socket that a killed one left.
      beforeStart: () => name === 'control-plane' && rmSync(this.#plan.controlSocket, { force: true }),
      onStart: (pid) => {
        this.#pids.set(name, pid);
        const children = [...this.#pids.values()].map((id) => ({ pid: id, startTime: processStartTime(id) }));
        writeFileSync(childrenFile(this.#dataDir), JSON.stringify(children));
      },
      onCrash: (how, delayMs) => {
        if (name === 'control-plane') this.#onCrash();
        say(`  ! ${name} ended (${how}), starting it again in ${delayMs} ms`);
      },
    });
  }

  /** Nodes first, so that their last reports still reach the control plane. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    await this.#controlPlane?.stop();
    rmSync(childrenFile(this.#dataDir), { force: true });
  }
}

const lastLine = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';

function printNextSteps(plan: Plan, options: UpOptions): void {
  say(`
The cluster is ready. In another terminal:

  export KUBECONFIG=${plan.kubeconfig}
  kubectl get nodes
  kubectl create deployment web --image=IMAGE

${options.detach ? '' : 'Ctrl-C stops it; '}\`npx zeroplane --help\` shows what else there is.`);
}

// As a program of its own (see bin.mjs): the project's root, then the flags of `up`.
if (process.argv[1] === import.meta.filename) {
  const [root = '', ...args] = process.argv.slice(2);
  process.exitCode = await up(args, { root, node: process.execPath });
}
