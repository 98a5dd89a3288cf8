import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark } from './benchmark.ts';
import { BenchClient, createNamespaces } from './client.ts';
import { inParallel, percentile, processUse, round } from './measure.ts';

const PODS = 5_000;
const LISTS = 20;

const pod = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench' } },
    spec: { schedulerName: 'none', containers: [{ name: 'main', image: 'registry.example/app:1' }] },
  });

export const list: Benchmark = {
  name: 'list',
  about: `lists of ${PODS} pods over TLS, one at a time`,
  async run() {
    const cluster = await startCluster();
    const client = new BenchClient(cluster, 32);
    try {
      await createNamespaces(client, ['bench']);
      await inParallel(PODS, 32, async (index) => {
        await client.call('POST', '/api/v1/namespaces/bench/pods', pod(`pod-${index}`));
      });
      const { controlPlane } = cluster.pids();
      const figures = [];
      for (const { label, path, expected } of [
        { label: 'one namespace', path: '/api/v1/namespaces/bench/pods', expected: '<= 150' },
        { label: 'all namespaces', path: '/api/v1/pods', expected: '<= 150' },
        { label: 'page of 500', path: '/api/v1/namespaces/bench/pods?limit=500', expected: undefined },
        {
          label: 'by label, none match',
          path: '/api/v1/namespaces/bench/pods?labelSelector=app%3Dother',
          expected: undefined,
        },
      ]) {
        const before = processUse([controlPlane]);
        let bytes = 0;
        const { latenciesMs } = await inParallel(LISTS, 1, async () => {
          bytes = (await client.call('GET', path)).length;
        });
        const after = processUse([controlPlane]);
        figures.push(
          {
            name: `${label}: p50`,
            value: round(percentile(latenciesMs, 0.5)),
            unit: 'ms',
            ...(expected ? { expected } : {}),
          },
          { name: `${label}: p99`, value: round(percentile(latenciesMs, 0.99)), unit: 'ms' },
          {
            name: `${label}: CPU a list`,
            value: round(((after.cpuSeconds - before.cpuSeconds) / LISTS) * 1000),
            unit: 'ms',
          },
          { name: `${label}: answer`, value: round(bytes / 1024 / 1024, 2), unit: 'MiB' },
        );
      }
      figures.push({ name: 'resident after', value: round(processUse([controlPlane]).residentMiB), unit: 'MiB' });
      return figures;
    } finally {
      await client.close();
      await cluster.remove();
    }
  },
};
