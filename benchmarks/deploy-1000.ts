import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark } from './benchmark.ts';
import { BenchClient, createNamespaces } from './client.ts';
import { processUse, round } from './measure.ts';

const NODES = 100;
const REPLICAS = 1_000;
const ROUNDS = 3;

const deployment = (name: string): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: 'main', image: 'registry.example/app:1', resources: { requests: { cpu: '1m', memory: '1Mi' } } },
          ],
        },
      },
    },
  });

/** Counts pods seen bound by a watch, from `apply`'s answer on. */
export const deploy1000: Benchmark = {
  name: 'deploy-1000',
  about: `a Deployment of ${REPLICAS} replicas: all pods created and bound to ${NODES} simulated nodes, from the answer to its create`,
  async run() {
    const cluster = await startCluster({ nodes: NODES, runtime: 'simulated' });
    const client = new BenchClient(cluster, 8);
    const over = new AbortController();
    try {
      const namespaces = Array.from({ length: ROUNDS }, (_, index) => `bench-${index}`);
      await createNamespaces(client, namespaces);
      const { controlPlane } = cluster.pids();
      const times: number[] = [];
      const runningTimes: number[] = [];
      const cpu: number[] = [];
      for (const namespace of namespaces) {
        const bound = new Set<string>();
        const running = new Set<string>();
        let allBound = () => {};
        let allRunning = () => {};
        const bindings = new Promise<void>((resolve) => (allBound = resolve));
        const started = new Promise<void>((resolve) => (allRunning = resolve));
        await client.watch(`/api/v1/namespaces/${namespace}/pods?watch=1`, over.signal, (line) => {
          const { object } = JSON.parse(line) as {
            object: { metadata: { name: string }; spec?: { nodeName?: string }; status?: { phase?: string } };
          };
          if (object.spec?.nodeName) bound.add(object.metadata.name);
          if (object.status?.phase === 'Running') running.add(object.metadata.name);
          if (bound.size === REPLICAS) allBound();
          if (running.size === REPLICAS) allRunning();
        });
        const before = processUse([controlPlane]);
        await client.call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment('web'));
        const answered = performance.now();
        await bindings;
        times.push(performance.now() - answered);
        await started;
        runningTimes.push(performance.now() - answered);
        cpu.push(processUse([controlPlane]).cpuSeconds - before.cpuSeconds);
      }
      const middle = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
      return [
        { name: 'created and bound, median', value: round(middle(times), 0), unit: 'ms', expected: '<= 1000' },
        { name: 'created and bound, worst', value: round(Math.max(...times), 0), unit: 'ms' },
        { name: 'all Running, median', value: round(middle(runningTimes), 0), unit: 'ms' },
        { name: 'bound', value: round((REPLICAS * 1000) / middle(times), 0), unit: 'pods/s' },
        { name: 'control plane CPU, until all Running', value: round(middle(cpu), 2), unit: 's' },
        { name: 'resident after', value: round(processUse([controlPlane]).residentMiB), unit: 'MiB' },
      ];
    } finally {
      over.abort();
      await client.close();
      await cluster.remove();
    }
  },
};
