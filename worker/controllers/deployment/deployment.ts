/**
 * Rolls out Deployments through ReplicaSets, one per pod template.
 * Source: pkg/controller/deployment deployment_controller.go, sync.go, rolling.go, recreate.go, rollback.go.
 *
 * A pass takes the first step that is due and ends; the change it makes starts the next pass within
 * the same commit. Only a pass that finds no step to take writes the counted status.
 */
import { cloneJson, equalJson } from '../../../schema/meta/json-value.ts';
import { type LabelSelector, labelSelectorOf, labelsMatch } from '../../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Status } from '../../../schema/meta/status.ts';
import { isPodTerminal } from '../../../schema/resources/core/pod-conditions.ts';
import type { PodTemplateSpec } from '../../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import { type ControllerContext, type ControllerWrite, defineController, type ReconcileResult } from '../controller.ts';
import { claim, controllerOf, controllerReference } from '../ownership.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../workload-types.ts';
import { isRollingUpdate } from './fenceposts.ts';
import { POD_TEMPLATE_HASH_LABEL, podTemplateHash } from '../template-hash.ts';
import { byCreation, type ReplicaSets, replicasOf, sameTemplate, sortOut, withoutHash } from './replica-set-list.ts';
import {
  annotationsOfCurrent,
  annotationsOfRollback,
  byRevision,
  lastRevision,
  maxRevision,
  REVISION,
  ROLLBACK_TO,
  revisionOf,
  rollbackTarget,
  sizeAnnotations,
} from './revision.ts';
import {
  currentSize,
  isScalingEvent,
  oldStillCount,
  recreateDown,
  recreateUp,
  type Resize,
  rollingStep,
  scale,
} from './scaling.ts';
import {
  conditionOf,
  countedStatus,
  isComplete,
  newCondition,
  pauseCondition,
  progressCheckAt,
  progressDeadline,
  rolloutStatus,
  withCondition,
} from './status.ts';

const DEPLOYMENTS = 'deployments.apps';
const REPLICA_SETS = 'replicasets.apps';
const COMPONENT = 'deployment-controller';
const NAME_CHARS_MAX = 253;
const INT32_MAX = 2 ** 31 - 1;

export const deploymentController = defineController({
  name: 'deployment',
  for: DEPLOYMENTS,
  owns: [REPLICA_SETS],
  watches: [
    { resource: REPLICA_SETS, keys: (replicaSet, _previous, view) => adoptersOf(replicaSet, view) },
    // A Recreate rollout waits for the last old pod to be gone.
    {
      resource: 'pods',
      keys: (pod, _previous, view, type) => (type === 'DELETED' ? recreatingOwnerOf(pod, view) : []),
    },
  ],
  reconcile(view, name, context) {
    const deployment = view.get(DEPLOYMENTS, name) as KubeObject as Deployment | undefined;
    return deployment ? reconcileDeployment(view, deployment, context) : { writes: [] };
  },
});

function adoptersOf(replicaSet: UntypedObject, view: StoreReader): readonly string[] {
  if (controllerOf(replicaSet) || replicaSet.metadata.deletionTimestamp || !replicaSet.metadata.labels) return [];
  return view
    .list(DEPLOYMENTS)
    .filter((candidate) => labelsMatch(selectorOf(candidate as KubeObject as Deployment), replicaSet.metadata.labels))
    .map((candidate) => candidate.metadata.name ?? '');
}

function recreatingOwnerOf(pod: UntypedObject, view: StoreReader): readonly string[] {
  const replicaSet = view.get(REPLICA_SETS, controllerOf(pod)?.name ?? '');
  const owner = replicaSet && controllerOf(replicaSet);
  const deployment = owner && (view.get(DEPLOYMENTS, owner.name) as KubeObject as Deployment | undefined);
  return deployment && !isRollingUpdate(deployment) ? [owner.name] : [];
}

function selectorOf(deployment: Deployment): LabelSelector {
  const parsed = labelSelectorOf(deployment.spec?.selector);
  return parsed.ok && parsed.value !== 'nothing' && parsed.value.length > 0 ? parsed.value : 'nothing';
}

