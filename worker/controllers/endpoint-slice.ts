/**
 * Publishes where the pods behind each Service can be reached.
 * Source: pkg/controller/endpointslice; k8s.io/endpointslice reconciler.go, utils.go.
 */
import { pushAll } from '../../schema/meta/push-all.ts';
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import { labelSelectorFromSet, labelsMatch } from '../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type ControllerWrite, defineController } from './controller.ts';
import { controllerReference, isControlledBy } from './ownership.ts';
import {
  type AddressFamily,
  type Endpoint,
  endpointOf,
  type EndpointPort,
  endpointPorts,
  familiesOf,
  isPublished,
  type Service,
  selectorOf,
  servicesOf,
} from './service-endpoints.ts';

const SERVICES = 'services';
const SLICES = 'endpointslices.discovery.k8s.io';
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** Upstream's --max-endpoints-per-slice. */
export const ENDPOINTS_PER_SLICE_MAX = 100;

interface EndpointSlice extends KubeObject {
  addressType: AddressFamily;
  endpoints: Endpoint[] | null;
  ports?: EndpointPort[] | null;
}

export const endpointSliceController = defineController({
  name: 'endpointslice-controller',
  for: SERVICES,
  owns: [SLICES],
  watches: [
    {
      resource: 'pods',
      keys: (pod, previous, view, type) => servicesOf(pod, type === 'MODIFIED' ? previous : undefined, view),
    },
  ],
  reconcile(view, name) {
    const service = view.get(SERVICES, name) as KubeObject as Service | undefined;
    const selector = service && selectorOf(service);
    if (!service || !selector || service.metadata.deletionTimestamp) return { writes: [] };
    const existing = view
      .ownedBy(service.metadata.uid ?? '', SLICES)
      .map(({ object }) => object as KubeObject as EndpointSlice)
      .filter((slice) => isOurs(slice, service));
    const families = familiesOf(service);
    const unwanted = existing.filter((slice) => !families.includes(slice.addressType)).map(deletion);
    const pods = selectedPods(view, selector);
    const writes = families.flatMap((family) =>
      reconcileFamily(
        service,
        family,
        pods,
        existing.filter((slice) => slice.addressType === family),
      ),
    );
    return { writes: [...unwanted, ...writes] };
  },
});

const isOurs = (slice: EndpointSlice, service: Service): boolean =>
  isControlledBy(slice, service) &&
  slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER &&
  !slice.metadata.deletionTimestamp;

function selectedPods(view: StoreReader, labels: Record<string, string>): readonly Pod[] {
  const selector = labelSelectorFromSet(labels);
  return (view.list('pods') as readonly KubeObject[] as readonly Pod[]).filter(
    (pod) => labelsMatch(selector, pod.metadata.labels) && isPublished(pod),
  );
}

/** The endpoints of pods whose ports have the same numbers share slices. */
interface PortGroup {
  readonly ports: EndpointPort[];
  readonly endpoints: Map<string, Endpoint>;
}

function portGroups(service: Service, family: AddressFamily, pods: readonly Pod[]): ReadonlyMap<string, PortGroup> {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods) {
    const endpoint = endpointOf(pod, service, family);
    if (!endpoint) continue;
    const ports = endpointPorts(service, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: new Map() };
    groups.set(key, group);
    group.endpoints.set(identityOf(endpoint), endpoint);
  }
  return groups;
}

const identityOf = (endpoint: Endpoint): string => `${endpoint.targetRef?.uid}/${endpoint.addresses.join()}`;

/** What a slice is to hold; `slice` is absent for one to create. */
interface Plan {
  slice: EndpointSlice | undefined;
  ports: EndpointPort[];
  endpoints: Endpoint[];
}

function reconcileFamily(
  service: Service,
  family: AddressFamily,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
): readonly ControllerWrite[] {
  const groups = portGroups(service, family, pods);
  const free = new Set(existing);
  const plans: Plan[] = [];
  for (const [key, group] of groups) {
    const matching = existing.filter((slice) => JSON.stringify(slice.ports ?? []) === key);
    for (const slice of matching) free.delete(slice);
    pushAll(plans, planGroup(group, matching));
  }
  // A Service always has a slice, be it empty: clients tell "no endpoints" from "not known yet".
  if (plans.every(({ endpoints }) => endpoints.length === 0)) return placeholder(service, family, existing);
  const emptied = plans.flatMap(({ slice, endpoints }) => (slice && endpoints.length === 0 ? [slice] : []));
  const recyclable = [...free, ...emptied];
  const filled = plans.filter(({ endpoints }) => endpoints.length > 0);
  for (const plan of filled) plan.slice ??= recyclable.shift();
  return [...filled.flatMap((plan) => writesOf(service, family, plan)), ...recyclable.map(deletion)];
}

/** Keeps endpoints in the slices they are in, fills the gaps with new ones, and adds slices for the rest. */
function planGroup({ ports, endpoints }: PortGroup, slices: readonly EndpointSlice[]): Plan[] {
  const missing = new Map(endpoints);
  const plans: Plan[] = slices.map((slice) => {
    const kept = (slice.endpoints ?? []).flatMap((endpoint) => {
      const identity = identityOf(endpoint);
      const wanted = missing.get(identity);
      missing.delete(identity);
      return wanted ? [wanted] : [];
    });
    return { slice, ports, endpoints: kept };
  });
  const rest = [...missing.values()];
  for (const plan of plans) pushAll(plan.endpoints, rest.splice(0, ENDPOINTS_PER_SLICE_MAX - plan.endpoints.length));
  while (rest.length > 0) {
    plans.push({ slice: undefined, ports, endpoints: rest.splice(0, ENDPOINTS_PER_SLICE_MAX) });
  }
  return plans;
}

function placeholder(
  service: Service,
  family: AddressFamily,
  existing: readonly EndpointSlice[],
): readonly ControllerWrite[] {
  const [first, ...others] = existing;
  return [...writesOf(service, family, { slice: first, ports: [], endpoints: [] }), ...others.map(deletion)];
}

function writesOf(
  service: Service,
  family: AddressFamily,
  { slice, ports, endpoints }: Plan,
): readonly ControllerWrite[] {
  if (!slice) return [{ op: 'create', resource: SLICES, object: newSlice(service, family, ports, endpoints) }];
  const labels = labelsOf(service);
  const isCurrent =
    equalJson(slice.endpoints ?? [], endpoints) &&
    equalJson(slice.ports ?? [], ports) &&
    equalJson(slice.metadata.labels, labels);
  if (isCurrent) return [];
  const next = { ...cloneJson(slice), endpoints, ports };
  next.metadata.labels = labels;
  return [{ op: 'update', resource: SLICES, object: next as KubeObject as UntypedObject }];
}

function newSlice(
  service: Service,
  addressType: AddressFamily,
  ports: EndpointPort[],
  endpoints: Endpoint[],
): UntypedObject {
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(service)],
    },
    addressType,
    endpoints,
    ports,
  };
}

/** The Service's labels, and the controller's own. */
function labelsOf(service: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _headless, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    [MANAGED_BY_LABEL]: MANAGER,
    [SERVICE_NAME_LABEL]: service.metadata.name ?? '',
    ...(service.spec?.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}),
  };
}

const deletion = (slice: EndpointSlice): ControllerWrite => ({
  op: 'delete',
  resource: SLICES,
  name: slice.metadata.name ?? '',
});
