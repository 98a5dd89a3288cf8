/**
 * What a namespace uses of a quota. Source: apiserver pkg/quota/v1 CalculateUsage,
 * pkg/controller/resourcequota syncResourceQuota.
 */
import type { GroupResource, UntypedObject } from '../../meta/object-meta.ts';
import { addQuantities, newQuantity, ZERO_QUANTITY } from '../../meta/quantity.ts';
import type { Resources } from '../core/pod-resource-list.ts';
import type { ResourceQuota } from '../core/resource-quota.ts';
import { definitionOf } from '../lookup.ts';
import { deviceQuota } from './device-quota.ts';
import { claimQuota, serviceQuota } from './object-quotas.ts';
import { podQuota } from './pod-quota.ts';
import { addKnown, amountsOf, equalAmounts } from './quota-amounts.ts';
import { countName, objectCount, type QuotaEvaluator, type QuotaSurroundings, scopesOf } from './quota-evaluator.ts';

/** What the calculation reads of a namespace. */
export interface CountedObjects extends QuotaSurroundings {
  list(resource: GroupResource): readonly UntypedObject[];
  /** How many there are; without it they are listed. */
  count?(resource: GroupResource): number;
}

/** Hard limits and what is used of them. */
export interface QuotaStatus {
  readonly hard: Resources;
  readonly used: Resources;
}

const MEASURED: readonly QuotaEvaluator[] = [podQuota, serviceQuota, claimQuota, deviceQuota];
const ALIASES: ReadonlySet<string> = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);
const COUNT_PREFIX = countName('');
/** Never counted: they come by themselves. */
const IGNORED: ReadonlySet<GroupResource> = new Set(['events', 'events.events.k8s.io']);

const evaluators = new Map<GroupResource, QuotaEvaluator>(MEASURED.map((one) => [one.resource, one]));

/** How objects of that kind count; undefined for those that no quota concerns. */
export function evaluatorOf(resource: GroupResource): QuotaEvaluator | undefined {
  const known = evaluators.get(resource);
  if (known) return known;
  if (IGNORED.has(resource) || definitionOf(resource)?.scope !== 'Namespaced') return undefined;
  const made = objectCount(resource);
  evaluators.set(resource, made);
  return made;
}

/** The kinds whose objects use what has this name in a quota. */
function evaluatorsOfName(name: string): readonly QuotaEvaluator[] {
  const measured = MEASURED.filter((one) => one.measures(name));
  if (measured.length > 0) return measured;
  const resource = ALIASES.has(name) ? name : name.startsWith(COUNT_PREFIX) && name.slice(COUNT_PREFIX.length);
  const counting = resource ? evaluatorOf(resource) : undefined;
  return counting ? [counting] : [];
}

/** Whether the object lies in all scopes of the quota. */
export const isInScopes = (evaluator: QuotaEvaluator, quota: ResourceQuota, object: UntypedObject): boolean =>
  scopesOf(quota).every((requirement) => evaluator.isInScope(requirement, object));

const usages = new WeakMap<UntypedObject, Resources>();

/** What a stored object uses, worked out once: stored objects do not change, but those that are ending do with time. */
export function usageOf(
  evaluator: QuotaEvaluator,
  object: UntypedObject,
  now: number,
  around: QuotaSurroundings,
): Resources {
  if (object.metadata.deletionTimestamp || evaluator.looksAround) return evaluator.usage(object, now, around);
  const known = usages.get(object);
  if (known) return known;
  const usage = evaluator.usage(object, now, around);
  usages.set(object, usage);
  return usage;
}

function sumOver(
  evaluator: QuotaEvaluator,
  quota: ResourceQuota,
  sum: Resources,
  from: CountedObjects,
  now: number,
): void {
  const isPlainCount = !MEASURED.includes(evaluator);
  if (isPlainCount && from.count) {
    if (scopesOf(quota).length > 0) return;
    const total = newQuantity(from.count(evaluator.resource), 'DecimalSI');
    for (const name of sum.keys()) sum.set(name, total);
    return;
  }
  for (const object of from.list(evaluator.resource)) {
    if (isInScopes(evaluator, quota, object)) addKnown(sum, usageOf(evaluator, object, now, from));
  }
}

/** Works out the status from all objects. Costs a pass over the kinds that the quota limits. */
export function calculateStatus(quota: ResourceQuota, from: CountedObjects, now: number): QuotaStatus {
  const hard = amountsOf(quota.spec?.hard);
  const before = amountsOf(quota.status?.used);
  const used: Resources = new Map();
  const byEvaluator = new Map<QuotaEvaluator, Resources>();
  for (const name of hard.keys()) {
    const users = evaluatorsOfName(name);
    const kept = before.get(name);
    if (users.length === 0 && kept) used.set(name, kept);
    for (const evaluator of users) {
      const sum = byEvaluator.get(evaluator) ?? new Map();
      byEvaluator.set(evaluator, sum.set(name, ZERO_QUANTITY));
    }
  }
  for (const [evaluator, sum] of byEvaluator) {
    sumOver(evaluator, quota, sum, from, now);
    for (const [name, value] of sum) used.set(name, addQuantities(used.get(name) ?? ZERO_QUANTITY, value));
  }
  return { hard, used };
}

/** Whether the status says what the spec limits, and how much of all that is used. */
export function isStatusComplete({ spec, status }: ResourceQuota): boolean {
  const hard = amountsOf(spec?.hard);
  if (!status?.hard || !status.used || !equalAmounts(hard, amountsOf(status.hard))) return false;
  const used: Readonly<Record<string, unknown>> = status.used;
  return [...hard.keys()].every((name) => used[name] !== undefined || evaluatorsOfName(name).length === 0);
}
