import { quantityMilliValue, quantityOf, quantityValue, type Quantity } from '../../schema/meta/quantity.ts';
import { podRequests } from '../../schema/resources/core/pod-resources.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';

/** Amounts of what pods ask for and nodes have, in whole numbers. */
export interface Amounts {
  milliCpu: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  /** Extended resources and huge pages, by name; absent when there are none. */
  readonly others: Map<string, number> | undefined;
}

/** What a pod counts as when nodes are scored, for each container that asks for nothing. */
const UNSPECIFIED_MILLI_CPU = 100;
const UNSPECIFIED_MEMORY_BYTES = 200 * 1024 * 1024;

export function amountsOf(list: Iterable<readonly [string, Quantity]>): Amounts {
  let milliCpu = 0;
  let memoryBytes = 0;
  let ephemeralStorageBytes = 0;
  let others: Map<string, number> | undefined;
  for (const [name, quantity] of list) {
    if (name === 'cpu') milliCpu = quantityMilliValue(quantity);
    else if (name === 'memory') memoryBytes = quantityValue(quantity);
    else if (name === 'ephemeral-storage') ephemeralStorageBytes = quantityValue(quantity);
    else if (name !== 'pods') {
      others ??= new Map();
      others.set(name, quantityValue(quantity));
    }
  }
  return { milliCpu, memoryBytes, ephemeralStorageBytes, others };
}

/** What the node must have free for the pod. */
export const requestedBy = (pod: Pod): Amounts => amountsOf(podRequests(pod, { withStatus: true }));

/** CPU and memory the pod is scored by: containers without requests count as small ones. */
export function scoredRequests(pod: Pod, requested: Amounts): { milliCpu: number; memoryBytes: number } {
  let { milliCpu, memoryBytes } = requested;
  for (const container of pod.spec?.containers ?? []) {
    const requests = container.resources?.requests;
    if (requests?.cpu === undefined) milliCpu += UNSPECIFIED_MILLI_CPU;
    if (requests?.memory === undefined) memoryBytes += UNSPECIFIED_MEMORY_BYTES;
  }
  return { milliCpu, memoryBytes };
}

/** A node's allocatable resources and how many pods it takes. */
export function allocatableOf(list: Readonly<Record<string, unknown>> | undefined): { amounts: Amounts; pods: number } {
  const quantities = Object.entries(list ?? {}).map(([name, value]) => [name, quantityOf(value)] as const);
  const pods = quantities.find(([name]) => name === 'pods');
  return { amounts: amountsOf(quantities), pods: pods ? quantityValue(pods[1]) : 0 };
}
