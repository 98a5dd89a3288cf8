/**
 * The supervisor's life in episodes: start everything; then, each time there is a reason, look after
 * it and go back to sleep. Between episodes the state is on disk, so that nothing has to stay in memory.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimDataDir, type DataDir, releaseDataDir } from '../setup/data-dir.ts';
import type { Plan } from '../setup/plan.ts';
import {
  type Child,
  type ChildSpec,
  forgetChildren,
  isRunning,
  readChildren,
  restartDelay,
  startChild,
  stopAll,
  writeChildren,
} from './children.ts';
import { agentProcesses, auditLogProcesses, controlPlaneProcess, type Programs } from './cluster-processes.ts';
import { flagsOf, type UpOptions } from './options.ts';
import { sleep } from './sleep.ts';
import { type StopSignal, stopSignal } from './stop-signal.ts';
import { triggerSweep } from './sweep.ts';
import { type Reason, watch } from './watch.ts';

const say = (text: string): void => console.log(text);
export const readyFile = (dataDir: DataDir): string => join(dataDir.run, 'ready');

export interface Supervision {
  readonly options: UpOptions;
  readonly programs: Programs;
  readonly dataDir: DataDir;
  /** Why it wakes; absent at the first start. */
  readonly because: Reason | undefined;
}

/** Runs until everything is stopped (or until this process has become the watcher); the exit status. */
export async function supervise(supervision: Supervision): Promise<number> {
  const { dataDir, because } = supervision;
  const stop = stopSignal();
  try {
    let reason = because;
    if (reason === undefined) {
      const status = await startCluster(supervision, stop);
      if (status !== 0) return status;
      reason = await watchCluster(supervision, stop);
    }
    while (reason !== 'stop') {
      await (reason === 'ended' ? restartEnded(dataDir, stop) : sweep(dataDir));
      reason = await watchCluster(supervision, stop);
    }
    say('\nstopping …');
    return 0;
  } finally {
    await stopCluster(dataDir);
    if (stop.requested || because === 'stop') say('stopped; everything is kept, start again with the same command');
  }
}

const planOf = (dataDir: DataDir): Plan => JSON.parse(readFileSync(join(dataDir.run, 'plan.json'), 'utf8')) as Plan;

async function startCluster({ options, programs, dataDir }: Supervision, stop: StopSignal): Promise<number> {
  // What a killed supervisor left behind would hold the port and the state.
  await stopAll(readChildren(dataDir));
  const prepared = await runStep(['prepare', ...flagsOf(options)], programs, stop);
  if (prepared !== 0 || stop.requested) return prepared;
  claimDataDir(dataDir);
  const plan = planOf(dataDir);
  const step = (name: string) => runStep([name, '--data-dir', dataDir.path], programs, stop);

  const start = (spec: ChildSpec): Child => startChild(spec, 0, Date.now()).child;
  const { child, process: controlPlane } = startChild(controlPlaneProcess(plan, dataDir), 0, Date.now());
  const auditLog = auditLogProcesses(plan, dataDir, programs).map(start);
  writeChildren(dataDir, [child, ...auditLog]);
  const died = new Promise<'died'>((resolve) => controlPlane.once('exit', () => resolve('died')));
  const ready = await Promise.race([step('await-control-plane'), died]);
  if (stop.requested) return 0;
  if (ready === 'died') throw new Error(`the control plane cannot start: ${lastLine(child.logFile)}`);
  if (ready !== 0) return ready;

  const agents = agentProcesses(plan, dataDir, programs).map(start);
  writeChildren(dataDir, [child, ...auditLog, ...agents]);
  if (agents.length > 0) await step('await-nodes');
  if (stop.requested) return 0;
  writeFileSync(readyFile(dataDir), '');
  printNextSteps(plan, options);
  return 0;
}

/** Runs a step of the start in a process of its own, which ends before the next; its exit status. */
async function runStep(args: readonly string[], { root, node }: Programs, stop: StopSignal): Promise<number> {
  const child = spawn(node, [join(root, 'dist', 'cli.mjs'), ...args], {
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

function watchCluster({ options, programs, dataDir }: Supervision, stop: StopSignal): Promise<Reason> {
  const children = readChildren(dataDir);
  const byPid = new Map(children.map((child) => [child.pid, child]));
  return watch({
    root: programs.root,
    pids: children.map(({ pid }) => pid),
    isRunning: (pid) => isRunning(byPid.get(pid) as Child),
    stop,
    resume: [programs.node, join(programs.root, 'dist', 'supervisor.mjs'), programs.root, ...flagsOf(options)],
  });
}

/** Starts again what has ended, later each time it dies young. */
async function restartEnded(dataDir: DataDir, stop: StopSignal): Promise<void> {
  const children = readChildren(dataDir);
  const restarted = await Promise.all(
    children.map(async (child) => {
      if (isRunning(child)) return child;
      const delayMs = restartDelay(child.delayMs, Date.now() - child.startedAt);
      say(`  ! ${child.name} ended, starting it again in ${delayMs} ms`);
      await Promise.race([sleep(delayMs), stop.signalled]);
      return stop.requested ? child : startChild(child, delayMs, Date.now()).child;
    }),
  );
  writeChildren(dataDir, restarted);
}

async function sweep(dataDir: DataDir): Promise<void> {
  const { controlSocket, adminToken } = planOf(dataDir);
  await triggerSweep(controlSocket, adminToken);
}

/** Stops everything and gives the data directory back. */
async function stopCluster(dataDir: DataDir): Promise<void> {
  await stopAll(readChildren(dataDir));
  forgetChildren(dataDir);
  rmSync(readyFile(dataDir), { force: true });
  releaseDataDir(dataDir);
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
