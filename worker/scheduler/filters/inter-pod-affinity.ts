import { type AffinityTerm, concerns, DomainCounts } from '../affinity-term.ts';
import { type Filter, unfit } from '../filter.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const AFFINITY = unfit("node(s) didn't match pod affinity rules", true);
const ANTI_AFFINITY = unfit("node(s) didn't match pod anti-affinity rules", false);
const EXISTING_ANTI_AFFINITY = unfit("node(s) didn't satisfy existing pods anti-affinity rules", false);

/** Required terms of the pod, and required anti-affinity of the pods that are there. Source: plugins/interpodaffinity. */
export const interPodAffinity: Filter = {
  name: 'InterPodAffinity',
  prepare(pod, snapshot) {
    const seeks = pod.podAffinity?.required ?? [];
    const shuns = pod.podAntiAffinity?.required ?? [];
    const existing = shunnedBy(pod, snapshot);
    if (seeks.length + shuns.length === 0 && existing.isEmpty) return undefined;
    const wanted = countWanted(seeks, snapshot);
    const unwanted = countUnwanted(shuns, snapshot);
    const isFirst = wanted.isEmpty && seeks.every((term) => concerns(term, pod, snapshot.namespaceLabels));
    return ({ labels }) => {
      for (const { topologyKey } of seeks) {
        if (labels[topologyKey] === undefined) return AFFINITY;
        if (!isFirst && wanted.at(labels, topologyKey) === 0) return AFFINITY;
      }
      for (const { topologyKey } of shuns) if (unwanted.at(labels, topologyKey) > 0) return ANTI_AFFINITY;
      return existing.isHere(labels) ? EXISTING_ANTI_AFFINITY : undefined;
    };
  },
};

/** Domains of pods that match all the terms: one pod must satisfy them together. */
function countWanted(terms: readonly AffinityTerm[], snapshot: Snapshot): DomainCounts {
  const counts = new DomainCounts();
  if (terms.length === 0) return counts;
  for (const node of snapshot.knownNodes()) {
    for (const pod of node.pods.values()) {
      if (!terms.every((term) => concerns(term, pod, snapshot.namespaceLabels))) continue;
      for (const { topologyKey } of terms) counts.add(node.labels, topologyKey, 1);
    }
  }
  return counts;
}

function countUnwanted(terms: readonly AffinityTerm[], snapshot: Snapshot): DomainCounts {
  const counts = new DomainCounts();
  if (terms.length === 0) return counts;
  for (const node of snapshot.knownNodes()) {
    for (const pod of node.pods.values()) {
      for (const term of terms) {
        if (concerns(term, pod, snapshot.namespaceLabels)) counts.add(node.labels, term.topologyKey, 1);
      }
    }
  }
  return counts;
}

interface ShunnedDomains {
  readonly isEmpty: boolean;
  isHere(labels: Readonly<Record<string, string>>): boolean;
}

/** Where pods are that want this one nowhere near. */
function shunnedBy(pod: PodInfo, snapshot: Snapshot): ShunnedDomains {
  const counts = new DomainCounts();
  const keys = new Set<string>();
  for (const [other, node] of snapshot.affinityPods) {
    for (const term of other.podAntiAffinity?.required ?? []) {
      if (!concerns(term, pod, snapshot.namespaceLabels)) continue;
      counts.add(node.labels, term.topologyKey, 1);
      keys.add(term.topologyKey);
    }
  }
  return { isEmpty: counts.isEmpty, isHere: (labels) => [...keys].some((key) => counts.at(labels, key) > 0) };
}
