import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { BenchClient, createNamespaces } from './client.ts';
import { inParallel, percentile, processUse, round } from './measure.ts';

const CONNECTIONS = 16;
const DEPLOYMENTS = 200;
const REQUESTS = 3_000;
const CONFIGURATION_BYTES = 10_240;
const CONTAINERS = 5;
const ENVIRONMENT = 33;

const container = (index: number, version: number) => ({
  name: `c${index}`,
  image: `registry.example/team/app-${index}:1.2.3`,
  args: ['--verbose', `--version=${version}`],
  ports: [{ name: `http-${index}`, containerPort: 8080 + index }],
  env: Array.from({ length: ENVIRONMENT }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${i} of the app` })),
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
  readinessProbe: { httpGet: { path: '/ready', port: 8080 + index }, periodSeconds: 5 },
  volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
});

/** Paused and without replicas: what is measured is the apply, not what controllers make of it. */
const configuration = (index: number, version: number): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `web-${index}`, labels: { app: 'web' } },
    spec: {
      replicas: 0,
      paused: true,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: Array.from({ length: CONTAINERS }, (_, i) => container(i, version)),
          volumes: [{ name: 'cache', emptyDir: { sizeLimit: '1Gi' } }],
        },
      },
    },
  });

interface Case {
  readonly label: string;
  readonly version: (request: number) => number;
  /** Of the throughput, in applies/s, as expected before measuring. */
  readonly rate: string;
  readonly p99: string;
}

const CASES: readonly Case[] = [
  { label: 'no-op', version: () => 0, rate: '>= 400', p99: '<= 100' },
  { label: 'changing', version: (request) => request + 1, rate: '>= 250', p99: '<= 150' },
];

export const ssa: Benchmark = {
  name: 'ssa',
  about: `server-side applies of ${round(configuration(0, 0).length / 1024)} KiB Deployments, ${DEPLOYMENTS} in one namespace, ${CONNECTIONS} keep-alive connections`,
  async run() {
    if (configuration(0, 0).length < CONFIGURATION_BYTES) throw new Error('the configuration is too small');
    const cluster = await startCluster();
    const client = new BenchClient(cluster, CONNECTIONS);
    try {
      await createNamespaces(client, ['bench']);
      const apply = async (index: number, version: number) => {
        const name = `web-${index % DEPLOYMENTS}`;
        const path = `/apis/apps/v1/namespaces/bench/deployments/${name}?fieldManager=bench&force=true`;
        await client.apply(path, configuration(index % DEPLOYMENTS, version));
      };
      // Creates all, and then finds each as it is a few times, so that the code is warm.
      await inParallel(3 * DEPLOYMENTS, CONNECTIONS, (index) => apply(index, 0));
      const figures: Figure[] = [];
      for (const { label, version, rate, p99 } of CASES) {
        const { controlPlane } = cluster.pids();
        const before = processUse([controlPlane]);
        const { latenciesMs, totalMs } = await inParallel(REQUESTS, CONNECTIONS, (request) =>
          apply(request, version(request)),
        );
        const after = processUse([controlPlane]);
        const cpuMs = ((after.cpuSeconds - before.cpuSeconds) / REQUESTS) * 1000;
        figures.push(
          {
            name: `${label}: throughput`,
            value: round((REQUESTS / totalMs) * 1000, 0),
            unit: 'applies/s',
            expected: rate,
          },
          { name: `${label}: p50`, value: round(percentile(latenciesMs, 0.5)), unit: 'ms' },
          { name: `${label}: p99`, value: round(percentile(latenciesMs, 0.99)), unit: 'ms', expected: p99 },
          { name: `${label}: CPU an apply`, value: round(cpuMs, 3), unit: 'ms' },
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
