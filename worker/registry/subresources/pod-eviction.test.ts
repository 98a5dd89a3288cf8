import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { definitionOf } from '../../../schema/resources/lookup.ts';
import { systemUser } from '../../../schema/protocol/user-info.ts';
import type { WriteRequest } from '../../../schema/protocol/shard.ts';
import { openAdmission } from '../environment.ts';
import { executeWrite } from '../execute.ts';
import { MemoryTransaction } from '../memory-transaction.ts';
import { findCreateSubresource } from './create-subresources.ts';

const BUDGETS = 'poddisruptionbudgets.policy';

interface Case {
  readonly phase?: string;
  readonly isReady?: boolean;
  readonly spec?: object;
  readonly status?: object;
  readonly budgets?: number;
}

function evict({ phase = 'Running', isReady = true, spec = {}, status = {}, budgets = 1 }: Case, options: object = {}) {
  const tx = new MemoryTransaction('shop');
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
  const metadata = { name: 'web', namespace: 'shop', uid: 'u', labels: { app: 'web' } };
  tx.put('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 },
    status: { phase, conditions },
  });
  for (let i = 0; i < budgets; i++) {
    const counted = {
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
      observedGeneration: 1,
    };
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: `b${i}`, generation: 1 },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
      status: { ...counted, ...status },
    };
    tx.put(BUDGETS, budget);
  }
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' }, ...options };
  const request = { verb: 'create', resource: 'pods', subresource: 'eviction', name: 'web', apiVersion: 'v1' };
  const answer = executeWrite(
    {
      ...request,
      namespace: 'shop',
      body: JSON.stringify(body),
      user: systemUser('test'),
      dryRun: false,
      fieldManager: 'test',
    } as WriteRequest,
    tx,
    {
      now: Date.UTC(2026, 0, 1),
      newUid: () => 'uid',
      randomSuffix: (length) => 'x'.repeat(length),
      definition: definitionOf,
      createSubresource: findCreateSubresource,
      admission: openAdmission,
    },
  );
  return { tx, code: answer.code, status: JSON.parse(answer.body) as UntypedObject };
}

/** Marked, or gone at once. */
const isGoing = (tx: MemoryTransaction): boolean => {
  const pod = tx.get('pods', 'web');
  return !pod || pod.metadata.deletionTimestamp !== undefined;
};

describe('an eviction', () => {
  it('takes one from what the budget can spare', () => {
    const { tx, code } = evict({});
    expect(code).toBe(201);
    expect(isGoing(tx)).toBe(true);
    expect(tx.get(BUDGETS, 'b0')?.status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { web: '2026-01-01T00:00:00Z' },
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
    });
  });

  it.each<[string, Case, object]>([
    [
      'has nothing to spare',
      { status: { disruptionsAllowed: 0, currentHealthy: 1 } },
      {
        causes: [
          { reason: 'DisruptionBudget', message: 'The disruption budget b0 needs 1 healthy pods and has 1 currently' },
        ],
      },
    ],
    [
      'has not been counted yet',
      { status: { observedGeneration: 0 } },
      {
        retryAfterSeconds: 10,
        causes: [
          { reason: 'DisruptionBudget', message: 'The disruption budget b0 is still being processed by the server.' },
        ],
      },
    ],
    [
      'could not be counted',
      {
        status: {
          disruptionsAllowed: 0,
          conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'why' }],
        },
      },
      {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget b0 does not allow evicting pods currently because it failed sync: why',
          },
        ],
      },
    ],
  ])('is refused where the budget %s', (_, given, details) => {
    const { tx, code, status } = evict(given);
    expect([code, isGoing(tx)]).toEqual([429, false]);
    expect(status).toMatchObject({
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details,
    });
  });

  const spent = { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 };
  it.each<[string, Case]>([
    ['has ended', { phase: 'Succeeded', status: spent }],
    ['has not started', { phase: 'Pending', status: spent }],
    ['is not ready while enough others are', { isReady: false, status: spent }],
    [
      'is not ready and may always go',
      { isReady: false, spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' }, status: { ...spent, currentHealthy: 0 } },
    ],
  ])('of a pod that %s costs nothing', (_, given) => {
    const { tx, code } = evict(given);
    expect([code, isGoing(tx)]).toEqual([201, true]);
    expect(tx.get(BUDGETS, 'b0')?.status).not.toHaveProperty('disruptedPods');
  });

  it('of a pod under two budgets is not supported', () => {
    const { tx, status } = evict({ budgets: 2 });
    expect(status).toMatchObject({
      status: 'Failure',
      code: 500,
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    });
    expect(isGoing(tx)).toBe(false);
  });

  it('as a dry run changes nothing', () => {
    const { tx, code } = evict({}, { deleteOptions: { dryRun: ['All'] } });
    expect([code, isGoing(tx)]).toEqual([201, false]);
    expect(tx.get(BUDGETS, 'b0')?.status).toMatchObject({ disruptionsAllowed: 1 });
  });
});
