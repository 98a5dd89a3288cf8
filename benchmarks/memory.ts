import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark } from './benchmark.ts';
import { processUse, round } from './measure.ts';

const IDLE_MS = 30_000;
/** Shards fall asleep, and their databases are tidied, some seconds after the last request. */
const SETTLE_MS = 20_000;

/** When a file of the control plane's state was last written, in ms since the epoch. */
function lastWrite(dataDir: string): number {
  const entries = readdirSync(join(dataDir, 'state'), { recursive: true, withFileTypes: true });
  return Math.max(...entries.filter((e) => e.isFile()).map((e) => statSync(join(e.parentPath, e.name)).mtimeMs));
}

/** What an idle cluster with one node costs. */
export const memory: Benchmark = {
  name: 'memory',
  about: `resident memory and CPU of a cluster with one node, idle for ${IDLE_MS / 1000} s after its start`,
  async run() {
    const cluster = await startCluster({ nodes: 1, runtime: 'auto' });
    try {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const { supervisor, controlPlane, agents } = cluster.pids();
      const all = [supervisor, controlPlane, ...agents];
      const before = processUse(all);
      const idleFrom = Date.now();
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      const after = processUse(all);
      return [
        {
          name: 'control plane with supervisor',
          value: round(processUse([supervisor, controlPlane]).residentMiB),
          unit: 'MiB',
          expected: '<= 120',
        },
        { name: 'of it the supervisor', value: round(processUse([supervisor]).residentMiB), unit: 'MiB' },
        { name: 'agent', value: round(processUse(agents).residentMiB), unit: 'MiB', expected: '<= 90' },
        {
          name: 'CPU of all, idle',
          value: round(((after.cpuSeconds - before.cpuSeconds) / (IDLE_MS / 1000)) * 100, 2),
          unit: '% of a core',
        },
        {
          name: "writes to the control plane's files while idle",
          value: lastWrite(cluster.dataDir) > idleFrom ? 1 : 0,
          unit: '(0: none)',
          expected: '<= 0',
        },
      ];
    } finally {
      await cluster.remove();
    }
  },
};
