import { describe, expect, it } from 'vitest';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import type { Job } from '../../../schema/resources/batch/job.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import { finishAll, podsOf } from '../fake-kubelet.ts';
import { isPodActive } from '../pod-state.ts';
import { TestShard } from '../runtime/test-shard.ts';
import { formatIndexes, parseIndexes } from './completion-indexes.ts';
import { jobController } from './job.ts';

const JOBS = 'jobs.batch';

const newJob = (spec: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'Job',
  apiVersion: 'batch/v1',
  metadata: { name: 'job' },
  spec: {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    selector: { matchLabels: { job: 'x' } },
    template: { metadata: { labels: { job: 'x' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'c' }] } },
    ...spec,
  },
});

function shardWith(spec: Record<string, unknown> = {}): TestShard {
  const shard = new TestShard([jobController]);
  shard.create(JOBS, newJob(spec));
  shard.settle();
  return shard;
}

const status = (shard: TestShard) => (shard.store.get(JOBS, 'job') as KubeObject as Job).status;
const active = (shard: TestShard) => podsOf(shard).filter(isPodActive);
const conditions = (shard: TestShard) =>
  status(shard)
    ?.conditions?.filter((c) => c.status === 'True')
    .map((c) => `${c.type}: ${c.reason}`);
const tracked = (shard: TestShard) => podsOf(shard).filter(({ metadata }) => metadata.finalizers?.length).length;

function end(shard: TestShard, pod: Pod | undefined, phase: 'Succeeded' | 'Failed'): void {
  const state = { terminated: { exitCode: 0, finishedAt: formatTime(shard.now) } };
  const containerStatuses = [{ name: 'c', state, restartCount: 0, ready: false, image: '', imageID: '' }];
  shard.change<Pod>(
    'pods',
    pod?.metadata.name ?? '',
    (p) => Object.assign(p, { status: { phase, containerStatuses } }),
    'status',
  );
  shard.settle();
}

const setSpec = (shard: TestShard, spec: Record<string, unknown>) => {
  shard.change<Job>(JOBS, 'job', (job) => Object.assign(job.spec ?? {}, spec));
  shard.settle();
};

