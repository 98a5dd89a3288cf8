import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { Answer, WriteRequest } from '../../schema/protocol/shard.ts';
import type { HubServices } from './hub-consumer.ts';
import { Scheduling } from './scheduling.ts';

const node = (name: string, cpu = '4'): UntypedObject => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name, uid: name },
  spec: {},
  status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
});

const pod = (name: string, cpu = '1', spec: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 1 },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }], ...spec },
  status: { phase: 'Pending' },
});

/** A hub of one consumer: keeps what it writes, and runs its tasks when told. */
class FakeHub implements HubServices {
  time = 0;
  readonly batches: (readonly WriteRequest[])[] = [];
  answer: (request: WriteRequest) => Answer = () => ({ code: 201, body: '{}' });
  wake: number | undefined;
  #tasks: (() => Promise<void>)[] = [];
  readonly scheduling = new Scheduling(this);

  now = () => this.time;
  wakeAt = (at: number) => {
    this.wake = at;
  };
  defer = (task: () => Promise<void>) => {
    this.#tasks.push(task);
  };
  async writeAll(requests: readonly WriteRequest[]): Promise<readonly Answer[]> {
    if (requests.length > 0) this.batches.push(requests);
    return requests.map((request) => this.answer(request));
  }
  async readAll(): Promise<readonly Answer[]> {
    return [];
  }
  async run(): Promise<void> {
    while (this.#tasks.length > 0) await (this.#tasks.shift() as () => Promise<void>)();
  }
  async see(type: Change['type'], object: UntypedObject, previous?: UntypedObject): Promise<void> {
    this.scheduling.apply([change(type, object, previous)]);
    await this.run();
  }
  take(): readonly WriteRequest[] {
    return this.batches.splice(0).flat();
  }
}

const change = (type: Change['type'], object: UntypedObject, previous?: UntypedObject): Change => ({
  revision: 1,
  type,
  resource: object.kind === 'Pod' ? 'pods' : 'nodes',
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name ?? '',
  text: JSON.stringify(object),
  meta: { labels: {}, fields: {} },
  ...(previous ? { previous: { text: JSON.stringify(previous), meta: { labels: {}, fields: {} } } } : {}),
});

const bodyOf = (request: WriteRequest | undefined) => JSON.parse((request as WriteRequest & { body: string }).body);
const boundTo = (request: WriteRequest | undefined) => bodyOf(request).target.name;
const isBinding = (request: WriteRequest) => request.subresource === 'binding';

describe('Scheduling', () => {
  let hub: FakeHub;
  beforeEach(() => {
    hub = new FakeHub();
  });

  it('binds waiting pods in one batch and says so', async () => {
    hub.scheduling.restore([change('ADDED', node('n1')), change('ADDED', pod('a')), change('ADDED', pod('b'))]);
    await hub.run();
    const [bindings, events] = hub.batches;
    expect(bindings).toMatchObject([
      { verb: 'create', resource: 'pods', subresource: 'binding', namespace: 'shop', name: 'a' },
      { name: 'b' },
    ]);
    expect(bodyOf(bindings?.[0])).toMatchObject({ kind: 'Binding', metadata: { uid: 'uid-a' }, target: { kind: 'Node', name: 'n1' } });
    expect(bodyOf(events?.[0])).toMatchObject({
      reason: 'Scheduled',
      message: 'Successfully assigned shop/a to n1',
      source: { component: 'default-scheduler' },
      involvedObject: { kind: 'Pod', name: 'a', uid: 'uid-a' },
    });
  });

  it('counts a placed pod before its change comes back', async () => {
    await hub.see('ADDED', node('n1', '2'));
    await hub.see('ADDED', pod('a', '2'));
    hub.take();
    await hub.see('ADDED', pod('b', '2'));
    expect(hub.take().filter(isBinding)).toEqual([]);
  });

  it('tells why a pod waits: condition and event once', async () => {
    await hub.see('ADDED', node('n1', '1'));
    await hub.see('ADDED', pod('a', '2'));
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    const [status, event] = hub.take();
    expect(status).toMatchObject({ verb: 'patch', resource: 'pods', subresource: 'status', name: 'a', patchType: 'strategic' });
    expect(bodyOf(status).status.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, observedGeneration: 1 },
    ]);
    expect(bodyOf(event)).toMatchObject({ type: 'Warning', reason: 'FailedScheduling', message, count: 1 });
    const told = pod('a', '2');
    told.status = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False' }] };
    await hub.see('MODIFIED', told, pod('a', '2'));
    hub.scheduling.tick();
    await hub.run();
    expect(hub.take()).toEqual([]);
  });

