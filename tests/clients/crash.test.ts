import { afterEach, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, eventually } from './api-calls.ts';

let cluster: RunningCluster | undefined;
afterEach(() => cluster?.remove());

const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { a: 'x'.repeat(500) },
});

test('[R3] SIGKILL of the control plane under load loses nothing that was acknowledged, and repeats no revision', async () => {
  cluster = await startCluster();
  const calls = new ApiCalls(cluster, 32);
  const acknowledged = new Map<string, string>();
  const revisions = new Set<string>();
  let over = false;
  const writer = async (id: number) => {
    for (let n = 0; !over; n += 1) {
      const name = `w${id}-${n}`;
      try {
        const answer = await calls.call('POST', '/api/v1/namespaces/default/configmaps', { body: configMap(name) });
        if (answer.code === 201) {
          acknowledged.set(name, answer.json.metadata.uid);
          expect(revisions.has(answer.json.metadata.resourceVersion)).toBe(false);
          revisions.add(answer.json.metadata.resourceVersion);
        } else {
          expect(answer.code, answer.text).toBeGreaterThanOrEqual(500);
        }
      } catch {
        // The connection broke: nothing was acknowledged.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const writers = Array.from({ length: 16 }, (_, id) => writer(id));
  for (let kill = 0; kill < 3; kill += 1) {
    const before = acknowledged.size;
    await eventually('writes go through', async () => (acknowledged.size > before + 200 ? true : undefined));
    process.kill(cluster.pids().controlPlane, 'SIGKILL');
  }
  const before = acknowledged.size;
  await eventually('writes go through again', async () => (acknowledged.size > before + 50 ? true : undefined));
  over = true;
  await Promise.all(writers);
  const list = await calls.call('GET', '/api/v1/namespaces/default/configmaps');
  const stored = new Map<string, string>(
    list.json.items.map((item: { metadata: { name: string; uid: string } }) => [item.metadata.name, item.metadata.uid]),
  );
  for (const [name, uid] of acknowledged) expect(stored.get(name), name).toBe(uid);
  const everywhere = await calls.call('GET', '/api/v1/configmaps');
  expect(
    everywhere.json.items.filter((item: { metadata: { namespace: string } }) => item.metadata.namespace === 'default'),
  ).toHaveLength(stored.size);
  await calls.close();
});

test('stopped and started again, the cluster is as it was', async () => {
  cluster = await startCluster({ nodes: 1 });
  const first = new ApiCalls(cluster);
  const created = await first.call('POST', '/api/v1/namespaces/default/configmaps', { body: configMap('kept') });
  expect(created.code).toBe(201);
  await first.close();
  const { dataDir, port } = cluster;
  await cluster.stop();
  cluster = await startCluster({ dataDir, port, nodes: 1 });
  const second = new ApiCalls(cluster);
  const read = await second.call('GET', '/api/v1/namespaces/default/configmaps/kept');
  expect(read.json.metadata).toEqual(created.json.metadata);
  const next = await second.call('POST', '/api/v1/namespaces/default/configmaps', { body: configMap('next') });
  expect(Number(next.json.metadata.resourceVersion)).toBeGreaterThan(Number(created.json.metadata.resourceVersion));
  await second.close();
});
