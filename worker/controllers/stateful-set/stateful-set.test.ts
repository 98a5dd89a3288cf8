import { describe, expect, it } from 'vitest';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { StatefulSet } from '../../../schema/resources/apps/stateful-set.ts';
import { finishAll, podsOf, readyPods, setReady, startAll } from '../fake-kubelet.ts';
import { TestShard } from '../runtime/test-shard.ts';
import { statefulSetController } from './stateful-set.ts';

const SETS = 'statefulsets.apps';

const templateOf = (image: string) => ({
  metadata: { labels: { app: 'db' } },
  spec: { containers: [{ name: 'c', image }] },
});

const statefulSet = (spec: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'StatefulSet',
  apiVersion: 'apps/v1',
  metadata: { name: 'db' },
  spec: {
    replicas: 3,
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } },
    template: templateOf('v1'),
    ...spec,
  },
});

function shardWith(spec: Record<string, unknown> = {}): TestShard {
  const shard = new TestShard([statefulSetController]);
  shard.create(SETS, statefulSet(spec));
  shard.settle();
  return shard;
}

const names = (shard: TestShard) => podsOf(shard).map(({ metadata }) => metadata.name);
const images = (shard: TestShard) => podsOf(shard).map(({ spec }) => spec?.containers?.[0]?.image);
const statusOf = (shard: TestShard) => (shard.store.get(SETS, 'db') as KubeObject as StatefulSet).status;
const setSpec = (shard: TestShard, spec: Record<string, unknown>) => {
  shard.change<StatefulSet>(SETS, 'db', (set) => Object.assign(set.spec ?? {}, spec));
  shard.settle();
};

function complete(shard: TestShard): void {
  for (let step = 0; step < 30; step++) {
    startAll(shard);
    finishAll(shard);
  }
}

