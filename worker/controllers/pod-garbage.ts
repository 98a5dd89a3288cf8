/**
 * Removes pods that no node will ever finish: terminating ones that were never assigned to a node.
 * Source: pkg/controller/podgc gc_controller.go (gcUnscheduledTerminating). Pods of nodes that are gone
 * are the node life cycle's.
 */
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { isPodTerminal } from '../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import { type ControllerWrite, defineController } from './controller.ts';

const isUnscheduledTerminating = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined && !pod.spec?.nodeName;

export const podGarbageController = defineController({
  name: 'pod-garbage-collector',
  for: '',
  owns: [],
  watches: [
    {
      resource: 'pods',
      keys: (pod, _previous, _view, type) =>
        type !== 'DELETED' && isUnscheduledTerminating(pod) ? [pod.metadata.name ?? ''] : [],
    },
  ],
  reconcile(view, name) {
    const pod = view.get('pods', name) as KubeObject as Pod | undefined;
    if (!pod || !isUnscheduledTerminating(pod)) return { writes: [] };
    const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
    const deletion: ControllerWrite = { op: 'delete', resource: 'pods', name, options };
    if (isPodTerminal(pod)) return { writes: pod.metadata.finalizers?.length ? [] : [deletion] };
    const failed = cloneJson(pod);
    failed.status = { ...failed.status, phase: 'Failed' };
    const object = failed as KubeObject as UntypedObject;
    return { writes: [{ op: 'update', resource: 'pods', object, subresource: 'status' }, deletion] };
  },
});
