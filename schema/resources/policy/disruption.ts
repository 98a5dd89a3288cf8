/** What a PodDisruptionBudget protects and says. Source: component-helpers apps/poddisruptionbudget, api/policy/v1. */
import { labelSelectorOf, labelsMatch } from '../../meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../meta/object-meta.ts';
import { formatTime } from '../../meta/time.ts';
import type { PodDisruptionBudget } from './pod-disruption-budget.ts';

export type DisruptionStatus = NonNullable<PodDisruptionBudget['status']>;
type Condition = NonNullable<DisruptionStatus['conditions']>[number];

export const BUDGETS = 'poddisruptionbudgets.policy';
export const DISRUPTION_ALLOWED = 'DisruptionAllowed';
export const SYNC_FAILED = 'SyncFailed';
/** An evicted pod counts as gone for so long; then the eviction is taken to have failed. */
export const DELETION_TIMEOUT_MS = 120_000;

export const asBudget = (object: UntypedObject): PodDisruptionBudget => object as KubeObject as PodDisruptionBudget;

/** Whether the budget is about pods with these labels. */
export function isProtected({ spec }: PodDisruptionBudget, labels: Record<string, string> | undefined): boolean {
  const selector = labelSelectorOf(spec?.selector);
  return selector.ok && labelsMatch(selector.value, labels);
}

export const disruptionCondition = (status: DisruptionStatus | undefined): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === DISRUPTION_ALLOWED);

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message?: string;
}

/** The status with the condition in it. `now` in ms since the epoch. */
export function withVerdict(status: DisruptionStatus, verdict: Verdict, now: number): DisruptionStatus {
  const earlier = disruptionCondition(status);
  const isSame = earlier?.status === verdict.status;
  const next: Condition = {
    type: DISRUPTION_ALLOWED,
    status: verdict.status,
    ...(status.observedGeneration ? { observedGeneration: status.observedGeneration } : {}),
    lastTransitionTime: isSame && earlier ? earlier.lastTransitionTime : formatTime(now),
    reason: verdict.reason,
    message: verdict.message ?? '',
  };
  const conditions = status.conditions ?? [];
  return {
    ...status,
    conditions: earlier ? conditions.map((one) => (one === earlier ? next : one)) : [...conditions, next],
  };
}

/** The status with the condition that its allowance makes true. */
export const withAllowance = (status: DisruptionStatus, now: number): DisruptionStatus =>
  withVerdict(
    status,
    (status.disruptionsAllowed ?? 0) > 0
      ? { status: 'True', reason: 'SufficientPods' }
      : { status: 'False', reason: 'InsufficientPods' },
    now,
  );
