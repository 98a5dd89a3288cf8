/**
 * Keeps pods with an identity of their own: in order, one at a time unless told otherwise.
 * Source: pkg/controller/statefulset stateful_set.go, stateful_set_control.go.
 */
import { pushAll } from '../../../schema/meta/push-all.ts';
import { cloneJson, equalJson } from '../../../schema/meta/json-value.ts';
import { type LabelSelector, labelSelectorOf, labelsMatch } from '../../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { StatefulSet } from '../../../schema/resources/apps/stateful-set.ts';
import { isPodReady, isPodTerminal } from '../../../schema/resources/core/pod-conditions.ts';
import type { Pod, PodTemplateSpec } from '../../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import { type ControllerContext, type ControllerWrite, defineController, type ReconcileResult } from '../controller.ts';
import {
  type ControllerRevision,
  REVISIONS,
  sortRevisions,
  truncation,
  updateRevision,
} from '../controller-history.ts';
import { claim, controllerOf } from '../ownership.ts';
import { isPodAvailable, nextAvailability } from '../pod-state.ts';
import { claimOwnerWrites, hasStaleClaim, missingClaims } from './claims.ts';
import { newStatefulPod, ordinalOf, repairedIdentity, revisionOf, startOrdinal } from './identity.ts';

const STATEFUL_SETS = 'statefulsets.apps';
const COMPONENT = 'statefulset-controller';

type Status = NonNullable<StatefulSet['status']>;

export const statefulSetController = defineController({
  name: 'statefulset',
  for: STATEFUL_SETS,
  owns: ['pods', REVISIONS],
  watches: [{ resource: 'pods', keys: (pod, _previous, view) => adoptersOf(pod, view) }],
  reconcile(view, name, context) {
    const set = view.get(STATEFUL_SETS, name) as KubeObject as StatefulSet | undefined;
    return set ? reconcileStatefulSet(view, set, context) : { writes: [] };
  },
});

function adoptersOf(pod: UntypedObject, view: StoreReader): readonly string[] {
  if (controllerOf(pod) || pod.metadata.deletionTimestamp) return [];
  return (view.list(STATEFUL_SETS) as readonly KubeObject[] as readonly StatefulSet[])
    .filter((set) => labelsMatch(selectorOf(set), pod.metadata.labels) && ordinalOf(set, pod as KubeObject as Pod) >= 0)
    .map((set) => set.metadata.name ?? '');
}

function selectorOf(set: StatefulSet): LabelSelector {
  const parsed = labelSelectorOf(set.spec?.selector);
  return parsed.ok && parsed.value !== 'nothing' && parsed.value.length > 0 ? parsed.value : 'nothing';
}

function reconcileStatefulSet(view: StoreReader, set: StatefulSet, { now }: ControllerContext): ReconcileResult {
  const selector = selectorOf(set);
  const history = claim<ControllerRevision>({ view, owner: set, selector, resource: REVISIONS });
  const pods = claim<Pod>({
    view,
    owner: set,
    selector,
    resource: 'pods',
    concerns: (pod) => ordinalOf(set, pod) >= 0,
  });
  if (history.writes.length + pods.writes.length > 0) return { writes: [...history.writes, ...pods.writes] };

  const revisions = sortRevisions(history.owned);
  const step = updateRevision(revisions, {
    owner: set,
    template: (set.spec?.template ?? {}) as PodTemplateSpec,
    collisionCount: set.status?.collisionCount ?? 0,
    onCollision: () =>
      statusWrite(set, { ...(set.status as Status), collisionCount: (set.status?.collisionCount ?? 0) + 1 }),
  });
  if (step.kind === 'write') return { writes: [step.write] };
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? step.revision;
  const pass = sortOut({ view, set, now, current, update: step.revision, pods: pods.owned });

  const writes = set.metadata.deletionTimestamp ? [] : nextWrites(pass);
  if (writes.length > 0) return { writes };
  const status = statusOf(pass);
  const live = new Set([current.metadata.name ?? '', step.revision.metadata.name ?? '', ...pass.pods.map(revisionOf)]);
  const requeueAt = nextAvailability(pass.pods, minReadySeconds(set), now);
  return {
    writes: [
      ...(equalJson(set.status, status) ? [] : [statusWrite(set, status)]),
      ...truncation(revisions, live, set.spec?.revisionHistoryLimit ?? 10),
    ],
    requeueAt,
  };
}

const minReadySeconds = (set: StatefulSet): number => set.spec?.minReadySeconds ?? 0;

interface Observed {
  readonly view: StoreReader;
  readonly set: StatefulSet;
  readonly now: number;
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  readonly pods: readonly Pod[];
}

interface Pass extends Observed {
  /** By position from the first ordinal; undefined where the pod is missing. */
  readonly replicas: readonly (Pod | undefined)[];
  /** Beyond the wanted range, highest ordinal first. */
  readonly condemned: readonly Pod[];
  /** One after the other, or all at once. */
  readonly isOrdered: boolean;
}

