/**
 * The older form of EndpointSlices: one object per Service, of its first address family.
 * Source: pkg/controller/endpoint endpoints_controller.go; pkg/api/v1/endpoints RepackSubsets.
 */
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import { labelSelectorFromSet, labelsMatch } from '../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type ControllerWrite, defineController } from './controller.ts';
import {
  type EndpointPort,
  endpointOf,
  endpointPorts,
  familiesOf,
  isPublished,
  type Service,
  selectorOf,
  servicesOf,
} from './service-endpoints.ts';

const SERVICES = 'services';
const ENDPOINTS = 'endpoints';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
const MANAGER = 'endpoint-controller';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/** More are cut off, and an annotation says so. */
export const ENDPOINTS_ADDRESSES_MAX = 1000;

interface Address {
  ip: string;
  hostname?: string;
  nodeName?: string;
  targetRef?: unknown;
}

interface Subset {
  addresses?: Address[];
  notReadyAddresses?: Address[];
  ports?: EndpointPort[];
}

export const endpointsController = defineController({
  name: 'endpoint-controller',
  for: SERVICES,
  owns: [],
  watches: [
    {
      resource: 'pods',
      keys: (pod, previous, view, type) => servicesOf(pod, type === 'MODIFIED' ? previous : undefined, view),
    },
    {
      resource: ENDPOINTS,
      keys: (endpoints, _previous, _view, type) => (type === 'DELETED' ? [endpoints.metadata.name ?? ''] : []),
    },
  ],
  reconcile(view, name) {
    const service = view.get(SERVICES, name) as KubeObject as Service | undefined;
    const known = view.get(ENDPOINTS, name);
    // Only the Service's own deletion leads here; Endpoints go with it, whoever made them.
    if (!service) return { writes: known && !known.metadata.deletionTimestamp ? [deletion(name)] : [] };
    const selector = selectorOf(service);
    if (!selector || service.metadata.deletionTimestamp) return { writes: [] };
    return { writes: synced(service, known, subsetsOf(service, view, selector)) };
  },
});

const deletion = (name: string): ControllerWrite => ({ op: 'delete', resource: ENDPOINTS, name });

interface Subsets {
  readonly subsets: Subset[];
  readonly isTruncated: boolean;
}

function subsetsOf(service: Service, view: StoreReader, labels: Record<string, string>): Subsets {
  const selector = labelSelectorFromSet(labels);
  const family = familiesOf(service)[0] ?? 'IPv4';
  const byPorts = new Map<string, Required<Subset>>();
  let count = 0;
  let isTruncated = false;
  for (const pod of view.list('pods') as readonly KubeObject[] as readonly Pod[]) {
    if (!labelsMatch(selector, pod.metadata.labels) || !isPublished(pod)) continue;
    const endpoint = endpointOf(pod, service, family);
    const isDying = pod.metadata.deletionTimestamp !== undefined && !service.spec?.publishNotReadyAddresses;
    if (!endpoint || isDying) continue;
    const ports = endpointPorts(service, pod);
    if (ports.length === 0 && (service.spec?.ports?.length ?? 0) > 0) continue;
    isTruncated = ++count > ENDPOINTS_ADDRESSES_MAX;
    if (isTruncated) break;
    const { hostname, nodeName, targetRef } = endpoint;
    const address = { ip: endpoint.addresses[0] as string, hostname, nodeName, targetRef };
    const key = JSON.stringify(ports);
    const subset = byPorts.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
    byPorts.set(key, subset);
    (endpoint.conditions.ready ? subset.addresses : subset.notReadyAddresses).push(address);
  }
  return { subsets: [...byPorts.values()].map(compact), isTruncated };
}

/** Sorted, and without what is empty; ports without a name have none in this form. */
function compact({ addresses, notReadyAddresses, ports }: Required<Subset>): Subset {
  const byIp = (a: Address, b: Address) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0);
  return {
    ...(addresses.length ? { addresses: addresses.sort(byIp) } : {}),
    ...(notReadyAddresses.length ? { notReadyAddresses: notReadyAddresses.sort(byIp) } : {}),
    ...(ports.length ? { ports: ports.map(unnamed) } : {}),
  };
}

const unnamed = ({ name, ...port }: EndpointPort): EndpointPort => (name ? { name, ...port } : (port as EndpointPort));

function synced(
  service: Service,
  known: UntypedObject | undefined,
  { subsets, isTruncated }: Subsets,
): readonly ControllerWrite[] {
  const { [HEADLESS_LABEL]: _headless, ...own } = service.metadata.labels ?? {};
  const labels = {
    ...own,
    ...(service.spec?.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}),
    [MANAGED_BY_LABEL]: MANAGER,
  };
  const { [OVER_CAPACITY]: _capacity, ...kept } = known?.metadata.annotations ?? {};
  const annotations = isTruncated ? { ...kept, [OVER_CAPACITY]: 'truncated' } : kept;
  const content = subsets.length > 0 ? { subsets } : {};
  if (!known) {
    const { name, namespace } = service.metadata;
    const metadata = { name, namespace, labels, ...(isTruncated ? { annotations } : {}) };
    return [
      { op: 'create', resource: ENDPOINTS, object: { kind: 'Endpoints', apiVersion: 'v1', metadata, ...content } },
    ];
  }
  const isCurrent =
    equalJson(known.subsets ?? [], subsets) &&
    equalJson(known.metadata.labels ?? {}, labels) &&
    equalJson(known.metadata.annotations ?? {}, annotations);
  if (isCurrent) return [];
  const { subsets: _subsets, ...rest } = cloneJson(known);
  const metadata = { ...rest.metadata, labels, annotations };
  return [{ op: 'update', resource: ENDPOINTS, object: { ...rest, metadata, ...content } }];
}
