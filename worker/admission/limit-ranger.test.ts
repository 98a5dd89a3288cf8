import { describe, expect, it } from 'vitest';
import { accepted, podOf, refused, ShardFixture, sizedPod } from './shard-fixture.ts';

interface Sized {
  readonly metadata: { readonly annotations?: Record<string, string> };
  readonly spec: Record<'containers' | 'initContainers', readonly { readonly resources: unknown }[]>;
}

function shardWith(...limits: object[]): ShardFixture {
  const shard = new ShardFixture();
  accepted(
    shard.create('limitranges', {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'limits' },
      spec: { limits },
    }),
  );
  return shard;
}

describe('defaults', () => {
  const shard = () =>
    shardWith({
      type: 'Container',
      default: { cpu: '500m', memory: '500Mi' },
      defaultRequest: { cpu: '100m', memory: '200Mi' },
    });

  it('fill what containers and init containers leave out, and say so', () => {
    const spec = {
      initContainers: [{ name: 'init', image: 'i' }],
      containers: [{ name: 'main', image: 'i', resources: { requests: { cpu: '300m' } } }],
    };
    const pod = accepted<Sized>(shard().create('pods', podOf('web', spec)));
    expect(pod.spec.containers[0]?.resources).toEqual({
      limits: { cpu: '500m', memory: '500Mi' },
      requests: { cpu: '300m', memory: '200Mi' },
    });
    expect(pod.spec.initContainers[0]?.resources).toEqual({
      limits: { cpu: '500m', memory: '500Mi' },
      requests: { cpu: '100m', memory: '200Mi' },
    });
    expect(pod.metadata.annotations?.['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: memory request for container main; cpu, memory limit for container main; ' +
        'cpu, memory request for init container init; cpu, memory limit for init container init',
    );
  });

  it('leave alone a pod that says all, and one in a namespace without limits', () => {
    const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } };
    const pod = accepted<Sized>(shard().create('pods', sizedPod('web', resources)));
    expect(pod.metadata.annotations).toBeUndefined();
    const free = accepted<Sized>(new ShardFixture().create('pods', podOf('web')));
    expect(free.spec.containers[0]?.resources).toEqual({});
  });
});

const limited = (cpu: string, request = cpu) => ({ limits: { cpu }, requests: { cpu: request } });

describe('bounds', () => {
  const container = (bounds: object) => ({ type: 'Container', default: {}, defaultRequest: {}, ...bounds });
  it.each([
    [{ max: { cpu: '1' } }, limited('2', '1'), 'maximum cpu usage per Container is 1, but limit is 2'],
    [{ min: { cpu: '500m' } }, limited('1', '100m'), 'minimum cpu usage per Container is 500m, but request is 100m'],
    [
      { maxLimitRequestRatio: { cpu: '2' } },
      limited('1', '400m'),
      'cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000',
    ],
    [
      { maxLimitRequestRatio: { cpu: '2' } },
      {},
      'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
    ],
    [
      { min: { cpu: '2' }, max: { cpu: '3' } },
      limited('4', '1'),
      '[minimum cpu usage per Container is 2, but request is 1, maximum cpu usage per Container is 3, but limit is 4]',
    ],
  ])('of containers: %j refuses %j', (bounds, resources, text) => {
    const answer = refused(shardWith(container(bounds)).create('pods', sizedPod('web', resources)));
    expect(answer).toMatchObject({ code: 403, reason: 'Forbidden', message: `pods "web" is forbidden: ${text}` });
  });

  it('of init containers count as well', () => {
    const spec = {
      initContainers: [{ name: 'init', image: 'i', resources: limited('2') }],
      containers: [{ name: 'main', image: 'i', resources: limited('1') }],
    };
    const answer = shardWith(container({ max: { cpu: '1' } })).create('pods', podOf('web', spec));
    expect(refused(answer).message).toContain('maximum cpu usage per Container is 1, but limit is 2');
  });

  it('of pods count what containers need together', () => {
    const shard = shardWith({ type: 'Pod', max: { cpu: '2' } });
    const two = ['a', 'b'].map((name) => ({ name, image: 'i', resources: limited('1500m') }));
    expect(refused(shard.create('pods', podOf('web', { containers: two }))).message).toBe(
      'pods "web" is forbidden: maximum cpu usage per Pod is 2, but limit is 3',
    );
    expect(refused(shard.create('pods', podOf('web'))).message).toBe(
      'pods "web" is forbidden: maximum cpu usage per Pod is 2.  No limit is specified',
    );
    accepted(shard.create('pods', sizedPod('web', limited('2'))));
  });

  it('of claims count requests only', () => {
    const shard = shardWith({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } });
    const claim = (storage: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    });
    expect(refused(shard.create('persistentvolumeclaims', claim('3Gi'))).message).toBe(
      'persistentvolumeclaims "data" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
    expect(refused(shard.create('persistentvolumeclaims', claim('1Mi'))).message).toContain(
      'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi',
    );
    accepted(shard.create('persistentvolumeclaims', claim('1Gi')));
  });
});
