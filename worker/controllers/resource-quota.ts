/**
 * Keeps what quotas say is used. Admission adds to it in the write that uses more; this takes off what
 * is gone, and counts anew when the quota itself has changed. A namespace without quotas pays nothing.
 * Source: pkg/controller/resourcequota, pkg/quota/v1/install update_filter.go.
 */
import type { GroupResource, KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceQuota } from '../../schema/resources/core/resource-quota.ts';
import { isTerminatingScope } from '../../schema/resources/quota/pod-quota.ts';
import { amountsOf, equalAmounts, listOf } from '../../schema/resources/quota/quota-amounts.ts';
import type { QuotaEvaluator } from '../../schema/resources/quota/quota-evaluator.ts';
import { calculateStatus, evaluatorOf, isStatusComplete, usageOf } from '../../schema/resources/quota/quota-status.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type ControllerContext, defineController } from './controller.ts';
import { EVERY_RESOURCE } from './runtime/run-controllers.ts';

const QUOTAS = 'resourcequotas';
/** Whose updates may change what they use. */
const MEASURED_AFRESH: ReadonlySet<GroupResource> = new Set(['pods', 'services', 'resourceclaims.resource.k8s.io']);

const asQuota = (object: UntypedObject): ResourceQuota => object;

const limitsOf = (quota: UntypedObject): readonly string[] => Object.keys(asQuota(quota).spec?.hard ?? {});

/** Whether an object in its new state may use something else than before. */
function hasOtherUse(
  evaluator: QuotaEvaluator,
  resource: GroupResource,
  object: UntypedObject,
  previous: UntypedObject | undefined,
  view: StoreReader,
): boolean {
  if (!previous || resource === 'persistentvolumeclaims') return true;
  if (!MEASURED_AFRESH.has(resource)) return false;
  if (resource === 'pods') {
    if (isTerminatingScope(object) !== isTerminatingScope(previous)) return true;
    if (object.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp) return true;
  }
  // What ends with time is looked at again by the timer.
  return !equalAmounts(usageOf(evaluator, object, 0, view), usageOf(evaluator, previous, 0, view));
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** When an object that the quota counts uses less merely by time. */
function nextChange(quota: ResourceQuota, view: StoreReader, now: number): number | undefined {
  const pods = evaluatorOf('pods');
  if (!pods || !Object.keys(quota.spec?.hard ?? {}).some((name) => pods.measures(name))) return undefined;
  return earliest(view.list('pods').map((pod) => pods.changesAt?.(pod, now)));
}

function updated(quota: ResourceQuota, view: StoreReader, now: number): UntypedObject | undefined {
  const { hard, used } = calculateStatus(quota, view, now);
  if (isStatusComplete(quota) && equalAmounts(used, amountsOf(quota.status?.used))) return undefined;
  return { ...quota, status: { hard: listOf(hard), used: listOf(used) } } as KubeObject as UntypedObject;
}

export const resourceQuotaController = defineController({
  name: 'resourcequota-controller',
  for: '',
  owns: [],
  watches: [
    {
      resource: QUOTAS,
      keys: (quota, previous, _view, type) =>
        type !== 'DELETED' && (!previous || !isStatusComplete(asQuota(quota))) ? [quota.metadata.name ?? ''] : [],
    },
    {
      resource: EVERY_RESOURCE,
      keys(object, previous, view, type, resource) {
        if (type === 'ADDED' || view.list(QUOTAS).length === 0) return [];
        const evaluator = evaluatorOf(resource);
        if (!evaluator || (type === 'MODIFIED' && !hasOtherUse(evaluator, resource, object, previous, view))) return [];
        return view
          .list(QUOTAS)
          .filter((quota) => limitsOf(quota).some((name) => evaluator.measures(name)))
          .map(({ metadata }) => metadata.name ?? '');
      },
    },
  ],
  reconcile(view: StoreReader, name: string, { now }: ControllerContext) {
    const stored = view.get(QUOTAS, name);
    if (!stored || stored.metadata.deletionTimestamp) return { writes: [] };
    const object = updated(asQuota(stored), view, now);
    const requeueAt = nextChange(asQuota(stored), view, now);
    return {
      writes: object ? [{ op: 'update', resource: QUOTAS, object, subresource: 'status' }] : [],
      ...(requeueAt === undefined ? {} : { requeueAt }),
    };
  },
});
