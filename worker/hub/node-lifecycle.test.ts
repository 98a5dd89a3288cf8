import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { bodyOf, changeOf, FakeHubServices } from './fake-hub-services.ts';
import { NODE_MONITOR_GRACE_MS, NodeLifecycle, QUARANTINE_MS } from './node-lifecycle.ts';

type Taints = { key: string; effect: string; timeAdded?: string }[];

const condition = (type: string, status: string, reason = 'r') => ({
  type,
  status,
  reason,
  message: 'm',
  lastTransitionTime: 't',
});

function node(name: string, ready = 'True', taints: Taints = [], over: Record<string, unknown> = {}): UntypedObject {
  const known = [condition('Ready', ready, 'KubeletReady'), condition('MemoryPressure', 'False')];
  const silent = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) =>
    condition(type, 'Unknown', 'NodeStatusUnknown'),
  );
  const conditions = ready === 'Unknown' ? silent : known;
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '7', creationTimestamp: 'c' },
    spec: { ...(taints.length ? { taints } : {}), ...over },
    status: { conditions },
  };
}

const pod = (
  name: string,
  nodeName: string,
  tolerations: object[] = [],
  over: Record<string, unknown> = {},
): UntypedObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 1, ...over },
  spec: { nodeName, tolerations },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});

const forSeconds = (tolerationSeconds?: number) => ({
  key: 'node.kubernetes.io/unreachable',
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds,
});
const UNREACHABLE = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };

class LifecycleHub extends FakeHubServices {
  readonly lifecycle = new NodeLifecycle(this);

  async restore(...objects: readonly UntypedObject[]): Promise<void> {
    this.lifecycle.restore(objects.map((object) => changeOf('ADDED', object)));
    await this.run();
  }

  async see(type: Change['type'], object: UntypedObject): Promise<void> {
    this.lifecycle.apply([changeOf(type, object)]);
    await this.run();
  }

  async later(ms: number): Promise<void> {
    this.time += ms;
    this.lifecycle.tick();
    await this.run();
  }

  takeOf(resource: string, verb?: string): readonly WriteRequest[] {
    return this.take().filter((request) => request.resource === resource && (!verb || request.verb === verb));
  }

  reasons(requests: readonly WriteRequest[]): readonly string[] {
    return requests
      .filter(({ resource }) => resource === 'events')
      .map((request) => `${bodyOf(request).reason}: ${bodyOf(request).message}`);
  }
}

