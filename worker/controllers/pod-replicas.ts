/**
 * Keeps as many pods of a template as a ReplicaSet or ReplicationController asks for.
 * Source: pkg/controller/replicaset replica_set.go, replica_set_utils.go; pkg/controller/replication.
 */
import { formatTime } from '../../schema/meta/time.ts';
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import {
  type LabelSelector,
  labelSelectorFromSet,
  labelSelectorOf,
  labelsMatch,
} from '../../schema/meta/label-selector.ts';
import type { GroupResource, KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import { isPodReady } from '../../schema/resources/core/pod-conditions.ts';
import type { Pod, PodTemplateSpec } from '../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type Controller, type ControllerWrite, defineController, type ReconcileResult } from './controller.ts';
import { claim, controllerOf, isControlledBy } from './ownership.ts';
import { podsToDelete } from './pod-deletion-order.ts';
import { podFromTemplate } from './pod-from-template.ts';
import { isPodActive, isPodAvailable, isPodTerminating, nextAvailability } from './pod-state.ts';
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from './workload-types.ts';

/** A kind that keeps pods of its template; seen as a ReplicaSet wherever the two differ only in form. */
export interface ReplicatingKind {
  readonly name: string;
  readonly resource: GroupResource;
  readonly component: string;
  /** Whether its status counts terminating pods. */
  readonly countsTerminating: boolean;
  asReplicaSet(object: UntypedObject): ReplicaSet;
}

export const replicatingController = (kind: ReplicatingKind): Controller =>
  defineController({
    name: kind.name,
    for: kind.resource,
    owns: ['pods'],
    watches: [{ resource: 'pods', keys: (pod, _previous, view) => adoptersOf(pod, view, kind) }],
    reconcile(view, name, context) {
      const original = view.get(kind.resource, name);
      if (!original) return { writes: [] };
      return reconcileReplicas({ view, kind, original, replicaSet: kind.asReplicaSet(original), now: context.now });
    },
  });

/** One pass: what it looks at, and when. */
interface Pass {
  readonly view: StoreReader;
  readonly kind: ReplicatingKind;
  readonly original: UntypedObject;
  readonly replicaSet: ReplicaSet;
  readonly now: number;
}

/** Those that may adopt a pod which nobody controls. */
function adoptersOf(pod: UntypedObject, view: StoreReader, kind: ReplicatingKind): readonly string[] {
  if (controllerOf(pod) || pod.metadata.deletionTimestamp || !pod.metadata.labels) return [];
  return view
    .list(kind.resource)
    .filter((candidate) => labelsMatch(selectorOf(kind.asReplicaSet(candidate)), pod.metadata.labels))
    .map((candidate) => candidate.metadata.name ?? '');
}

function selectorOf(replicaSet: ReplicaSet): LabelSelector {
  const parsed = labelSelectorOf(replicaSet.spec?.selector);
  return parsed.ok && parsed.value !== 'nothing' && parsed.value.length > 0 ? parsed.value : 'nothing';
}

function reconcileReplicas(pass: Pass): ReconcileResult {
  const { view, replicaSet, now } = pass;
  const selector = selectorOf(replicaSet);
  const pods = claim<Pod>({ view, owner: replicaSet, selector, resource: 'pods', concerns: isPodActive });
  if (pods.writes.length > 0) return { writes: pods.writes };

  const terminating = view
    .ownedBy(replicaSet.metadata.uid ?? '', 'pods')
    .map(({ object }) => object as KubeObject as Pod)
    .filter(
      (pod) => isPodTerminating(pod) && isControlledBy(pod, replicaSet) && labelsMatch(selector, pod.metadata.labels),
    );
  const observed: ObservedPods = { active: pods.owned, terminating: terminating.length };
  const writes = replicaSet.metadata.deletionTimestamp ? [] : manageReplicas(pass, observed);
  if (writes.length > 0) return { writes };

  const status = statusOf(pass, observed);
  return {
    writes: equalJson(replicaSet.status ?? {}, status) ? [] : [statusWrite(pass, status)],
    requeueAt: nextAvailability(observed.active, replicaSet.spec?.minReadySeconds ?? 0, now),
  };
}

interface ObservedPods {
  readonly active: readonly Pod[];
  readonly terminating: number;
}

function manageReplicas(pass: Pass, observed: ObservedPods): readonly ControllerWrite[] {
  const { active } = observed;
  const excess = active.length - (pass.replicaSet.spec?.replicas ?? 1);
  if (excess < 0) return Array.from({ length: -excess }, () => createPod(pass, observed));
  if (excess === 0) return [];
  const doomed = podsToDelete(active, excess < active.length ? relatedPods(pass) : [], excess, pass.now);
  return doomed.map((pod) => deletePod(pass, pod, observed));
}

function createPod(pass: Pass, observed: ObservedPods): ControllerWrite {
  const { replicaSet } = pass;
  return {
    op: 'create',
    resource: 'pods',
    object: podFromTemplate((replicaSet.spec?.template ?? {}) as PodTemplateSpec, replicaSet),
    onDone: (pod) => [event(pass, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)],
    onRefused: (status) =>
      isNamespaceTerminating(status)
        ? []
        : [
            event(pass, 'Warning', 'FailedCreate', `Error creating: ${status.message}`),
            ...failureStatus(pass, observed, 'FailedCreate', status),
          ],
  };
}

function deletePod(pass: Pass, pod: Pod, observed: ObservedPods): ControllerWrite {
  const name = pod.metadata.name ?? '';
  return {
    op: 'delete',
    resource: 'pods',
    name,
    onDone: () => [event(pass, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)],
    onRefused: (status) => [
      event(pass, 'Warning', 'FailedDelete', `Error deleting: ${status.message}`),
      ...failureStatus(pass, observed, 'FailedDelete', status),
    ],
  };
}

const event = (
  { kind, original }: Pass,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): ControllerWrite => ({
  op: 'event',
  event: { type, reason, message, component: kind.component, regarding: original },
});

const isNamespaceTerminating = (status: Status): boolean =>
  status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;

/** The pods of every ReplicaSet of the same owner: those of one Deployment. */
function relatedPods({ view, kind, replicaSet }: Pass): readonly Pod[] {
  const owner = controllerOf(replicaSet);
  const siblings = owner
    ? view.ownedBy(owner.uid, kind.resource).filter(({ object }) => controllerOf(object)?.uid === owner.uid)
    : [{ object: replicaSet as KubeObject }];
  return siblings.flatMap(({ object }) =>
    view.ownedBy(object.metadata.uid ?? '', 'pods').map((owned) => owned.object as KubeObject as Pod),
  );
}

/** The status that says pods could not be made or removed; none when it is said already. */
function failureStatus(
  pass: Pass,
  observed: ObservedPods,
  reason: 'FailedCreate' | 'FailedDelete',
  refusal: Status,
): readonly ControllerWrite[] {
  const condition: ReplicaSetCondition = {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: formatTime(pass.now),
    reason,
    message: refusal.message ?? '',
  };
  const known = pass.replicaSet.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const status = statusOf(pass, observed, known ?? condition);
  return equalJson(pass.replicaSet.status ?? {}, status) ? [] : [statusWrite(pass, status)];
}

function statusOf(
  { kind, replicaSet, now }: Pass,
  { active, terminating }: ObservedPods,
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
    ...(kind.countsTerminating ? { terminatingReplicas: terminating } : {}),
    ...(replicaSet.metadata.generation ? { observedGeneration: replicaSet.metadata.generation } : {}),
    ...(conditions.length ? { conditions } : {}),
  };
}

const statusWrite = ({ kind, original }: Pass, status: ReplicaSetStatus): ControllerWrite => ({
  op: 'update',
  resource: kind.resource,
  object: { ...cloneJson(original), status },
  subresource: 'status',
});
