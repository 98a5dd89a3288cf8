/** Source: plugin/pkg/admission/runtimeclass. */
import { semanticEqual } from '../../schema/meta/deep-equal.ts';
import { goQuote } from '../../schema/meta/go-format.ts';
import type { KubeObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import type { RuntimeClass } from '../../schema/resources/node/runtime-class.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';
import { mergeTolerations } from './tolerations.ts';

const RUNTIME_CLASSES = 'runtimeclasses.node.k8s.io';

type Looked = { readonly found: RuntimeClass | undefined } | { readonly refused: Status };

const newPod = ({ resource, subresource, operation, object }: AdmissionAttributes): Pod | undefined =>
  resource === 'pods' && subresource === '' && operation === 'CREATE' ? object : undefined;

function lookUp(attributes: AdmissionAttributes, pod: Pod, reader: StoreReader): Looked {
  const name = pod.spec?.runtimeClassName;
  if (name === undefined) return { found: undefined };
  const found = reader.config(RUNTIME_CLASSES, name) as KubeObject | undefined;
  if (found) return { found: found as RuntimeClass };
  return { refused: refusal(attributes, `pod rejected: RuntimeClass ${goQuote(name)} not found`) };
}

const isEmpty = (list: object | undefined): boolean => Object.keys(list ?? {}).length === 0;

/** Both come in canonical form. */
const differsFrom = (pod: Pod, { overhead }: RuntimeClass): boolean =>
  !semanticEqual(pod.spec?.overhead ?? {}, overhead?.podFixed ?? {});

const MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

function setOverhead(attributes: AdmissionAttributes, pod: Pod, runtimeClass: RuntimeClass): Status | undefined {
  if (!runtimeClass.overhead || !pod.spec) return undefined;
  if (!isEmpty(pod.spec.overhead) && differsFrom(pod, runtimeClass)) return refusal(attributes, MISMATCH);
  const { podFixed } = runtimeClass.overhead;
  if (podFixed) pod.spec.overhead = { ...podFixed };
  return undefined;
}

function setScheduling(
  attributes: AdmissionAttributes,
  { spec }: Pod,
  { scheduling }: RuntimeClass,
): Status | undefined {
  if (!scheduling || !spec) return undefined;
  const selector = { ...spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = Object.hasOwn(selector, key) ? selector[key] : undefined;
    if (own !== undefined && own !== value) {
      return refusal(
        attributes,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    }
    selector[key] = value;
  }
  if (!isEmpty(selector)) spec.nodeSelector = selector;
  const tolerations = mergeTolerations([...(spec.tolerations ?? []), ...(scheduling.tolerations ?? [])]);
  if (tolerations.length > 0) spec.tolerations = tolerations;
  return undefined;
}

/** A pod of a RuntimeClass costs what its runtime costs, and goes where its runtime is. */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',

  admit(attributes, reader) {
    const pod = newPod(attributes);
    if (pod === undefined) return undefined;
    const looked = lookUp(attributes, pod, reader);
    if ('refused' in looked) return looked.refused;
    if (!looked.found) return undefined;
    return setOverhead(attributes, pod, looked.found) ?? setScheduling(attributes, pod, looked.found);
  },

  validate(attributes, reader) {
    const pod = newPod(attributes);
    if (pod === undefined) return undefined;
    const looked = lookUp(attributes, pod, reader);
    if ('refused' in looked) return looked.refused;
    if (looked.found?.overhead) return differsFrom(pod, looked.found) ? refusal(attributes, MISMATCH) : undefined;
    if (pod.spec?.overhead === undefined) return undefined;
    return refusal(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  },
};