function reconcileDeployment(view: StoreReader, deployment: Deployment, { now }: ControllerContext): ReconcileResult {
  if (selectsEverything(deployment)) return selectingAll(deployment);
  const claimed = claim<ReplicaSet>({
    view,
    owner: deployment,
    selector: selectorOf(deployment),
    resource: REPLICA_SETS,
  });
  if (claimed.writes.length > 0) return { writes: claimed.writes };
  const sets = sortOut(deployment, claimed.owned);
  if (deployment.metadata.deletionTimestamp) return settle(deployment, countedStatus(deployment, sets, now));

  const pause = pauseCondition(deployment, now);
  if (pause) return { writes: [conditionWrite(deployment, pause)] };
  const synced = syncRevision(deployment, sets, now);
  if (synced.length > 0) return { writes: synced };

  if (deployment.spec?.paused) return syncSize(deployment, sets, now, cleanUp(deployment, sets));
  if (rollbackTarget(deployment) !== undefined) return { writes: rollBack(deployment, sets) };
  if (isScalingEvent(deployment, sets)) return syncSize(deployment, sets, now, []);
  return isRollingUpdate(deployment) ? rollOut(deployment, sets, now) : recreate(view, deployment, sets, now);
}

const selectsEverything = (deployment: Deployment): boolean => equalJson(deployment.spec?.selector, {});

function selectingAll(deployment: Deployment): ReconcileResult {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  const observedGeneration = deployment.metadata.generation ?? 0;
  const event = eventWrite(deployment, 'Warning', 'SelectingAll', message);
  if ((deployment.status?.observedGeneration ?? 0) >= observedGeneration) return { writes: [event] };
  return { writes: [event, statusWrite(deployment, { ...deployment.status, observedGeneration })] };
}

/** Brings the current ReplicaSet's annotations, and the Deployment's revision, up to date. */
function syncRevision(deployment: Deployment, sets: ReplicaSets, now: number): readonly ControllerWrite[] {
  const { current, old } = sets;
  if (!current) return [];
  const annotations = annotationsOfCurrent(deployment, current.metadata.annotations, maxRevision(old) + 1n);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const sameReadiness = (current.spec?.minReadySeconds ?? 0) === minReadySeconds;
  if (!sameReadiness || !equalJson(annotations, current.metadata.annotations ?? {})) {
    const next = cloneJson(current);
    next.metadata.annotations = annotations;
    if (next.spec && !sameReadiness) next.spec.minReadySeconds = minReadySeconds;
    return [replicaSetWrite(next)];
  }
  const revision = current.metadata.annotations?.[REVISION] ?? '';
  const found =
    progressDeadline(deployment) !== undefined && !conditionOf(deployment.status?.conditions, 'Progressing')
      ? newCondition(
          'Progressing',
          'True',
          'FoundNewReplicaSet',
          `Found new replica set "${current.metadata.name}"`,
          now,
        )
      : undefined;
  if (!found && deployment.metadata.annotations?.[REVISION] === revision) return [];
  return [conditionWrite(deployment, found, revision)];
}

function syncSize(
  deployment: Deployment,
  sets: ReplicaSets,
  now: number,
  cleaning: readonly ControllerWrite[],
): ReconcileResult {
  const writes = [...resizeWrites(deployment, scale(deployment, sets)), ...cleaning];
  return writes.length > 0 ? { writes } : settle(deployment, countedStatus(deployment, sets, now));
}

function rollOut(deployment: Deployment, sets: ReplicaSets, now: number): ReconcileResult {
  if (!sets.current) return { writes: [createReplicaSet(deployment, sets, now)] };
  const writes = resizeWrites(deployment, rollingStep(deployment, sets.current, sets));
  return writes.length > 0 ? { writes } : rest(deployment, sets, now);
}

function recreate(view: StoreReader, deployment: Deployment, sets: ReplicaSets, now: number): ReconcileResult {
  const down = resizeWrites(deployment, recreateDown(sets));
  if (down.length > 0) return { writes: down };
  if (oldStillCount(sets) || oldPodsRun(view, sets)) return settle(deployment, rolloutStatus(deployment, sets, now));
  if (!sets.current) return { writes: [createReplicaSet(deployment, sets, now)] };
  const up = resizeWrites(deployment, recreateUp(deployment, sets.current));
  return up.length > 0 ? { writes: up } : rest(deployment, sets, now);
}

/** Pods that still run, terminating ones included, of all but the current ReplicaSet. */
const oldPodsRun = (view: StoreReader, { old }: ReplicaSets): boolean =>
  old.some((replicaSet) =>
    view
      .ownedBy(replicaSet.metadata.uid ?? '', 'pods')
      .some(({ object }) => controllerOf(object)?.uid === replicaSet.metadata.uid && !isPodTerminal(object)),
  );

