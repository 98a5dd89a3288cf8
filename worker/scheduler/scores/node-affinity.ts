import { matchesTerm } from '../node-selector.ts';
import { normalizeByMax, type Score } from '../score.ts';

/** The preferred node affinity's weights. Source: plugins/nodeaffinity. */
export const nodeAffinityScore: Score = {
  name: 'NodeAffinity',
  weight: 2,
  prepare(pod) {
    const preferred = pod.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    if (!preferred?.length) return undefined;
    return {
      score: (node) =>
        preferred.reduce(
          (sum, { weight, preference }) => (matchesPreference(preference, node) ? sum + weight : sum),
          0,
        ),
      normalize: (scores) => normalizeByMax(scores, false),
    };
  },
};

/** Unlike a required term, a preference without requirements suits every node. */
const matchesPreference = (term: Parameters<typeof matchesTerm>[0], node: Parameters<typeof matchesTerm>[1]): boolean =>
  (!term.matchExpressions?.length && !term.matchFields?.length) || matchesTerm(term, node);