describe('the StatefulSet controller', () => {
  it('creates its pods one after the other, each once the one before is ready', () => {
    const shard = shardWith();
    expect(names(shard)).toEqual(['db-0']);
    expect(podsOf(shard)[0]).toMatchObject({
      metadata: {
        labels: { app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-0', 'apps.kubernetes.io/pod-index': '0' },
        ownerReferences: [{ kind: 'StatefulSet', name: 'db', controller: true }],
      },
      spec: { hostname: 'db-0', subdomain: 'db' },
    });
    startAll(shard);
    expect(names(shard)).toEqual(['db-0', 'db-1']);
    complete(shard);
    expect(names(shard)).toEqual(['db-0', 'db-1', 'db-2']);
    const [revision] = shard.store.list('controllerrevisions.apps');
    expect(statusOf(shard)).toEqual({
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
      currentRevision: revision?.metadata.name,
      updateRevision: revision?.metadata.name,
      collisionCount: 0,
    });
    expect(shard.events()).toContain('SuccessfulCreate: Create Pod db-0 in StatefulSet db successful');
  });

  it('creates all at once where the policy is Parallel', () => {
    expect(names(shardWith({ podManagementPolicy: 'Parallel' }))).toEqual(['db-0', 'db-1', 'db-2']);
  });

  it('puts a lost pod back under its name', () => {
    const shard = shardWith();
    complete(shard);
    shard.remove('pods', 'db-1', { gracePeriodSeconds: 0 });
    shard.settle();
    expect(names(shard)).toEqual(['db-0', 'db-1', 'db-2']);
    expect(readyPods(shard)).toHaveLength(2);
  });

  it('replaces a pod that has ended', () => {
    const shard = shardWith({ replicas: 1 });
    complete(shard);
    shard.change('pods', 'db-0', (pod) => Object.assign(pod, { status: { phase: 'Failed' } }), 'status');
    shard.settle();
    finishAll(shard);
    expect(podsOf(shard)[0]?.status?.phase).toBe('Pending');
  });

  it('scales down from the highest ordinal, one at a time', () => {
    const shard = shardWith();
    complete(shard);
    setSpec(shard, { replicas: 1 });
    expect(
      podsOf(shard)
        .filter(({ metadata }) => metadata.deletionTimestamp)
        .map(({ metadata }) => metadata.name),
    ).toEqual(['db-2']);
    finishAll(shard);
    finishAll(shard);
    expect(names(shard)).toEqual(['db-0']);
  });

  it('rolls from the highest ordinal down, waiting for each', () => {
    const shard = shardWith();
    complete(shard);
    setSpec(shard, { template: templateOf('v2') });
    for (let step = 0; step < 30; step++) {
      expect(readyPods(shard).length).toBeGreaterThanOrEqual(2);
      finishAll(shard);
      const waiting = podsOf(shard).find((pod) => !readyPods(shard).includes(pod));
      if (waiting) setReady(shard, waiting.metadata.name as string);
      shard.settle();
    }
    expect(images(shard)).toEqual(['v2', 'v2', 'v2']);
    expect(statusOf(shard)?.currentRevision).toBe(statusOf(shard)?.updateRevision);
  });

  it('leaves ordinals below the partition as they are', () => {
    const shard = shardWith();
    complete(shard);
    setSpec(shard, {
      template: templateOf('v2'),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
    });
    complete(shard);
    expect(images(shard)).toEqual(['v1', 'v1', 'v2']);
    shard.remove('pods', 'db-0', { gracePeriodSeconds: 0 });
    complete(shard);
    expect(images(shard)).toEqual(['v1', 'v1', 'v2']);
    expect(statusOf(shard)).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
  });

  it('changes no pod by itself where the strategy is OnDelete', () => {
    const shard = shardWith({ updateStrategy: { type: 'OnDelete' } });
    complete(shard);
    setSpec(shard, { template: templateOf('v2') });
    complete(shard);
    expect(images(shard)).toEqual(['v1', 'v1', 'v1']);
    shard.remove('pods', 'db-1', { gracePeriodSeconds: 0 });
    complete(shard);
    expect(images(shard)).toEqual(['v1', 'v2', 'v1']);
  });

  it('goes back to an earlier revision and keeps as many as the limit says', () => {
    const shard = shardWith({ revisionHistoryLimit: 1 });
    for (const image of ['v2', 'v3', 'v4', 'v3']) {
      complete(shard);
      setSpec(shard, { template: templateOf(image) });
    }
    complete(shard);
    expect(images(shard)).toEqual(['v3', 'v3', 'v3']);
    expect(shard.store.list('controllerrevisions.apps')).toHaveLength(2);
  });

  it('makes a claim for each pod from its templates, and mounts it', () => {
    const volumeClaimTemplates = [
      { kind: 'PersistentVolumeClaim', apiVersion: 'v1', metadata: { name: 'data' }, spec: {}, status: {} },
    ];
    const shard = shardWith({
      volumeClaimTemplates,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
    });
    complete(shard);
    const claims = shard.store.list('persistentvolumeclaims');
    expect(claims.map(({ metadata }) => metadata.name)).toEqual(['data-db-0', 'data-db-1', 'data-db-2']);
    expect(claims[0]?.metadata).toMatchObject({ labels: { app: 'db' }, ownerReferences: [{ kind: 'StatefulSet' }] });
    expect(podsOf(shard)[0]?.spec?.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
    ]);
    setSpec(shard, { replicas: 2 });
    expect(shard.store.get('persistentvolumeclaims', 'data-db-2')?.metadata.ownerReferences).toMatchObject([
      { kind: 'Pod', name: 'db-2' },
    ]);
  });

  it('comes to rest: looking again writes nothing', () => {
    const shard = shardWith();
    complete(shard);
    const before = shard.writes.length;
    shard.settle([{ controller: 'statefulset', key: 'db' }]);
    expect(shard.writes.length).toBe(before);
  });
});
