import { describe, expect, it } from 'vitest';
import { accepted, podOf, refused, ShardFixture } from './shard-fixture.ts';

interface Spec {
  readonly spec: Record<string, unknown>;
}

describe('RuntimeClass', () => {
  const sandbox = (fields: object) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'sandbox' },
    handler: 'runsc',
    ...fields,
  });
  const shard = (fields: object = {}) => new ShardFixture({}, [sandbox(fields)]);
  const sandboxed = (spec: object = {}) => podOf('web', { runtimeClassName: 'sandbox', ...spec });
  const overhead = { podFixed: { cpu: '10m', memory: '1Mi' } };

  it('that is not there refuses the pod', () => {
    const answer = refused(new ShardFixture().create('pods', podOf('web', { runtimeClassName: 'gone' })));
    expect(answer).toMatchObject({
      code: 403,
      message: 'pods "web" is forbidden: pod rejected: RuntimeClass "gone" not found',
    });
  });

  it('brings its overhead, and no other is taken', () => {
    expect(accepted<Spec>(shard({ overhead }).create('pods', sandboxed())).spec['overhead']).toEqual(overhead.podFixed);
    const other = shard({ overhead }).create('pods', sandboxed({ overhead: { cpu: '1' } }));
    expect(refused(other).message).toBe(
      `pods "web" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
    );
    expect(refused(shard().create('pods', sandboxed({ overhead: { cpu: '1' } }))).message).toBe(
      'pods "web" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
  });

  it('brings where its pods may run', () => {
    const toleration = { key: 'sandbox', operator: 'Exists', effect: 'NoSchedule' };
    const scheduling = { nodeSelector: { runtime: 'runsc' }, tolerations: [toleration] };
    const { spec } = accepted<Spec>(
      shard({ scheduling }).create(
        'pods',
        sandboxed({
          nodeSelector: { disk: 'ssd' },
          tolerations: [{ key: 'sandbox', operator: 'Equal', value: 'a', effect: 'NoSchedule' }],
        }),
      ),
    );
    expect(spec['nodeSelector']).toEqual({ disk: 'ssd', runtime: 'runsc' });
    expect(spec['tolerations']).toMatchObject([
      { key: 'node.kubernetes.io/not-ready' },
      { key: 'node.kubernetes.io/unreachable' },
      toleration,
    ]);
    const clash = shard({ scheduling }).create('pods', sandboxed({ nodeSelector: { runtime: 'runc' } }));
    expect(refused(clash).message).toBe(
      'pods "web" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[runtime] = runsc; pod.spec.nodeSelector[runtime] = runc',
    );
  });
});

describe('default classes', () => {
  const classes = (kind: string, apiVersion: string, annotation: string) =>
    [
      ['old', '2026-01-01T00:00:00Z', 'true'],
      ['newest', '2026-03-01T00:00:00Z', 'true'],
      ['other', '2026-04-01T00:00:00Z', 'false'],
    ].map(([name = '', creationTimestamp = '', value = '']) => ({
      apiVersion,
      kind,
      metadata: { name, creationTimestamp, annotations: { [annotation]: value } },
    }));

  it('of storage: the newest, for claims that name none', () => {
    const shard = new ShardFixture(
      {},
      classes('StorageClass', 'storage.k8s.io/v1', 'storageclass.kubernetes.io/is-default-class'),
    );
    const claim = (name: string, spec: object) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    });
    const classOf = (name: string, spec: object = {}) =>
      accepted<Spec>(shard.create('persistentvolumeclaims', claim(name, spec))).spec['storageClassName'];
    expect(classOf('a')).toBe('newest');
    expect(classOf('b', { storageClassName: '' })).toBe('');
    expect(classOf('c', { storageClassName: 'old' })).toBe('old');
  });

  it('of ingresses', () => {
    const shard = new ShardFixture(
      {},
      classes('IngressClass', 'networking.k8s.io/v1', 'ingressclass.kubernetes.io/is-default-class'),
    );
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'web' },
      spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
    };
    const made = accepted<Spec>(shard.create('ingresses.networking.k8s.io', ingress));
    expect(made.spec['ingressClassName']).toBe('newest');
  });
});
