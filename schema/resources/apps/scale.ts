/** `scale` of kinds that keep replicas in `spec.replicas`. Source: autoscaling/v1 Scale. */
import { formatLabels, labelSelectorOf, type LabelSelectorObject } from '../../meta/label-selector.ts';
import type { KubeObject } from '../../meta/object-meta.ts';
import type { ScaleSubresource } from '../../meta/resource.ts';

interface Scalable extends KubeObject {
  spec?: { replicas?: number; selector?: LabelSelectorObject };
  status?: { replicas?: number };
}

/** With an object-form selector in `spec.selector`. */
export function replicasScale<T extends Scalable>(): ScaleSubresource<T> {
  return {
    replicas: ({ spec }) => spec?.replicas ?? 0,
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector({ spec }) {
      const parsed = labelSelectorOf(spec?.selector);
      return parsed.ok ? formatLabels(parsed.value) : '';
    },
    setReplicas(object, replicas) {
      (object.spec ??= {}).replicas = replicas;
    },
  };
}
