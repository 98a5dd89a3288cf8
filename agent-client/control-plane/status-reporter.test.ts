import { expect, test } from 'vitest';
import { fail, notFound, ok, type Result, serviceUnavailable } from '../../schema/meta/status.ts';
import type { StatusReply, StatusReport } from '../../schema/protocol/agent.ts';
import { ManualClock } from '../manual-clock.ts';
import { StatusReporter } from './status-reporter.ts';

const KEY = { namespace: 'd', name: 'web', uid: 'u1' };

function make(answer: (report: StatusReport) => Result<StatusReply> = (r) => ok({ pods: r.pods.map(() => null) })) {
  const clock = new ManualClock();
  const sent: StatusReport[] = [];
  const mind = { answer };
  const reporter = new StatusReporter({
    clock,
    log: () => undefined,
    random: () => 0.5,
    async send(report) {
      sent.push(report);
      return mind.answer(report);
    },
  });
  return { clock, sent, reporter, mind };
}
const event = (message: string) => ({
  regarding: { apiVersion: 'v1', kind: 'Pod', ...KEY },
  type: 'Normal' as const,
  reason: 'R',
  message,
  at: 0,
});

test('gathers what comes together into one report, the latest status of each pod', async () => {
  const { clock, sent, reporter } = make();
  reporter.status(KEY, { phase: 'Pending' });
  reporter.event(event('a'));
  reporter.status(KEY, { phase: 'Running' });
  reporter.node({ n: 1 });
  await clock.pass(100);
  expect(sent).toEqual([
    { pods: [{ kind: 'status', ...KEY, status: { phase: 'Running' } }], events: [event('a')], node: { n: 1 } },
  ]);
});

test('says nothing twice', async () => {
  const { clock, sent, reporter } = make();
  reporter.status(KEY, { phase: 'Running' });
  await clock.pass(100);
  reporter.status(KEY, { phase: 'Running' });
  await clock.pass(100);
  expect(sent).toHaveLength(1);
  reporter.distrust();
  reporter.status(KEY, { phase: 'Running' });
  await clock.pass(100);
  expect(sent).toHaveLength(2);
});

test('the last status comes before the end', async () => {
  const { clock, sent, reporter } = make();
  reporter.terminated(KEY);
  reporter.status(KEY, { phase: 'Failed' });
  await clock.pass(100);
  expect(sent[0]?.pods.map((p) => p.kind)).toEqual(['status', 'terminated']);
});

test('keeps what was not taken and sends it when the control plane is back', async () => {
  const { clock, sent, reporter, mind } = make(() => fail(serviceUnavailable('away')));
  reporter.status(KEY, { phase: 'Pending' });
  reporter.event(event('a'));
  await clock.pass(5_000);
  expect(sent.length).toBeGreaterThan(2);
  expect(sent.length).toBeLessThan(10);
  reporter.status(KEY, { phase: 'Running' });
  mind.answer = (r) => ok({ pods: r.pods.map(() => null) });
  await clock.pass(20_000);
  expect(sent.at(-1)).toEqual({
    pods: [{ kind: 'status', ...KEY, status: { phase: 'Running' } }],
    events: [event('a')],
  });
});

test('drops what concerns a pod that is gone', async () => {
  const { clock, sent, reporter } = make((r) => ok({ pods: r.pods.map(() => notFound('pods', 'web')) }));
  reporter.status(KEY, { phase: 'Running' });
  await clock.pass(60_000);
  expect(sent).toHaveLength(1);
});

test('drops the oldest events when it is long away', async () => {
  const { clock, sent, reporter, mind } = make(() => fail(serviceUnavailable('away')));
  for (let i = 0; i < 3_000; i++) reporter.event(event(String(i)));
  mind.answer = (r) => ok({ pods: r.pods.map(() => null) });
  await clock.pass(60_000);
  const told = sent.flatMap((r) => r.events.map((e) => e.message));
  expect(told).toHaveLength(2_000);
  expect(told[0]).toBe('1000');
});
