/** How a device's capacity may be shared out. Source: pkg/apis/resource/validation validateRequestPolicy. */
import { pushAll } from '../../meta/push-all.ts';
import { duplicate, type FieldError, forbiddenField, invalid, required, tooMany } from '../../meta/field-error.ts';
import { NEGATIVE_VALUE } from '../../meta/object-meta-validation.ts';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  type Quantity,
  quantitySign,
  subtractQuantities,
} from '../../meta/quantity.ts';
import { quantityAt } from '../field-checks.ts';
import { repeatsIn } from './declared-rules.ts';
import type { DeviceCapacity, RequestPolicy } from './device-types.ts';

const VALID_VALUES_MAX = 10;
const MILLI = -3;
const INT64_MAX = 2n ** 63n - 1n;

type Range = NonNullable<RequestPolicy['validRange']>;

/** The number in steps of 10^scale, and whether that is all of it. */
function inSteps({ unscaled, scale }: Quantity, of: number): { readonly steps: bigint; readonly isExact: boolean } {
  if (scale >= of) return { steps: unscaled * 10n ** BigInt(scale - of), isExact: true };
  const divisor = 10n ** BigInt(of - scale);
  return { steps: unscaled / divisor, isExact: unscaled % divisor === 0n };
}

const isFractional = (quantity: Quantity): boolean => !inSteps(quantity, 0).isExact;
const isLess = (a: Quantity, b: Quantity): boolean => compareQuantities(a, b) < 0;

