/** Sums, differences and texts of amounts by name. Source: apiserver pkg/quota/v1/resources.go. */
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  quantitySign,
  subtractQuantities,
  ZERO_QUANTITY,
} from '../../meta/quantity.ts';
import { quantity, type Resources } from '../core/pod-resource-list.ts';

/** Amounts as an object has them. */
export type AmountList = Readonly<Record<string, unknown>>;

export const amountsOf = (list: AmountList | undefined): Resources =>
  new Map(Object.entries(list ?? {}).map(([name, value]) => [name, quantity(value)]));

/** As an object has them, by name. */
export const listOf = (amounts: Resources): Record<string, string> =>
  Object.fromEntries(
    [...amounts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, formatQuantity(value)]),
  );

export const equalAmounts = (a: Resources, b: Resources): boolean =>
  a.size === b.size &&
  [...a].every(([name, value]) => {
    const other = b.get(name);
    return other !== undefined && compareQuantities(value, other) === 0;
  });

/** Adds to `sum`, in place, what of `amounts` it has a name for. */
export function addKnown(sum: Resources, amounts: Resources): void {
  for (const [name, total] of sum) {
    const value = amounts.get(name);
    if (value) sum.set(name, addQuantities(total, value));
  }
}

/** What of `next` goes beyond `previous`; nothing where it does not. */
export function growth(next: Resources, previous: Resources): Resources {
  const grown: Resources = new Map();
  for (const [name, value] of next) {
    const difference = subtractQuantities(value, previous.get(name) ?? ZERO_QUANTITY);
    if (quantitySign(difference) > 0) grown.set(name, difference);
  }
  return grown;
}

/** Those of the names that are not zero. */
export const someOf = (amounts: Resources, names: readonly string[]): Resources =>
  new Map([...amounts].filter(([name, value]) => quantitySign(value) !== 0 && names.includes(name)));

/** Those of the names, in order: `pods=1,secrets=2`. */
export const printAmounts = (amounts: Resources, names: readonly string[]): string =>
  [...names]
    .sort()
    .flatMap((name) => {
      const value = amounts.get(name);
      return value ? [`${name}=${formatQuantity(value)}`] : [];
    })
    .join(',');
