/**
 * Completes `spec.resources` of a pod from its containers, after admission.
 * Source: kubernetes pkg/api/pod/util.go DefaultPodLevelResources (1.37); KEP-2837.
 */
import { compareQuantities, formatQuantity } from '../../meta/quantity.ts';
import { isHugePages, isOvercommitAllowed, isPodLevelResource, resourceAmount } from './pod-resource-list.ts';
import { aggregateContainerLimits, aggregateContainerRequests } from './pod-resources.ts';
import type { Container, Pod, PodSpec, ResourceList, ResourceRequirements } from './pod-types.ts';

/** Nothing happens unless the pod sets some requests or limits at pod level itself. */
export function setPodLevelResourceDefaults(pod: Pod): void {
  const resources = pod.spec?.resources;
  if (!pod.spec || !resources) return;
  if (isEmpty(resources.requests) && isEmpty(resources.limits)) return;
  defaultHugePageLimits(resources, pod);
  defaultRequests(resources, pod);
  defaultLimits(resources, pod.spec);
}

const isEmpty = (list: ResourceList | undefined): boolean => Object.keys(list ?? {}).length === 0;

function defaultHugePageLimits(resources: ResourceRequirements, pod: Pod): void {
  const limits: ResourceList = { ...resources.limits };
  for (const [name, value] of aggregateContainerLimits(pod)) {
    if (!isHugePages(name) || resources.requests?.[name] !== undefined) continue;
    limits[name] ??= formatQuantity(value);
  }
  if (!isEmpty(limits)) resources.limits = limits;
}

function defaultRequests(resources: ResourceRequirements, pod: Pod): void {
  const requests: ResourceList = { ...resources.requests };
  for (const [name, value] of aggregateContainerRequests(pod)) {
    if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= formatQuantity(value);
  }
  for (const [name, value] of Object.entries(resources.limits ?? {})) {
    if (isPodLevelResource(name)) requests[name] ??= value;
  }
  if (!isEmpty(requests)) resources.requests = requests;
}

/** A limit follows from the containers' only where every container that runs with the pod has one. */
function defaultLimits(resources: ResourceRequirements, spec: PodSpec): void {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const missing = Object.keys(resources.requests ?? {}).filter(
    (name) => isPodLevelResource(name) && resources.limits?.[name] === undefined,
  );
  if (missing.length === 0 || containers.length === 0) return;
  const sum = aggregateContainerLimits({ spec } as Pod);
  for (const name of missing) {
    if (!containers.every((container) => isLimited(container, name))) continue;
    const request = resourceAmount(resources.requests, name);
    const limit = sum.get(name);
    if (!limit) continue;
    const value = compareQuantities(request, limit) > 0 ? request : limit;
    resources.limits = { ...resources.limits, [name]: formatQuantity(value) };
  }
}

const isLimited = (container: Container, name: string): boolean => container.resources?.limits?.[name] !== undefined;
