import { describe, expect, it } from 'vitest';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { failure, forbidden } from '../../schema/meta/status.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import { finishAll, podsOf, setReady, startAll } from './fake-kubelet.ts';
import { replicaSetController } from './replica-set.ts';
import { replicationController } from './replication-controller.ts';
import { TestShard } from './runtime/test-shard.ts';
import type { ReplicaSet } from './workload-types.ts';

const RS = 'replicasets.apps';
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };

const replicaSet = (replicas: number, over: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'ReplicaSet',
  apiVersion: 'apps/v1',
  metadata: { name: 'web' },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template, ...over },
});

const pod = (name: string, labels: Record<string, string>): UntypedObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, labels },
  spec: template.spec,
});

function shardWith(object: UntypedObject): TestShard {
  const shard = new TestShard([replicaSetController]);
  shard.create(RS, object);
  shard.settle();
  return shard;
}

const statusOf = (shard: TestShard) => (shard.store.get(RS, 'web') as KubeObject as ReplicaSet).status;
const scale = (shard: TestShard, replicas: number) => {
  shard.change<ReplicaSet>(RS, 'web', (rs) => Object.assign(rs.spec ?? {}, { replicas }));
  shard.settle();
};

describe('the ReplicaSet controller', () => {
  it('creates the pods of its template, controlled by it, and counts them', () => {
    const shard = shardWith(replicaSet(3));
    expect(podsOf(shard)).toHaveLength(3);
    expect(podsOf(shard)[0]?.metadata).toMatchObject({
      generateName: 'web-',
      labels: { app: 'web' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', controller: true, blockOwnerDeletion: true },
      ],
    });
    expect(statusOf(shard)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    expect(shard.events().filter((text) => text.startsWith('SuccessfulCreate: Created pod: web-'))).toHaveLength(3);
  });

  it('replaces pods that end or go, and counts terminating ones apart', () => {
    const shard = shardWith(replicaSet(2));
    const [first, second] = podsOf(shard).map(({ metadata }) => metadata.name ?? '');
    shard.remove('pods', first as string);
    shard.change<Pod>('pods', second as string, (p) => Object.assign(p, { status: { phase: 'Failed' } }), 'status');
    shard.settle();
    expect(podsOf(shard)).toHaveLength(4);
    expect(statusOf(shard)).toMatchObject({ replicas: 2, terminatingReplicas: 1 });
    finishAll(shard);
    expect(statusOf(shard)).toMatchObject({ replicas: 2, terminatingReplicas: 0 });
  });

  it('scales down what was last to be useful, and says so', () => {
    const shard = shardWith(replicaSet(3));
    const names = podsOf(shard).map(({ metadata }) => metadata.name ?? '');
    setReady(shard, names[1] as string);
    shard.settle();
    scale(shard, 1);
    finishAll(shard);
    expect(podsOf(shard).map(({ metadata }) => metadata.name)).toEqual([names[1]]);
    expect(shard.events()).toContain(`SuccessfulDelete: Deleted pod: ${names[0]}`);
  });

  it('adopts selected orphans and releases pods it no longer selects', () => {
    const shard = new TestShard([replicaSetController]);
    shard.create('pods', pod('orphan', { app: 'web' }));
    shard.create(RS, replicaSet(2));
    shard.settle();
    expect(podsOf(shard)).toHaveLength(2);
    expect(shard.store.get('pods', 'orphan')?.metadata.ownerReferences?.[0]).toMatchObject({
      name: 'web',
      controller: true,
    });
    shard.change('pods', 'orphan', (p) => Object.assign(p.metadata, { labels: { app: 'other' } }));
    shard.settle();
    expect(shard.store.get('pods', 'orphan')?.metadata.ownerReferences).toBeUndefined();
    expect(podsOf(shard)).toHaveLength(3);
  });

  it('adopts an orphan that appears later, and makes room for it', () => {
    const shard = shardWith(replicaSet(1));
    shard.create('pods', pod('late', { app: 'web' }));
    shard.settle();
    finishAll(shard);
    expect(podsOf(shard)).toHaveLength(1);
  });

  it('leaves pods of another controller alone', () => {
    const shard = new TestShard([replicaSetController]);
    const foreign = pod('foreign', { app: 'web' });
    foreign.metadata.ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'j', controller: true }];
    shard.create('pods', foreign);
    shard.create(RS, replicaSet(1));
    shard.settle();
    expect(podsOf(shard)).toHaveLength(2);
  });

  it('counts pods as available after minReadySeconds', () => {
    const shard = shardWith(replicaSet(1, { minReadySeconds: 10 }));
    startAll(shard);
    expect(statusOf(shard)).toMatchObject({ readyReplicas: 1 });
    expect(statusOf(shard)?.availableReplicas).toBeUndefined();
    shard.advance(9_999);
    expect(statusOf(shard)?.availableReplicas).toBeUndefined();
    shard.advance(1);
    expect(statusOf(shard)?.availableReplicas).toBe(1);
    expect(shard.timers.size).toBe(0);
  });

  it('reports a refusal once, tries again with back-off, and takes the condition back', () => {
    const shard = new TestShard([replicaSetController]);
    shard.refuse = (write) =>
      write.op === 'create' && write.resource === 'pods' && podsOf(shard).length >= 1
        ? forbidden('pods', 'web-1', 'exceeded quota: q')
        : undefined;
    shard.create(RS, replicaSet(3));
    shard.settle();
    expect(podsOf(shard)).toHaveLength(1);
    expect(statusOf(shard)?.conditions).toMatchObject([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: 'pods "web-1" is forbidden: exceeded quota: q',
      },
    ]);
    expect(shard.events()).toContain('FailedCreate: Error creating: pods "web-1" is forbidden: exceeded quota: q');
    const attempts = shard.failures.length;
    expect(attempts).toBeLessThanOrEqual(2);
    shard.refuse = () => undefined;
    shard.advance(60_000);
    expect(podsOf(shard)).toHaveLength(3);
    expect(statusOf(shard)).toMatchObject({ replicas: 3 });
    expect(statusOf(shard)?.conditions).toBeUndefined();
  });

  it('says nothing about refusals in a terminating namespace', () => {
    const shard = new TestShard([replicaSetController]);
    const refusal = failure({
      code: 403,
      reason: 'Forbidden',
      message: 'because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    });
    shard.refuse = (write) => (write.op === 'create' && write.resource === 'pods' ? refusal : undefined);
    shard.create(RS, replicaSet(1));
    shard.settle();
    expect(shard.events()).toEqual([]);
    expect(shard.timers.size).toBe(0);
  });

  it('does nothing more while it is being deleted', () => {
    const shard = shardWith(replicaSet(1));
    shard.change(RS, 'web', (rs) => Object.assign(rs.metadata, { finalizers: ['x/y'] }));
    shard.remove(RS, 'web');
    shard.remove('pods', podsOf(shard)[0]?.metadata.name as string);
    shard.settle();
    finishAll(shard);
    expect(podsOf(shard)).toHaveLength(0);
  });

  it('makes a thousand pods over several batches', () => {
    const shard = new TestShard([replicaSetController]);
    shard.create(RS, replicaSet(1000));
    shard.settle([], 300);
    expect(podsOf(shard)).toHaveLength(1000);
    expect(statusOf(shard)?.replicas).toBe(1000);
  });
});

describe('the ReplicationController controller', () => {
  it('does the same with a selector that is a map', () => {
    const shard = new TestShard([replicationController]);
    const metadata = { name: 'web' };
    shard.create('replicationcontrollers', {
      kind: 'ReplicationController',
      apiVersion: 'v1',
      metadata,
      spec: { replicas: 2, selector: { app: 'web' }, template },
    });
    shard.settle();
    startAll(shard);
    const stored = shard.store.get('replicationcontrollers', 'web');
    expect(stored?.status).toEqual({
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      observedGeneration: 1,
    });
    expect(stored?.spec).toMatchObject({ selector: { app: 'web' } });
    expect(podsOf(shard)[0]?.metadata.ownerReferences).toMatchObject([
      { apiVersion: 'v1', kind: 'ReplicationController' },
    ]);
  });
});
