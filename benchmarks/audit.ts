import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { BenchClient, configMapOf, createNamespaces } from './client.ts';
import { inParallel, processUse, round } from './measure.ts';

const CONNECTIONS = 32;
const OBJECT_BYTES = 2048;
const WARM_UP = 1_500;
const CREATES = 4_000;

const EVERYTHING = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'RequestResponse' }] };

/** What the audit log costs a create: off, with the default policy, and with everything. */
export const audit: Benchmark = {
  name: 'audit',
  about: `creates of ${OBJECT_BYTES}-byte ConfigMaps without an audit log and with it`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-audit-'));
    const policyFile = join(folder, 'policy.json');
    writeFileSync(policyFile, JSON.stringify(EVERYTHING));
    const log = ['--audit-log-path', join(folder, 'audit.log')];
    const figures: Figure[] = [];
    for (const { label, flags } of [
      { label: 'off', flags: [] },
      { label: 'metadata', flags: log },
      { label: 'bodies, all stages', flags: [...log, '--audit-policy-file', policyFile] },
    ]) {
      figures.push(...(await measured(label, flags)));
    }
    rmSync(folder, { recursive: true });
    return figures;
  },
};

async function measured(label: string, flags: readonly string[]): Promise<readonly Figure[]> {
  const cluster = await startCluster({ flags });
  const client = new BenchClient(cluster, CONNECTIONS);
  try {
    await createNamespaces(client, ['bench']);
    const create = (prefix: string) => async (index: number) => {
      const body = configMapOf(`${prefix}-${index}`, OBJECT_BYTES);
      await client.call('POST', '/api/v1/namespaces/bench/configmaps', body);
    };
    await inParallel(WARM_UP, CONNECTIONS, create('warm'));
    const { controlPlane, agents } = cluster.pids();
    const before = [processUse([controlPlane]), processUse([...agents])] as const;
    const { totalMs } = await inParallel(CREATES, CONNECTIONS, create('run'));
    const after = [processUse([controlPlane]), processUse([...agents])] as const;
    const cpu = (index: 0 | 1): number =>
      round(((after[index].cpuSeconds - before[index].cpuSeconds) / CREATES) * 1000, 3);
    return [
      { name: `${label}: CPU a create`, value: cpu(0), unit: 'ms' },
      { name: `${label}: throughput`, value: round((CREATES / totalMs) * 1000, 0), unit: 'creates/s' },
      ...(agents.length > 0
        ? [
            { name: `${label}: CPU of the writer`, value: cpu(1), unit: 'ms' },
            { name: `${label}: writer resident`, value: round(after[1].residentMiB), unit: 'MiB' },
          ]
        : []),
    ];
  } finally {
    await client.close();
    await cluster.remove();
  }
}
