import { gunzipSync } from 'node:zlib';
import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { BenchClient, createNamespaces } from './client.ts';
import { inParallel, percentile, processUse, round } from './measure.ts';

const PODS = 5_000;
const LISTS = 20;
const CREATES_AT_ONCE = 32;

/** A pod of about the size real ones have: probes, mounts, resources, environment. */
const pod = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', tier: 'web' }, annotations: { 'example.com/build': '20260101-1' } },
    spec: {
      schedulerName: 'none',
      containers: [
        {
          name: 'main',
          image: 'registry.example/app:1',
          ports: [{ name: 'http', containerPort: 8080 }],
          env: [
            { name: 'LEVEL', value: 'info' },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
          volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
        },
      ],
      volumes: [{ name: 'cache', emptyDir: {} }],
    },
  });

const TABLE = 'as=Table;v=v1;g=meta.k8s.io';
const METADATA = 'as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

interface Format {
  readonly label: string;
  readonly accept: string;
  readonly encoding?: string;
  /** Of the p50, in ms, as expected before measuring. */
  readonly expected: string;
}

const FORMATS: readonly Format[] = [
  { label: 'JSON', accept: 'application/json', expected: '<= 150' },
  { label: 'JSON, gzip', accept: 'application/json', encoding: 'gzip', expected: '<= 300' },
  { label: 'Table', accept: `application/json;${TABLE}`, expected: '<= 400' },
  { label: 'metadata only', accept: `application/json;${METADATA}`, expected: '<= 300' },
  { label: 'protobuf', accept: 'application/vnd.kubernetes.protobuf', expected: '<= 600' },
];

/** How many objects the answer holds, where its form tells without a decoder. */
function countOf({ accept }: Format, body: Buffer): number {
  if (!accept.startsWith('application/json')) return PODS;
  const { items, rows } = JSON.parse(body.toString()) as { items?: unknown[]; rows?: unknown[] };
  return (items ?? rows ?? []).length;
}

const unpacked = (body: Buffer, encoding: string | undefined): Buffer =>
  encoding === 'gzip' ? gunzipSync(body) : body;

export const formats: Benchmark = {
  name: 'formats',
  about: `a list of ${PODS} pods of 1.9 KiB in each format over TLS, one at a time`,
  async run() {
    const cluster = await startCluster();
    const client = new BenchClient(cluster, CREATES_AT_ONCE);
    try {
      await createNamespaces(client, ['bench']);
      await inParallel(PODS, CREATES_AT_ONCE, async (index) => {
        await client.call('POST', '/api/v1/namespaces/bench/pods', pod(`pod-${index}`));
      });
      const { controlPlane } = cluster.pids();
      const figures: Figure[] = [];
      for (const format of FORMATS) {
        const headers = { accept: format.accept, ...(format.encoding ? { 'accept-encoding': format.encoding } : {}) };
        const list = () => client.read('/api/v1/namespaces/bench/pods', headers);
        const first = await list();
        const count = countOf(format, unpacked(first.body, first.encoding));
        if (count !== PODS) throw new Error(`${format.label}: ${count} of ${PODS} pods`);
        if (format.encoding && first.encoding !== format.encoding) throw new Error(`${format.label}: not compressed`);
        const before = processUse([controlPlane]);
        const { latenciesMs, totalMs } = await inParallel(LISTS, 1, async () => void (await list()));
        const after = processUse([controlPlane]);
        const { label, expected } = format;
        figures.push(
          { name: `${label}: p50`, value: round(percentile(latenciesMs, 0.5)), unit: 'ms', expected },
          { name: `${label}: p99`, value: round(percentile(latenciesMs, 0.99)), unit: 'ms' },
          { name: `${label}: throughput`, value: round((LISTS * PODS * 1000) / totalMs, 0), unit: 'objects/s' },
          {
            name: `${label}: CPU a list`,
            value: round(((after.cpuSeconds - before.cpuSeconds) / LISTS) * 1000),
            unit: 'ms',
          },
          { name: `${label}: answer`, value: round(first.body.length / 1024 / 1024, 2), unit: 'MiB' },
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
