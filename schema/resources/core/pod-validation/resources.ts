/** Rules for resource requirements of containers and pods. Source: kubernetes pkg/apis/core/validation (1.37). */
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
} from '../../../meta/field-error.ts';
import { isQualifiedName } from '../../../meta/name-rules.ts';
import { compareQuantities, formatQuantity, type Quantity, quantityMilliValue } from '../../../meta/quantity.ts';
import {
  isExtendedResource,
  isHugePages,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isPodLevelResource,
  isStandardContainerResource,
  isStandardResource,
  isWholeHugePages,
  quantity,
} from '../pod-resource-list.ts';
import { aggregateContainerLimits, aggregateContainerRequests } from '../pod-resources.ts';
import type { Pod, PodSpec, ResourceRequirements } from '../pod-types.ts';
import { pushInvalid, validateDNS1123Label } from './names.ts';
import type { PodValidationOptions } from './options.ts';

type NameRule = (name: string, path: string, errors: FieldError[]) => void;

const isCpuOrMemory = (name: string): boolean => name === 'cpu' || name === 'memory';

/** Known resources that need no rule of their own. */
const PLAIN_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** `claimNames`: the names in `spec.resourceClaims`. */
export function validateContainerResources(
  resources: ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (resources) validateRequirements(resources, validateContainerResourceName, claimNames, path, options, errors);
}

function validateRequirements(
  resources: ResourceRequirements,
  validateName: NameRule,
  claimNames: ReadonlySet<string>,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const { limits, requests } = resources;
  let hasCpuOrMemory = false;
  let hasHugePages = false;
  const validateEntry = (name: string, value: Quantity, entryPath: string): void => {
    if (!PLAIN_RESOURCES.has(name)) validateName(name, entryPath, errors);
    validateQuantity(name, value, entryPath, errors);
    hasCpuOrMemory ||= isCpuOrMemory(name);
    if (!isHugePages(name)) return;
    hasHugePages = true;
    if (!options.allowIndivisibleHugePages && !isWholeHugePages(name, value)) {
      const text = formatQuantity(value);
      errors.push(invalid(entryPath, text, `${text} is not positive integer multiple of ${name}`));
    }
  };
  for (const name in limits) validateEntry(name, quantity(limits[name]), `${path}.limits[${name}]`);
  for (const name in requests) {
    const value = quantity(requests[name]);
    validateEntry(name, value, `${path}.requests[${name}]`);
    compareWithLimit(name, value, limits?.[name], path, errors);
  }
  if (hasHugePages && !hasCpuOrMemory) errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  if (resources.claims?.length) validateClaims(resources.claims, claimNames, `${path}.claims`, errors);
}

function compareWithLimit(name: string, request: Quantity, limit: unknown, path: string, errors: FieldError[]): void {
  if (limit === undefined) {
    if (!isOvercommitAllowed(name)) {
      errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
    }
    return;
  }
  const order = compareQuantities(request, quantity(limit));
  if (order === 0) return;
  const texts = [formatQuantity(request), formatQuantity(quantity(limit))] as const;
  if (!isOvercommitAllowed(name)) {
    errors.push(invalid(`${path}.requests`, texts[0], `must be equal to ${name} limit of ${texts[1]}`));
  } else if (order > 0) {
    errors.push(invalid(`${path}.requests`, texts[0], `must be less than or equal to ${name} limit of ${texts[1]}`));
  }
}

/** Not negative, and whole where the resource is counted. */
export function validateQuantity(name: string, value: Quantity, path: string, errors: FieldError[]): void {
  if (value.unscaled < 0n) errors.push(invalid(path, formatQuantity(value), 'must be greater than or equal to 0'));
  if (PLAIN_RESOURCES.has(name)) return;
  if (isIntegerResource(name) && quantityMilliValue(value) % 1000 !== 0) {
    errors.push(invalid(path, formatQuantity(value), 'must be an integer'));
  }
}

/** True when the name may stand anywhere. */
function validateResourceName(name: string, path: string, errors: FieldError[]): boolean {
  const messages = isQualifiedName(name);
  if (messages.length) {
    pushInvalid(messages, name, path, errors);
    return false;
  }
  if (name.includes('/') || isStandardResource(name)) return true;
  errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'));
  return false;
}