  it('tries again when a node comes, after the back-off', async () => {
    await hub.see('ADDED', node('n1', '1'));
    await hub.see('ADDED', pod('a', '2'));
    hub.take();
    await hub.see('ADDED', node('n2', '4'));
    expect(hub.take()).toEqual([]);
    expect(hub.wake).toBe(1_000);
    hub.time = 1_000;
    hub.scheduling.tick();
    await hub.run();
    expect(boundTo(hub.take()[0])).toBe('n2');
  });

  it('tries again when a pod leaves its node', async () => {
    await hub.see('ADDED', node('n1', '2'));
    const running = pod('old', '2', { nodeName: 'n1' });
    await hub.see('ADDED', running);
    await hub.see('ADDED', pod('a', '2'));
    hub.time = 2_000;
    hub.take();
    await hub.see('MODIFIED', { ...running, status: { phase: 'Succeeded' } }, running);
    expect(boundTo(hub.take()[0])).toBe('n1');
  });

  it('does not look at heartbeats of nodes', async () => {
    await hub.see('ADDED', node('n1', '1'));
    await hub.see('ADDED', pod('a', '2'));
    hub.take();
    hub.time = 2_000;
    const beating = node('n1', '1');
    (beating.status as Record<string, unknown>).conditions = [{ type: 'Ready', lastHeartbeatTime: 'now' }];
    await hub.see('MODIFIED', beating, node('n1', '1'));
    expect(hub.take()).toEqual([]);
  });

  it('takes a refused pod off its node and tries again', async () => {
    await hub.see('ADDED', node('n1', '2'));
    hub.answer = (request) => (isBinding(request) ? { code: 503, body: '{}' } : { code: 201, body: '{}' });
    await hub.see('ADDED', pod('a', '2'));
    expect(hub.take().filter((request) => !isBinding(request))).toEqual([]);
    hub.answer = () => ({ code: 201, body: '{}' });
    hub.time = 1_000;
    hub.scheduling.tick();
    await hub.run();
    expect(hub.take().filter(isBinding)).toHaveLength(1);
  });

  it('forgets a pod that is gone when it is to be bound', async () => {
    await hub.see('ADDED', node('n1', '2'));
    hub.answer = () => ({ code: 404, body: '{}' });
    await hub.see('ADDED', pod('a', '2'));
    hub.take();
    hub.time = 60_000;
    hub.scheduling.tick();
    await hub.run();
    expect(hub.take()).toEqual([]);
  });

  it('leaves pods of other schedulers alone', async () => {
    await hub.see('ADDED', node('n1'));
    await hub.see('ADDED', pod('a', '1', { schedulerName: 'mine' }));
    expect(hub.take()).toEqual([]);
  });

  it('schedules a pod when its last gate is lifted', async () => {
    await hub.see('ADDED', node('n1'));
    const gated = pod('a', '1', { schedulingGates: [{ name: 'g' }] });
    await hub.see('ADDED', gated);
    expect(hub.take()).toEqual([]);
    await hub.see('MODIFIED', pod('a'), gated);
    expect(hub.take().filter(isBinding)).toHaveLength(1);
  });
});
