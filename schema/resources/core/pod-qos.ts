/** The quality of service class of a pod. Source: kubernetes pkg/apis/core/helper/qos (1.37). */
import { compareQuantities } from '../../meta/quantity.ts';
import { resourceAmount } from './pod-resource-list.ts';
import { hasPodLevelResources } from './pod-resources.ts';
import type { Pod, ResourceRequirements } from './pod-types.ts';

export type QosClass = 'BestEffort' | 'Burstable' | 'Guaranteed';

/** By the pod's own resources when it has any, else by those of all its containers. */
export function computeQosClass(pod: Pod): QosClass {
  if (pod.spec?.resources && hasPodLevelResources(pod)) return classOf(pod.spec.resources);
  let result: QosClass | undefined;
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    const own = classOf(container.resources);
    if (own === 'Burstable' || (result && result !== own)) return 'Burstable';
    result = own;
  }
  return result ?? 'BestEffort';
}

/** The stored class, or the computed one while there is none. */
export const qosClass = (pod: Pod): QosClass => pod.status?.qosClass || computeQosClass(pod);

function classOf(resources: ResourceRequirements | undefined): QosClass {
  if (!resources || (isEmpty(resources.requests) && isEmpty(resources.limits))) return 'BestEffort';
  const cpu = classOfResource(resources, 'cpu');
  return cpu === 'Burstable' || cpu !== classOfResource(resources, 'memory') ? 'Burstable' : cpu;
}

function isEmpty(list: object | undefined): boolean {
  for (const _ in list) return false;
  return true;
}

function classOfResource(resources: ResourceRequirements, name: 'cpu' | 'memory'): QosClass {
  const request = resourceAmount(resources.requests, name);
  if (compareQuantities(request, resourceAmount(resources.limits, name)) !== 0) return 'Burstable';
  return request.unscaled === 0n ? 'BestEffort' : 'Guaranteed';
}