describe('the Job controller', () => {
  it('runs a pod to completion and says so', () => {
    const shard = shardWith();
    expect(status(shard)).toMatchObject({ active: 1, ready: 0, terminating: 0, startTime: formatTime(shard.now) });
    end(shard, active(shard)[0], 'Succeeded');
    expect(status(shard)).toMatchObject({
      succeeded: 1,
      completionTime: formatTime(shard.now),
      uncountedTerminatedPods: {},
    });
    expect(conditions(shard)).toEqual(['SuccessCriteriaMet: CompletionsReached', 'Complete: CompletionsReached']);
    expect(shard.events()).toContain('Completed: Job completed');
    expect(tracked(shard)).toBe(0);
  });

  it('releases a pod that it owns no longer', () => {
    const shard = shardWith();
    shard.change<Pod>('pods', active(shard)[0]?.metadata.name ?? '', (pod) => {
      delete pod.metadata.ownerReferences;
      pod.metadata.labels = {};
    });
    shard.settle();
    const orphan = podsOf(shard).find(({ metadata }) => !metadata.ownerReferences);
    expect(orphan?.metadata.finalizers).toBeUndefined();
    expect(tracked(shard)).toBe(1);
  });

  it('keeps as many pods as the parallelism says, until the completions are reached', () => {
    const shard = shardWith({ parallelism: 2, completions: 5 });
    for (let done = 0; done < 5; done++) {
      expect(active(shard)).toHaveLength(Math.min(2, 5 - done));
      end(shard, active(shard)[0], 'Succeeded');
    }
    expect(status(shard)?.succeeded).toBe(5);
    expect(conditions(shard)).toContain('Complete: CompletionsReached');
  });

  it('waits longer after each failure and gives up at the limit', () => {
    const shard = shardWith({ backoffLimit: 1 });
    end(shard, active(shard)[0], 'Failed');
    expect(active(shard)).toHaveLength(0);
    expect(status(shard)).toMatchObject({ failed: 1 });
    shard.advance(9_999);
    expect(active(shard)).toHaveLength(0);
    shard.advance(1);
    end(shard, active(shard)[0], 'Failed');
    expect(conditions(shard)).toEqual(['FailureTarget: BackoffLimitExceeded', 'Failed: BackoffLimitExceeded']);
    expect(shard.events()).toContain('BackoffLimitExceeded: Job has reached the specified backoff limit');
    expect(status(shard)).toMatchObject({ failed: 2 });
  });

  it('ends what runs when the deadline is over, and fails once it has ended', () => {
    const shard = shardWith({ activeDeadlineSeconds: 30 });
    shard.advance(30_000);
    expect(active(shard)).toHaveLength(0);
    expect(conditions(shard)).toEqual(['FailureTarget: DeadlineExceeded']);
    finishAll(shard);
    expect(conditions(shard)).toEqual(['FailureTarget: DeadlineExceeded', 'Failed: DeadlineExceeded']);
  });

  it('counts by index where the mode says so', () => {
    const shard = shardWith({ completionMode: 'Indexed', completions: 3, parallelism: 3 });
    const indexes = () =>
      active(shard).map(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-completion-index']);
    expect(indexes()).toEqual(['0', '1', '2']);
    expect(podsOf(shard)[1]).toMatchObject({
      metadata: { generateName: 'job-1-' },
      spec: { hostname: 'job-1', containers: [{ env: [{ name: 'JOB_COMPLETION_INDEX' }] }] },
    });
    end(shard, active(shard)[1], 'Succeeded');
    end(shard, active(shard)[0], 'Failed');
    expect(status(shard)).toMatchObject({ completedIndexes: '1', succeeded: 1, failed: 1 });
    shard.advance(10_000);
    expect(indexes().sort()).toEqual(['0', '2']);
    for (const pod of active(shard)) end(shard, pod, 'Succeeded');
    expect(status(shard)).toMatchObject({ completedIndexes: '0-2', succeeded: 3 });
    expect(conditions(shard)).toContain('Complete: CompletionsReached');
  });

  it('stops its pods while suspended and starts anew when resumed', () => {
    const shard = shardWith();
    setSpec(shard, { suspend: true });
    finishAll(shard);
    expect(podsOf(shard)).toHaveLength(0);
    expect(conditions(shard)).toEqual(['Suspended: JobSuspended']);
    expect(status(shard)?.startTime).toBeUndefined();
    shard.advance(60_000);
    setSpec(shard, { suspend: false });
    expect(active(shard)).toHaveLength(1);
    expect(conditions(shard)).toEqual([]);
    expect(status(shard)?.startTime).toBe(formatTime(shard.now));
  });

  it('replaces a pod that is taken away, and counts it as failed', () => {
    const shard = shardWith();
    shard.remove('pods', active(shard)[0]?.metadata.name ?? '');
    shard.settle();
    shard.advance(10_000);
    expect(active(shard)).toHaveLength(1);
    expect(status(shard)).toMatchObject({ failed: 1 });
  });

  it('goes when its time to live is over', () => {
    const shard = shardWith({ ttlSecondsAfterFinished: 60 });
    end(shard, active(shard)[0], 'Succeeded');
    shard.advance(59_999);
    expect(shard.store.get(JOBS, 'job')?.metadata.deletionTimestamp).toBeUndefined();
    shard.advance(1_001);
    expect(shard.store.get(JOBS, 'job')?.metadata.deletionTimestamp).toBeDefined();
  });

  it('lets the pods of a Job go that is gone', () => {
    const shard = shardWith();
    shard.remove(JOBS, 'job');
    shard.remove('pods', podsOf(shard)[0]?.metadata.name ?? '');
    shard.settle();
    expect(tracked(shard)).toBe(0);
  });

  it('counts exactly, however the batches fall', () => {
    for (const room of [1, 2, 3]) {
      const shard = new TestShard([jobController]);
      shard.create(JOBS, newJob({ parallelism: 10, completions: 10 }));
      shard.settle([], room);
      for (const pod of active(shard)) {
        shard.change<Pod>(
          'pods',
          pod.metadata.name ?? '',
          (p) => Object.assign(p, { status: { phase: 'Succeeded' } }),
          'status',
        );
      }
      shard.settle([], room);
      expect(status(shard)?.succeeded).toBe(10);
      expect(conditions(shard)).toContain('Complete: CompletionsReached');
    }
  });
});

describe('completion indexes', () => {
  it.each([
    [[0, 1, 2, 5, 7, 8], '0-2,5,7,8'],
    [[3], '3'],
    [[], ''],
  ])('%j are written %j', (indexes, text) => {
    expect(formatIndexes(new Set(indexes))).toBe(text);
    expect([...parseIndexes(text, 10)]).toEqual(indexes);
  });
});
