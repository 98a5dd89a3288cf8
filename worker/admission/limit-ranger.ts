/** Source: plugin/pkg/admission/limitranger. */
import type { Status } from '../../schema/meta/status.ts';
import type { LimitRange } from '../../schema/resources/core/limit-range.ts';
import type { PersistentVolumeClaim } from '../../schema/resources/core/persistent-volume-claim.ts';
import { addResources, quantity, type Resources } from '../../schema/resources/core/pod-resource-list.ts';
import { aggregateContainerLimits, aggregateContainerRequests } from '../../schema/resources/core/pod-resources.ts';
import type { Container, Pod, ResourceList } from '../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';
import { aggregated } from './aggregate.ts';
import { type Amounts, claimViolations, computeViolations, type LimitItem } from './limit-constraints.ts';
import { refusal } from './refusal.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

function concerns({ resource, subresource, operation, oldObject }: AdmissionAttributes): boolean {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
  if (oldObject?.metadata.deletionTimestamp) return false;
  if (resource === 'pods') return operation === 'CREATE' ? subresource === '' : subresource === 'resize';
  return resource === 'persistentvolumeclaims' && subresource === '';
}

const rangesOf = (reader: StoreReader): readonly LimitRange[] => reader.list('limitranges');

const itemsOf = (range: LimitRange): readonly LimitItem[] => range.spec?.limits ?? [];

interface Defaults {
  readonly requests: ResourceList;
  readonly limits: ResourceList;
}

function defaultsOf(range: LimitRange): Defaults {
  const items = itemsOf(range).filter(({ type }) => type === 'Container');
  return {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)) as ResourceList,
    limits: Object.assign({}, ...items.map((item) => item.default)) as ResourceList,
  };
}

/** Adds what the list lacks; the names added, sorted. */
function fill(container: Container, list: 'requests' | 'limits', defaults: ResourceList): readonly string[] {
  const present = container.resources?.[list] ?? {};
  const missing = Object.keys(defaults).filter((name) => !Object.hasOwn(present, name));
  if (missing.length === 0) return missing;
  const added = Object.fromEntries(missing.map((name) => [name, defaults[name]]));
  container.resources = { ...container.resources, [list]: { ...present, ...added } };
  return missing.sort();
}

function fillContainer(container: Container, what: string, { requests, limits }: Defaults): readonly string[] {
  const filledLimits = fill(container, 'limits', limits);
  const filledRequests = fill(container, 'requests', requests);
  return [
    ...(filledRequests.length > 0 ? [`${filledRequests.join(', ')} request for ${what} ${container.name}`] : []),
    ...(filledLimits.length > 0 ? [`${filledLimits.join(', ')} limit for ${what} ${container.name}`] : []),
  ];
}

function fillPod(pod: Pod, range: LimitRange): void {
  const defaults = defaultsOf(range);
  const filled = [
    ...(pod.spec?.containers ?? []).flatMap((container) => fillContainer(container, 'container', defaults)),
    ...(pod.spec?.initContainers ?? []).flatMap((container) => fillContainer(container, 'init container', defaults)),
  ];
  if (filled.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${filled.join('; ')}`,
  };
}

function resources(list: ResourceList | undefined): Resources {
  const parsed: Resources = new Map();
  addResources(parsed, list);
  return parsed;
}

const amountsOf = (container: Container): Amounts => ({
  requests: resources(container.resources?.requests),
  limits: resources(container.resources?.limits),
});

/** Overhead does not count; of what the pod itself states only cpu and memory do. */
function overridden(sum: Resources, list: ResourceList | undefined): Resources {
  for (const name of ['cpu', 'memory']) if (list?.[name] !== undefined) sum.set(name, quantity(list[name]));
  return sum;
}

const podAmounts = (pod: Pod): Amounts => ({
  requests: overridden(aggregateContainerRequests(pod), pod.spec?.resources?.requests),
  limits: overridden(aggregateContainerLimits(pod), pod.spec?.resources?.limits),
});

function podViolations(pod: Pod, item: LimitItem): readonly string[] {
  if (item.type === 'Pod') return computeViolations(item, podAmounts(pod));
  if (item.type !== 'Container') return [];
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.flatMap((container) => computeViolations(item, amountsOf(container)));
}

function volumeViolations(claim: PersistentVolumeClaim, item: LimitItem): readonly string[] {
  if (item.type !== 'PersistentVolumeClaim') return [];
  return claimViolations(item, resources(claim.spec?.resources?.requests));
}

function violations({ resource, object }: AdmissionAttributes, range: LimitRange): readonly string[] {
  return itemsOf(range).flatMap((item) =>
    resource === 'pods' ? podViolations(object as Pod, item) : volumeViolations(object as PersistentVolumeClaim, item),
  );
}

/** Gives containers the namespace's default requests and limits, and holds pods and claims within its bounds. */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',

  admit(attributes, reader) {
    if (!concerns(attributes) || attributes.resource !== 'pods') return undefined;
    for (const range of rangesOf(reader)) fillPod(attributes.object as Pod, range);
    return undefined;
  },

  validate(attributes, reader): Status | undefined {
    if (!concerns(attributes)) return undefined;
    for (const range of rangesOf(reader)) {
      const broken = violations(attributes, range);
      if (broken.length > 0) return refusal(attributes, aggregated(broken));
    }
    return undefined;
  },
};
