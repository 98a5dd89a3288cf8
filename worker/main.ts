/** The composition root: what the runtime calls, and the Durable Object classes it must find. */
import { waitUntil } from 'cloudflare:workers';
import type { Env } from './env.ts';
import { createHandler } from './http/handler-chain.ts';
import { RequestMetrics } from './http/metrics/request-metrics.ts';
import { hubOf } from './http/stores.ts';

export { Hub } from './hub/hub.ts';
export { Shard } from './shard/shard.ts';

function within<T>(ms: number, task: Promise<T>, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late()), ms);
    void task.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const app = createHandler({
  metrics: new RequestMetrics(),
  now: () => Date.now(),
  random: () => Math.random(),
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  newUid: () => crypto.randomUUID(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  background: (task) => waitUntil(task),
  within,
});

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
  /** The cron trigger: wakes what an alarm missed and runs the cluster-wide sweeps. */
  scheduled: async (_event, env) => {
    await hubOf(env).sweep();
  },
} satisfies ExportedHandler<Env>;
