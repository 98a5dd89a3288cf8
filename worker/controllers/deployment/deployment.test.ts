import { describe, expect, it } from 'vitest';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { forbidden } from '../../../schema/meta/status.ts';
import { finishAll, podsOf, readyPods, setReady, startAll } from '../fake-kubelet.ts';
import { isPodActive } from '../pod-state.ts';
import { replicaSetController } from '../replica-set.ts';
import { TestShard } from '../runtime/test-shard.ts';
import type { Deployment, ReplicaSet } from '../workload-types.ts';
import { deploymentController } from './deployment.ts';
import { fencepostsOf } from './fenceposts.ts';
import { podTemplateHash } from '../template-hash.ts';
import { REVISION, REVISION_HISTORY } from './revision.ts';

const DEPLOYMENTS = 'deployments.apps';
const RS = 'replicasets.apps';

const templateOf = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image }] },
});

const deployment = (spec: Record<string, unknown> = {}): UntypedObject => ({
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name: 'web', annotations: { team: 'shop' } },
  spec: {
    replicas: 4,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: templateOf('v1'),
    ...spec,
  },
});

function shardWith(spec: Record<string, unknown> = {}): TestShard {
  const shard = new TestShard([replicaSetController, deploymentController]);
  shard.create(DEPLOYMENTS, deployment(spec));
  shard.settle();
  return shard;
}

const edit = (shard: TestShard, change: (deployment: Deployment) => void) => {
  shard.change<Deployment>(DEPLOYMENTS, 'web', change);
  shard.settle();
};
const setImage = (shard: TestShard, image: string) =>
  edit(shard, ({ spec }) => Object.assign(spec ?? {}, { template: templateOf(image) }));
const setSpec = (shard: TestShard, spec: Record<string, unknown>) =>
  edit(shard, (d) => Object.assign(d.spec ?? {}, spec));

const web = (shard: TestShard) => shard.store.get(DEPLOYMENTS, 'web') as KubeObject as Deployment;
const condition = (shard: TestShard, type: string) => web(shard).status?.conditions?.find((c) => c.type === type);
const replicaSets = (shard: TestShard) => shard.store.list(RS) as readonly KubeObject[] as readonly ReplicaSet[];
const imageOf = (rs: ReplicaSet) => rs.spec?.template?.spec?.containers?.[0]?.image ?? '';
const sizes = (shard: TestShard) =>
  Object.fromEntries(replicaSets(shard).map((rs) => [imageOf(rs), rs.spec?.replicas]));
const byImage = (shard: TestShard, image: string) =>
  replicaSets(shard).find((rs) => imageOf(rs) === image) as ReplicaSet;

function finishRollout(shard: TestShard): void {
  for (let step = 0; step < 100; step++) {
    startAll(shard);
    finishAll(shard);
    const { replicas, updatedReplicas, availableReplicas } = web(shard).status ?? {};
    if (replicas === updatedReplicas && availableReplicas === web(shard).spec?.replicas) return;
  }
  throw new Error('the rollout does not end');
}

