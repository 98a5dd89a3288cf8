/** Container resources as cgroup settings. Source: kuberuntime helpers_linux.go, qos/policy.go. */
import { quantityMilliValue, quantityOf, quantitySign, quantityValue } from '../../schema/meta/quantity.ts';
import { qosClass } from '../../schema/resources/core/pod-qos.ts';
import type { ContainerResources } from '../runtime/port.ts';
import type { Container, Pod } from './pod.ts';

const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const SHARES_PER_CPU = 1024;
const QUOTA_PERIOD_US = 100_000;
const QUOTA_US_MIN = 1_000;

const GUARANTEED_OOM_SCORE = -997;
const BEST_EFFORT_OOM_SCORE = 1000;

export const cpuShares = (milli: number): number =>
  milli === 0 ? SHARES_MIN : Math.min(Math.max(Math.floor((milli * SHARES_PER_CPU) / 1000), SHARES_MIN), SHARES_MAX);

/** 0: no quota. */
export const cpuQuota = (milli: number): number =>
  milli === 0 ? 0 : Math.max(Math.floor((milli * QUOTA_PERIOD_US) / 1000), QUOTA_US_MIN);

/** `memoryCapacityBytes` is the node's. */
export function containerResources(pod: Pod, container: Container, memoryCapacityBytes: number): ContainerResources {
  const limits = container.resources?.limits ?? {};
  const requests = container.resources?.requests ?? {};
  const cpuLimit = quantityMilliValue(quantityOf(limits['cpu']));
  const cpuRequest = requests['cpu'] === undefined ? cpuLimit : quantityMilliValue(quantityOf(requests['cpu']));
  return {
    cpuPeriod: QUOTA_PERIOD_US,
    cpuQuota: cpuQuota(cpuLimit),
    cpuShares: cpuShares(cpuRequest),
    memoryLimitBytes: quantityValue(quantityOf(limits['memory'])),
    oomScoreAdj: oomScore(pod, container, memoryCapacityBytes),
  };
}

function oomScore(pod: Pod, container: Container, capacity: number): number {
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return GUARANTEED_OOM_SCORE;
  if (qos === 'BestEffort') return BEST_EFFORT_OOM_SCORE;
  const request = quantityOf(container.resources?.requests?.['memory']);
  const share = quantitySign(request) > 0 && capacity > 0 ? Math.floor((1000 * quantityValue(request)) / capacity) : 0;
  const score = 1000 - share;
  // Never as safe as a guaranteed pod, never quite as exposed as a best-effort one.
  if (score < 1000 + GUARANTEED_OOM_SCORE) return 1000 + GUARANTEED_OOM_SCORE;
  return score === BEST_EFFORT_OOM_SCORE ? score - 1 : score;
}
