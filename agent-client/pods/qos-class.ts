import { compareQuantities, quantityOf, quantitySign } from '../../schema/meta/quantity.ts';
import { type Pod, podSpec } from './pod.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COMPUTE = ['cpu', 'memory'] as const;

/** Source: pkg/apis/core/v1/helper/qos. The API server sets it too; this is for pods that lack it. */
export function qosClass(pod: Pod): QosClass {
  if (pod.status?.qosClass) return pod.status.qosClass;
  const spec = podSpec(pod);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    for (const resource of COMPUTE) {
      const request = quantityOf(container.resources?.requests?.[resource]);
      const limit = quantityOf(container.resources?.limits?.[resource]);
      if (quantitySign(request) > 0 || quantitySign(limit) > 0) any = true;
      if (quantitySign(limit) <= 0) guaranteed = false;
      else if (quantitySign(request) > 0 && compareQuantities(request, limit) !== 0) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
