/** Counting pods per topology domain. Source: plugins/podtopologyspread common.go, filtering.go. */

import { type LabelSelector, type LabelSelectorObject, labelsMatch } from '../../schema/meta/label-selector.ts';
import { isTolerated } from '../../schema/resources/core/toleration.ts';
import { selectorOf } from './affinity-term.ts';
import { nodeAffinity } from './filters/node-affinity.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo, SpreadConstraint } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

export interface Spread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** 1 when the pod counts itself, else 0. */
  readonly self: number;
  /** By the domain's label value; every domain that counts is there, empty ones included. */
  readonly counts: Map<string, number>;
}

/** The constraints of one kind, each with the pods counted per domain. */
export function spreadsOf(
  pod: PodInfo,
  snapshot: Snapshot,
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway',
): readonly Spread[] {
  const constraints = pod.spread.filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable);
  if (constraints.length === 0) return [];
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  const nodes = snapshot.knownNodes().filter(({ labels }) => keys.every((key) => labels[key] !== undefined));
  const matchesAffinity = nodeAffinity.prepare(pod, snapshot) ?? (() => undefined);
  return constraints.map((constraint) => {
    const counted = nodes.filter(
      (node) =>
        (constraint.nodeAffinityPolicy === 'Ignore' || matchesAffinity(node) === undefined) &&
        (constraint.nodeTaintsPolicy !== 'Honor' || isTaintFree(node, pod)),
    );
    return countedSpread(pod, constraint, counted);
  });
}

function countedSpread(pod: PodInfo, constraint: SpreadConstraint, nodes: readonly NodeInfo[]): Spread {
  const selector = selectorFor(constraint, pod);
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const value = node.labels[constraint.topologyKey] as string;
    let count = counts.get(value) ?? 0;
    for (const other of node.pods.values()) {
      if (other.namespace === pod.namespace && !other.isTerminating && labelsMatch(selector, other.labels)) count += 1;
    }
    counts.set(value, count);
  }
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    self: labelsMatch(selector, pod.labels) ? 1 : 0,
    counts,
  };
}

/** The constraint's selector, narrowed to the pod's own values of `matchLabelKeys`. */
function selectorFor(constraint: SpreadConstraint, pod: PodInfo): LabelSelector {
  const present = (constraint.matchLabelKeys ?? []).filter((key) => pod.labels[key] !== undefined);
  if (present.length === 0) return selectorOf(constraint.labelSelector);
  const selector: LabelSelectorObject = constraint.labelSelector ?? {};
  const own = present.map((key) => ({ key, operator: 'In', values: [pod.labels[key] as string] }));
  return selectorOf({ ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...own] });
}

const isTaintFree = (node: NodeInfo, pod: PodInfo): boolean =>
  node.taints.every((taint) => taint.effect === 'PreferNoSchedule' || isTolerated(taint, pod.tolerations));
