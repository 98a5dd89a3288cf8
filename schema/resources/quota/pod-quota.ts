/** What pods use of quotas. Source: pkg/quota/v1/evaluator/core/pods.go. */
import type { UntypedObject } from '../../meta/object-meta.ts';
import { isPodTerminal } from '../core/pod-conditions.ts';
import { computeQosClass } from '../core/pod-qos.ts';
import { isExtendedResource, isHugePages, isNativeResource, type Resources } from '../core/pod-resource-list.ts';
import { hasPodLevelResources, podLimits, podRequests } from '../core/pod-resources.ts';
import type { Container, Pod } from '../core/pod-types.ts';
import { countName, ONE, type QuotaEvaluator, requirementHolds, type ScopeRequirement } from './quota-evaluator.ts';

const MS_PER_SECOND = 1_000;
/** Before a device class's name: the extended resource that stands for its devices. */
export const DEVICE_CLASS_PREFIX = 'deviceclass.resource.kubernetes.io/';
export const REQUESTS_PREFIX = 'requests.';
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'] as const;

const NAMES: ReadonlySet<string> = new Set([
  countName('pods'),
  'pods',
  ...COMPUTE.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);

/** Where these are limited, every container must state them. A mistake of old that is kept for what relies on it. */
const MUST_BE_STATED: ReadonlySet<string> = new Set(
  ['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
);

/** Whether a quota limits requests of an extended resource by that name. */
export const isExtendedInQuota = (name: string): boolean =>
  name.startsWith(REQUESTS_PREFIX) &&
  (!isNativeResource(name) || name.startsWith(`${REQUESTS_PREFIX}${DEVICE_CLASS_PREFIX}`));

const measures = (name: string): boolean =>
  NAMES.has(name) || isHugePages(name) || name.startsWith(`${REQUESTS_PREFIX}hugepages-`) || isExtendedInQuota(name);

/** Requests and limits under the names that quotas have for them. */
function computeUse(requests: Resources, limits: Resources): Resources {
  const use: Resources = new Map([['pods', ONE]]);
  for (const name of COMPUTE) {
    const request = requests.get(name);
    const limit = limits.get(name);
    if (request) use.set(name, request).set(`${REQUESTS_PREFIX}${name}`, request);
    if (limit) use.set(`limits.${name}`, limit);
  }
  for (const [name, request] of requests) {
    if (isHugePages(name)) use.set(name, request).set(`${REQUESTS_PREFIX}${name}`, request);
    if (isExtendedResource(name) || name.startsWith(DEVICE_CLASS_PREFIX)) use.set(`${REQUESTS_PREFIX}${name}`, request);
  }
  return use;
}

/** When a node that says nothing has had its time to end the pod: from then on it costs nothing. */
function endsAt({ metadata }: Pod): number | undefined {
  if (!metadata.deletionTimestamp || metadata.deletionGracePeriodSeconds === undefined) return undefined;
  return Date.parse(metadata.deletionTimestamp) + metadata.deletionGracePeriodSeconds * MS_PER_SECOND;
}

function isCharged(pod: Pod, now: number): boolean {
  if (isPodTerminal(pod)) return false;
  const end = endsAt(pod);
  return end === undefined || now <= end;
}

const asPod = (object: UntypedObject): Pod => object;

/** Every pod counts as an object; what it takes counts while it can run. */
function usage(object: UntypedObject, now: number): Resources {
  const pod = asPod(object);
  if (!isCharged(pod, now)) return new Map([[countName('pods'), ONE]]);
  const use = computeUse(podRequests(pod, { withStatus: true }), podLimits(pod, { withStatus: true }));
  return use.set(countName('pods'), ONE);
}

const deadline = ({ spec }: Pod): number => spec?.activeDeadlineSeconds ?? -1;

/** Told to end by itself: the scope Terminating. */
export const isTerminatingScope = (object: UntypedObject): boolean => deadline(asPod(object)) >= 0;

type Affinity = NonNullable<NonNullable<Pod['spec']>['affinity']>;
interface Term {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: unknown;
}

function reachesOtherNamespaces({ podAffinity, podAntiAffinity }: Affinity): boolean {
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity): readonly Term[] => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  );
}

function isInScope(requirement: ScopeRequirement, object: UntypedObject): boolean {
  const pod = asPod(object);
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminatingScope(object);
    case 'NotTerminating':
      return !isTerminatingScope(object);
    case 'BestEffort':
      return computeQosClass(pod) === 'BestEffort';
    case 'NotBestEffort':
      return computeQosClass(pod) !== 'BestEffort';
    case 'PriorityClass':
      return requirementHolds(requirement, pod.spec?.priorityClassName ? [pod.spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod.spec?.affinity ?? {});
    default:
      return false;
  }
}

function isStated(name: string, { resources }: Container): boolean {
  if (name.startsWith('limits.')) return resources?.limits?.[name.slice('limits.'.length)] !== undefined;
  return resources?.requests?.[name.replace(REQUESTS_PREFIX, '')] !== undefined;
}

function missing(names: readonly string[], object: UntypedObject): string | undefined {
  const pod = asPod(object);
  if (hasPodLevelResources(pod)) return undefined;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const faults = [...names]
    .sort()
    .filter((name) => MUST_BE_STATED.has(name))
    .flatMap((name) => {
      const lacking = containers.filter((container) => !isStated(name, container)).map((container) => container.name);
      return lacking.length > 0 ? [`${name} for: ${[...new Set(lacking)].sort().join(',')}`] : [];
    });
  return faults.length > 0 ? `must specify ${faults.join('; ')}` : undefined;
}

function changesAt(object: UntypedObject, now: number): number | undefined {
  const end = isPodTerminal(asPod(object)) ? undefined : endsAt(asPod(object));
  return end === undefined || end < now ? undefined : end + 1;
}

export const podQuota: QuotaEvaluator = { resource: 'pods', measures, usage, isInScope, missing, changesAt };
