/**
 * Copies Endpoints that users keep themselves, for Services without a selector, into EndpointSlices.
 * Source: pkg/controller/endpointslicemirroring reconciler.go, utils.go.
 */
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Endpoints } from '../../schema/resources/core/endpoints.ts';
import type { Service } from '../../schema/resources/core/service-fields.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type ControllerWrite, defineController } from './controller.ts';
import { controllerReference, isControlledBy } from './ownership.ts';
import { type AddressFamily, isIPv6 } from './service-endpoints.ts';

const ENDPOINTS = 'endpoints';
const SLICES = 'endpointslices.discovery.k8s.io';
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';
const UNMIRRORED_ANNOTATIONS: ReadonlySet<string> = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** Upstream's --mirroring-max-endpoints-per-subset. */
export const MIRRORED_ADDRESSES_MAX = 1000;

type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];

interface MirroredSlice extends KubeObject {
  addressType: AddressFamily;
  endpoints: object[] | null;
  ports?: object[] | null;
}

export const endpointSliceMirroringController = defineController({
  name: 'endpointslice-mirroring-controller',
  for: ENDPOINTS,
  owns: [SLICES],
  watches: [{ resource: 'services', keys: (service) => [service.metadata.name ?? ''] }],
  reconcile(view, name) {
    const endpoints = view.get(ENDPOINTS, name) as KubeObject as Endpoints | undefined;
    if (!endpoints) return { writes: [] };
    const present = view
      .ownedBy(endpoints.metadata.uid ?? '', SLICES)
      .map(({ object }) => object as KubeObject as MirroredSlice)
      .filter((slice) => isOurs(slice, endpoints));
    return { writes: isMirrored(endpoints, view) ? mirror(endpoints, present) : present.map(deletion) };
  },
});

const isOurs = (slice: MirroredSlice, endpoints: Endpoints): boolean =>
  isControlledBy(slice, endpoints) &&
  slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER &&
  !slice.metadata.deletionTimestamp;

function isMirrored({ metadata }: Endpoints, view: StoreReader): boolean {
  if (metadata.deletionTimestamp || metadata.labels?.[SKIP_LABEL] === 'true') return false;
  if (metadata.annotations?.[LEADER_ANNOTATION] !== undefined) return false;
  const service = view.get('services', metadata.name ?? '') as KubeObject as Service | undefined;
  return service !== undefined && service.spec?.selector === undefined;
}

interface Wanted {
  readonly addressType: AddressFamily;
  readonly ports: object[];
  readonly endpoints: object[];
}

function mirror(endpoints: Endpoints, present: readonly MirroredSlice[]): readonly ControllerWrite[] {
  const spare = new Set(present);
  const writes = wantedSlices(endpoints).flatMap((wanted) => {
    const slice = present.find(
      (candidate) =>
        spare.has(candidate) &&
        candidate.addressType === wanted.addressType &&
        equalJson(candidate.ports ?? [], wanted.ports),
    );
    if (slice) spare.delete(slice);
    return sliceWrites(endpoints, wanted, slice);
  });
  return [...writes, ...[...spare].map(deletion)];
}

/** One slice per ports and address family. */
function wantedSlices(endpoints: Endpoints): readonly Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    const slicePorts = ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
      name,
      protocol,
      port,
      ...(appProtocol ? { appProtocol } : {}),
    }));
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    for (const { address, ready } of all.slice(0, MIRRORED_ADDRESSES_MAX)) {
      const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4';
      const key = `${addressType} ${JSON.stringify(slicePorts)}`;
      const slice = wanted.get(key) ?? { addressType, ports: slicePorts, endpoints: [] };
      wanted.set(key, slice);
      slice.endpoints.push(endpointOf(address, ready));
    }
  }
  return [...wanted.values()];
}

const endpointOf = ({ ip, hostname, nodeName, targetRef }: Address, ready: boolean) => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname ? { hostname } : {}),
  ...(nodeName ? { nodeName } : {}),
  ...(targetRef ? { targetRef } : {}),
});

function sliceWrites(
  endpoints: Endpoints,
  wanted: Wanted,
  slice: MirroredSlice | undefined,
): readonly ControllerWrite[] {
  const { name = '', namespace } = endpoints.metadata;
  const labels = { ...endpoints.metadata.labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGER };
  const annotations = Object.fromEntries(
    Object.entries(endpoints.metadata.annotations ?? {}).filter(([key]) => !UNMIRRORED_ANNOTATIONS.has(key)),
  );
  if (!slice) {
    const object: UntypedObject = {
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata: {
        generateName: `${name}-`,
        namespace,
        labels,
        ...(Object.keys(annotations).length ? { annotations } : {}),
        ownerReferences: [controllerReference({ ...endpoints, apiVersion: 'v1', kind: 'Endpoints' })],
      },
      ...wanted,
    };
    return [{ op: 'create', resource: SLICES, object }];
  }
  const isCurrent =
    equalJson(slice.endpoints ?? [], wanted.endpoints) &&
    equalJson(slice.metadata.labels, labels) &&
    equalJson(slice.metadata.annotations ?? {}, annotations);
  if (isCurrent) return [];
  const next = { ...cloneJson(slice), endpoints: wanted.endpoints };
  Object.assign(next.metadata, { labels, annotations });
  return [{ op: 'update', resource: SLICES, object: next as KubeObject as UntypedObject }];
}

const deletion = (slice: MirroredSlice): ControllerWrite => ({
  op: 'delete',
  resource: SLICES,
  name: slice.metadata.name ?? '',
});
