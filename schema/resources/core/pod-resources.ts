/**
 * What a pod needs in sum: the scheduler fits by it, quota and pod-level defaults are made of it.
 * Source: kubernetes component-helpers/resource/helpers.go (1.37); KEP-753 (sidecars), KEP-2837
 * (pod-level resources), KEP-1287 (in-place resize).
 */
import { addResources, isPodLevelResource, quantity, raiseResources, type Resources } from './pod-resource-list.ts';
import { addQuantities } from '../../meta/quantity.ts';
import {
  type Container,
  type ContainerStatus,
  isRestartableInitContainer,
  type Pod,
  type ResourceList,
} from './pod-types.ts';

type ListOf = (container: Container, status: ContainerStatus | undefined) => ResourceList | undefined;

export interface PodResourcesOptions {
  /**
   * Also count what the node says it has granted (in-place resize): the greater of wish and grant.
   * The scheduler asks for it, defaulting and validation do not.
   */
  readonly withStatus?: boolean;
  /** Leave out `spec.overhead`. */
  readonly withoutOverhead?: boolean;
}

/** True when `spec.resources` names at least one supported resource. */
export function hasPodLevelResources(pod: Pick<Pod, 'spec'>): boolean {
  const { requests, limits } = pod.spec?.resources ?? {};
  return Object.keys(requests ?? {}).some(isPodLevelResource) || Object.keys(limits ?? {}).some(isPodLevelResource);
}

/** The requests a node must have free for the pod: containers, sidecars, init containers, pod level, overhead. */
export function podRequests(pod: Pod, options: PodResourcesOptions = {}): Resources {
  const sum = aggregateContainerRequests(pod, options);
  overrideWithPodLevel(sum, pod.spec?.resources?.requests);
  if (!options.withoutOverhead) addResources(sum, pod.spec?.overhead);
  return sum;
}

/** The limits the pod runs under. Overhead counts only for resources that are limited. */
export function podLimits(pod: Pod, options: PodResourcesOptions = {}): Resources {
  const sum = aggregateContainerLimits(pod, options);
  overrideWithPodLevel(sum, pod.spec?.resources?.limits);
  if (options.withoutOverhead) return sum;
  for (const [name, value] of Object.entries(pod.spec?.overhead ?? {})) {
    const present = sum.get(name);
    if (present && present.unscaled !== 0n) sum.set(name, addQuantities(present, quantity(value)));
  }
  return sum;
}

function overrideWithPodLevel(sum: Resources, list: ResourceList | undefined): void {
  for (const name in list) {
    if (isPodLevelResource(name)) sum.set(name, quantity(list[name]));
  }
}

/** The containers' requests alone. */
export function aggregateContainerRequests(pod: Pod, options: PodResourcesOptions = {}): Resources {
  const wished = aggregate(pod, false, (container) => container.resources?.requests);
  if (!options.withStatus) return wished;
  const isInfeasible = isResizeInfeasible(pod);
  const fallback = (container: Container): ResourceList | undefined =>
    isInfeasible ? undefined : container.resources?.requests;
  const allocated = aggregate(pod, true, (container, status) => status?.allocatedResources ?? fallback(container));
  const actual = aggregate(
    pod,
    true,
    (container, status) => status?.resources?.requests ?? status?.allocatedResources ?? fallback(container),
  );
  raiseResources(actual, allocated);
  if (!isInfeasible) raiseResources(actual, wished);
  return actual;
}

/** The containers' limits alone. */
export function aggregateContainerLimits(pod: Pod, options: PodResourcesOptions = {}): Resources {
  const wished = aggregate(pod, false, (container) => container.resources?.limits);
  if (!options.withStatus) return wished;
  const isInfeasible = isResizeInfeasible(pod);
  const actual = aggregate(
    pod,
    true,
    (container, status) => status?.resources?.limits ?? (isInfeasible ? undefined : container.resources?.limits),
  );
  if (!isInfeasible) raiseResources(actual, wished);
  return actual;
}

/** The node has said that it can never grant the resize that is wished. */
function isResizeInfeasible(pod: Pod): boolean {
  const pending = pod.status?.conditions?.find((condition) => condition.type === 'PodResizePending');
  return pending?.reason === 'Infeasible';
}

/**
 * Containers run together; an init container runs alone, next to the sidecars started before it. The
 * pod needs the greater of the two.
 */
function aggregate(pod: Pod, withStatus: boolean, listOf: ListOf): Resources {
  const statusOf = (name: string): ContainerStatus | undefined => {
    if (!withStatus) return undefined;
    const byName = (status: ContainerStatus): boolean => status.name === name;
    return pod.status?.containerStatuses?.find(byName) ?? pod.status?.initContainerStatuses?.find(byName);
  };
  const together: Resources = new Map();
  for (const container of pod.spec?.containers ?? []) {
    addResources(together, listOf(container, statusOf(container.name)));
  }
  const initContainers = pod.spec?.initContainers;
  if (!initContainers?.length) return together;
  const sidecars: Resources = new Map();
  const starting: Resources = new Map();
  for (const container of initContainers) {
    const list = listOf(container, statusOf(container.name));
    if (isRestartableInitContainer(container)) {
      addResources(together, list);
      addResources(sidecars, list);
      raiseResources(starting, sidecars);
    } else {
      const whileRunning: Resources = new Map(sidecars);
      addResources(whileRunning, list);
      raiseResources(starting, whileRunning);
    }
  }
  raiseResources(together, starting);
  return together;
}
