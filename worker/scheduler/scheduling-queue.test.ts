import { describe, expect, it } from 'vitest';
import { podInfo } from './pod-info.ts';
import { BACKOFF_MS_MAX, SchedulingQueue, UNSCHEDULABLE_MS_MAX } from './scheduling-queue.ts';

const info = (uid: string) => podInfo({ kind: 'Pod', apiVersion: 'v1', metadata: { name: uid, uid } });
const uids = (queue: SchedulingQueue, now: number) => queue.due(now).map(({ uid }) => uid);

describe('SchedulingQueue', () => {
  it('gives new pods at once, and keeps them until they are removed', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    expect(uids(queue, 0)).toEqual(['a']);
    expect(uids(queue, 0)).toEqual(['a']);
    queue.remove('a');
    expect(uids(queue, 0)).toEqual([]);
    expect(queue.nextDueAt()).toBeUndefined();
  });

  it('leaves a pod that fits nowhere until something changes and its back-off is over', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    queue.setUnschedulable('a', 0);
    expect(uids(queue, 5_000)).toEqual([]);
    expect(queue.nextDueAt()).toBe(UNSCHEDULABLE_MS_MAX);
    queue.moveAll();
    expect(queue.nextDueAt()).toBe(1_000);
    expect(uids(queue, 999)).toEqual([]);
    expect(uids(queue, 1_000)).toEqual(['a']);
  });

  it('doubles the back-off up to its limit', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      queue.setUnschedulable('a', 0);
      queue.moveAll();
      waits.push(queue.nextDueAt() as number);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, BACKOFF_MS_MAX, BACKOFF_MS_MAX]);
  });

  it('tries a pod again in any case after five minutes', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    queue.setUnschedulable('a', 0);
    expect(uids(queue, UNSCHEDULABLE_MS_MAX)).toEqual(['a']);
  });

  it('tries a changed pod at once', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    queue.setUnschedulable('a', 0);
    queue.add(info('a'));
    expect(uids(queue, 0)).toEqual(['a']);
  });
});
