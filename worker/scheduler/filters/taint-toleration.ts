import { isTolerated } from '../../../schema/resources/core/toleration.ts';
import { type Filter, unfit } from '../filter.ts';

const UNTOLERATED = unfit('node(s) had untolerated taint(s)', true);

/** Source: plugins/tainttoleration. */
export const taintToleration: Filter = {
  name: 'TaintToleration',
  prepare: (pod) => (node) => {
    for (const taint of node.taints) {
      if (taint.effect !== 'NoSchedule' && taint.effect !== 'NoExecute') continue;
      if (!isTolerated(taint, pod.tolerations)) return UNTOLERATED;
    }
    return undefined;
  },
};