function sortOut(observed: Observed): Pass {
  const { set, pods } = observed;
  const start = startOrdinal(set);
  const count = set.spec?.replicas ?? 1;
  const replicas: (Pod | undefined)[] = Array.from({ length: count });
  const condemned: Pod[] = [];
  for (const pod of pods) {
    const position = ordinalOf(set, pod) - start;
    if (position >= 0 && position < count) replicas[position] = pod;
    else condemned.push(pod);
  }
  condemned.sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a));
  return { ...observed, replicas, condemned, isOrdered: set.spec?.podManagementPolicy !== 'Parallel' };
}

const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isPodReady(pod);

const isAvailable = ({ set, now }: Observed, pod: Pod): boolean =>
  isRunningAndReady(pod) && isPodAvailable(pod, minReadySeconds(set), now);

const isUnavailable = (pass: Observed, pod: Pod | undefined): boolean =>
  !pod || isTerminating(pod) || !isPodAvailable(pod, minReadySeconds(pass.set), pass.now);

/** What is to be done now; nothing while something is waited for. */
function nextWrites(pass: Pass): readonly ControllerWrite[] {
  const replicas = eachInOrder(pass, pass.replicas, (pod, i) => replicaStep(pass, pod, i));
  if (replicas.isBlocked || replicas.writes.length > 0) return replicas.writes;
  const owners = pass.condemned.flatMap((pod) =>
    claimOwnerWrites(pass.view, pass.set, pod, ordinalOf(pass.set, pod), true),
  );
  if (owners.length > 0) return owners;
  const first = firstUnavailable(pass);
  const condemned = eachInOrder(pass, pass.condemned, (pod) => condemnedStep(pass, pod, first));
  if (condemned.isBlocked || condemned.writes.length > 0) return condemned.writes;
  return rollingWrites(pass);
}

/** `isBlocked`: in order, nothing after this one may be touched yet. */
interface Step {
  readonly writes: readonly ControllerWrite[];
  readonly isBlocked: boolean;
}

const GO_ON: Step = { writes: [], isBlocked: false };
const WAIT: Step = { writes: [], isBlocked: true };
const act = (...writes: readonly ControllerWrite[]): Step => ({ writes, isBlocked: true });

function eachInOrder<T>({ isOrdered }: Pass, items: readonly T[], step: (item: T, i: number) => Step): Step {
  const writes: ControllerWrite[] = [];
  for (const [i, item] of items.entries()) {
    const outcome = step(item, i);
    pushAll(writes, outcome.writes);
    if (isOrdered && outcome.isBlocked) return { writes, isBlocked: true };
  }
  return { writes, isBlocked: false };
}

function replicaStep(pass: Pass, pod: Pod | undefined, position: number): Step {
  const { view, set } = pass;
  const ordinal = startOrdinal(set) + position;
  if (!pod) return hasStaleClaim(view, set, ordinal) ? WAIT : act(...creation(pass, ordinal));
  if (isPodTerminal(pod)) return isTerminating(pod) ? WAIT : act(deletion(set, pod));
  if (pod.status?.phase === 'Pending' || !pod.status?.phase) {
    const claims = claimCreations(pass, ordinal);
    if (claims.length > 0) return act(...claims);
  }
  if (isTerminating(pod) || !isAvailable(pass, pod)) return WAIT;
  const repaired = repairedIdentity(set, pod);
  const owners = claimOwnerWrites(view, set, pod, ordinal, false);
  const repair: ControllerWrite[] = repaired ? [{ op: 'update', resource: 'pods', object: repaired }] : [];
  return repair.length + owners.length > 0 ? { writes: [...repair, ...owners], isBlocked: false } : GO_ON;
}

function condemnedStep(pass: Pass, pod: Pod, firstUnavailablePod: Pod | undefined): Step {
  if (isTerminating(pod)) return WAIT;
  if (pass.isOrdered && !isAvailable(pass, pod) && pod !== firstUnavailablePod) return WAIT;
  return act(deletion(pass.set, pod));
}

function firstUnavailable(pass: Pass): Pod | undefined {
  return (
    pass.replicas.find((pod) => isUnavailable(pass, pod)) ??
    [...pass.condemned].reverse().find((pod) => isUnavailable(pass, pod))
  );
}

/** Deletes pods of older revisions, from the highest ordinal down to the partition, within maxUnavailable. */
function rollingWrites(pass: Pass): readonly ControllerWrite[] {
  const { set, replicas } = pass;
  if (set.spec?.updateStrategy?.type === 'OnDelete') return [];
  const { partition = 0, maxUnavailable } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const isOld = (pod: Pod | undefined): pod is Pod =>
    pod !== undefined && revisionOf(pod) !== pass.update.metadata.name && !isTerminating(pod);
  const targets = replicas.slice(partition).reverse().filter(isOld);
  const budget =
    unavailableMax(maxUnavailable, replicas.length) - replicas.filter((pod) => isUnavailable(pass, pod)).length;
  if (pass.isOrdered) return targets.slice(0, Math.max(0, budget)).map((pod) => deletion(set, pod));
  // At once: what does not serve anyhow costs nothing.
  const idle = targets.filter((pod) => isUnavailable(pass, pod));
  const serving = targets.filter((pod) => !isUnavailable(pass, pod)).slice(0, Math.max(0, budget));
  return [...idle, ...serving].map((pod) => deletion(set, pod));
}