describe('NodeLifecycle', () => {
  let hub: LifecycleHub;
  beforeEach(() => {
    hub = new LifecycleHub();
  });

  it('gives a node up after its grace period, and its pods are not ready then', async () => {
    await hub.restore(node('a'), node('b'), pod('p', 'a'));
    await hub.later(NODE_MONITOR_GRACE_MS);
    expect(hub.take()).toEqual([]);
    hub.lifecycle.seen('b', hub.time);
    await hub.later(1);
    const writes = hub.take();
    const status = writes.find(({ resource }) => resource === 'nodes');
    expect(status).toMatchObject({ verb: 'patch', subresource: 'status', name: 'a', patchType: 'strategic' });
    expect(bodyOf(status).status.conditions).toMatchObject([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      },
      { type: 'MemoryPressure', status: 'Unknown', reason: 'NodeStatusUnknown' },
      {
        type: 'DiskPressure',
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
      },
      { type: 'PIDPressure', status: 'Unknown', reason: 'NodeStatusNeverUpdated' },
    ]);
    const ready = writes.find(({ resource, verb }) => resource === 'pods' && verb === 'patch');
    expect(bodyOf(ready).status.conditions).toMatchObject([{ type: 'Ready', status: 'False' }]);
    expect(hub.reasons(writes)).toEqual([
      'NodeNotReady: Node a status is now: NodeNotReady',
      'NodeNotReady: Node is not ready',
    ]);
    expect(writes.find(({ resource }) => resource.startsWith('leases'))).toMatchObject({ verb: 'patch', name: 'a' });
  });

  it('keeps alive what polls, without a write', async () => {
    await hub.restore(node('a'));
    for (let i = 0; i < 10; i++) {
      hub.lifecycle.seen('a', hub.time);
      await hub.later(30_000);
    }
    expect(hub.take()).toEqual([]);
  });

  it('says when a node that was silent is heard of again, as it was before', async () => {
    await hub.restore(node('a'), node('b'));
    hub.time += NODE_MONITOR_GRACE_MS + 1;
    hub.lifecycle.seen('b', hub.time);
    await hub.later(0);
    await hub.see('MODIFIED', node('a', 'Unknown'));
    await hub.see('MODIFIED', node('a', 'Unknown', [{ ...UNREACHABLE, effect: 'NoSchedule' }, UNREACHABLE]));
    hub.take();
    hub.lifecycle.seen('a', hub.time);
    await hub.run();
    const [status] = hub.takeOf('nodes');
    expect(bodyOf(status).status.conditions).toMatchObject([
      { type: 'Ready', status: 'True', reason: 'KubeletReady' },
      { type: 'MemoryPressure', status: 'False', reason: 'r' },
      { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure' },
      { type: 'PIDPressure', status: 'False' },
    ]);
  });

  it('does not take a lost node for a living one after a restart', async () => {
    await hub.restore(node('a', 'Unknown'), node('b'));
    await hub.later(10_000);
    expect(hub.takeOf('nodes').filter(({ subresource }) => subresource === 'status')).toEqual([]);
  });

  it.each<[string, UntypedObject, string[]]>([
    [
      'an unreachable node',
      node('a', 'Unknown'),
      ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
    ],
    [
      'a node that is not ready',
      node('a', 'False'),
      ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute'],
    ],
    [
      'a cordoned node',
      node('a', 'True', [], { unschedulable: true }),
      ['node.kubernetes.io/unschedulable:NoSchedule'],
    ],
    [
      'a node whose taint turns',
      node('a', 'False', [UNREACHABLE]),
      ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute'],
    ],
    ['a node that is back', node('a', 'True', [UNREACHABLE, { key: 'mine', effect: 'NoExecute' }]), ['mine:NoExecute']],
  ])('taints %s', async (_case, object, expected) => {
    await hub.restore(object, node('b'));
    const [write] = hub.takeOf('nodes');
    expect(write).toMatchObject({ verb: 'patch', patchType: 'merge', name: 'a' });
    const { metadata, spec } = bodyOf(write);
    expect(metadata.resourceVersion).toBe('7');
    expect((spec.taints as Taints).map(({ key, effect }) => `${key}:${effect}`)).toEqual(expected);
  });

  it('evicts nobody while no node at all is heard of', async () => {
    await hub.restore(node('a', 'Unknown', [UNREACHABLE]), node('b', 'Unknown'));
    for (const write of hub.takeOf('nodes')) {
      expect((bodyOf(write).spec.taints as Taints).every(({ effect }) => effect === 'NoSchedule')).toBe(true);
    }
  });

  it('gives up one node of a zone in ten seconds', async () => {
    await hub.restore(node('a', 'Unknown'), node('b', 'Unknown'), node('c'), node('d'), node('e'));
    const evicted = (writes: readonly WriteRequest[]) =>
      writes.filter((write) =>
        (bodyOf(write).spec?.taints as Taints | undefined)?.some(({ effect }) => effect === 'NoExecute'),
      ).length;
    expect(evicted(hub.takeOf('nodes'))).toBe(1);
    await hub.see('MODIFIED', node('a', 'Unknown', [{ ...UNREACHABLE, effect: 'NoSchedule' }, UNREACHABLE]));
    await hub.see('MODIFIED', node('b', 'Unknown', [{ ...UNREACHABLE, effect: 'NoSchedule' }]));
    await hub.later(9_999);
    expect(evicted(hub.takeOf('nodes'))).toBe(0);
    await hub.later(1);
    expect(evicted(hub.takeOf('nodes'))).toBe(1);
  });

  it('evicts pods when their toleration of the taint runs out', async () => {
    await hub.restore(
      node('a', 'True', []),
      node('b'),
      pod('short', 'a', [forSeconds(30)]),
      pod('ever', 'a', [forSeconds()]),
      pod('not', 'a'),
    );
    hub.take();
    await hub.see('MODIFIED', node('a', 'Unknown', [UNREACHABLE, { ...UNREACHABLE, effect: 'NoSchedule' }]));
    const now = hub.take();
    expect(now.filter(({ verb }) => verb === 'delete')).toMatchObject([
      { name: 'not', options: { preconditions: { uid: 'uid-not' } } },
    ]);
    const patch = now.find(({ verb, resource }) => verb === 'patch' && resource === 'pods');
    expect(bodyOf(patch).status.conditions).toMatchObject([
      {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
      },
    ]);
    expect(hub.reasons(now)).toContain('TaintManagerEviction: Marking for deletion Pod shop/not');
    await hub.later(29_999);
    expect(hub.takeOf('pods', 'delete')).toEqual([]);
    await hub.later(1);
    expect(hub.takeOf('pods', 'delete')).toMatchObject([{ name: 'short' }]);
    await hub.later(600_000);
    expect(hub.takeOf('pods', 'delete')).toEqual([]);
  });

  it('calls the eviction off when the taint goes', async () => {
    await hub.restore(node('a', 'Unknown', [UNREACHABLE]), node('b'), pod('p', 'a', [forSeconds(30)]));
    hub.take();
    await hub.see('MODIFIED', node('a'));
    expect(hub.reasons(hub.take())).toEqual(['TaintManagerEviction: Cancelling deletion of Pod shop/p']);
    await hub.later(40_000);
    expect(hub.takeOf('pods', 'delete')).toEqual([]);
  });

  it('evicts pods that come to a tainted node', async () => {
    await hub.restore(node('a', 'True', [{ key: 'mine', effect: 'NoExecute' }]), node('b'));
    hub.take();
    await hub.see('ADDED', pod('p', 'a'));
    expect(hub.takeOf('pods', 'delete')).toMatchObject([{ name: 'p' }]);
  });

  it('leaves pods alone that are on their way already', async () => {
    await hub.restore(node('a', 'True', [{ key: 'mine', effect: 'NoExecute' }]), node('b'));
    hub.take();
    await hub.see('ADDED', pod('p', 'a', [], { deletionTimestamp: 't' }));
    expect(hub.take()).toEqual([]);
  });

  it('greets and takes leave of nodes', async () => {
    await hub.see('ADDED', node('a'));
    const writes = hub.take();
    expect(hub.reasons(writes)).toEqual(['RegisteredNode: Registered Node a in Controller']);
    const lease = writes.find(({ resource }) => resource.startsWith('leases'));
    expect(lease).toMatchObject({ verb: 'create', namespace: 'kube-node-lease' });
    expect(bodyOf(lease).spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 40 });
    await hub.see('DELETED', node('a'));
    expect(hub.reasons(hub.take())).toEqual(['RemovingNode: Removing Node a from Controller']);
  });

  it('removes the pods of a node that is gone, after a quarantine', async () => {
    await hub.restore(node('b'), pod('p', 'a'));
    await hub.later(QUARANTINE_MS - 1);
    expect(hub.takeOf('pods')).toEqual([]);
    await hub.later(1);
    const [failed, removed] = hub.takeOf('pods');
    expect(bodyOf(failed).status).toMatchObject({
      phase: 'Failed',
      conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }],
    });
    expect(removed).toMatchObject({
      verb: 'delete',
      options: { gracePeriodSeconds: 0, preconditions: { uid: 'uid-p' } },
    });
  });

  it('spares the pods of a node that the store does know', async () => {
    hub.read = () => ({ code: 200, body: '{}' });
    await hub.restore(node('b'), pod('p', 'a'));
    await hub.later(QUARANTINE_MS);
    expect(hub.takeOf('pods')).toEqual([]);
  });

  it('removes terminating pods of nodes that are out of service', async () => {
    await hub.restore(
      node('a', 'False', [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }]),
      node('b'),
      pod('p', 'a', [], { deletionTimestamp: 't' }),
    );
    expect(hub.takeOf('pods', 'delete')).toMatchObject([{ name: 'p', options: { gracePeriodSeconds: 0 } }]);
  });
});
