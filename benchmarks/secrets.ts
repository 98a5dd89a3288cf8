import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { BenchClient, createNamespaces } from './client.ts';
import { inParallel, percentile, processUse, round } from './measure.ts';

const CONNECTIONS = 32;
const VALUE_BYTES = 1_500;
const WARM_UP = 500;
const OBJECTS = 3_000;
const LISTS = 20;

const data = Buffer.alloc(VALUE_BYTES, 'x').toString('base64');
const object = (kind: string, name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind,
    metadata: { name },
    data: { value: data },
  });

/** What sealing costs: Secrets beside ConfigMaps of the same size. */
export const secrets: Benchmark = {
  name: 'secrets',
  about: `${OBJECTS} creates and ${LISTS} lists of Secrets, which are sealed, and of ConfigMaps of the same size`,
  async run() {
    const cluster = await startCluster();
    const client = new BenchClient(cluster, CONNECTIONS);
    try {
      await createNamespaces(client, ['configmap', 'secret']);
      const figures: Figure[] = [];
      for (const kind of ['ConfigMap', 'Secret']) {
        const path = `/api/v1/namespaces/${kind.toLowerCase()}/${kind.toLowerCase()}s`;
        const create = (prefix: string) => async (index: number) => {
          await client.call('POST', path, object(kind, `${prefix}-${index}`));
        };
        await inParallel(WARM_UP, CONNECTIONS, create('warm'));
        const { controlPlane } = cluster.pids();
        const before = processUse([controlPlane]);
        const creates = await inParallel(OBJECTS, CONNECTIONS, create('run'));
        const between = processUse([controlPlane]);
        const lists = await inParallel(LISTS, 1, async () => {
          await client.call('GET', path);
        });
        const after = processUse([controlPlane]);
        figures.push(
          {
            name: `${kind}: CPU a create`,
            value: round(((between.cpuSeconds - before.cpuSeconds) / OBJECTS) * 1000, 3),
            unit: 'ms',
          },
          { name: `${kind}: throughput`, value: round((OBJECTS / creates.totalMs) * 1000, 0), unit: 'creates/s' },
          { name: `${kind}: list p50`, value: round(percentile(lists.latenciesMs, 0.5)), unit: 'ms' },
          {
            name: `${kind}: CPU a list`,
            value: round(((after.cpuSeconds - between.cpuSeconds) / LISTS) * 1000),
            unit: 'ms',
          },
        );
      }
      return figures;
    } finally {
      await client.close();
      await cluster.remove();
    }
  },
};
