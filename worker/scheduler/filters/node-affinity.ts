import { type Filter, unfit } from '../filter.ts';
import { matchesAnyTerm } from '../node-selector.ts';

const MISMATCH = unfit("node(s) didn't match Pod's node affinity/selector", true);

/** `nodeSelector` and the required node affinity. Source: plugins/nodeaffinity. */
export const nodeAffinity: Filter = {
  name: 'NodeAffinity',
  prepare(pod) {
    const required = pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const labels = Object.entries(pod.nodeSelector ?? {});
    if (!required && labels.length === 0) return undefined;
    return (node) => {
      for (const [key, value] of labels) if (node.labels[key] !== value) return MISMATCH;
      return required && !matchesAnyTerm(required.nodeSelectorTerms, node) ? MISMATCH : undefined;
    };
  },
};
