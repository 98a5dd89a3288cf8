import { describe, expect, it } from 'vitest';
import type { OwnerReference, UntypedObject } from '../../schema/meta/object-meta.ts';
import { garbageCollector, orphanedWork } from './garbage-collector.ts';
import { TestShard } from './runtime/test-shard.ts';

const KINDS: Readonly<Record<string, { resource: string; isNamespaced: boolean }>> = {
  'v1/ConfigMap': { resource: 'configmaps', isNamespaced: true },
  'v1/Secret': { resource: 'secrets', isNamespaced: true },
  'v1/Node': { resource: 'nodes', isNamespaced: false },
};

const newShard = (clusterUid?: (resource: string, name: string) => string | null | undefined) =>
  new TestShard([garbageCollector({ kindOf: (apiVersion, kind) => KINDS[`${apiVersion}/${kind}`], clusterUid })]);

const object = (
  kind: 'ConfigMap' | 'Secret',
  name: string,
  ...ownerReferences: readonly OwnerReference[]
): UntypedObject => ({
  kind,
  apiVersion: 'v1',
  metadata: { name, ...(ownerReferences.length ? { ownerReferences: [...ownerReferences] } : {}) },
});

const ownedBy = (owner: UntypedObject, over: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name ?? '',
  uid: owner.metadata.uid ?? '',
  ...over,
});

const names = (shard: TestShard, resource: string) => shard.store.list(resource).map(({ metadata }) => metadata.name);

function family(shard: TestShard, over: Partial<OwnerReference> = {}): UntypedObject {
  const owner = shard.create('secrets', object('Secret', 'owner'));
  const child = shard.create('configmaps', object('ConfigMap', 'child', ownedBy(owner, over)));
  shard.create('configmaps', object('ConfigMap', 'grandchild', ownedBy(child, over)));
  shard.create('configmaps', object('ConfigMap', 'stranger'));
  shard.settle();
  return owner;
}

describe('the garbage collector', () => {
  it('deletes dependents, and theirs, after their owner', () => {
    const shard = newShard();
    family(shard);
    shard.remove('secrets', 'owner');
    shard.settle();
    expect(names(shard, 'configmaps')).toEqual(['stranger']);
  });

  it('keeps a foreground-deleted owner until its blocking dependents are gone', () => {
    const shard = newShard();
    family(shard, { blockOwnerDeletion: true });
    shard.change('configmaps', 'grandchild', ({ metadata }) => Object.assign(metadata, { finalizers: ['x/y'] }));
    shard.remove('secrets', 'owner', { propagationPolicy: 'Foreground' });
    shard.settle();
    expect(names(shard, 'secrets')).toEqual(['owner']);
    expect(names(shard, 'configmaps')).toEqual(['child', 'grandchild', 'stranger']);
    shard.change('configmaps', 'grandchild', ({ metadata }) => Object.assign(metadata, { finalizers: [] }));
    shard.settle();
    expect(names(shard, 'secrets')).toEqual([]);
    expect(names(shard, 'configmaps')).toEqual(['stranger']);
  });

  it('does not wait in the foreground for dependents that do not block', () => {
    const shard = newShard();
    const owner = shard.create('secrets', object('Secret', 'owner'));
    const child = object('ConfigMap', 'child', ownedBy(owner));
    child.metadata.finalizers = ['x/y'];
    shard.create('configmaps', child);
    shard.settle();
    shard.remove('secrets', 'owner', { propagationPolicy: 'Foreground' });
    shard.settle();
    expect(names(shard, 'secrets')).toEqual([]);
  });

  it('frees the dependents of an owner that is deleted without them', () => {
    const shard = newShard();
    family(shard);
    shard.remove('secrets', 'owner', { propagationPolicy: 'Orphan' });
    shard.settle();
    expect(names(shard, 'secrets')).toEqual([]);
    expect(shard.store.get('configmaps', 'child')?.metadata.ownerReferences).toBeUndefined();
    expect(names(shard, 'configmaps')).toEqual(['child', 'grandchild', 'stranger']);
  });

  it('keeps what has another owner, and drops the dangling reference', () => {
    const shard = newShard();
    const first = shard.create('secrets', object('Secret', 'first'));
    const second = shard.create('secrets', object('Secret', 'second'));
    shard.create('configmaps', object('ConfigMap', 'child', ownedBy(first), ownedBy(second)));
    shard.settle();
    shard.remove('secrets', 'first');
    shard.settle();
    expect(shard.store.get('configmaps', 'child')?.metadata.ownerReferences).toEqual([ownedBy(second)]);
  });

  it.each<[string, Partial<OwnerReference>]>([
    ['is not there', { name: 'nobody', uid: 'u' }],
    ['is a namesake with another uid', { uid: 'forged' }],
    ['has that uid under another name', { name: 'nobody' }],
  ])('deletes an object whose only owner %s', (_case, over) => {
    const shard = newShard();
    const owner = shard.create('secrets', object('Secret', 'owner'));
    shard.create('configmaps', object('ConfigMap', 'child', ownedBy(owner, over)));
    shard.settle();
    expect(names(shard, 'configmaps')).toEqual([]);
  });

  it('concludes nothing from owners of unknown kinds and of other scopes', () => {
    const shard = newShard();
    shard.create(
      'configmaps',
      object('ConfigMap', 'a', { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'w' }),
    );
    shard.create('configmaps', object('ConfigMap', 'b', { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n' }));
    shard.settle();
    expect(names(shard, 'configmaps')).toEqual(['a', 'b']);
  });

  it('asks for cluster-scoped owners where it can', () => {
    const shard = newShard((_resource, name) => (name === 'gone' ? null : 'n'));
    const node = (name: string): OwnerReference => ({ apiVersion: 'v1', kind: 'Node', name, uid: 'n' });
    shard.create('configmaps', object('ConfigMap', 'a', node('gone')));
    shard.create('configmaps', object('ConfigMap', 'b', node('there')));
    shard.settle();
    expect(names(shard, 'configmaps')).toEqual(['b']);
  });

  it('deletes the dependents of a cluster-scoped owner when it is told that it is gone', () => {
    const shard = newShard();
    shard.create('configmaps', object('ConfigMap', 'a', { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n' }));
    shard.settle();
    shard.settle(orphanedWork('n', shard.store.ownedBy('n')));
    expect(names(shard, 'configmaps')).toEqual([]);
  });

  it('breaks a circle of blocking owners', () => {
    const shard = newShard();
    const a = shard.create('configmaps', object('ConfigMap', 'a'));
    const b = shard.create('configmaps', object('ConfigMap', 'b', ownedBy(a, { blockOwnerDeletion: true })));
    shard.change('configmaps', 'a', ({ metadata }) =>
      Object.assign(metadata, { ownerReferences: [ownedBy(b, { blockOwnerDeletion: true })] }),
    );
    shard.settle();
    shard.remove('configmaps', 'a', { propagationPolicy: 'Foreground' });
    shard.settle();
    expect(names(shard, 'configmaps')).toEqual([]);
  });
});
