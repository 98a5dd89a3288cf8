/**
 * Keeps as many pods of a template as a ReplicaSet asks for.
 * Source: pkg/controller/replicaset replica_set.go, replica_set_utils.go.
 */
import { formatTime } from '../../schema/meta/time.ts';
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import { type LabelSelector, labelSelectorFromSet, labelSelectorOf, labelsMatch } from '../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import { isPodReady } from '../../schema/resources/core/pod-conditions.ts';
import type { Pod, PodTemplateSpec } from '../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type ControllerContext, type ControllerWrite, defineController, type ReconcileResult } from './controller.ts';
import { claim, controllerOf, isControlledBy } from './ownership.ts';
import { podsToDelete } from './pod-deletion-order.ts';
import { podFromTemplate } from './pod-from-template.ts';
import { isPodActive, isPodAvailable, isPodTerminating, nextAvailability } from './pod-state.ts';
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from './workload-types.ts';

const REPLICA_SETS = 'replicasets.apps';
const COMPONENT = 'replicaset-controller';

export const replicaSetController = defineController({
  name: 'replicaset',
  for: REPLICA_SETS,
  owns: ['pods'],
  watches: [{ resource: 'pods', keys: (pod, _previous, view) => adoptersOf(pod, view) }],
  reconcile(view, name, context) {
    const replicaSet = view.get(REPLICA_SETS, name) as KubeObject as ReplicaSet | undefined;
    return replicaSet ? reconcileReplicaSet(view, replicaSet, context) : { writes: [] };
  },
});

/** The ReplicaSets that may adopt a pod which nobody controls. */
function adoptersOf(pod: UntypedObject, view: StoreReader): readonly string[] {
  if (controllerOf(pod) || pod.metadata.deletionTimestamp || !pod.metadata.labels) return [];
  return view
    .list(REPLICA_SETS)
    .filter((candidate) => labelsMatch(selectorOf(candidate as KubeObject as ReplicaSet), pod.metadata.labels))
    .map((candidate) => candidate.metadata.name ?? '');
}

function selectorOf(replicaSet: ReplicaSet): LabelSelector {
  const parsed = labelSelectorOf(replicaSet.spec?.selector);
  return parsed.ok && parsed.value !== 'nothing' && parsed.value.length > 0 ? parsed.value : 'nothing';
}

function reconcileReplicaSet(view: StoreReader, replicaSet: ReplicaSet, context: ControllerContext): ReconcileResult {
  const selector = selectorOf(replicaSet);
  const pods = claim<Pod>({ view, owner: replicaSet, selector, resource: 'pods', concerns: isPodActive });
  if (pods.writes.length > 0) return { writes: pods.writes };

  const terminating = view
    .ownedBy(replicaSet.metadata.uid ?? '', 'pods')
    .map(({ object }) => object as KubeObject as Pod)
    .filter((pod) => isPodTerminating(pod) && isControlledBy(pod, replicaSet) && labelsMatch(selector, pod.metadata.labels));
  const observed: ObservedPods = { active: pods.owned, terminating: terminating.length };
  const writes = replicaSet.metadata.deletionTimestamp ? [] : manageReplicas(view, replicaSet, observed, context.now);
  if (writes.length > 0) return { writes };

  const status = statusOf(replicaSet, observed, context.now);
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  return {
    writes: equalJson(replicaSet.status ?? {}, status) ? [] : [statusWrite(replicaSet, status)],
    requeueAt: nextAvailability(observed.active, minReadySeconds, context.now),
  };
}

interface ObservedPods {
  readonly active: readonly Pod[];
  readonly terminating: number;
}

function manageReplicas(
  view: StoreReader,
  replicaSet: ReplicaSet,
  observed: ObservedPods,
  now: number,
): readonly ControllerWrite[] {
  const { active } = observed;
  const excess = active.length - (replicaSet.spec?.replicas ?? 1);
  if (excess < 0) {
    return Array.from({ length: -excess }, () => createPod(replicaSet, observed, now));
  }
  if (excess === 0) return [];
  const doomed = podsToDelete(active, excess < active.length ? relatedPods(view, replicaSet) : [], excess, now);
  return doomed.map((pod) => deletePod(replicaSet, pod, observed, now));
}

