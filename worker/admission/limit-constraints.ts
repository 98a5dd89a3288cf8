/** The bounds a LimitRange sets on amounts, and their texts. Source: plugin/pkg/admission/limitranger. */
import {
  compareQuantities,
  formatQuantity,
  type Quantity,
  quantityMilliValue,
  quantitySign,
} from '../../schema/meta/quantity.ts';
import type { LimitRange } from '../../schema/resources/core/limit-range.ts';
import { quantity, type Resources } from '../../schema/resources/core/pod-resource-list.ts';
import type { ResourceList } from '../../schema/resources/core/pod-types.ts';

export type LimitItem = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number];

/** What something asks for: each resource's request and limit. */
export interface Amounts {
  readonly requests: Resources;
  readonly limits: Resources;
}

const MILLI = 1_000;

const isLess = (a: Quantity, b: Quantity): boolean => compareQuantities(a, b) < 0;

function below(type: string, name: string, least: Quantity, { requests, limits }: Amounts): string | undefined {
  const head = `minimum ${name} usage per ${type} is ${formatQuantity(least)}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (!request) return `${head}.  No request is specified`;
  if (isLess(request, least)) return `${head}, but request is ${formatQuantity(request)}`;
  return limit && isLess(limit, least) ? `${head}, but limit is ${formatQuantity(limit)}` : undefined;
}

function above(type: string, name: string, most: Quantity, { requests, limits }: Amounts): string | undefined {
  const head = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (!limit) return `${head}.  No limit is specified`;
  if (isLess(most, limit)) return `${head}, but limit is ${formatQuantity(limit)}`;
  return request && isLess(most, request) ? `${head}, but request is ${formatQuantity(request)}` : undefined;
}

/** What counts requests only: storage has no limits. */
function requestAbove(type: string, name: string, most: Quantity, { requests }: Amounts): string | undefined {
  const head = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  const request = requests.get(name);
  if (!request) return `${head}.  No request is specified`;
  return isLess(most, request) ? `${head}, but request is ${formatQuantity(request)}` : undefined;
}

function beyondRatio(type: string, name: string, most: Quantity, { requests, limits }: Amounts): string | undefined {
  const head = `${name} max limit to request ratio per ${type} is ${formatQuantity(most)}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (!request || quantitySign(request) === 0) return `${head}, but no request is specified or request is 0`;
  if (!limit || quantitySign(limit) === 0) return `${head}, but no limit is specified or limit is 0`;
  const ratio = quantityMilliValue(limit) / quantityMilliValue(request);
  return ratio * MILLI > quantityMilliValue(most) ? `${head}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

type Rule = (type: string, name: string, bound: Quantity, amounts: Amounts) => string | undefined;

const each = (item: LimitItem, list: ResourceList | undefined, amounts: Amounts, rule: Rule): readonly string[] =>
  Object.keys(list ?? {})
    .sort()
    .flatMap((name) => rule(item.type, name, quantity(list?.[name]), amounts) ?? []);

/** What a container or a pod breaks of one item. */
export const computeViolations = (item: LimitItem, amounts: Amounts): readonly string[] => [
  ...each(item, item.min, amounts, below),
  ...each(item, item.max, amounts, above),
  ...each(item, item.maxLimitRequestRatio, amounts, beyondRatio),
];

/** What a claim breaks of one item. */
export const claimViolations = (item: LimitItem, requests: Resources): readonly string[] => {
  const amounts = { requests, limits: new Map() };
  return [...each(item, item.min, amounts, below), ...each(item, item.max, amounts, requestAbove)];
};
