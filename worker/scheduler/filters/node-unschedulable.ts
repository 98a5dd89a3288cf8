import { isTolerated } from '../../../schema/resources/core/toleration.ts';
import { type Filter, unfit } from '../filter.ts';

const UNSCHEDULABLE = unfit('node(s) were unschedulable', true);
const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Cordoned nodes take only pods that tolerate it. Source: plugins/nodeunschedulable. */
export const nodeUnschedulable: Filter = {
  name: 'NodeUnschedulable',
  prepare: (pod) => (node) =>
    node.isUnschedulable && !isTolerated(TAINT, pod.tolerations) ? UNSCHEDULABLE : undefined,
};
