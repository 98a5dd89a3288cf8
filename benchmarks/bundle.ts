import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ensureBuilt, projectRoot } from '../cli/bootstrap.mjs';
import { WORKER_SETTINGS } from '../cli/setup/worker-settings.ts';
import { workerdConfig } from '../cli/setup/workerd-config.ts';
import { workerdProgram } from '../cli/setup/workerd-program.ts';
import { freePort } from '../tests/cluster/running-cluster.ts';
import type { Benchmark } from './benchmark.ts';
import { percentile, processUse, round } from './measure.ts';

const STARTS = 15;
const RETRY_MS = 5;
const START_TIMEOUT_MS = 20_000;
const GZIP_LEVEL = 9;

const MEBIBYTE = 1024 * 1024;

/** Answers without a body of its own: what a process costs whatever it runs. */
const EMPTY_WORKER = `import { DurableObject } from 'cloudflare:workers';
${WORKER_SETTINGS.durableObjects.map(({ className }) => `export class ${className} extends DurableObject {}`).join('\n')}
export default { fetch: () => new Response('ok') };
`;

/** Starts workerd with a Worker, asks once, and says what CPU time and memory that took. */
async function start(folder: string, workerFile: string): Promise<{ cpuMs: number; residentMiB: number }> {
  const controlSocket = join(folder, 'control.sock');
  rmSync(controlSocket, { force: true });
  const config = workerdConfig({
    port: await freePort(),
    controlSocket,
    folder,
    workerFile,
    stateFolder: folder,
    keyFile: join(folder, 'none.key'),
    certificateFile: join(folder, 'none.crt'),
    bindings: { ADMIN_TOKEN_SHA256: '0'.repeat(64) },
  });
  const configFile = join(folder, 'config.capnp');
  writeFileSync(configFile, withoutTls(config));
  const workerd = spawn(workerdProgram(projectRoot), ['serve', configFile, '--experimental'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  workerd.stderr?.on('data', (chunk) => (complaints += chunk));
  try {
    if (!(await answers(controlSocket, workerd))) throw new Error(`workerd did not start: ${complaints}`);
    const { cpuSeconds, residentMiB } = processUse([workerd.pid as number]);
    return { cpuMs: cpuSeconds * 1000, residentMiB };
  } finally {
    workerd.kill('SIGKILL');
    await new Promise((resolve) => workerd.once('exit', resolve));
  }
}

/** Keys cost time that is not the Worker's: the control socket alone is served. */
const withoutTls = (config: string): string => config.replace(/ {4}\(name = "https"[\s\S]*?\n {4}\)\),\n/, '');

/** Whether it answered before it ended or the time was over. */
async function answers(socketPath: string, process: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await asked(socketPath))) {
    if (process.exitCode !== null || Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return true;
}

const asked = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const call = request({ socketPath, path: '/version' }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(true));
    });
    call.once('error', () => resolve(false));
    call.end();
  });

export const bundle: Benchmark = {
  name: 'bundle',
  about: `the Worker's size, and the CPU time of its start, ${STARTS} times`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bundle-'));
    try {
      ensureBuilt();
      const ours = join(projectRoot, 'dist', 'worker.js');
      const empty = join(folder, 'empty.js');
      writeFileSync(empty, EMPTY_WORKER);
      const source = readFileSync(ours);
      const starts: { cpuMs: number; residentMiB: number }[] = [];
      const bare: { cpuMs: number; residentMiB: number }[] = [];
      for (let index = 0; index < STARTS; index += 1) {
        bare.push(await start(folder, empty));
        starts.push(await start(folder, ours));
      }
      const median = (samples: typeof starts, of: 'cpuMs' | 'residentMiB') =>
        percentile(
          samples.map((sample) => sample[of]),
          0.5,
        );
      const own = starts.map(({ cpuMs }) => cpuMs - median(bare, 'cpuMs'));
      return [
        { name: 'size', value: round(source.length / MEBIBYTE, 2), unit: 'MiB' },
        {
          name: 'size, gzip',
          value: round(gzipSync(source, { level: GZIP_LEVEL }).length / MEBIBYTE, 2),
          unit: 'MiB',
          expected: '<= 3',
        },
        { name: 'start: p50', value: round(percentile(own, 0.5), 0), unit: 'ms of CPU', expected: '<= 400' },
        { name: 'start: p99', value: round(percentile(own, 0.99), 0), unit: 'ms of CPU', expected: '<= 400' },
        { name: 'of an empty Worker, p50', value: round(median(bare, 'cpuMs'), 0), unit: 'ms of CPU' },
        { name: 'resident', value: round(median(starts, 'residentMiB')), unit: 'MiB' },
        { name: 'of an empty Worker', value: round(median(bare, 'residentMiB')), unit: 'MiB' },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
