import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { BenchClient, createNamespaces } from './client.ts';
import { inParallel, percentile, processUse, round } from './measure.ts';

const CONNECTIONS = 16;
const WARM_UP = 500;
const REQUESTS = 3_000;
/** As many as a large but ordinary chart's pod has. */
const CONTAINERS = 5;
const ENVIRONMENT = 30;

const container = (index: number) => ({
  name: `c${index}`,
  image: `registry.example/team/app-${index}:1.2.3`,
  command: ['/app', '--verbose'],
  ports: [{ name: `http-${index}`, containerPort: 8080 + index }],
  env: Array.from({ length: ENVIRONMENT }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${i}` })),
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
  readinessProbe: { httpGet: { path: '/ready', port: 8080 + index }, periodSeconds: 5 },
  volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
});

const template = {
  metadata: { labels: { app: 'bench' } },
  spec: {
    containers: Array.from({ length: CONTAINERS }, (_, index) => container(index)),
    volumes: [{ name: 'cache', emptyDir: { sizeLimit: '1Gi' } }],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: 'bench' } },
      },
    ],
  },
};

const deployment = (name: string, labels: object): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  });

interface Case {
  readonly label: string;
  readonly query: string;
  readonly body: (index: number) => string;
  readonly status: number;
  /** Of the throughput, in requests/s, as expected before measuring. */
  readonly expected: string;
}

const CASES: readonly Case[] = [
  {
    label: 'good, dry run',
    query: '?dryRun=All',
    body: (index) => deployment(`d-${index}`, { app: 'bench' }),
    status: 201,
    expected: '>= 400',
  },
  {
    label: 'good, dry run, strict fields',
    query: '?dryRun=All&fieldValidation=Strict',
    body: (index) => deployment(`d-${index}`, { app: 'bench' }),
    status: 201,
    expected: '>= 400',
  },
  {
    label: 'bad, 422 with its causes',
    query: '',
    body: (index) => deployment(`D_${index}`, { app: 'other' }),
    status: 422,
    expected: '>= 400',
  },
];

/** From body to verdict: decoding, field checks, defaults, admission and validation, without a write. */
export const validate: Benchmark = {
  name: 'validate',
  about: `Deployments of ${round(deployment('d', {}).length / 1024)} KiB judged and not stored, ${CONNECTIONS} connections`,
  async run() {
    const cluster = await startCluster();
    const client = new BenchClient(cluster, CONNECTIONS);
    try {
      await createNamespaces(client, ['bench']);
      const { controlPlane } = cluster.pids();
      const figures: Figure[] = [];
      for (const { label, query, body, status, expected } of CASES) {
        const send = async (index: number) => {
          const path = `/apis/apps/v1/namespaces/bench/deployments${query}`;
          const code = await client.status('POST', path, body(index));
          if (code !== status) throw new Error(`${label}: ${code} instead of ${status}`);
        };
        await inParallel(WARM_UP, CONNECTIONS, send);
        const before = processUse([controlPlane]);
        const { latenciesMs, totalMs } = await inParallel(REQUESTS, CONNECTIONS, send);
        const after = processUse([controlPlane]);
        figures.push(
          {
            name: `${label}: throughput`,
            value: round((REQUESTS / totalMs) * 1000, 0),
            unit: 'requests/s',
            expected,
          },
          { name: `${label}: p50`, value: round(percentile(latenciesMs, 0.5)), unit: 'ms' },
          { name: `${label}: p99`, value: round(percentile(latenciesMs, 0.99)), unit: 'ms' },
          {
            name: `${label}: CPU a request`,
            value: round(((after.cpuSeconds - before.cpuSeconds) / REQUESTS) * 1000, 3),
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
