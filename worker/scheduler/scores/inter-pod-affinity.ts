import { type AffinityTerm, concerns, DomainCounts } from '../affinity-term.ts';
import type { PodInfo } from '../pod-info.ts';
import { SCORE_MAX, type Score } from '../score.ts';
import type { Snapshot } from '../snapshot.ts';

/** What a required term of a pod that is there is worth to one it is about (hardPodAffinityWeight). */
const REQUIRED_WEIGHT = 1;

/** Preferred terms of the pod, and those of the pods that are there. Source: plugins/interpodaffinity/scoring.go. */
export const interPodAffinityScore: Score = {
  name: 'InterPodAffinity',
  weight: 2,
  prepare(pod, snapshot) {
    const sums = new DomainCounts();
    const keys = new Set<string>();
    const add = (term: AffinityTerm, labels: Readonly<Record<string, string>>, weight: number) => {
      sums.add(labels, term.topologyKey, weight);
      keys.add(term.topologyKey);
    };
    addOwnPreferences(pod, snapshot, add);
    addPreferencesOfOthers(pod, snapshot, add);
    if (sums.isEmpty) return undefined;
    return {
      score: ({ labels }) => [...keys].reduce((sum, key) => sum + sums.at(labels, key), 0),
      normalize(scores) {
        const min = Math.min(...scores);
        const range = Math.max(...scores) - min;
        for (let i = 0; i < scores.length; i++) {
          scores[i] = range > 0 ? Math.trunc((SCORE_MAX * ((scores[i] as number) - min)) / range) : 0;
        }
      },
    };
  },
};

type Add = (term: AffinityTerm, labels: Readonly<Record<string, string>>, weight: number) => void;

function addOwnPreferences(pod: PodInfo, snapshot: Snapshot, add: Add): void {
  const seeks = pod.podAffinity?.preferred ?? [];
  const shuns = pod.podAntiAffinity?.preferred ?? [];
  if (seeks.length + shuns.length === 0) return;
  for (const node of snapshot.knownNodes()) {
    for (const other of node.pods.values()) {
      for (const term of seeks)
        if (concerns(term, other, snapshot.namespaceLabels)) add(term, node.labels, term.weight);
      for (const term of shuns)
        if (concerns(term, other, snapshot.namespaceLabels)) add(term, node.labels, -term.weight);
    }
  }
}

function addPreferencesOfOthers(pod: PodInfo, snapshot: Snapshot, add: Add): void {
  const isAbout = (term: AffinityTerm) => concerns(term, pod, snapshot.namespaceLabels);
  for (const [other, { labels }] of snapshot.affinityPods) {
    for (const term of other.podAffinity?.required ?? []) if (isAbout(term)) add(term, labels, REQUIRED_WEIGHT);
    for (const term of other.podAffinity?.preferred ?? []) if (isAbout(term)) add(term, labels, term.weight);
    for (const term of other.podAntiAffinity?.preferred ?? []) if (isAbout(term)) add(term, labels, -term.weight);
  }
}
