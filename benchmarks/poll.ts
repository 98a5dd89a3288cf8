import { Pool } from 'undici';
import type { JoinReply, PollReply } from '../schema/protocol/agent.ts';
import { ApiClient } from '../cli/supervisor/api-client.ts';
import { createJoinToken } from '../cli/supervisor/join-token.ts';
import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark } from './benchmark.ts';
import { BenchClient, createNamespaces } from './client.ts';
import { percentile, processUse, round } from './measure.ts';

const PODS = 300;
const NODE = 'bench-node';

const podOn = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      nodeName: NODE,
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'registry.example/app:1' }],
    },
  });

/** A node that joins, registers and polls, and does nothing else. */
class BareNode {
  readonly #pool: Pool;
  readonly #token: string;
  #since = 0;

  private constructor(pool: Pool, token: string) {
    this.#pool = pool;
    this.#token = token;
  }

  static async join(server: string, ca: string, joinToken: string): Promise<BareNode> {
    const pool = new Pool(server, { connections: 2, connect: { ca } });
    const joined = JSON.parse(await send(pool, 'POST', '/agent/v1/join', joinToken, { nodeName: NODE })) as JoinReply;
    await send(pool, 'POST', '/api/v1/nodes', joined.token, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE },
    });
    return new BareNode(pool, joined.token);
  }

  async poll(): Promise<PollReply> {
    const path = `/agent/v1/nodes/${NODE}/poll?since=${this.#since}&session=bench`;
    const reply = JSON.parse(await send(this.#pool, 'GET', path, this.#token)) as PollReply;
    this.#since = reply.revision;
    return reply;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

async function send(pool: Pool, method: 'GET' | 'POST', path: string, token: string, body?: unknown): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await pool.request({ method, path, headers, body: body === undefined ? null : JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`);
  return text;
}

export const poll: Benchmark = {
  name: 'poll',
  about: "a pod's create answered to its client, until its node's open poll is answered with it",
  async run() {
    const cluster = await startCluster();
    const client = new BenchClient(cluster, 1);
    const admin = new ApiClient(cluster.server, cluster.ca, cluster.adminToken);
    try {
      await createNamespaces(client, ['bench']);
      const joinToken = await createJoinToken(admin, { lifeMs: 3_600_000, description: 'bench', now: Date.now() });
      const node = await BareNode.join(cluster.server, cluster.ca, joinToken);
      const arrivals = new Map<string, number>();
      let waiting: { name: string; done: () => void } | undefined;
      let over = false;
      const polling = (async () => {
        while (!over) {
          const { objects } = await node.poll();
          for (const { object } of objects) {
            arrivals.set(object.metadata.name ?? '', performance.now());
            if (object.metadata.name === waiting?.name) waiting?.done();
          }
        }
      })().catch((error) => {
        if (!over) throw error;
      });
      const { controlPlane } = cluster.pids();
      const before = processUse([controlPlane]);
      const started = performance.now();
      const latenciesMs: number[] = [];
      for (let index = 0; index < PODS; index += 1) {
        const name = `pod-${index}`;
        const seen = new Promise<void>((resolve) => {
          waiting = { name, done: resolve };
        });
        await client.call('POST', '/api/v1/namespaces/bench/pods', podOn(name));
        const answeredAt = performance.now();
        if (!arrivals.has(name)) await seen;
        latenciesMs.push(Math.max(0, (arrivals.get(name) as number) - answeredAt));
      }
      const totalMs = performance.now() - started;
      const after = processUse([controlPlane]);
      over = true;
      await node.close();
      await polling;
      return [
        { name: 'p50', value: round(percentile(latenciesMs, 0.5), 2), unit: 'ms' },
        { name: 'p99', value: round(percentile(latenciesMs, 0.99), 2), unit: 'ms', expected: '<= 20' },
        { name: 'throughput, one pod at a time', value: round((PODS / totalMs) * 1000, 0), unit: 'pods/s' },
        { name: 'CPU a pod', value: round(((after.cpuSeconds - before.cpuSeconds) / PODS) * 1000, 2), unit: 'ms' },
        { name: 'resident after', value: round(after.residentMiB), unit: 'MiB' },
      ];
    } finally {
      admin.close();
      await client.close();
      await cluster.remove();
    }
  },
};
