import { expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { ManualClock } from '../manual-clock.ts';
import { type Runtime, RuntimeFailure } from '../runtime/port.ts';
import type { Machine } from './machine.ts';
import { NodeStatusLoop } from './node-status-loop.ts';

const MACHINE: Machine = {
  cpus: 2,
  memoryBytes: 2 ** 30,
  storageBytes: 2 ** 30,
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  architecture: 'amd64',
  operatingSystem: 'linux',
  hostname: 'h',
};

function make() {
  const clock = new ManualClock();
  const state = { up: true };
  const sent: Record<string, unknown>[] = [];
  const events: string[] = [];
  const runtime: Pick<Runtime, 'health' | 'listImages'> = {
    async health() {
      if (!state.up) throw new RuntimeFailure('Unavailable', 'no answer');
      return { runtimeReady: true, networkReady: true, message: '' };
    },
    listImages: async () => [],
  };
  const loop = new NodeStatusLoop({
    runtime: runtime as Runtime,
    clock,
    description: { name: 'n1', labels: {}, machine: MACHINE, runtime: { name: 'c', version: '1' }, addresses: [] },
    intervalMs: 10_000,
    pressure: () => undefined,
    send: (status) => sent.push(status),
    event: (event) => events.push(`${event.reason}: ${event.message}`),
  });
  return { clock, state, sent, events, loop };
}
const ready = (status: Record<string, unknown>): string | undefined =>
  (status['conditions'] as { type: string; status: string }[]).find((c) => c.type === 'Ready')?.status;

test('tells a status once and then only what changed', async () => {
  const { clock, sent, events, loop } = make();
  loop.start();
  await clock.pass(3_600_000);
  expect(sent).toHaveLength(1);
  expect(events).toEqual(['Starting: Starting kubelet.', 'NodeReady: Node n1 status is now: NodeReady']);
});

test('a runtime is down when it was silent for half a minute, and up at its first answer', async () => {
  const { clock, state, sent, events, loop } = make();
  loop.start();
  await clock.pass(100);
  state.up = false;
  await clock.pass(25_000);
  expect(sent.map(ready)).toEqual(['True']);
  await clock.pass(20_000);
  expect(sent.map(ready)).toEqual(['True', 'False']);
  state.up = true;
  await clock.pass(10_000);
  expect(sent.map(ready)).toEqual(['True', 'False', 'True']);
  expect(events.slice(2)).toEqual([
    'NodeNotReady: Node n1 status is now: NodeNotReady',
    'NodeReady: Node n1 status is now: NodeReady',
  ]);
});

test('conditions that an earlier agent told keep their times', async () => {
  const { clock, sent, events, loop } = make();
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' };
  loop.adopt({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: { conditions: [ready] },
  } as UntypedObject);
  loop.start();
  await clock.pass(100);
  const told = sent[0]?.['conditions'] as { type: string; lastTransitionTime: string }[];
  expect(told.find((c) => c.type === 'Ready')?.lastTransitionTime).toBe('2020-01-01T00:00:00Z');
  expect(events).toEqual(['Starting: Starting kubelet.']);
});

test('conditions that someone else changed are set right', async () => {
  const { clock, sent, loop } = make();
  loop.start();
  await clock.pass(100);
  const told = sent[0]?.['conditions'] as { type: string }[];
  const conditions = told.map((c) => (c.type === 'Ready' ? { ...c, status: 'Unknown' } : c));
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, status: { conditions } } as UntypedObject;
  loop.seen(node);
  await clock.pass(5_000);
  expect(sent).toHaveLength(2);
  loop.seen({ ...node, status: sent[1] });
  await clock.pass(60_000);
  expect(sent).toHaveLength(2);
});