/** No step to take: clean up after a finished rollout, else tell how it stands. */
function rest(deployment: Deployment, sets: ReplicaSets, now: number): ReconcileResult {
  const cleaning = isComplete(deployment, deployment.status ?? {}) ? cleanUp(deployment, sets) : [];
  if (cleaning.length > 0) return { writes: cleaning };
  return settle(deployment, rolloutStatus(deployment, sets, now));
}

function settle(deployment: Deployment, status: DeploymentStatus): ReconcileResult {
  const requeueAt = deployment.metadata.deletionTimestamp ? undefined : progressCheckAt(deployment, status);
  if (equalJson(deployment.status ?? {}, status)) return { writes: [], requeueAt };
  return { writes: [statusWrite(deployment, status)], requeueAt };
}

/** Old, empty ReplicaSets beyond the history limit, oldest revision first. */
function cleanUp(deployment: Deployment, { old }: ReplicaSets): readonly ControllerWrite[] {
  const limit = deployment.spec?.revisionHistoryLimit;
  if (limit === undefined || limit === INT32_MAX) return [];
  const alive = old.filter((replicaSet) => !replicaSet.metadata.deletionTimestamp);
  const surplus = alive.length - limit;
  if (surplus <= 0) return [];
  return alive
    .sort((a, b) => byRevision(a, b) || byCreation(a, b))
    .slice(0, surplus)
    .filter(isEmpty)
    .map((replicaSet) => ({ op: 'delete', resource: REPLICA_SETS, name: replicaSet.metadata.name ?? '' }));
}

const isEmpty = (replicaSet: ReplicaSet): boolean =>
  replicasOf(replicaSet) === 0 &&
  (replicaSet.status?.replicas ?? 0) === 0 &&
  (replicaSet.metadata.generation ?? 0) <= (replicaSet.status?.observedGeneration ?? 0);

function createReplicaSet(deployment: Deployment, sets: ReplicaSets, now: number): ControllerWrite {
  const object = newReplicaSet(deployment, sets);
  const name = object.metadata.name ?? '';
  const size = replicasOf(object);
  const created = newCondition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`, now);
  const deadline = progressDeadline(deployment) !== undefined;
  return {
    op: 'create',
    resource: REPLICA_SETS,
    object: object as KubeObject as UntypedObject,
    onDone: () => [
      ...(size > 0
        ? [eventWrite(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${size}`)]
        : []),
      conditionWrite(deployment, deadline ? created : undefined, object.metadata.annotations?.[REVISION]),
    ],
    onRefused: (status) => creationRefused(deployment, name, status, now),
  };
}

function creationRefused(
  deployment: Deployment,
  name: string,
  refusal: Status,
  now: number,
): readonly ControllerWrite[] {
  if (refusal.reason === 'AlreadyExists') {
    // Another template, or another owner's ReplicaSet, met in this hash: the next pass hashes anew.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    return [statusWrite(deployment, { ...deployment.status, collisionCount })];
  }
  if (refusal.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating')) return [];
  const message = `Failed to create new replica set "${name}": ${refusal.message}`;
  const failed = newCondition('Progressing', 'False', 'ReplicaSetCreateError', message, now);
  const known = conditionOf(deployment.status?.conditions, 'Progressing');
  const says = progressDeadline(deployment) === undefined || known?.reason === failed.reason;
  return [
    ...(says ? [] : [conditionWrite(deployment, failed)]),
    eventWrite(deployment, 'Warning', 'ReplicaSetCreateError', message),
  ];
}

function newReplicaSet(deployment: Deployment, sets: ReplicaSets): ReplicaSet {
  const template = cloneJson((deployment.spec?.template ?? {}) as PodTemplateSpec);
  const hash = podTemplateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH_LABEL]: hash };
  const selector = cloneJson(deployment.spec?.selector ?? {});
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const name = deployment.metadata.name ?? '';
  return {
    kind: 'ReplicaSet',
    apiVersion: 'apps/v1',
    metadata: {
      name: `${name.slice(0, NAME_CHARS_MAX - 1 - hash.length)}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...annotationsOfCurrent(deployment, undefined, maxRevision(sets.old) + 1n),
        ...sizeAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: currentSize(deployment, sets.all, 0),
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  } as ReplicaSet;
}

function resizeWrites(deployment: Deployment, resizes: readonly Resize[]): readonly ControllerWrite[] {
  return resizes.flatMap(({ replicaSet, replicas, force }) => {
    const before = replicasOf(replicaSet);
    const annotations = { ...replicaSet.metadata.annotations, ...sizeAnnotations(deployment) };
    const annotated = equalJson(annotations, replicaSet.metadata.annotations ?? {});
    if (before === replicas && (!force || annotated)) return [];
    const next = cloneJson(replicaSet);
    next.metadata.annotations = annotations;
    if (next.spec) next.spec.replicas = replicas;
    if (before === replicas) return [replicaSetWrite(next)];
    const direction = before < replicas ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${next.metadata.name} from ${before} to ${replicas}`;
    return [replicaSetWrite(next, () => [eventWrite(deployment, 'Normal', 'ScalingReplicaSet', message)])];
  });
}

