import { startCluster } from '../tests/cluster/running-cluster.ts';
import type { Benchmark } from './benchmark.ts';
import { BenchClient, configMapOf, createNamespaces } from './client.ts';
import { percentile, processUse, round } from './measure.ts';

const WATCHERS = 1_000;
const CHANGES = 50;
const SETTLE_MS = 100;

/** How long from just before a create is sent until each of the watchers has read its event. */
async function fanOut(path: string): Promise<{ latenciesMs: number[]; cpuMs: number; residentMiB: number }> {
  const cluster = await startCluster();
  const watchers = new BenchClient(cluster, WATCHERS);
  const writer = new BenchClient(cluster, 1);
  const over = new AbortController();
  try {
    await createNamespaces(writer, ['bench']);
    let sentAt = 0;
    let seen = 0;
    let allSeen = () => {};
    const latenciesMs: number[] = [];
    const onEvent = (line: string) => {
      if (!line.includes('"change-')) return;
      latenciesMs.push(performance.now() - sentAt);
      seen += 1;
      if (seen === WATCHERS) allSeen();
    };
    for (let index = 0; index < WATCHERS; index += 1) await watchers.watch(path, over.signal, onEvent);
    const { controlPlane } = cluster.pids();
    const before = processUse([controlPlane]);
    for (let index = 0; index < CHANGES; index += 1) {
      seen = 0;
      const done = new Promise<void>((resolve) => {
        allSeen = resolve;
      });
      sentAt = performance.now();
      await writer.call('POST', '/api/v1/namespaces/bench/configmaps', configMapOf(`change-${index}`, 2048));
      await done;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
    const after = processUse([controlPlane]);
    return {
      latenciesMs,
      cpuMs: ((after.cpuSeconds - before.cpuSeconds) / CHANGES) * 1000,
      residentMiB: after.residentMiB,
    };
  } finally {
    over.abort();
    await Promise.all([watchers.close(), writer.close()]);
    await cluster.remove();
  }
}

export const watch: Benchmark = {
  name: 'watch',
  about: `a create seen by ${WATCHERS} watchers, from just before it is sent`,
  async run() {
    const figures = [];
    for (const { label, path } of [
      { label: 'one namespace', path: '/api/v1/namespaces/bench/configmaps?watch=1' },
      { label: 'all namespaces', path: '/api/v1/configmaps?watch=1' },
    ]) {
      const { latenciesMs, cpuMs, residentMiB } = await fanOut(path);
      figures.push(
        { name: `${label}: p50`, value: round(percentile(latenciesMs, 0.5)), unit: 'ms' },
        { name: `${label}: p99`, value: round(percentile(latenciesMs, 0.99)), unit: 'ms', expected: '<= 100' },
        {
          name: `${label}: events delivered`,
          value: round((WATCHERS * 1000) / percentile(latenciesMs, 0.99), 0),
          unit: 'events/s',
        },
        { name: `${label}: CPU a change`, value: round(cpuMs), unit: 'ms' },
        { name: `${label}: resident`, value: round(residentMiB), unit: 'MiB' },
      );
    }
    return figures;
  },
};
