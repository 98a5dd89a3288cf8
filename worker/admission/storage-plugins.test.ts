import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { accepted, refused, ShardFixture } from './shard-fixture.ts';

const claimOf = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

describe('StorageObjectInUseProtection', () => {
  it('adds its finalizer to new objects, once', () => {
    const shard = new ShardFixture();
    expect(accepted(shard.create('persistentvolumeclaims', claimOf('a'))).metadata.finalizers).toEqual([
      'kubernetes.io/pvc-protection',
    ]);
    const own = { finalizers: ['example.com/x', 'kubernetes.io/pvc-protection'] };
    expect(accepted(shard.create('persistentvolumeclaims', claimOf('b', {}, own))).metadata.finalizers).toEqual(
      own.finalizers,
    );
    const attributes = { metadata: { name: 'gold' }, driverName: 'example.com', parameters: { iops: '9' } };
    const made = shard.create('volumeattributesclasses.storage.k8s.io', attributes, { namespace: '' });
    expect(accepted(made).metadata.finalizers).toEqual(['kubernetes.io/vac-protection']);
  });
});

describe('PersistentVolumeClaimResize', () => {
  const storageClass = (name: string, fields: object) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'example.com/disk',
    ...fields,
  });
  const shardWith = (phase: string, storageClassName: string): ShardFixture => {
    const classes = [storageClass('grows', { allowVolumeExpansion: true }), storageClass('stays', {})];
    const shard = new ShardFixture({}, classes);
    accepted(shard.create('persistentvolumeclaims', claimOf('a', { storageClassName, volumeName: 'v' })));
    const bound = shard.stored('persistentvolumeclaims', 'a');
    accepted(shard.update('persistentvolumeclaims', { ...bound, status: { phase } }, { subresource: 'status' }));
    return shard;
  };
  const resize = (shard: ShardFixture, storage: string) => {
    const claim = shard.stored('persistentvolumeclaims', 'a') as UntypedObject & { spec: object };
    return shard.update('persistentvolumeclaims', {
      ...claim,
      spec: { ...claim.spec, resources: { requests: { storage } } },
    });
  };

  it('lets bound claims grow whose class allows it', () => {
    expect(accepted(resize(shardWith('Bound', 'grows'), '2Gi'))).toMatchObject({
      spec: { resources: { requests: { storage: '2Gi' } } },
    });
  });

  it.each(['stays', 'unknown'])('refuses a claim of the class %s', (storageClassName) => {
    expect(refused(resize(shardWith('Bound', storageClassName), '2Gi'))).toMatchObject({
      code: 403,
      message:
        'persistentvolumeclaims "a" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    });
  });

  it('leaves unbound claims to validation, which comes first, and those that ask for less', () => {
    expect(refused(resize(shardWith('Pending', 'grows'), '2Gi')).code).toBe(422);
    expect(resize(shardWith('Bound', 'stays'), '500Mi').code).toBe(200);
  });
});
