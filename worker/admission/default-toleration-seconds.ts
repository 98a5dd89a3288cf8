/** Source: plugin/pkg/admission/defaulttolerationseconds. */
import type { AdmissionPlugin } from './admission-plugin.ts';
import { podOf, type Toleration } from './pod-fields.ts';

const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;
const TOLERATION_SECONDS = 300;

const tolerates = ({ key = '', effect = '' }: Toleration, taint: string): boolean =>
  (key === taint || key === '') && (effect === 'NoExecute' || effect === '');

/** Pods stay on a node that is away for five minutes unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit(attributes) {
    const pod = podOf(attributes);
    if (pod === undefined || attributes.operation === 'DELETE') return undefined;
    const given = pod.spec.tolerations ?? [];
    const added = TAINTS.filter((taint) => !given.some((toleration) => tolerates(toleration, taint))).map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: TOLERATION_SECONDS,
    }));
    if (added.length > 0) pod.spec.tolerations = [...given, ...added];
    return undefined;
  },
};
