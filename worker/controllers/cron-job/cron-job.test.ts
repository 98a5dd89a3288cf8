import { describe, expect, it } from 'vitest';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import type { CronJob } from '../../../schema/resources/batch/cron-job.ts';
import { type CronSchedule, parseSchedule } from '../../../schema/resources/batch/cron-schedule.ts';
import { TestShard } from '../runtime/test-shard.ts';
import { cronJobController } from './cron-job.ts';
import { dueTime, nextTime } from './next-time.ts';

const MINUTE = 60_000;

const cronJob = (spec: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'CronJob',
  apiVersion: 'batch/v1',
  metadata: { name: 'tick' },
  spec: {
    schedule: '*/5 * * * *',
    concurrencyPolicy: 'Allow',
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
    jobTemplate: { metadata: { labels: { app: 'tick' } }, spec: { template: { spec: { containers: [] } } } },
    ...spec,
  },
});

function shardWith(spec: Record<string, unknown> = {}): TestShard {
  const shard = new TestShard([cronJobController]);
  shard.create('cronjobs.batch', cronJob(spec));
  shard.settle();
  return shard;
}

const jobs = (shard: TestShard) => shard.store.list('jobs.batch');
const status = (shard: TestShard) => (shard.store.get('cronjobs.batch', 'tick') as KubeObject as CronJob).status;

function finish(shard: TestShard, name: string, type: 'Complete' | 'Failed'): void {
  const completionTime = formatTime(shard.now);
  shard.change(
    'jobs.batch',
    name,
    (job) =>
      Object.assign(job, {
        status: { startTime: completionTime, completionTime, conditions: [{ type, status: 'True' }] },
      }),
    'status',
  );
  shard.settle();
}

describe('the CronJob controller', () => {
  it('makes a Job at each time of the schedule, named for it', () => {
    const shard = shardWith();
    const start = shard.now;
    expect(jobs(shard)).toHaveLength(0);
    shard.advance(5 * MINUTE + 200);
    expect(jobs(shard)).toMatchObject([
      {
        metadata: {
          name: `tick-${start / MINUTE + 5}`,
          labels: { app: 'tick' },
          annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(start + 5 * MINUTE) },
          ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
        },
      },
    ]);
    expect(status(shard)).toMatchObject({
      lastScheduleTime: formatTime(start + 5 * MINUTE),
      active: [{ kind: 'Job' }],
    });
    shard.advance(15 * MINUTE);
    expect(jobs(shard)).toHaveLength(4);
  });

  it('notes finished Jobs and keeps as many as the limits say', () => {
    const shard = shardWith({ successfulJobsHistoryLimit: 1 });
    shard.advance(200);
    for (let i = 0; i < 3; i++) {
      shard.advance(5 * MINUTE);
      finish(shard, jobs(shard).at(-1)?.metadata.name ?? '', 'Complete');
    }
    expect(jobs(shard)).toHaveLength(1);
    expect(status(shard)?.active).toBeUndefined();
    expect(status(shard)?.lastSuccessfulTime).toBe(formatTime(shard.now));
    expect(shard.events().some((text) => text.startsWith('SawCompletedJob: Saw completed job: tick-'))).toBe(true);
  });

  it('starts none beside a running one where that is forbidden', () => {
    const shard = shardWith({ concurrencyPolicy: 'Forbid' });
    shard.advance(11 * MINUTE);
    expect(jobs(shard)).toHaveLength(1);
    finish(shard, jobs(shard)[0]?.metadata.name ?? '', 'Complete');
    shard.advance(5 * MINUTE);
    expect(jobs(shard).length).toBeGreaterThan(1);
  });

  it('replaces a running one where that is asked for', () => {
    const shard = shardWith({ concurrencyPolicy: 'Replace' });
    shard.advance(11 * MINUTE);
    expect(jobs(shard)).toHaveLength(1);
    expect(status(shard)?.active).toHaveLength(1);
  });

  it('does nothing while suspended', () => {
    const shard = shardWith({ suspend: true });
    shard.advance(60 * MINUTE);
    expect(jobs(shard)).toHaveLength(0);
  });

  it('catches up with the latest time only', () => {
    const shard = shardWith();
    shard.timers.clear();
    shard.now += 23 * MINUTE;
    shard.settle([{ controller: 'cronjob', key: 'tick' }]);
    expect(jobs(shard)).toHaveLength(1);
  });
});

const schedule = (text: string): CronSchedule => {
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

describe('nextTime', () => {
  it.each([
    ['*/15 * * * *', '2026-01-01T00:07:30Z', '', '2026-01-01T00:15:00Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '', '2028-02-29T00:00:00Z'],
    ['30 6 * * 1', '2026-01-01T00:00:00Z', '', '2026-01-05T06:30:00Z'],
    ['0 0 13 * 5', '2026-01-03T00:00:00Z', '', '2026-01-09T00:00:00Z'],
    ['0 9 * * *', '2026-07-01T00:00:00Z', 'America/New_York', '2026-07-01T13:00:00Z'],
    ['0 9 * * *', '2026-01-01T00:00:00Z', 'America/New_York', '2026-01-01T14:00:00Z'],
    ['30 2 * * *', '2026-03-08T05:00:00Z', 'America/New_York', '2026-03-09T06:30:00Z'],
    ['@every 90s', '2026-01-01T00:00:00Z', '', '2026-01-01T00:01:30Z'],
  ])('%s after %s in %j is %s', (text, after, zone, expected) => {
    expect(formatTime(nextTime(schedule(text), Date.parse(after), zone) as number)).toBe(expected);
  });

  it('gives up on times that never come', () => {
    expect(nextTime(schedule('0 0 31 2 *'), 0, '')).toBeUndefined();
  });

  it('finds what is due after a long sleep', () => {
    const now = Date.parse('2026-03-01T00:00:30Z');
    expect(dueTime(schedule('* * * * *'), Date.parse('2026-01-01T00:00:00Z'), now, '')).toEqual({
      latest: Date.parse('2026-03-01T00:00:00Z'),
      isManyMissed: true,
    });
  });
});
