import { type Filter, unfit } from '../filter.ts';
import { portsConflict } from '../pod-info.ts';

const TAKEN = unfit("node(s) didn't have free ports for the requested pod ports", false);

/** Source: plugins/nodeports. */
export const nodePorts: Filter = {
  name: 'NodePorts',
  prepare(pod) {
    if (pod.hostPorts.length === 0) return undefined;
    return (node) => {
      for (const holder of node.portHolders) {
        if (holder.hostPorts.some((held) => pod.hostPorts.some((wanted) => portsConflict(held, wanted)))) return TAKEN;
      }
      return undefined;
    };
  },
};
