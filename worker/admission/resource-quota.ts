/**
 * Holds a namespace within its ResourceQuotas. Exact: what is used stands in the quota's status as of
 * this very transaction, and grows in the write that uses it.
 * Source: apiserver pkg/admission/plugin/resourcequota controller.go CheckRequest.
 */
import type { GroupResource, KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { addQuantities, compareQuantities, ZERO_QUANTITY } from '../../schema/meta/quantity.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { Resources } from '../../schema/resources/core/pod-resource-list.ts';
import type { ResourceQuota } from '../../schema/resources/core/resource-quota.ts';
import { isTerminatingScope } from '../../schema/resources/quota/pod-quota.ts';
import { amountsOf, growth, listOf, printAmounts, someOf } from '../../schema/resources/quota/quota-amounts.ts';
import type { QuotaEvaluator } from '../../schema/resources/quota/quota-evaluator.ts';
import {
  calculateStatus,
  evaluatorOf,
  isInScopes,
  isStatusComplete,
  type QuotaStatus,
} from '../../schema/resources/quota/quota-status.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const QUOTAS = 'resourcequotas';
/** Besides pods: whose updates may use more. */
const MEASURED_AFRESH: ReadonlySet<GroupResource> = new Set([
  'services',
  'persistentvolumeclaims',
  'resourceclaims.resource.k8s.io',
]);

/** A quota that the object counts against. */
interface Account {
  readonly quota: ResourceQuota;
  readonly status: QuotaStatus;
  /** Of what it limits, that which such objects use. */
  readonly names: readonly string[];
}

/** Whether the write can make the namespace use more. */
function mayUseMore({ operation, resource, subresource, object, oldObject }: AdmissionAttributes): boolean {
  if (operation === 'CREATE') return subresource === '';
  if (operation !== 'UPDATE' || !oldObject) return false;
  if (resource === 'pods') {
    if (subresource === 'resize') return true;
    return subresource === '' && isTerminatingScope(object as UntypedObject) !== isTerminatingScope(oldObject);
  }
  return subresource === '' && MEASURED_AFRESH.has(resource);
}

const statusOf = (quota: ResourceQuota, reader: StoreReader, now: number): QuotaStatus =>
  isStatusComplete(quota)
    ? { hard: amountsOf(quota.status?.hard), used: amountsOf(quota.status?.used) }
    : calculateStatus(quota, reader, now);

function accountsOf(evaluator: QuotaEvaluator, attributes: AdmissionAttributes, reader: StoreReader): Account[] {
  const object = attributes.object as UntypedObject;
  const quotas = reader.list(QUOTAS) as readonly KubeObject[] as readonly ResourceQuota[];
  return quotas.flatMap((quota) => {
    const names = Object.keys(quota.spec?.hard ?? {}).filter((name) => evaluator.measures(name));
    if (names.length === 0 || !isInScopes(evaluator, quota, object)) return [];
    return [{ quota, status: statusOf(quota, reader, attributes.now), names }];
  });
}

/** What the write adds to the account: on updates what goes beyond the object's earlier use. */
function added(
  evaluator: QuotaEvaluator,
  attributes: AdmissionAttributes,
  { quota, names }: Account,
  reader: StoreReader,
): Resources {
  const { object, oldObject, now } = attributes;
  const usage = evaluator.usage(object as UntypedObject, now, reader);
  const counted =
    oldObject && isInScopes(evaluator, quota, oldObject) ? evaluator.usage(oldObject, now, reader) : undefined;
  return someOf(counted ? growth(usage, counted) : usage, names);
}

function withAdded({ used }: QuotaStatus, more: Resources): Resources {
  const next: Resources = new Map(used);
  for (const [name, value] of more) next.set(name, addQuantities(used.get(name) ?? ZERO_QUANTITY, value));
  return next;
}

function exceeded({ quota, status }: Account, more: Resources, next: Resources): string | undefined {
  const beyond = [...more.keys()].filter((name) => {
    const limit = status.hard.get(name);
    return limit !== undefined && compareQuantities(next.get(name) ?? ZERO_QUANTITY, limit) > 0;
  });
  if (beyond.length === 0) return undefined;
  const [requested, used, limited] = [more, status.used, status.hard].map((amounts) => printAmounts(amounts, beyond));
  return `exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${used}, limited: ${limited}`;
}

const charged = (quota: ResourceQuota, hard: Resources, used: Resources): UntypedObject =>
  ({
    ...quota,
    metadata: { ...quota.metadata },
    status: { ...quota.status, hard: listOf(hard), used: listOf(used) },
  }) as KubeObject as UntypedObject;

function charge(
  evaluator: QuotaEvaluator,
  attributes: AdmissionAttributes,
  account: Account,
  reader: StoreReader,
): Status | undefined {
  const more = added(evaluator, attributes, account, reader);
  if (more.size === 0) return undefined;
  const used = withAdded(account.status, more);
  const why = exceeded(account, more, used);
  if (why !== undefined) return refusal(attributes, why);
  attributes.alsoWrite((tx) => tx.put(QUOTAS, charged(account.quota, account.status.hard, used)));
  return undefined;
}

export const resourceQuota: AdmissionPlugin = {
  name: 'ResourceQuota',

  validate(attributes, reader) {
    if (attributes.namespace === '' || !mayUseMore(attributes) || reader.list(QUOTAS).length === 0) return undefined;
    const evaluator = evaluatorOf(attributes.resource);
    if (evaluator === undefined) return undefined;
    const accounts = accountsOf(evaluator, attributes, reader);
    for (const { quota, names } of accounts) {
      const fault = evaluator.missing?.(names, attributes.object as UntypedObject);
      if (fault !== undefined) return refusal(attributes, `failed quota: ${quota.metadata.name}: ${fault}`);
    }
    for (const account of accounts) {
      const over = charge(evaluator, attributes, account, reader);
      if (over) return over;
    }
    return undefined;
  },
};
