/**
 * Resource lists (`requests`, `limits`, `overhead`): their defaults, sums and the rules on names.
 * Source: kubernetes pkg/apis/core/helper, component-helpers/resource (1.37).
 */
import { isQualifiedName } from '../../meta/name-rules.ts';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantityMilliValue,
  quantityOf,
  newMilliQuantity,
  ZERO_QUANTITY,
} from '../../meta/quantity.ts';
import type { ResourceList } from './pod-types.ts';

/** Parsed resource lists; absent resources are absent keys. */
export type Resources = Map<string, Quantity>;

const QUANTITY_CACHE_ENTRIES_MAX = 2048;
const cache = new Map<string, Quantity>();

/** A stored quantity, parsed once per text: few texts make up all pods of a cluster. */
export function quantity(value: unknown): Quantity {
  if (typeof value !== 'string') return quantityOf(value);
  const known = cache.get(value);
  if (known) return known;
  if (cache.size >= QUANTITY_CACHE_ENTRIES_MAX) cache.clear();
  const parsed = quantityOf(value);
  cache.set(value, parsed);
  return parsed;
}

const CANONICAL = /^[1-9][0-9]{0,2}(?:m|Ki|Mi|Gi|Ti)?$/;

/** Writes each quantity in canonical form, rounded up to thousandths, as upstream's decoding and defaulting do. */
export function setResourceListDefaults(list: ResourceList): void {
  for (const name in list) {
    const value = list[name];
    if (typeof value === 'string' && CANONICAL.test(value)) continue;
    const parsed = typeof value === 'string' ? parseQuantity(value.trim()) : parseQuantity(String(value ?? 0));
    if (!parsed.ok) continue;
    const hasFinerThanMilli = parsed.value.scale < -3 && compareQuantities(parsed.value, milli(parsed.value)) !== 0;
    list[name] = formatQuantity(hasFinerThanMilli ? milli(parsed.value) : parsed.value);
  }
}

const milli = (value: Quantity): Quantity => newMilliQuantity(quantityMilliValue(value), value.format);

/** Adds `list` to `sum` in place. */
export function addResources(sum: Resources, list: ResourceList | Resources | undefined): void {
  forEachResource(list, (name, value) => {
    const present = sum.get(name);
    sum.set(name, present ? addQuantities(present, value) : value);
  });
}

/** Raises each entry of `most` to that of `list`, in place. */
export function raiseResources(most: Resources, list: ResourceList | Resources | undefined): void {
  forEachResource(list, (name, value) => {
    const present = most.get(name);
    if (!present || compareQuantities(value, present) > 0) most.set(name, value);
  });
}

function forEachResource(
  list: ResourceList | Resources | undefined,
  visit: (name: string, value: Quantity) => void,
): void {
  if (!list) return;
  if (list instanceof Map) list.forEach((value, name) => visit(name, value));
  else for (const name in list) visit(name, quantity(list[name]));
}

/** The amount of one resource in a wire list; zero when absent. */
export const resourceAmount = (list: ResourceList | undefined, name: string): Quantity => {
  const value = list?.[name];
  return value === undefined ? ZERO_QUANTITY : quantity(value);
};

const HUGE_PAGES_PREFIX = 'hugepages-';

export const isHugePages = (name: string): boolean => name.startsWith(HUGE_PAGES_PREFIX);

/** Divisible by the page size its name says. False when the name gives no size. */
export function isWholeHugePages(name: string, value: Quantity): boolean {
  const size = parseQuantity(name.slice(HUGE_PAGES_PREFIX.length));
  if (!size.ok || size.value.unscaled <= 0n || quantityMilliValue(size.value) % 1000 !== 0) return false;
  return (Math.ceil(quantityMilliValue(value) / 1000) * 1000) % quantityMilliValue(size.value) === 0;
}

/** Names without a domain, or in `kubernetes.io/`. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

export const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !isHugePages(name);

/** Resources of device plugins and other extensions, e.g. `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false;
  return isQualifiedName(`requests.${name}`).length === 0;
}

const OBJECT_COUNTS = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const STANDARD_RESOURCES = new Set([
  ...OBJECT_COUNTS,
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'storage',
  'requests.storage',
]);

/** Names that need no domain. */
export const isStandardResource = (name: string): boolean =>
  STANDARD_RESOURCES.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');

export const isStandardContainerResource = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || isHugePages(name);

/** Resources that come in whole numbers. */
export const isIntegerResource = (name: string): boolean => OBJECT_COUNTS.has(name) || isExtendedResource(name);

/** Resources that may stand in `spec.resources` of a pod. */
export const isPodLevelResource = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name);
