import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { BenchClient, configMapOf, createNamespaces } from './client.ts';
import { inParallel, percentile, processUse, round } from './measure.ts';

const CONNECTIONS = 32;
const OBJECT_BYTES = 2048;
const WARM_UP = 1_500;
const CREATES = 6_000;

export const create: Benchmark = {
  name: 'create',
  about: `creates of ${OBJECT_BYTES}-byte ConfigMaps over TLS, ${CONNECTIONS} keep-alive connections`,
  async run() {
    const cluster = await startCluster();
    const client = new BenchClient(cluster, CONNECTIONS);
    try {
      const spread = Array.from({ length: 10 }, (_, index) => `bench-${index}`);
      await createNamespaces(client, ['bench', ...spread]);
      const figures: Figure[] = [];
      for (const { label, namespaces, rate } of [
        { label: 'one namespace', namespaces: ['bench'], rate: '>= 1200' },
        { label: 'ten namespaces', namespaces: spread, rate: '>= 900' },
      ]) {
        const send = (prefix: string) => async (index: number) => {
          const namespace = namespaces[index % namespaces.length];
          await client.call(
            'POST',
            `/api/v1/namespaces/${namespace}/configmaps`,
            configMapOf(`${prefix}-${index}`, OBJECT_BYTES),
          );
        };
        await inParallel(WARM_UP, CONNECTIONS, send('warm'));
        const { controlPlane } = cluster.pids();
        const before = processUse([controlPlane]);
        const { latenciesMs, totalMs } = await inParallel(CREATES, CONNECTIONS, send('run'));
        const after = processUse([controlPlane]);
        figures.push(
          {
            name: `${label}: throughput`,
            value: round((CREATES / totalMs) * 1000, 0),
            unit: 'creates/s',
            expected: rate,
          },
          { name: `${label}: p50`, value: round(percentile(latenciesMs, 0.5)), unit: 'ms' },
          { name: `${label}: p99`, value: round(percentile(latenciesMs, 0.99)), unit: 'ms', expected: '<= 100' },
          {
            name: `${label}: CPU a create`,
            value: round(((after.cpuSeconds - before.cpuSeconds) / CREATES) * 1000, 3),
            unit: 'ms',
          },
          { name: `${label}: resident after`, value: round(after.residentMiB), unit: 'MiB' },
        );
      }
      return figures;
    } finally {
      await client.close();
      await cluster.remove();
    }
  },
};
