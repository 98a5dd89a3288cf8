import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { TestShard } from './runtime/test-shard.ts';
import { claimProtectionController, volumeProtectionController } from './storage-protection.ts';

const CLAIM = 'kubernetes.io/pvc-protection';
const VOLUME = 'kubernetes.io/pv-protection';

const claim = (name: string, metadata: object = {}): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, finalizers: [CLAIM], ...metadata },
});

const pod = (name: string, nodeName: string | undefined, volume: object): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { ...(nodeName ? { nodeName } : {}), volumes: [{ name: 'data', ...volume }] },
});

const byName = { persistentVolumeClaim: { claimName: 'a' } };

function shardWith(...pods: readonly UntypedObject[]): TestShard {
  const shard = new TestShard([claimProtectionController]);
  for (const each of pods) shard.create('pods', each);
  shard.create('persistentvolumeclaims', claim('a'));
  shard.settle();
  return shard;
}

const claimIn = (shard: TestShard, name = 'a') => shard.store.get('persistentvolumeclaims', name);

describe('a claim that is deleted', () => {
  it('goes when nothing uses it', () => {
    const shard = shardWith();
    shard.remove('persistentvolumeclaims', 'a');
    shard.settle();
    expect(claimIn(shard)).toBeUndefined();
  });

  it('stays while a pod on a node names it, even one that has ended', () => {
    const shard = shardWith(pod('web', 'n1', byName));
    shard.remove('persistentvolumeclaims', 'a');
    shard.change(
      'pods',
      'web',
      (object) => {
        object['status'] = { phase: 'Succeeded' };
      },
      'status',
    );
    shard.settle();
    expect(claimIn(shard)?.metadata).toMatchObject({ finalizers: [CLAIM], deletionTimestamp: expect.any(String) });
    shard.remove('pods', 'web', { gracePeriodSeconds: 0 });
    shard.settle();
    expect(claimIn(shard)).toBeUndefined();
  });

  it('does not wait for pods that no node has seen', () => {
    const shard = shardWith(pod('web', undefined, byName));
    shard.remove('persistentvolumeclaims', 'a');
    shard.settle();
    expect(claimIn(shard)).toBeUndefined();
  });

  it('stays while the pod whose ephemeral volume it is runs', () => {
    const shard = shardWith(pod('web', 'n1', { ephemeral: {} }));
    const uid = shard.store.get('pods', 'web')?.metadata.uid;
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true };
    shard.create('persistentvolumeclaims', claim('web-data', { ownerReferences: [owner] }));
    shard.create('persistentvolumeclaims', claim('web-other'));
    for (const name of ['web-data', 'web-other']) shard.remove('persistentvolumeclaims', name);
    shard.settle();
    expect(claimIn(shard, 'web-data')).toBeDefined();
    expect(claimIn(shard, 'web-other')).toBeUndefined();
  });
});

it('a claim of earlier times gets the finalizer', () => {
  const shard = new TestShard([claimProtectionController]);
  shard.create('persistentvolumeclaims', claim('a', { finalizers: ['example.com/x'] }));
  shard.settle();
  expect(claimIn(shard)?.metadata.finalizers).toEqual(['example.com/x', CLAIM]);
});

it('a volume goes once it is not bound any more', () => {
  const shard = new TestShard([volumeProtectionController]);
  shard.create('persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v', finalizers: [VOLUME] },
  });
  const setPhase = (phase: string): void =>
    shard.change(
      'persistentvolumes',
      'v',
      (object) => {
        object['status'] = { phase };
      },
      'status',
    );
  setPhase('Bound');
  shard.remove('persistentvolumes', 'v');
  shard.settle();
  expect(shard.store.get('persistentvolumes', 'v')?.metadata.finalizers).toEqual([VOLUME]);
  setPhase('Released');
  shard.settle();
  expect(shard.store.get('persistentvolumes', 'v')).toBeUndefined();
});
