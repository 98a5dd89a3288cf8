/** LimitRange. Source: pkg/registry/core/limitrange, pkg/apis/core/validation ValidateLimitRange, v1 defaults. */
import type { ILimitRange } from 'kubernetes-models/v1/LimitRange';
import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../meta/field-error.ts';
import { isQualifiedName, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import {
  compareQuantities,
  formatQuantity,
  newQuantity,
  type Quantity,
  quantityMilliValue,
} from '../../meta/quantity.ts';
import { defineResource } from '../../meta/resource.ts';
import { quantityAt } from '../field-checks.ts';
import { defaultTable } from '../printing.ts';
import { isOvercommitAllowed, setResourceListDefaults } from './pod-resource-list.ts';
import { containerResourceNameErrors, resourceNameErrors } from './resource-names.ts';

export type LimitRange = Typed<ILimitRange>;
type Item = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number];
type List = Readonly<Record<string, unknown>>;
type ListName = 'min' | 'max' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';

const LISTS: readonly ListName[] = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'];
const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
const ONE = newQuantity(1, 'DecimalSI');

function typeErrors(type: string, field: string): FieldError[] {
  const faults = isQualifiedName(type);
  if (faults.length > 0) return faults.map((text) => invalid(field, type, text));
  if (type.includes('/') || TYPES.includes(type)) return [];
  return [invalid(field, type, 'must be a standard limit type or fully qualified')];
}

const listOf = (item: Item, name: ListName): List => (item[name] as List | undefined) ?? {};

const isCountedList = (item: Item, name: ListName): boolean =>
  item.type !== 'Pod' || (name !== 'default' && name !== 'defaultRequest');

function nameErrors(item: Item, field: string): FieldError[] {
  const rule = item.type === 'Pod' || item.type === 'Container' ? containerResourceNameErrors : resourceNameErrors;
  return LISTS.flatMap((list) => {
    const names = Object.keys(listOf(item, list));
    if (isCountedList(item, list)) return names.flatMap((name) => rule(name, `${field}.${list}[${name}]`));
    return names.length > 0 ? [forbiddenField(`${field}.${list}`, "may not be specified when `type` is 'Pod'")] : [];
  });
}

type Amounts = Readonly<Partial<Record<ListName, Quantity>>>;

/** [the smaller, the greater, whose field is blamed, whose value is shown, in whose words]. */
const ORDER: readonly [ListName, ListName, ListName, ListName, string, string][] = [
  ['min', 'max', 'min', 'min', 'min value', 'max value'],
  ['min', 'defaultRequest', 'defaultRequest', 'defaultRequest', 'min value', 'default request value'],
  ['defaultRequest', 'max', 'defaultRequest', 'defaultRequest', 'default request value', 'max value'],
  ['defaultRequest', 'default', 'defaultRequest', 'defaultRequest', 'default request value', 'default limit value'],
  ['min', 'default', 'default', 'min', 'min value', 'default value'],
  ['default', 'max', 'default', 'max', 'default value', 'max value'],
];

function orderErrors(amounts: Amounts, name: string, field: string): FieldError[] {
  return ORDER.flatMap(([less, more, blamed, shown, lessWords, moreWords]) => {
    const small = amounts[less];
    const great = amounts[more];
    if (!small || !great || compareQuantities(small, great) <= 0) return [];
    const text = `${lessWords} ${formatQuantity(small)} is greater than ${moreWords} ${formatQuantity(great)}`;
    return [invalid(`${field}.${blamed}[${name}]`, formatQuantity(amounts[shown] as Quantity), text)];
  });
}

function ratioErrors({ min, max, maxLimitRequestRatio: ratio }: Amounts, name: string, field: string): FieldError[] {
  if (!ratio) return [];
  const at = `${field}.maxLimitRequestRatio[${name}]`;
  const text = formatQuantity(ratio);
  const errors = compareQuantities(ratio, ONE) < 0 ? [invalid(at, text, `ratio ${text} is less than 1`)] : [];
  if (!min || !max) return errors;
  const limit = quantityMilliValue(max) / quantityMilliValue(min);
  if (quantityMilliValue(ratio) / 1000 <= limit) return errors;
  return [...errors, invalid(at, text, `ratio ${text} is greater than max/min = ${limit.toFixed(6)}`)];
}

function overcommitErrors(amounts: Amounts, name: string, field: string): FieldError[] {
  const { default: limit, defaultRequest: request } = amounts;
  if (isOvercommitAllowed(name) || !limit || !request || compareQuantities(limit, request) === 0) return [];
  const text = `default value ${formatQuantity(limit)} must equal to defaultRequest value ${formatQuantity(request)} in ${name}`;
  return [invalid(`${field}.defaultRequest[${name}]`, formatQuantity(request), text)];
}

function amountErrors(item: Item, field: string): FieldError[] {
  const lists = LISTS.filter((list) => isCountedList(item, list));
  const names = new Set(lists.flatMap((list) => Object.keys(listOf(item, list))));
  return [...names].flatMap((name) => {
    const present = lists.filter((list) => Object.hasOwn(listOf(item, list), name));
    const amounts: Amounts = Object.fromEntries(present.map((list) => [list, quantityAt(listOf(item, list)[name])]));
    return [
      ...orderErrors(amounts, name, field),
      ...ratioErrors(amounts, name, field),
      ...overcommitErrors(amounts, name, field),
    ];
  });
}

function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const limits = spec?.limits ?? [];
  const types = limits.map(({ type }: Partial<Item>) => type ?? '');
  return limits.flatMap((item, i) => {
    const field = `spec.limits[${i}]`;
    const isBoundless = listOf(item, 'min').storage === undefined && listOf(item, 'max').storage === undefined;
    return [
      ...typeErrors(item.type ?? '', `${field}.type`),
      ...(types.indexOf(types[i] ?? '') < i ? [duplicate(`${field}.type`, types[i])] : []),
      ...nameErrors(item, field),
      ...(item.type === 'PersistentVolumeClaim' && isBoundless
        ? [required(`${field}.limits`, 'either minimum or maximum storage value is required, but neither was provided')]
        : []),
      ...amountErrors(item, field),
    ];
  });
}

/** A container's limit defaults to the greatest, its request to the limit, or else to the least. */
function defaultContainerLimits(item: Item): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

export const limitRange = defineResource<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  singular: 'limitrange',
  shortNames: ['limits'],
  scope: 'Namespaced',
  schema: 'V1LimitRange',
  validateName: nameIsDNSSubdomain,
  defaults(range) {
    for (const item of range.spec?.limits ?? []) {
      if (item.type === 'Container') defaultContainerLimits(item);
      for (const list of LISTS) {
        const amounts = item[list];
        if (amounts) setResourceListDefaults(amounts);
      }
    }
  },
  validate: validateLimitRange,
  update: { validateUpdate: validateLimitRange },
  allowCreateOnUpdate: true,
  table: defaultTable,
});
