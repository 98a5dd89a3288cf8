import { SCORE_MAX, type Score } from '../score.ts';
import { spreadsOf } from '../topology-spread.ts';

/** Constraints that should hold (`ScheduleAnyway`): the emptier the domain, the better. Source: podtopologyspread/scoring.go. */
export const podTopologySpreadScore: Score = {
  name: 'PodTopologySpread',
  weight: 2,
  prepare(pod, snapshot) {
    const spreads = spreadsOf(pod, snapshot, 'ScheduleAnyway');
    if (spreads.length === 0) return undefined;
    return {
      score({ labels }) {
        let sum = 0;
        for (const { topologyKey, maxSkew, counts } of spreads) {
          const value = labels[topologyKey];
          if (value === undefined) return Number.NaN;
          // Few domains weigh less than many, or zones would drown in hosts.
          sum += (counts.get(value) ?? 0) * Math.log(counts.size + 2) + (maxSkew - 1);
        }
        return Math.round(sum);
      },
      /** Nodes without the labels get nothing; NaN marks them. */
      normalize(scores) {
        const real = scores.filter((score) => !Number.isNaN(score));
        const min = Math.min(...real);
        const max = Math.max(...real);
        for (let i = 0; i < scores.length; i++) {
          const score = scores[i] as number;
          if (Number.isNaN(score)) scores[i] = 0;
          else scores[i] = max === 0 ? SCORE_MAX : Math.trunc((SCORE_MAX * (max + min - score)) / max);
        }
      },
    };
  },
};
