import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { bodyOf, changeOf, FakeHubServices } from './fake-hub-services.ts';
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

/** A hub of this one consumer. */
class SchedulingHub extends FakeHubServices {
  readonly scheduling = new Scheduling(this);

  async see(type: Change['type'], object: UntypedObject, previous?: UntypedObject): Promise<void> {
    this.scheduling.apply([changeOf(type, object, previous)]);
    await this.run();
  }

  async later(ms: number): Promise<void> {
    this.time += ms;
    this.scheduling.tick();
    await this.run();
  }
}

const boundTo = (request: WriteRequest | undefined) => bodyOf(request).target.name;
const isBinding = (request: WriteRequest) => request.subresource === 'binding';

describe('Scheduling', () => {
  let hub: SchedulingHub;
  beforeEach(() => {
    hub = new SchedulingHub();
  });

  it('binds waiting pods in one batch and says so', async () => {
    hub.scheduling.restore([changeOf('ADDED', node('n1')), changeOf('ADDED', pod('a')), changeOf('ADDED', pod('b'))]);
    await hub.run();
    const [bindings, events] = hub.batches;
    expect(bindings).toMatchObject([
      { verb: 'create', resource: 'pods', subresource: 'binding', namespace: 'shop', name: 'a' },
      { name: 'b' },
    ]);
    expect(bodyOf(bindings?.[0])).toMatchObject({
      kind: 'Binding',
      metadata: { uid: 'uid-a' },
      target: { kind: 'Node', name: 'n1' },
    });
    expect(bodyOf(events?.[0])).toMatchObject({
      reason: 'Scheduled',
      message: 'Successfully assigned shop/a to n1',
      source: { component: 'default-scheduler' },
      involvedObject: { kind: 'Pod', name: 'a', uid: 'uid-a' },
    });
  });

  it('lets pods know the zone and the region of their node', async () => {
    const zone = { 'topology.kubernetes.io/zone': 'z1', 'topology.kubernetes.io/region': 'r1' };
    const standing = node('n1');
    standing.metadata.labels = { ...standing.metadata.labels, ...zone, 'example.com/rack': '7' };
    hub.scheduling.restore([changeOf('ADDED', standing), changeOf('ADDED', pod('a'))]);
    await hub.run();
    expect(bodyOf(hub.batches[0]?.[0]).metadata.labels).toEqual(zone);
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
    expect(status).toMatchObject({
      verb: 'patch',
      resource: 'pods',
      subresource: 'status',
      name: 'a',
      patchType: 'strategic',
    });
    expect(bodyOf(status).status.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, observedGeneration: 1 },
    ]);
    expect(bodyOf(event)).toMatchObject({ type: 'Warning', reason: 'FailedScheduling', message, count: 1 });
    const told = pod('a', '2');
    told.status = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False' }] };
    await hub.see('MODIFIED', told, pod('a', '2'));
    await hub.later(0);
    expect(hub.take()).toEqual([]);
  });

  it('tries again when a node comes, after the back-off', async () => {
    await hub.see('ADDED', node('n1', '1'));
    await hub.see('ADDED', pod('a', '2'));
    hub.take();
    await hub.see('ADDED', node('n2', '4'));
    expect(hub.take()).toEqual([]);
    expect(hub.wake).toBe(hub.time + 1_000);
    await hub.later(1_000);
    expect(boundTo(hub.take()[0])).toBe('n2');
  });

  it('tries again when a pod leaves its node', async () => {
    await hub.see('ADDED', node('n1', '2'));
    const running = pod('old', '2', { nodeName: 'n1' });
    await hub.see('ADDED', running);
    await hub.see('ADDED', pod('a', '2'));
    hub.time += 2_000;
    hub.take();
    await hub.see('MODIFIED', { ...running, status: { phase: 'Succeeded' } }, running);
    expect(boundTo(hub.take()[0])).toBe('n1');
  });

  it('does not look at heartbeats of nodes', async () => {
    await hub.see('ADDED', node('n1', '1'));
    await hub.see('ADDED', pod('a', '2'));
    hub.take();
    hub.time += 2_000;
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
    await hub.later(1_000);
    expect(hub.take().filter(isBinding)).toHaveLength(1);
  });

  it('forgets a pod that is gone when it is to be bound', async () => {
    await hub.see('ADDED', node('n1', '2'));
    hub.answer = () => ({ code: 404, body: '{}' });
    await hub.see('ADDED', pod('a', '2'));
    hub.take();
    await hub.later(60_000);
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

  it('evicts pods of lower priority for one that fits nowhere, and waits for their place', async () => {
    await hub.see('ADDED', node('n1', '2'));
    const low = pod('low', '2', { nodeName: 'n1', priority: 0 });
    await hub.see('ADDED', low);
    await hub.see('ADDED', pod('high', '2', { priority: 10 }));
    const writes = hub.take();
    const of = (name: string) => writes.filter((write) => 'name' in write && write.name === name);
    expect(bodyOf(of('high')[0]).status).toMatchObject({
      nominatedNodeName: 'n1',
      conditions: [{ reason: 'Unschedulable' }],
    });
    const [condition, deletion] = of('low');
    expect(bodyOf(condition).status.conditions).toMatchObject([
      {
        type: 'DisruptionTarget',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      },
    ]);
    expect(deletion).toMatchObject({ verb: 'delete', options: { preconditions: { uid: 'uid-low' } } });
    expect(writes.map((write) => (write.resource === 'events' ? bodyOf(write).reason : ''))).toContain('Preempted');
    hub.time += 1_000;
    await hub.see('DELETED', low);
    const [binding] = hub.take();
    expect(binding).toMatchObject({ subresource: 'binding', name: 'high' });
  });
});
