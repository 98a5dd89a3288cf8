import type { Filter, Unfit } from '../filter.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

/** Requests against what is left of allocatable, and pods per node. Source: plugins/noderesources/fit.go. */
export const nodeResourcesFit: Filter = {
  name: 'NodeResourcesFit',
  prepare: (pod) => (node) => (fits(pod, node) ? undefined : explain(pod, node)),
};

const short = (wanted: number, free: number): boolean => wanted > 0 && wanted > free;

function fits(pod: PodInfo, node: NodeInfo): boolean {
  const { requested, allocatable } = node;
  if (node.pods.size + 1 > node.podsMax) return false;
  if (short(pod.requested.milliCpu, allocatable.milliCpu - requested.milliCpu)) return false;
  if (short(pod.requested.memoryBytes, allocatable.memoryBytes - requested.memoryBytes)) return false;
  if (short(pod.requested.ephemeralStorageBytes, allocatable.ephemeralStorageBytes - requested.ephemeralStorageBytes)) {
    return false;
  }
  if (!pod.requested.others) return true;
  for (const [name, amount] of pod.requested.others) {
    if (short(amount, (allocatable.others?.get(name) ?? 0) - (requested.others.get(name) ?? 0))) return false;
  }
  return true;
}

/** Only for nodes that do not fit: every shortage is named. */
function explain(pod: PodInfo, node: NodeInfo): Unfit {
  const { requested, allocatable } = node;
  const reasons: string[] = [];
  let isUnresolvable = false;
  const check = (name: string, wanted: number, used: number, capacity: number) => {
    if (!short(wanted, capacity - used)) return;
    reasons.push(`Insufficient ${name}`);
    isUnresolvable ||= wanted > capacity;
  };
  if (node.pods.size + 1 > node.podsMax) reasons.push('Too many pods');
  check('cpu', pod.requested.milliCpu, requested.milliCpu, allocatable.milliCpu);
  check('memory', pod.requested.memoryBytes, requested.memoryBytes, allocatable.memoryBytes);
  check(
    'ephemeral-storage',
    pod.requested.ephemeralStorageBytes,
    requested.ephemeralStorageBytes,
    allocatable.ephemeralStorageBytes,
  );
  for (const [name, amount] of pod.requested.others ?? []) {
    check(name, amount, requested.others.get(name) ?? 0, allocatable.others?.get(name) ?? 0);
  }
  return { reasons, isUnresolvable };
}