/** The number without suffix, as Go's decimals print. */
function plainText({ unscaled, scale }: Quantity): string {
  if (scale >= 0) return String(unscaled * 10n ** BigInt(scale));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(1 - scale, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, scale)}.${digits.slice(scale)}`;
}

const quantitiesOf = (values: readonly unknown[]): Quantity[] =>
  values.flatMap((value) => {
    const quantity = quantityAt(value);
    return quantity ? [quantity] : [];
  });

function valueErrors(fallback: Quantity, capacity: Quantity, given: readonly unknown[], field: string): FieldError[] {
  const values = quantitiesOf(given);
  const errors = values.flatMap((value, i) => {
    const isUnsorted = i > 0 && isLess(value, values[i - 1] as Quantity);
    return isUnsorted
      ? [invalid(`${field}[${i}]`, formatQuantity(value), 'values must be sorted in ascending order')]
      : [];
  });
  if (values.length > VALID_VALUES_MAX) errors.push(tooMany(field, values.length, VALID_VALUES_MAX));
  else pushAll(errors, optionErrors(values, capacity, field));
  const isFound = values.length <= VALID_VALUES_MAX && values.some((value) => compareQuantities(value, fallback) === 0);
  if (isFound) return errors;
  return [
    ...errors,
    invalid(field, formatQuantity(fallback), 'default value is not valid according to the requestPolicy'),
  ];
}

function optionErrors(values: readonly Quantity[], capacity: Quantity, field: string): FieldError[] {
  const tooLarge = `option is larger than capacity value: ${formatQuantity(capacity)}`;
  const texts = values.map(plainText);
  return [
    ...values.flatMap((value, i) =>
      isLess(capacity, value) ? [invalid(`${field}[${i}]`, formatQuantity(value), tooLarge)] : [],
    ),
    ...repeatsIn(texts).map((i) => duplicate(`${field}[${i}]`, texts[i])),
  ];
}

interface Bounds {
  readonly fallback: Quantity;
  readonly min: Quantity;
  readonly max: Quantity | undefined;
  readonly step: Quantity | undefined;
}

/** All that there are, in the order upstream looks at them. */
const boundsOf = ({ fallback, min, max, step }: Bounds): (readonly [string, Quantity])[] => [
  ['default', fallback],
  ['min', min],
  ...(max ? [['max', max] as const] : []),
  ...(step ? [['step', step] as const] : []),
];

function orderErrors({ fallback, min, max }: Bounds, capacity: Quantity, field: string): FieldError[] {
  const whole = formatQuantity(capacity);
  const [from, chosen] = [formatQuantity(min), formatQuantity(fallback)];
  const errors: FieldError[] = [];
  if (isLess(capacity, min)) errors.push(invalid(`${field}.min`, from, `min is larger than capacity value: ${whole}`));
  if (isLess(fallback, min)) errors.push(invalid(`${field}.default`, chosen, `default is less than min: ${from}`));
  if (!max) return errors;
  const to = formatQuantity(max);
  if (isLess(max, min)) errors.push(invalid(`${field}.max`, from, `min is larger than max: ${to}`));
  if (isLess(capacity, max)) errors.push(invalid(`${field}.max`, to, `max is larger than capacity value: ${whole}`));
  if (isLess(max, fallback)) errors.push(invalid(`${field}.default`, chosen, `default is more than max: ${to}`));
  return errors;
}

/** Bounds with which the steps cannot be counted. */
function uncountable(bounds: Bounds, isInMilli: boolean, field: string): FieldError[] {
  return boundsOf(bounds).flatMap(([name, quantity]) => {
    const [at, shown] = [`${field}.${name}`, formatQuantity(quantity)];
    if (isInMilli) {
      const { steps, isExact } = inSteps(quantity, MILLI);
      const fits = isExact && steps <= INT64_MAX && steps >= -INT64_MAX;
      return fits ? [] : [invalid(at, shown, 'value cannot be represented as a milli value')];
    }
    if (quantitySign(quantity) < 0) return [invalid(at, shown, NEGATIVE_VALUE)];
    const isTooLarge = inSteps(quantity, 0).steps > INT64_MAX;
    return isTooLarge ? [invalid(at, shown, `must not be larger than ${INT64_MAX}`)] : [];
  });
}

function offStep(value: Quantity, { min }: Bounds, step: Quantity, isInMilli: boolean, field: string): FieldError[] {
  const scale = isInMilli ? MILLI : 0;
  const distance = inSteps(subtractQuantities(value, min), scale).steps;
  if (distance % inSteps(step, scale).steps === 0n) return [];
  const text = `value is not a multiple of a given step (${formatQuantity(step)}) from (${formatQuantity(min)})`;
  return [invalid(`${field}.step`, formatQuantity(value), text)];
}

function stepErrors(bounds: Bounds, step: Quantity, capacity: Quantity, isInMilli: boolean, field: string) {
  const [at, shown] = [`${field}.step`, formatQuantity(step)];
  if (quantitySign(step) <= 0) return [invalid(at, shown, 'must be greater than zero')];
  const errors: FieldError[] = [];
  const one = addQuantities(bounds.min, step);
  if (isLess(capacity, one)) {
    const text = `one step ${formatQuantity(one)} is larger than capacity value: ${formatQuantity(capacity)}`;
    errors.push(invalid(at, shown, text));
  }
  const unsafe = isInMilli ? [] : uncountable(bounds, false, field);
  if (unsafe.length > 0) return [...errors, ...unsafe];
  const values = bounds.max ? [bounds.fallback, bounds.max] : [bounds.fallback];
  return [...errors, ...values.flatMap((value) => offStep(value, bounds, step, isInMilli, field))];
}

function rangeErrors(fallback: Quantity, capacity: Quantity, range: Range, field: string): FieldError[] {
  const min = range.min === undefined ? undefined : quantityAt(range.min);
  if (!min) return [required(`${field}.min`, 'required when validRange is defined')];
  const bounds: Bounds = { fallback, min, max: optionalQuantity(range.max), step: optionalQuantity(range.step) };
  const errors = orderErrors(bounds, capacity, field);
  const isInMilli = boundsOf(bounds).some(([, quantity]) => isFractional(quantity));
  const unsafe = isInMilli ? uncountable(bounds, true, field) : [];
  if (unsafe.length > 0) return [...errors, ...unsafe];
  return bounds.step ? [...errors, ...stepErrors(bounds, bounds.step, capacity, isInMilli, field)] : errors;
}

const optionalQuantity = (value: unknown): Quantity | undefined =>
  value === undefined || value === null ? undefined : quantityAt(value);

function policyErrors(capacity: Quantity, policy: RequestPolicy, field: string): FieldError[] {
  const { validValues = [], validRange } = policy;
  const fallback = optionalQuantity(policy.default);
  if (validValues.length > 0 && validRange) {
    const text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbiddenField(field, text)];
  }
  if (validValues.length > 0) {
    if (!fallback) return [required(`${field}.default`, 'required when validValues is defined')];
    return valueErrors(fallback, capacity, validValues, `${field}.validValues`);
  }
  if (!validRange) return [];
  if (!fallback) return [required(`${field}.default`, 'required when validRange is defined')];
  return rangeErrors(fallback, capacity, validRange, `${field}.validRange`);
}

/** Errors of one capacity; only devices that may be allocated several times say how it is shared out. */
export function capacityErrors(
  { value, requestPolicy }: DeviceCapacity,
  isShared: boolean,
  field: string,
): FieldError[] {
  if (!requestPolicy) return [];
  const at = `${field}.requestPolicy`;
  if (!isShared) return [forbiddenField(at, 'allowMultipleAllocations must be true')];
  const capacity = quantityAt(value ?? '0');
  return capacity ? policyErrors(capacity, requestPolicy, at) : [];
}