function unavailableMax(value: number | string | undefined, replicas: number): number {
  const percent = typeof value === 'string' ? /^([0-9]+)%$/.exec(value)?.[1] : undefined;
  const resolved = percent === undefined ? Number(value ?? 1) : Math.floor((Number(percent) * replicas) / 100);
  return Math.max(1, Number.isNaN(resolved) ? 1 : resolved);
}

function creation(pass: Pass, ordinal: number): readonly ControllerWrite[] {
  const { set, current, update } = pass;
  const object = newStatefulPod(set, isOfCurrent(pass, ordinal) ? current : update, ordinal);
  const name = object.metadata.name ?? '';
  return [
    ...claimCreations(pass, ordinal),
    {
      op: 'create',
      resource: 'pods',
      object,
      onDone: () => [podEvent(set, 'Create', name)],
      onRefused: ({ message, reason }) => (reason === 'AlreadyExists' ? [] : [podEvent(set, 'Create', name, message)]),
    },
  ];
}

/** Below the partition, and while the roll-out has not reached it, an ordinal keeps the current revision. */
function isOfCurrent({ set }: Pass, ordinal: number): boolean {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return false;
  const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
  return ordinal < startOrdinal(set) + kept;
}

function claimCreations({ view, set }: Pass, ordinal: number): readonly ControllerWrite[] {
  const pod = `${set.metadata.name}-${ordinal}`;
  return missingClaims(view, set, ordinal).map((object) => {
    const subject = `Claim ${object.metadata.name}`;
    const of = `in StatefulSet ${set.metadata.name}`;
    return {
      op: 'create',
      resource: 'persistentvolumeclaims',
      object,
      onDone: () => [event(set, 'Normal', 'SuccessfulCreate', `Create ${subject} Pod ${pod} ${of} success`)],
      onRefused: ({ message }) => [
        event(set, 'Warning', 'FailedCreate', `Create ${subject} for Pod ${pod} ${of} failed error: ${message}`),
      ],
    };
  });
}

const deletion = (set: StatefulSet, pod: Pod): ControllerWrite => {
  const name = pod.metadata.name ?? '';
  return {
    op: 'delete',
    resource: 'pods',
    name,
    onDone: () => [podEvent(set, 'Delete', name)],
    onRefused: ({ message }) => [podEvent(set, 'Delete', name, message)],
  };
};

function podEvent(set: StatefulSet, verb: 'Create' | 'Delete', pod: string, error?: string): ControllerWrite {
  const text = `${verb} Pod ${pod} in StatefulSet ${set.metadata.name}`;
  return error === undefined
    ? event(set, 'Normal', `Successful${verb}`, `${text} successful`)
    : event(set, 'Warning', `Failed${verb}`, `${text} failed error: ${error}`);
}

const event = (set: StatefulSet, type: 'Normal' | 'Warning', reason: string, message: string): ControllerWrite => ({
  op: 'event',
  event: { type, reason, message, component: COMPONENT, regarding: set as KubeObject as UntypedObject },
});

function statusOf(pass: Pass): Status {
  const { set, pods, current, update } = pass;
  const living = pods.filter((pod) => !isTerminating(pod));
  const count = (revision: ControllerRevision) =>
    living.filter((pod) => revisionOf(pod) === revision.metadata.name).length;
  const ready = pods.filter(isRunningAndReady).length;
  const updated = count(update);
  const replicas = set.spec?.replicas ?? 1;
  const isComplete = updated === replicas && ready === replicas && pods.length === replicas;
  const currentReplicas = isComplete ? updated : count(current);
  const generation = set.metadata.generation;
  return {
    ...(generation ? { observedGeneration: generation } : {}),
    replicas: pods.length,
    ...(ready ? { readyReplicas: ready } : {}),
    ...(currentReplicas ? { currentReplicas } : {}),
    ...(updated ? { updatedReplicas: updated } : {}),
    currentRevision: (isComplete ? update : current).metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
    ...(set.status?.conditions?.length ? { conditions: set.status.conditions } : {}),
    availableReplicas: pods.filter((pod) => isAvailable(pass, pod)).length,
  };
}

function statusWrite(set: StatefulSet, status: Status): ControllerWrite {
  const object = { ...cloneJson(set), status } as KubeObject as UntypedObject;
  return { op: 'update', resource: STATEFUL_SETS, object, subresource: 'status' };
}