function createPod(replicaSet: ReplicaSet, observed: ObservedPods, now: number): ControllerWrite {
  return {
    op: 'create',
    resource: 'pods',
    object: podFromTemplate((replicaSet.spec?.template ?? {}) as PodTemplateSpec, replicaSet),
    onDone: (pod) => [event(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)],
    onRefused: (status) =>
      isNamespaceTerminating(status)
        ? []
        : [
            event(replicaSet, 'Warning', 'FailedCreate', `Error creating: ${status.message}`),
            ...failureStatus(replicaSet, observed, 'FailedCreate', status, now),
          ],
  };
}

function deletePod(replicaSet: ReplicaSet, pod: Pod, observed: ObservedPods, now: number): ControllerWrite {
  const name = pod.metadata.name ?? '';
  return {
    op: 'delete',
    resource: 'pods',
    name,
    onDone: () => [event(replicaSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)],
    onRefused: (status) => [
      event(replicaSet, 'Warning', 'FailedDelete', `Error deleting: ${status.message}`),
      ...failureStatus(replicaSet, observed, 'FailedDelete', status, now),
    ],
  };
}

const event = (replicaSet: ReplicaSet, type: 'Normal' | 'Warning', reason: string, message: string): ControllerWrite => ({
  op: 'event',
  event: { type, reason, message, component: COMPONENT, regarding: replicaSet as KubeObject as UntypedObject },
});

const isNamespaceTerminating = (status: Status): boolean =>
  status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;

/** The pods of every ReplicaSet of the same owner: those of one Deployment. */
function relatedPods(view: StoreReader, replicaSet: ReplicaSet): readonly Pod[] {
  const owner = controllerOf(replicaSet);
  const siblings = owner
    ? view.ownedBy(owner.uid, REPLICA_SETS).filter(({ object }) => controllerOf(object)?.uid === owner.uid)
    : [{ object: replicaSet as KubeObject as UntypedObject }];
  return siblings.flatMap(({ object }) =>
    view.ownedBy(object.metadata.uid ?? '', 'pods').map((owned) => owned.object as KubeObject as Pod),
  );
}

/** The status that says pods could not be made or removed; none when it is said already. */
function failureStatus(
  replicaSet: ReplicaSet,
  observed: ObservedPods,
  reason: 'FailedCreate' | 'FailedDelete',
  refusal: Status,
  now: number,
): readonly ControllerWrite[] {
  const condition: ReplicaSetCondition = {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason,
    message: refusal.message ?? '',
  };
  const known = replicaSet.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const status = statusOf(replicaSet, observed, now, known ?? condition);
  return equalJson(replicaSet.status ?? {}, status) ? [] : [statusWrite(replicaSet, status)];
}

function statusOf(
  replicaSet: ReplicaSet,
  { active, terminating }: ObservedPods,
  now: number,
  failure?: ReplicaSetCondition,
): ReplicaSetStatus {
  const template = labelSelectorFromSet(replicaSet.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const others = (replicaSet.status?.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
  const conditions = failure ? [...others, failure] : others;
  const fullyLabeled = active.filter((pod) => labelsMatch(template, pod.metadata.labels)).length;
  const ready = active.filter(isPodReady).length;
  const available = active.filter((pod) => isPodAvailable(pod, minReadySeconds, now)).length;
  return {
    replicas: active.length,
    ...(fullyLabeled ? { fullyLabeledReplicas: fullyLabeled } : {}),
    ...(ready ? { readyReplicas: ready } : {}),
    ...(available ? { availableReplicas: available } : {}),
    terminatingReplicas: terminating,
    ...(replicaSet.metadata.generation ? { observedGeneration: replicaSet.metadata.generation } : {}),
    ...(conditions.length ? { conditions } : {}),
  };
}

function statusWrite(replicaSet: ReplicaSet, status: ReplicaSetStatus): ControllerWrite {
  const object = cloneJson(replicaSet);
  object.status = status;
  return { op: 'update', resource: REPLICA_SETS, object: object as KubeObject as UntypedObject, subresource: 'status' };
}