/** The deprecated rollback by annotation; kubectl patches the template itself. */
function rollBack(deployment: Deployment, sets: ReplicaSets): readonly ControllerWrite[] {
  const asked = rollbackTarget(deployment) ?? 0n;
  const revision = asked === 0n ? lastRevision(sets.all) : asked;
  const next = cloneJson(deployment);
  next.metadata.annotations = { ...next.metadata.annotations };
  const target = revision === 0n ? undefined : sets.all.find((replicaSet) => revisionOf(replicaSet) === revision);
  const outcome = rollbackOutcome(deployment, target, asked, revision);
  if (outcome.template && target && next.spec) {
    next.spec.template = cloneJson(outcome.template) as typeof next.spec.template;
    next.metadata.annotations = annotationsOfRollback(deployment, target);
  }
  delete next.metadata.annotations[ROLLBACK_TO];
  const event = eventWrite(deployment, outcome.type, outcome.reason, outcome.message);
  return [{ op: 'update', resource: DEPLOYMENTS, object: next as KubeObject as UntypedObject, onDone: () => [event] }];
}

interface RollbackOutcome {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly template?: PodTemplateSpec;
}

function rollbackOutcome(
  deployment: Deployment,
  target: ReplicaSet | undefined,
  asked: bigint,
  revision: bigint,
): RollbackOutcome {
  const name = deployment.metadata.name;
  if (!target) {
    const message = asked === 0n ? 'Unable to find last revision.' : 'Unable to find the revision to rollback to.';
    return { type: 'Warning', reason: 'DeploymentRollbackRevisionNotFound', message };
  }
  const template = withoutHash(target.spec?.template as PodTemplateSpec);
  if (sameTemplate(template, deployment.spec?.template as PodTemplateSpec)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`;
    return { type: 'Warning', reason: 'DeploymentRollbackTemplateUnchanged', message };
  }
  const message = `Rolled back deployment "${name}" to revision ${revision}`;
  return { type: 'Normal', reason: 'DeploymentRollback', message, template };
}

/** Status update with a condition, and with the revision annotation where one is given. */
function conditionWrite(
  deployment: Deployment,
  condition: DeploymentStatusCondition | undefined,
  revision?: string,
): ControllerWrite {
  const conditions = deployment.status?.conditions ?? [];
  const status = condition
    ? { ...deployment.status, conditions: [...withCondition(conditions, condition)] }
    : deployment.status;
  const next = cloneJson(deployment);
  if (revision) next.metadata.annotations = { ...next.metadata.annotations, [REVISION]: revision };
  return statusWrite(next, { ...status });
}

type DeploymentStatusCondition = NonNullable<DeploymentStatus['conditions']>[number];

function statusWrite(deployment: Deployment, status: DeploymentStatus): ControllerWrite {
  const object = { ...cloneJson(deployment), status: cloneJson(status) };
  return { op: 'update', resource: DEPLOYMENTS, object: object as KubeObject as UntypedObject, subresource: 'status' };
}

const replicaSetWrite = (
  replicaSet: ReplicaSet,
  onDone?: (stored: UntypedObject) => readonly ControllerWrite[],
): ControllerWrite => ({
  op: 'update',
  resource: REPLICA_SETS,
  object: replicaSet as KubeObject as UntypedObject,
  ...(onDone ? { onDone } : {}),
});

const eventWrite = (
  deployment: Deployment,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): ControllerWrite => ({
  op: 'event',
  event: { type, reason, message, component: COMPONENT, regarding: deployment as KubeObject as UntypedObject },
});
