/** Keeps how many pods each PodDisruptionBudget can spare. Source: pkg/controller/disruption disruption.go. */
import { equalJson } from '../../../schema/meta/json-value.ts';
import { labelSelectorOf, labelsMatch } from '../../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { isPodReady } from '../../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import {
  asBudget,
  BUDGETS,
  DELETION_TIMEOUT_MS,
  type DisruptionStatus,
  isProtected,
  SYNC_FAILED,
  withAllowance,
  withVerdict,
} from '../../../schema/resources/policy/disruption.ts';
import type { PodDisruptionBudget } from '../../../schema/resources/policy/pod-disruption-budget.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import { type ControllerWrite, defineController } from '../controller.ts';
import { controllerOf } from '../ownership.ts';
import { type Expected, expectedOf } from './expected-pods.ts';

const COMPONENT = 'controllermanager';
const EMPTY: DisruptionStatus = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

const asPod = (object: UntypedObject): Pod => object as KubeObject as Pod;

/** Whether anything has changed that a budget counts. */
function isOtherwise(object: UntypedObject, previous: UntypedObject): boolean {
  return (
    isPodReady(asPod(object)) !== isPodReady(asPod(previous)) ||
    object.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    controllerOf(object)?.uid !== controllerOf(previous)?.uid ||
    !equalJson(object.metadata.labels ?? {}, previous.metadata.labels ?? {})
  );
}

function protectedPods(budget: PodDisruptionBudget, view: StoreReader): readonly Pod[] {
  const selector = labelSelectorOf(budget.spec?.selector);
  if (!selector.ok) return [];
  return view
    .list('pods')
    .filter((pod) => labelsMatch(selector.value, pod.metadata.labels))
    .map(asPod);
}

type DisruptedPods = Record<string, string>;

interface Disrupted {
  /** Evicted, and not yet gone. */
  readonly pods: DisruptedPods;
  /** Evicted, and still there after the time they had. */
  readonly overdue: readonly Pod[];
  readonly recheckAt: number | undefined;
}

function disruptedPods({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Disrupted {
  const result: DisruptedPods = {};
  const overdue: Pod[] = [];
  let recheckAt: number | undefined;
  for (const pod of pods) {
    const since = status?.disruptedPods?.[pod.metadata.name ?? ''];
    if (since === undefined || pod.metadata.deletionTimestamp) continue;
    const until = Date.parse(since) + DELETION_TIMEOUT_MS;
    if (until < now) {
      overdue.push(pod);
      continue;
    }
    result[pod.metadata.name ?? ''] = since;
    recheckAt = Math.min(recheckAt ?? until + 1, until + 1);
  }
  return { pods: result, overdue, recheckAt };
}

const countHealthy = (pods: readonly Pod[], disrupted: DisruptedPods): number =>
  pods.filter((pod) => {
    if (pod.metadata.deletionTimestamp || Object.hasOwn(disrupted, pod.metadata.name ?? '')) return false;
    return isPodReady(pod);
  }).length;

function statusOf(
  { metadata, status }: PodDisruptionBudget,
  { expectedPods, desiredHealthy }: Expected,
  currentHealthy: number,
  disrupted: DisruptedPods,
  now: number,
): DisruptionStatus {
  const spare = currentHealthy - desiredHealthy;
  const counted: DisruptionStatus = {
    ...(status?.conditions ? { conditions: status.conditions } : {}),
    currentHealthy,
    desiredHealthy,
    disruptionsAllowed: expectedPods > 0 && spare > 0 ? spare : 0,
    expectedPods,
    ...(metadata.generation ? { observedGeneration: metadata.generation } : {}),
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
  };
  return withAllowance(counted, now);
}

/** Nothing may be evicted while it is unknown what that would do. */
const failedStatus = ({ status = EMPTY }: PodDisruptionBudget, message: string, now: number): DisruptionStatus =>
  withVerdict({ ...status, disruptionsAllowed: 0 }, { status: 'False', reason: SYNC_FAILED, message }, now);

const event = (
  regarding: KubeObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): ControllerWrite => ({
  op: 'event',
  event: { type, reason, message, component: COMPONENT, regarding: regarding as UntypedObject },
});

function statusWrite(budget: PodDisruptionBudget, status: DisruptionStatus): readonly ControllerWrite[] {
  if (equalJson(budget.status ?? {}, status)) return [];
  const object = { ...budget, status } as KubeObject as UntypedObject;
  return [{ op: 'update', resource: BUDGETS, object, subresource: 'status' }];
}

/** As Go prints the generated type. */
function printSelector({ spec }: PodDisruptionBudget): string {
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`);
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}

const unmanagedText = (budget: PodDisruptionBudget): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${printSelector(budget)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;

function reconcile(budget: PodDisruptionBudget, view: StoreReader, now: number) {
  const pods = protectedPods(budget, view);
  const none = pods.length === 0 ? [event(budget, 'Normal', 'NoPods', 'No matching pods found')] : [];
  const expected = expectedOf(budget, pods, view);
  if (!expected.ok) {
    const text = `Failed to calculate the number of expected pods: ${expected.error}`;
    const write = statusWrite(budget, failedStatus(budget, expected.error, now));
    return { writes: [...write, event(budget, 'Warning', 'CalculateExpectedPodCountFailed', text)] };
  }
  const disrupted = disruptedPods(budget, pods, now);
  const healthy = countHealthy(pods, disrupted.pods);
  const { namespace } = budget.metadata;
  const late = disrupted.overdue.map((pod) =>
    event(
      pod,
      'Warning',
      'NotDeleted',
      `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`,
    ),
  );
  const unmanaged = expected.value.hasUnmanaged
    ? [event(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget))]
    : [];
  const status = statusWrite(budget, statusOf(budget, expected.value, healthy, disrupted.pods, now));
  const writes = [...none, ...unmanaged, ...late, ...status];
  return { writes, ...(disrupted.recheckAt === undefined ? {} : { requeueAt: disrupted.recheckAt }) };
}

export const disruptionController = defineController({
  name: 'disruption-controller',
  for: '',
  owns: [],
  watches: [
    {
      resource: BUDGETS,
      keys(budget, previous, _view, type) {
        if (type === 'DELETED') return [];
        const { generation } = budget.metadata;
        const isCounted = previous !== undefined && asBudget(budget).status?.observedGeneration === generation;
        return isCounted && equalJson(budget['status'], previous['status']) ? [] : [budget.metadata.name ?? ''];
      },
    },
    {
      resource: 'pods',
      keys(pod, previous, view, type) {
        if (type === 'MODIFIED' && previous && !isOtherwise(pod, previous)) return [];
        const states = previous ? [pod, previous] : [pod];
        return view
          .list(BUDGETS)
          .map(asBudget)
          .filter((budget) => states.some(({ metadata }) => isProtected(budget, metadata.labels)))
          .map(({ metadata }) => metadata.name ?? '');
      },
    },
  ],
  reconcile(view, name, { now }) {
    const budget = view.get(BUDGETS, name);
    return budget ? reconcile(asBudget(budget), view, now) : { writes: [] };
  },
});
