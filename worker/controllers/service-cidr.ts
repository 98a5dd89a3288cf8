/**
 * Says that a ServiceCIDR is ready, and keeps one that is being deleted while it is the only one that
 * holds the address of a Service. Source: pkg/controller/servicecidrs.
 */
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { formatTime } from '../../schema/meta/time.ts';
import { containsPrefix, formatCidr, type IpPrefix, parseCidrSloppy } from '../../schema/resources/ip-address.ts';
import { cidrsOf, type ServiceCIDR } from '../../schema/resources/networking/service-cidr.ts';
import { isServiceAddress } from '../../schema/resources/networking/service-ip-address.ts';
import { hasFinalizer, withFinalizer, withoutFinalizer } from '../../schema/resources/storage/protection.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { defineController, type ReconcileResult } from './controller.ts';

const SERVICE_CIDRS = 'servicecidrs.networking.k8s.io';
const IP_ADDRESSES = 'ipaddresses.networking.k8s.io';
const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
/** So long nothing is given out any more before a network goes. */
const DELETION_GRACE_MS = 10_000;
const IN_USE =
  'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';

const asCidr = (object: UntypedObject): ServiceCIDR => object as KubeObject as ServiceCIDR;

const prefixesOf = (object: UntypedObject): readonly IpPrefix[] =>
  cidrsOf(asCidr(object)).flatMap((cidr) => parseCidrSloppy(cidr) ?? []);

/** The other networks that stay. */
const others = (view: StoreReader, name: string): readonly IpPrefix[] =>
  view
    .list(SERVICE_CIDRS)
    .filter(({ metadata }) => metadata.name !== name && metadata.deletionTimestamp === undefined)
    .flatMap(prefixesOf);

const holds = (whole: IpPrefix, part: IpPrefix): boolean =>
  containsPrefix(whole, part) || formatCidr(whole) === formatCidr(part);

function isInUse(view: StoreReader, serviceCidr: UntypedObject): boolean {
  const own = prefixesOf(serviceCidr);
  const staying = others(view, serviceCidr.metadata.name ?? '');
  const orphaned = own.filter((prefix) => !staying.some((whole) => holds(whole, prefix)));
  if (orphaned.length === 0) return false;
  return view.list(IP_ADDRESSES).some((address) => {
    if (!isServiceAddress(address)) return false;
    const host = parseCidrSloppy(`${address.metadata.name}/${address.metadata.name?.includes(':') ? 128 : 32}`);
    return host !== undefined && orphaned.some((prefix) => holds(prefix, host)) && !staying.some((p) => holds(p, host));
  });
}

/** The write that makes the Ready condition so, if it is not. */
function readiness(
  serviceCidr: UntypedObject,
  wanted: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string },
  now: number,
): ReconcileResult {
  const conditions = asCidr(serviceCidr).status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === 'Ready');
  if (known?.status === wanted.status && known.reason === wanted.reason) return { writes: [] };
  const condition = { type: 'Ready', lastTransitionTime: formatTime(now), ...wanted };
  const object = cloneJson(serviceCidr);
  object['status'] = { conditions: [...conditions.filter(({ type }) => type !== 'Ready'), condition] };
  return { writes: [{ op: 'update', resource: SERVICE_CIDRS, object, subresource: 'status' }] };
}

function reconcileDeleting(view: StoreReader, serviceCidr: UntypedObject, now: number): ReconcileResult {
  if (!hasFinalizer(serviceCidr.metadata, FINALIZER)) return { writes: [] };
  if (isInUse(view, serviceCidr)) {
    return readiness(serviceCidr, { status: 'False', reason: 'Terminating', message: IN_USE }, now);
  }
  const at = Date.parse(serviceCidr.metadata.deletionTimestamp ?? '') + DELETION_GRACE_MS;
  if (at > now) return { writes: [], requeueAt: at };
  return { writes: [{ op: 'update', resource: SERVICE_CIDRS, object: withoutFinalizer(serviceCidr, FINALIZER) }] };
}

/** Whose deletion a change may let go on, or hold up. */
const deleting = (view: StoreReader): readonly string[] =>
  view
    .list(SERVICE_CIDRS)
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => metadata.name ?? '');

export const serviceCidrController = defineController({
  name: 'service-cidr-controller',
  for: SERVICE_CIDRS,
  owns: [],
  watches: [SERVICE_CIDRS, IP_ADDRESSES].map((resource) => ({
    resource,
    keys: (_object, _previous, view, type) => (type === 'MODIFIED' ? [] : deleting(view)),
  })),
  reconcile(view, name, { now }) {
    const serviceCidr = view.get(SERVICE_CIDRS, name);
    if (!serviceCidr) return { writes: [] };
    if (serviceCidr.metadata.deletionTimestamp) return reconcileDeleting(view, serviceCidr, now);
    if (!hasFinalizer(serviceCidr.metadata, FINALIZER)) {
      return { writes: [{ op: 'update', resource: SERVICE_CIDRS, object: withFinalizer(serviceCidr, FINALIZER) }] };
    }
    return readiness(serviceCidr, { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }, now);
  },
});
