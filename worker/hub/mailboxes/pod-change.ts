/** Whether a change of a pod is news to its node, or only the echo of what the node itself reported. */
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';

/** Conditions that the node sets. Source: pkg/kubelet/types PodConditionByKubelet. */
const NODE_CONDITIONS: ReadonlySet<string> = new Set([
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
  'PodResizePending',
  'PodResizeInProgress',
]);

interface StatusFields {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

const isTerminal = ({ phase }: StatusFields): boolean => phase === 'Succeeded' || phase === 'Failed';

/** What of a pod the node acts on, as text to compare. */
function concern(pod: UntypedObject): string {
  const { resourceVersion: _resourceVersion, managedFields: _managedFields, ...metadata } = pod.metadata;
  const status = (pod['status'] ?? {}) as StatusFields;
  const foreign = (status.conditions ?? []).filter(({ type }) => !NODE_CONDITIONS.has(type));
  return JSON.stringify([metadata, pod['spec'], foreign, isTerminal(status)]);
}

export const concernsNode = (previous: UntypedObject, next: UntypedObject): boolean =>
  concern(previous) !== concern(next);
