/** Source: plugin/pkg/admission/nodetaint. */
import type { AdmissionPlugin } from './admission-plugin.ts';

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;

interface NodeFields {
  spec?: { taints?: { readonly key: string; readonly effect: string }[] };
}

/** A new node gets no pods before it has been seen ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  admit({ operation, resource, subresource, object }) {
    if (operation !== 'CREATE' || resource !== 'nodes' || subresource !== '') return undefined;
    const node = object as unknown as NodeFields;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) return undefined;
    node.spec = { ...node.spec, taints: [...taints, { ...NOT_READY }] };
    return undefined;
  },
};
