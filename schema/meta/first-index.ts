/** Places of values in the lists last asked about: a list is gone through once, not once for each item. */
const indexes = new WeakMap<readonly unknown[], Map<unknown, number>>();

/**
 * Where a value first stands in a list, as `indexOf` tells it; for lists that are asked about each of
 * their items and do not change meanwhile.
 */
export function firstIndexOf<T>(list: readonly T[], value: T): number {
  let places = indexes.get(list);
  if (!places) {
    places = new Map();
    for (const [i, item] of list.entries()) if (!places.has(item)) places.set(item, i);
    indexes.set(list, places);
  }
  return places.get(value) ?? -1;
}