describe('the Deployment controller', () => {
  it('creates a ReplicaSet of the template, with revision and sizes noted on it', () => {
    const shard = shardWith();
    const [rs] = replicaSets(shard) as [ReplicaSet];
    const hash = rs.metadata.labels?.['pod-template-hash'] as string;
    expect(rs.metadata.name).toBe(`web-${hash}`);
    expect(rs.spec?.selector).toEqual({ matchLabels: { app: 'web', 'pod-template-hash': hash } });
    expect(rs.spec?.template?.metadata?.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(rs.metadata.annotations).toEqual({
      team: 'shop',
      [REVISION]: '1',
      'deployment.kubernetes.io/desired-replicas': '4',
      'deployment.kubernetes.io/max-replicas': '5',
    });
    expect(web(shard).metadata.annotations?.[REVISION]).toBe('1');
    expect(podsOf(shard)).toHaveLength(4);
    expect(shard.events()).toContain(`ScalingReplicaSet: Scaled up replica set ${rs.metadata.name} from 0 to 4`);
  });

  it('tells how the rollout stands in status and conditions', () => {
    const shard = shardWith();
    expect(web(shard).status).toMatchObject({
      observedGeneration: 1,
      replicas: 4,
      updatedReplicas: 4,
      unavailableReplicas: 4,
    });
    expect(condition(shard, 'Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
      message: 'Deployment does not have minimum availability.',
    });
    expect(condition(shard, 'Progressing')).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' });
    startAll(shard);
    const name = replicaSets(shard)[0]?.metadata.name;
    expect(web(shard).status).toMatchObject({ readyReplicas: 4, availableReplicas: 4 });
    expect(web(shard).status?.unavailableReplicas).toBeUndefined();
    expect(condition(shard, 'Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' });
    expect(condition(shard, 'Progressing')).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `ReplicaSet "${name}" has successfully progressed.`,
    });
  });

  it('scales without a rollout', () => {
    const shard = shardWith();
    finishRollout(shard);
    setSpec(shard, { replicas: 7 });
    expect(sizes(shard)).toEqual({ v1: 7 });
    expect(replicaSets(shard)[0]?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/desired-replicas': '7',
    });
    finishRollout(shard);
    setSpec(shard, { replicas: 0 });
    finishAll(shard);
    expect(podsOf(shard)).toHaveLength(0);
  });

  it.each([
    { replicas: 4, maxSurge: '25%', maxUnavailable: '25%' },
    { replicas: 10, maxSurge: 3, maxUnavailable: 0 },
    { replicas: 10, maxSurge: 0, maxUnavailable: 3 },
    { replicas: 1, maxSurge: '0%', maxUnavailable: '1%' },
    { replicas: 7, maxSurge: '100%', maxUnavailable: '50%' },
    { replicas: 3, maxSurge: 1, maxUnavailable: 1 },
  ])(
    'keeps within its limits while rolling $replicas pods ($maxSurge up, $maxUnavailable down)',
    ({ replicas, ...rollingUpdate }) => {
      const shard = shardWith({ replicas, strategy: { type: 'RollingUpdate', rollingUpdate } });
      finishRollout(shard);
      const { maxSurge, maxUnavailable } = fencepostsOf(web(shard));
      const check = () => {
        expect(readyPods(shard).length).toBeGreaterThanOrEqual(replicas - maxUnavailable);
        expect(podsOf(shard).filter(isPodActive).length).toBeLessThanOrEqual(replicas + maxSurge);
      };
      setImage(shard, 'v2');
      for (
        let step = 0;
        step < 200 &&
        (web(shard).status?.updatedReplicas !== replicas ||
          readyPods(shard).length !== replicas ||
          podsOf(shard).length !== replicas);
        step++
      ) {
        check();
        const waiting = podsOf(shard).find((pod) => isPodActive(pod) && !readyPods(shard).includes(pod));
        if (waiting && step % 3 !== 2) setReady(shard, waiting.metadata.name as string);
        shard.settle();
        check();
        if (step % 2 === 0) finishAll(shard);
      }
      expect(sizes(shard)).toEqual({ v1: 0, v2: replicas });
      expect(web(shard).metadata.annotations?.[REVISION]).toBe('2');
      expect(condition(shard, 'Progressing')?.reason).toBe('NewReplicaSetAvailable');
    },
  );

  it('rolls back to an earlier template under a new revision and remembers the old one', () => {
    const shard = shardWith();
    finishRollout(shard);
    setImage(shard, 'v2');
    finishRollout(shard);
    setImage(shard, 'v1');
    finishRollout(shard);
    expect(replicaSets(shard)).toHaveLength(2);
    expect(byImage(shard, 'v1').metadata.annotations).toMatchObject({ [REVISION]: '3', [REVISION_HISTORY]: '1' });
    expect(web(shard).metadata.annotations?.[REVISION]).toBe('3');
  });

  it('counts on from a revision beyond what a double holds', () => {
    const shard = shardWith();
    shard.change<ReplicaSet>(RS, byImage(shard, 'v1').metadata.name ?? '', ({ metadata }) =>
      Object.assign(metadata.annotations ?? {}, { [REVISION]: '3546343826724305832' }),
    );
    setImage(shard, 'v2');
    expect(byImage(shard, 'v2').metadata.annotations?.[REVISION]).toBe('3546343826724305833');
    expect(web(shard).metadata.annotations?.[REVISION]).toBe('3546343826724305833');
  });

  it('obeys the deprecated rollback annotation', () => {
    const shard = shardWith();
    finishRollout(shard);
    setImage(shard, 'v2');
    finishRollout(shard);
    edit(shard, ({ metadata }) =>
      Object.assign(metadata.annotations ?? {}, { 'deprecated.deployment.rollback.to': '1' }),
    );
    finishRollout(shard);
    expect(sizes(shard)).toEqual({ v1: 4, v2: 0 });
    expect(web(shard).metadata.annotations).not.toHaveProperty('deprecated.deployment.rollback.to');
    expect(shard.events()).toContain('DeploymentRollback: Rolled back deployment "web" to revision 1');
  });

  it('keeps as many old ReplicaSets as the history limit says', () => {
    const shard = shardWith({ revisionHistoryLimit: 1 });
    for (const image of ['v2', 'v3', 'v4']) {
      finishRollout(shard);
      setImage(shard, image);
    }
    finishRollout(shard);
    expect(sizes(shard)).toEqual({ v3: 0, v4: 4 });
  });

  it('starts no rollout while paused, but scales, and goes on when resumed', () => {
    const shard = shardWith();
    finishRollout(shard);
    setSpec(shard, { paused: true });
    expect(condition(shard, 'Progressing')).toMatchObject({
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
    });
    setImage(shard, 'v2');
    setSpec(shard, { replicas: 6 });
    expect(sizes(shard)).toEqual({ v1: 6 });
    setSpec(shard, { paused: false });
    expect(sizes(shard)).toHaveProperty('v2');
    finishRollout(shard);
    expect(sizes(shard)).toEqual({ v1: 0, v2: 6 });
  });

  it('scales both ReplicaSets in proportion in the middle of a rollout', () => {
    const shard = shardWith({
      replicas: 10,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
    });
    finishRollout(shard);
    setImage(shard, 'v2');
    expect(sizes(shard)).toEqual({ v1: 8, v2: 5 });
    setSpec(shard, { replicas: 15 });
    expect(sizes(shard)).toEqual({ v1: 11, v2: 7 });
  });

  it('goes down before it goes up when recreating', () => {
    const shard = shardWith({ strategy: { type: 'Recreate' } });
    finishRollout(shard);
    setImage(shard, 'v2');
    expect(sizes(shard)).toEqual({ v1: 0 });
    expect(podsOf(shard).every((pod) => pod.metadata.deletionTimestamp)).toBe(true);
    shard.settle();
    expect(sizes(shard)).toEqual({ v1: 0 });
    finishAll(shard);
    expect(sizes(shard)).toEqual({ v1: 0, v2: 4 });
    finishRollout(shard);
  });

  it('reports a rollout that makes no progress within its deadline', () => {
    const shard = shardWith({ progressDeadlineSeconds: 10 });
    finishRollout(shard);
    setImage(shard, 'v2');
    shard.advance(10_500);
    expect(condition(shard, 'Progressing')?.status).toBe('True');
    shard.advance(1_000);
    expect(condition(shard, 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${byImage(shard, 'v2').metadata.name}" has timed out progressing.`,
    });
    finishRollout(shard);
    expect(condition(shard, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
    expect([...shard.timers.keys()]).toEqual([]);
  });

  it('passes on that a ReplicaSet cannot make pods', () => {
    const shard = new TestShard([replicaSetController, deploymentController]);
    shard.refuse = (write) =>
      write.op === 'create' && write.resource === 'pods' ? forbidden('pods', 'web', 'quota') : undefined;
    shard.create(DEPLOYMENTS, deployment());
    shard.settle();
    expect(condition(shard, 'ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate' });
  });

  it('reports that a ReplicaSet cannot be made', () => {
    const shard = new TestShard([replicaSetController, deploymentController]);
    shard.refuse = (write) =>
      write.op === 'create' && write.resource === RS ? forbidden(RS, 'web-1', 'quota') : undefined;
    shard.create(DEPLOYMENTS, deployment());
    shard.settle();
    expect(condition(shard, 'Progressing')).toMatchObject({ status: 'False', reason: 'ReplicaSetCreateError' });
    expect(shard.events()[0]).toMatch(/^ReplicaSetCreateError: Failed to create new replica set "web-[a-z0-9]+": /);
    shard.refuse = () => undefined;
    shard.advance(5_000);
    expect(podsOf(shard)).toHaveLength(4);
  });

  it('gets out of the way of a ReplicaSet that has its name by a collision', () => {
    const shard = new TestShard([replicaSetController, deploymentController]);
    const name = `web-${podTemplateHash(templateOf('v1'), undefined)}`;
    shard.create(RS, { kind: 'ReplicaSet', apiVersion: 'apps/v1', metadata: { name }, spec: { replicas: 0 } });
    shard.create(DEPLOYMENTS, deployment());
    shard.settle();
    expect(web(shard).status?.collisionCount).toBe(1);
    expect(podsOf(shard)).toHaveLength(4);
  });

  it('adopts a ReplicaSet of its template instead of making one', () => {
    const shard = shardWith();
    finishRollout(shard);
    shard.remove(DEPLOYMENTS, 'web');
    for (const rs of replicaSets(shard))
      shard.change(RS, rs.metadata.name as string, (o) => Object.assign(o.metadata, { ownerReferences: [] }));
    shard.settle();
    shard.create(DEPLOYMENTS, deployment());
    shard.settle();
    expect(replicaSets(shard)).toHaveLength(1);
    expect(podsOf(shard)).toHaveLength(4);
    expect(web(shard).status).toMatchObject({ replicas: 4, availableReplicas: 4 });
  });

  it('comes to rest: looking again writes nothing', () => {
    const shard = shardWith();
    finishRollout(shard);
    const before = shard.writes.length;
    shard.settle([
      { controller: 'deployment', key: 'web' },
      { controller: 'replicaset', key: replicaSets(shard)[0]?.metadata.name as string },
    ]);
    expect(shard.writes.length).toBe(before);
  });
});

describe('podTemplateHash', () => {
  it('depends on the content alone', () => {
    const a = { metadata: { labels: { x: '1', y: '2' } }, spec: { containers: [] } };
    const b = { spec: { containers: [] }, metadata: { labels: { y: '2', x: '1' } } };
    expect(podTemplateHash(a, undefined)).toBe(podTemplateHash(b, undefined));
    expect(podTemplateHash(a, undefined)).not.toBe(podTemplateHash(a, 0));
    expect(podTemplateHash(a, 0)).not.toBe(podTemplateHash(a, 1));
    expect(podTemplateHash(a, undefined)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
  });
});
