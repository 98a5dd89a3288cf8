import { isTolerated } from '../../../schema/resources/core/toleration.ts';
import { normalizeByMax, type Score } from '../score.ts';

/** The fewer PreferNoSchedule taints the pod does not tolerate, the better. Source: plugins/tainttoleration. */
export const taintTolerationScore: Score = {
  name: 'TaintToleration',
  weight: 3,
  prepare(pod) {
    const tolerations = pod.tolerations.filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
    return {
      score: ({ taints }) =>
        taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations)).length,
      normalize: (scores) => normalizeByMax(scores, true),
    };
  },
};