function validateContainerResourceName(name: string, path: string, errors: FieldError[]): void {
  validateResourceName(name, path, errors);
  if (!name.includes('/')) {
    if (!isStandardContainerResource(name)) {
      errors.push(invalid(path, name, 'must be a standard resource for containers'));
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
}

function validatePodResourceName(name: string, path: string, errors: FieldError[]): void {
  if (validateResourceName(name, path, errors) && !isPodLevelResource(name)) {
    errors.push(notSupported(path, name, ['cpu', 'hugepages-', 'memory']));
  }
}

function validateClaims(
  claims: NonNullable<ResourceRequirements['claims']>,
  claimNames: ReadonlySet<string>,
  path: string,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  const requestsOf = new Map<string, number>();
  const known = knownClaims(claimNames);
  claims.forEach(({ name, request }, i) => {
    const at = `${path}[${i}]`;
    if (!name) return void errors.push(required(at));
    if (seen.has(name)) errors.push(duplicate(at, name));
    else {
      if (request) validateDNS1123Label(request, `${at}.request`, errors);
      const key = request ? `${name}/${request}` : name;
      if (seen.has(key)) errors.push(duplicate(at, key));
      else if (request) requestsOf.set(name, (requestsOf.get(name) ?? 0) + 1);
      else for (let count = requestsOf.get(name) ?? 0; count > 0; count--) errors.push(duplicate(at, name));
      seen.add(key);
    }
    if (!claimNames.has(name)) errors.push(unknownClaim(at, name, known));
  });
}

/** Every unknown name is told all known ones: no more of them than a reader takes in. */
const KNOWN_CLAIMS_CHARS_MAX = 1_024;

function knownClaims(claimNames: ReadonlySet<string>): string {
  if (claimNames.size === 0) return ' which is empty';
  const names = [...claimNames].sort().join(', ');
  return `: ${names.length > KNOWN_CLAIMS_CHARS_MAX ? `${names.slice(0, KNOWN_CLAIMS_CHARS_MAX)}…` : names}`;
}

function unknownClaim(path: string, name: string, known: string): FieldError {
  const error = notFoundField(path, name);
  return { ...error, body: `${error.body}: must be one of the names in pod.spec.resourceClaims${known}` };
}

/** `spec.resources` and how the containers' fit into it. */
export function validatePodLevelResources(
  spec: PodSpec,
  claimNames: ReadonlySet<string>,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const { resources } = spec;
  if (!resources) return;
  const at = `${path}.resources`;
  if (spec.os?.name === 'windows') return void errors.push(forbiddenField(at, 'may not be set for a windows pod'));
  if (resources.claims) errors.push(forbiddenField(`${at}.claims`, 'claims may not be set for Resources at pod-level'));
  validateRequirements(resources, validatePodResourceName, claimNames, at, options, errors);
  validateFit(spec, resources, at, errors);
}

function validateFit(spec: PodSpec, resources: ResourceRequirements, path: string, errors: FieldError[]): void {
  const pod = { spec } as Pod;
  for (const [name, sum] of aggregateContainerRequests(pod)) {
    const own = resources.requests?.[name];
    if (own === undefined || compareQuantities(sum, quantity(own)) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${formatQuantity(sum)}`;
    errors.push(invalid(`${path}.requests[${name}]`, formatQuantity(quantity(own)), detail));
  }
  for (const [name, sum] of aggregateContainerLimits(pod)) {
    const own = resources.limits?.[name];
    if (!isHugePages(name) || own === undefined || compareQuantities(sum, quantity(own)) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container limits of ${formatQuantity(sum)}`;
    errors.push(invalid(`${path}.limits[${name}]`, formatQuantity(quantity(own)), detail));
  }
  spec.containers?.forEach((container, i) => {
    for (const [name, value] of Object.entries(container.resources?.limits ?? {})) {
      const own = resources.limits?.[name];
      if (own === undefined || compareQuantities(quantity(value), quantity(own)) <= 0) continue;
      const detail = `must be less than or equal to pod limits of ${formatQuantity(quantity(own))}`;
      errors.push(invalid(`${path}.containers[${i}][${name}].limits`, formatQuantity(quantity(value)), detail));
    }
  });
}
