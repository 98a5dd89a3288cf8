import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { TestShard } from '../runtime/test-shard.ts';
import { disruptionController } from './disruption.ts';
import { staleDisruptionController } from './stale-disruption.ts';

const BUDGETS = 'poddisruptionbudgets.policy';
const LABELS = { app: 'web' };
const READY = { conditions: [{ type: 'Ready', status: 'True' }], phase: 'Running' };

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
}

const ownerOf = ({ apiVersion, kind, metadata }: UntypedObject): Owner => ({
  apiVersion,
  kind,
  name: metadata.name ?? '',
  uid: metadata.uid ?? '',
  controller: true,
});

const workload = (kind: string, name: string, replicas: number, owner?: Owner): UntypedObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, ...(owner ? { ownerReferences: [owner] } : {}) },
  spec: { replicas, selector: { matchLabels: LABELS } },
});

function addPod(shard: TestShard, name: string, owner?: Owner, status: object = READY): void {
  const references = owner ? { ownerReferences: [owner] } : {};
  shard.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: LABELS, ...references }, spec: {} });
  shard.change('pods', name, (pod) => (pod.status = status), 'status');
}

function shardWith(spec: object, pods: (shard: TestShard) => void): TestShard {
  const shard = new TestShard([disruptionController]);
  pods(shard);
  shard.create(BUDGETS, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { selector: { matchLabels: LABELS }, ...spec },
  });
  shard.settle();
  return shard;
}

const statusOf = (shard: TestShard) => shard.store.get(BUDGETS, 'b')?.status;

function deployed(shard: TestShard, ready: number): void {
  const deployment = shard.create('deployments.apps', workload('Deployment', 'web', 4));
  const set = shard.create('replicasets.apps', workload('ReplicaSet', 'web-1', 4, ownerOf(deployment)));
  for (let i = 0; i < 4; i++) addPod(shard, `p${i}`, ownerOf(set), i < ready ? READY : { phase: 'Pending' });
}

describe('a budget', () => {
  it.each([
    [{ minAvailable: 2 }, 4, { desiredHealthy: 2, disruptionsAllowed: 2 }],
    [{ minAvailable: '70%' }, 4, { desiredHealthy: 3, disruptionsAllowed: 1 }],
    [{ maxUnavailable: 1 }, 4, { desiredHealthy: 3, disruptionsAllowed: 1 }],
    [{ maxUnavailable: '30%' }, 3, { desiredHealthy: 2, disruptionsAllowed: 1 }],
    [{ maxUnavailable: 1 }, 2, { desiredHealthy: 3, disruptionsAllowed: 0 }],
  ])('of %j with %d of 4 ready pods of a Deployment', (spec, ready, expected) => {
    const status = statusOf(shardWith(spec, (shard) => deployed(shard, ready)));
    expect(status).toMatchObject({ ...expected, expectedPods: 4, currentHealthy: ready, observedGeneration: 1 });
    const isAllowed = expected.disruptionsAllowed > 0;
    expect(status).toMatchObject({
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: isAllowed ? 'True' : 'False',
          reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
          observedGeneration: 1,
          message: '',
        },
      ],
    });
  });

  it('follows its pods', () => {
    const shard = shardWith({ minAvailable: 1 }, (made) => deployed(made, 2));
    expect(statusOf(shard)).toMatchObject({ disruptionsAllowed: 1 });
    shard.remove('pods', 'p0');
    shard.settle();
    expect(statusOf(shard)).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0 });
  });

  it('says when it cannot tell, and forbids then', () => {
    const shard = shardWith({ maxUnavailable: 1 }, (made) => {
      const job = made.create('jobs.batch', { ...workload('Job', 'j', 1), apiVersion: 'batch/v1' });
      addPod(made, 'p', ownerOf(job));
    });
    expect(statusOf(shard)).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [
        { status: 'False', reason: 'SyncFailed', message: 'jobs.batch does not implement the scale subresource' },
      ],
    });
    expect(shard.events()).toContain(
      'CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: jobs.batch does not implement the scale subresource',
    );
  });

  it('tells of pods that nobody controls, and of there being none', () => {
    const unmanaged = shardWith({ minAvailable: '50%' }, (shard) => addPod(shard, 'p'));
    expect(unmanaged.events().join()).toContain(
      '(selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},})',
    );
    expect(shardWith({ minAvailable: 1 }, () => undefined).events()).toContain('NoPods: No matching pods found');
  });

  it('counts an evicted pod as gone for two minutes', () => {
    const shard = shardWith({ minAvailable: 1 }, (made) => deployed(made, 2));
    const disruptedPods = { p0: new Date(shard.now).toISOString(), absent: new Date(shard.now).toISOString() };
    shard.change(BUDGETS, 'b', (budget) => Object.assign(budget['status'] as object, { disruptedPods }), 'status');
    shard.settle();
    expect(statusOf(shard)).toMatchObject({ currentHealthy: 1, disruptedPods: { p0: disruptedPods.p0 } });
    shard.advance(121_000);
    expect(statusOf(shard)).toMatchObject({ currentHealthy: 2 });
    expect(statusOf(shard)).not.toHaveProperty('disruptedPods');
  });
});

describe('the word that a pod is about to go', () => {
  it('is taken back when it stays', () => {
    const shard = new TestShard([staleDisruptionController]);
    const lastTransitionTime = new Date(shard.now).toISOString();
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', lastTransitionTime };
    addPod(shard, 'p', undefined, { phase: 'Running', conditions: [condition] });
    shard.settle();
    shard.advance(119_000);
    expect(shard.store.get('pods', 'p')?.status).toMatchObject({ conditions: [{ status: 'True' }] });
    shard.advance(2_000);
    expect(shard.store.get('pods', 'p')?.status).toMatchObject({ conditions: [{ status: 'False' }] });
  });
});
