/** Whether budgets let a pod be evicted. Source: pkg/registry/core/pod/storage/eviction.go. */
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { failure, forbidden, type Status } from '../../../schema/meta/status.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import { isPodReady, isPodTerminal } from '../../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import {
  asBudget,
  BUDGETS,
  disruptionCondition,
  isProtected,
  SYNC_FAILED,
  withAllowance,
} from '../../../schema/resources/policy/disruption.ts';
import type { PodDisruptionBudget } from '../../../schema/resources/policy/pod-disruption-budget.ts';
import type { StoreReader } from '../transaction.ts';

/** Evictions under way that a budget takes. */
const DISRUPTED_PODS_MAX = 2_000;
const RETRY_SECONDS = 10;

/** What checking a pod's budgets comes to. */
export type Verdict =
  | { readonly kind: 'free' }
  /** The budget as it is to be stored with the eviction. */
  | { readonly kind: 'charged'; readonly budget: UntypedObject }
  | { readonly kind: 'refused'; readonly status: Status }
  /** The answer of a request that upstream does not support, under a code of success. */
  | { readonly kind: 'unsupported'; readonly answer: Status };

const FREE: Verdict = { kind: 'free' };

/** It has been disrupted already, or never ran. */
const needsNoBudget = (pod: Pod): boolean =>
  isPodTerminal(pod) || pod.status?.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined;

export function checkBudgets(pod: Pod, reader: StoreReader, now: number): Verdict {
  if (needsNoBudget(pod)) return FREE;
  const budgets = reader.list(BUDGETS).map(asBudget);
  const [budget, ...others] = budgets.filter((one) => isProtected(one, pod.metadata.labels));
  if (!budget) return FREE;
  if (others.length > 0) return { kind: 'unsupported', answer: SEVERAL_BUDGETS };
  if (!isPodReady(pod) && isUnhealthyFree(budget)) return FREE;
  return charge(budget, pod, now);
}

const SEVERAL_BUDGETS: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  code: 500,
};

/** Pods that are not ready do not count as healthy: evicting them disrupts nothing while enough others are. */
function isUnhealthyFree({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const desired = status?.desiredHealthy ?? 0;
  return desired > 0 && (status?.currentHealthy ?? 0) >= desired;
}

const withCause = (status: Status, message: string): Verdict => ({
  kind: 'refused',
  status: { ...status, details: { ...status.details, causes: [{ reason: 'DisruptionBudget', message }] } },
});

const tooMany = (retryAfterSeconds: number): Status =>
  failure({
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: retryAfterSeconds > 0 ? { retryAfterSeconds } : {},
  });

function charge(budget: PodDisruptionBudget, pod: Pod, now: number): Verdict {
  const { metadata, status } = budget;
  const name = metadata.name ?? '';
  if (!status || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return withCause(tooMany(RETRY_SECONDS), `The disruption budget ${name} is still being processed by the server.`);
  }
  const notAllowed = `The disruption budget ${name} does not allow evicting pods currently`;
  const { disruptionsAllowed: allowed = 0 } = status;
  if (allowed < 0) {
    const why = 'pdb disruptions allowed is negative';
    return withCause(forbidden('poddisruptionbudget.policy', name, why), `${notAllowed}: ${why}`);
  }
  const disrupted = status.disruptedPods ?? {};
  if (Object.keys(disrupted).length > DISRUPTED_PODS_MAX) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    return withCause(
      forbidden('poddisruptionbudget.policy', name, why),
      `${notAllowed}: too many pending evictions not confirmed by PDB controller`,
    );
  }
  if (allowed === 0) return withCause(tooMany(0), whyNone(budget, notAllowed));
  const left = {
    ...status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...disrupted, [pod.metadata.name ?? '']: formatTime(now) },
  };
  const next = {
    ...budget,
    metadata: { ...metadata },
    status: left.disruptionsAllowed ? left : withAllowance(left, now),
  };
  return { kind: 'charged', budget: next as KubeObject as UntypedObject };
}

function whyNone({ metadata, status }: PodDisruptionBudget, notAllowed: string): string {
  const condition = disruptionCondition(status);
  const said = condition?.status === 'False' && condition.message ? condition : undefined;
  if (said?.reason === SYNC_FAILED) return `${notAllowed} because it failed sync: ${said.message}`;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  return said ? `${notAllowed} (${said.reason}): ${said.message}` : notAllowed;
}
