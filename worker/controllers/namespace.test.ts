import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { finishAll } from './fake-kubelet.ts';
import { namespaceAfterDrain, namespaceContentController, remainingContent } from './namespace-content.ts';
import { rootCaPublisher, serviceAccountController } from './namespace-objects.ts';
import { podGarbageController } from './pod-garbage.ts';
import { TestShard } from './runtime/test-shard.ts';

const RESOURCES = ['pods', 'configmaps', 'serviceaccounts', 'events'];
const CONTROLLERS = [
  namespaceContentController(RESOURCES),
  serviceAccountController,
  rootCaPublisher('PEM'),
  podGarbageController,
];
const WORK = CONTROLLERS.slice(0, 3).map(({ name }) => ({ controller: name, key: 'shop' }));

const namespace = (deletionTimestamp?: string): UntypedObject => ({
  kind: 'Namespace',
  apiVersion: 'v1',
  metadata: { name: 'shop', uid: 'ns', ...(deletionTimestamp ? { deletionTimestamp } : {}) },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: deletionTimestamp ? 'Terminating' : 'Active' },
});

function activeShard(): TestShard {
  const shard = new TestShard(CONTROLLERS);
  shard.store.configuration.push({ resource: 'namespaces', object: namespace() });
  shard.settle(WORK);
  return shard;
}

function terminate(shard: TestShard): void {
  shard.store.configuration[0] = { resource: 'namespaces', object: namespace('2026-01-01T00:00:00Z') };
  shard.settle(WORK);
}

const pod = (name: string, nodeName?: string): UntypedObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { ...(nodeName ? { nodeName } : {}) },
});

describe('an active namespace', () => {
  it('has its default account and the root CA', () => {
    const shard = activeShard();
    expect(shard.store.get('serviceaccounts', 'default')).toBeDefined();
    expect(shard.store.get('configmaps', 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM' });
  });

  it('gets them back when they are deleted or changed', () => {
    const shard = activeShard();
    shard.remove('serviceaccounts', 'default');
    shard.remove('configmaps', 'kube-root-ca.crt');
    shard.settle();
    expect(shard.store.get('serviceaccounts', 'default')).toBeDefined();
    shard.change('configmaps', 'kube-root-ca.crt', (object) => Object.assign(object, { data: {} }));
    shard.settle();
    expect(shard.store.get('configmaps', 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM' });
  });

  it('is not known: then nothing is made', () => {
    const shard = new TestShard(CONTROLLERS);
    shard.settle(WORK);
    expect(shard.store.changes).toEqual([]);
  });
});

describe('a terminating namespace', () => {
  it('loses its pods first, and everything else once they are gone', () => {
    const shard = activeShard();
    shard.create('pods', pod('p', 'n1'));
    terminate(shard);
    expect(shard.store.get('pods', 'p')?.metadata.deletionTimestamp).toBeDefined();
    expect(shard.store.get('serviceaccounts', 'default')).toBeDefined();
    expect(remainingContent(shard.store, RESOURCES).remaining).toMatchObject({ pods: 1, configmaps: 1 });
    finishAll(shard);
    expect(remainingContent(shard.store, RESOURCES)).toEqual({ remaining: {}, finalizers: {} });
  });

  it('counts what finalizers hold', () => {
    const shard = activeShard();
    shard.create('configmaps', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c', finalizers: ['x/y'] } });
    terminate(shard);
    expect(remainingContent(shard.store, RESOURCES)).toEqual({
      remaining: { configmaps: 1 },
      finalizers: { 'x/y': 1 },
    });
  });
});

describe('namespaceAfterDrain', () => {
  const now = Date.UTC(2026, 0, 1);

  it('says what remains', () => {
    const write = namespaceAfterDrain(
      namespace('t'),
      { remaining: { 'widgets.example.com': 2, pods: 1 }, finalizers: { 'x/y': 1 } },
      now,
    );
    expect(write).toMatchObject({ op: 'update', subresource: 'status' });
    const { conditions } = (write as { object: UntypedObject }).object.status as { conditions: object[] };
    expect(conditions).toMatchObject([
      { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', reason: 'ResourcesDiscovered' },
      { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False' },
      { type: 'NamespaceDeletionContentFailure', status: 'False' },
      {
        type: 'NamespaceContentRemaining',
        status: 'True',
        reason: 'SomeResourcesRemain',
        message:
          'Some resources are remaining: pods. has 1 resource instances, widgets.example.com has 2 resource instances',
      },
      {
        type: 'NamespaceFinalizersRemaining',
        status: 'True',
        message: 'Some content in the namespace has finalizers remaining: x/y in 1 resource instances',
      },
    ]);
  });

  it('takes the finalizer away when nothing is left, after the conditions say so', () => {
    const status = namespaceAfterDrain(namespace('t'), { remaining: {}, finalizers: {} }, now);
    const stored = (status as { object: UntypedObject }).object;
    const [finalize] = status?.onDone?.(stored) ?? [];
    expect(finalize).toMatchObject({ subresource: 'finalize', object: { spec: { finalizers: [] } } });
    expect(namespaceAfterDrain(stored, { remaining: {}, finalizers: {} }, now)).toMatchObject({
      subresource: 'finalize',
    });
  });

  it('writes nothing while nothing changes', () => {
    const reply = { remaining: { pods: 1 }, finalizers: {} };
    const stored = (namespaceAfterDrain(namespace('t'), reply, now) as { object: UntypedObject }).object;
    expect(namespaceAfterDrain(stored, reply, now + 1000)).toBeUndefined();
  });
});

describe('pods that were never assigned', () => {
  it('go at once when they are deleted', () => {
    const shard = activeShard();
    shard.create('pods', pod('a'));
    shard.create('pods', pod('b', 'n1'));
    shard.remove('pods', 'a');
    shard.remove('pods', 'b');
    shard.settle();
    expect(shard.store.list('pods').map(({ metadata }) => metadata.name)).toEqual(['b']);
  });
});
