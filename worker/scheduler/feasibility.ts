/** Whether a pod fits on a node: the filters, in upstream's order. */
import type { Filter, Unfit } from './filter.ts';
import { interPodAffinity } from './filters/inter-pod-affinity.ts';
import { nodeAffinity } from './filters/node-affinity.ts';
import { nodePorts } from './filters/node-ports.ts';
import { nodeResourcesFit } from './filters/node-resources-fit.ts';
import { nodeUnschedulable } from './filters/node-unschedulable.ts';
import { podTopologySpread } from './filters/pod-topology-spread.ts';
import { taintToleration } from './filters/taint-toleration.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** The first that fails names the node's reasons. */
const FILTERS: readonly Filter[] = [
  nodeUnschedulable,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  podTopologySpread,
  interPodAffinity,
];

export type Check = (node: NodeInfo) => Unfit | undefined;

/** Looks at the pod and the snapshot once; gives the check of a node. */
export function feasibility(pod: PodInfo, snapshot: Snapshot): Check {
  const checks = FILTERS.map((filter) => filter.prepare(pod, snapshot)).filter((check) => check !== undefined);
  const checkAll = (node: NodeInfo): Unfit | undefined => {
    for (const check of checks) {
      const reason = check(node);
      if (reason) return reason;
    }
    return undefined;
  };
  return (node) => checkAll(node) ?? (node.nominated.size > 0 ? checkBeside(node, pod, checkAll) : undefined);
}

/** Room that others were promised, by evicting for them, counts as taken for pods of no higher priority. */
function checkBeside(node: NodeInfo, pod: PodInfo, check: Check): Unfit | undefined {
  const promised = [...node.nominated.values()].filter(
    ({ uid, priority }) => uid !== pod.uid && priority >= pod.priority && !node.pods.has(uid),
  );
  if (promised.length === 0) return undefined;
  for (const other of promised) node.addPod(other);
  const reason = check(node);
  for (const { uid } of promised) node.removePod(uid);
  return reason;
}
