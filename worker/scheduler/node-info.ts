import type { Node } from '../../schema/resources/core/node.ts';
import type { Taint } from '../../schema/resources/core/toleration.ts';
import type { PodInfo } from './pod-info.ts';
import { type Amounts, allocatableOf } from './resource-amounts.ts';

export type { Node };

const NO_LABELS: Readonly<Record<string, string>> = {};

/**
 * A node and the sum of its pods, kept up to date pod by pod. Pods may be known before their node is
 * and outlive it; `isKnown` tells whether there is a Node object.
 */
export class NodeInfo {
  readonly name: string;
  isKnown = false;
  labels: Readonly<Record<string, string>> = NO_LABELS;
  taints: readonly Taint[] = [];
  isUnschedulable = false;
  allocatable: Amounts = { milliCpu: 0, memoryBytes: 0, ephemeralStorageBytes: 0, others: undefined };
  podsMax = 0;
  readonly requested = { milliCpu: 0, memoryBytes: 0, ephemeralStorageBytes: 0, others: new Map<string, number>() };
  scoredMilliCpu = 0;
  scoredMemoryBytes = 0;
  readonly pods = new Map<string, PodInfo>();
  /** Pods for which others were evicted from here; they are not here yet. */
  readonly nominated = new Map<string, PodInfo>();
  /** Pods that hold host ports; few. */
  readonly portHolders = new Set<PodInfo>();

  constructor(name: string) {
    this.name = name;
  }

  setNode(node: Node): void {
    this.isKnown = true;
    this.labels = node.metadata.labels ?? NO_LABELS;
    this.taints = node.spec?.taints ?? [];
    this.isUnschedulable = node.spec?.unschedulable === true;
    const { amounts, pods } = allocatableOf(node.status?.allocatable);
    this.allocatable = amounts;
    this.podsMax = pods;
  }

  removeNode(): void {
    this.isKnown = false;
  }

  addPod(pod: PodInfo): void {
    this.removePod(pod.uid);
    this.pods.set(pod.uid, pod);
    if (pod.hostPorts.length > 0) this.portHolders.add(pod);
    this.#count(pod, 1);
  }

  removePod(uid: string): PodInfo | undefined {
    const pod = this.pods.get(uid);
    if (!pod) return undefined;
    this.pods.delete(uid);
    this.portHolders.delete(pod);
    this.#count(pod, -1);
    return pod;
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    const { requested } = this;
    requested.milliCpu += sign * pod.requested.milliCpu;
    requested.memoryBytes += sign * pod.requested.memoryBytes;
    requested.ephemeralStorageBytes += sign * pod.requested.ephemeralStorageBytes;
    for (const [name, amount] of pod.requested.others ?? []) {
      requested.others.set(name, (requested.others.get(name) ?? 0) + sign * amount);
    }
    this.scoredMilliCpu += sign * pod.scoredMilliCpu;
    this.scoredMemoryBytes += sign * pod.scoredMemoryBytes;
  }
}
