/** For tests: makes the transitions that the scheduler and a kubelet would make on a test shard's pods. */
import { formatTime } from '../../schema/meta/time.ts';
import { isPodReady } from '../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import { isPodActive } from './pod-state.ts';
import type { TestShard } from './runtime/test-shard.ts';

export const podsOf = (shard: TestShard): readonly Pod[] => shard.store.list('pods');

export const readyPods = (shard: TestShard): readonly Pod[] =>
  podsOf(shard).filter((pod) => isPodActive(pod) && isPodReady(pod));

export function setReady(shard: TestShard, name: string, isReady = true): void {
  shard.change<Pod>(
    'pods',
    name,
    (pod) => {
      const status = isReady ? 'True' : 'False';
      const ready = { type: 'Ready', status, lastTransitionTime: formatTime(shard.now) } as const;
      pod.status = { ...pod.status, phase: 'Running', podIP: `10.0.0.${1 + (name.length % 200)}`, conditions: [ready] };
    },
    'status',
  );
}

/** Every active pod becomes ready. */
export function startAll(shard: TestShard): void {
  for (const pod of podsOf(shard)) if (isPodActive(pod) && !isPodReady(pod)) setReady(shard, pod.metadata.name ?? '');
  shard.settle();
}

/** Every terminating pod is gone. */
export function finishAll(shard: TestShard): void {
  for (const pod of podsOf(shard)) {
    if (pod.metadata.deletionTimestamp) shard.remove('pods', pod.metadata.name ?? '', { gracePeriodSeconds: 0 });
  }
  shard.settle();
}
