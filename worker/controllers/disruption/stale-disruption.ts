/**
 * Takes back the word that a pod is about to go when it has not gone.
 * Source: pkg/controller/disruption syncStalePodDisruption.
 */
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { findPodCondition, isPodTerminal, withPodCondition } from '../../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import { defineController } from '../controller.ts';

const STALE_AFTER_MS = 120_000;
const DISRUPTION_TARGET = 'DisruptionTarget';
const BY_KUBELET = 'TerminationByKubelet';

/** When the condition becomes stale, in ms since the epoch; undefined where it never does. */
function staleAt(pod: Pod): number | undefined {
  if (pod.metadata.deletionTimestamp || isPodTerminal(pod)) return undefined;
  const condition = findPodCondition(pod.status, DISRUPTION_TARGET);
  if (condition?.status !== 'True' || condition.reason === BY_KUBELET) return undefined;
  return Date.parse(condition.lastTransitionTime ?? '') + STALE_AFTER_MS;
}

export const staleDisruptionController = defineController({
  name: 'stale-disruption-controller',
  for: '',
  owns: [],
  watches: [
    {
      resource: 'pods',
      keys: (pod, _previous, _view, type) =>
        type !== 'DELETED' && staleAt(pod as KubeObject as Pod) !== undefined ? [pod.metadata.name ?? ''] : [],
    },
  ],
  reconcile(view, name, { now }) {
    const stored = view.get('pods', name);
    const pod = stored as KubeObject as Pod | undefined;
    const at = pod && staleAt(pod);
    if (!pod || at === undefined) return { writes: [] };
    if (at > now) return { writes: [], requeueAt: at };
    const status = withPodCondition(pod.status, { type: DISRUPTION_TARGET, status: 'False' }, now);
    const object = { ...pod, status } as KubeObject as UntypedObject;
    return { writes: [{ op: 'update', resource: 'pods', object, subresource: 'status' }] };
  },
});
