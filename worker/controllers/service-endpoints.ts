/** What Services, EndpointSlices and Endpoints share. Source: k8s.io/endpointslice utils.go, util/controller_utils.go. */
import { equalJson } from '../../schema/meta/json-value.ts';
import { labelSelectorFromSet, labelsMatch } from '../../schema/meta/label-selector.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { isPodReady, isPodTerminal } from '../../schema/resources/core/pod-conditions.ts';
import { isRestartableInitContainer, type Pod } from '../../schema/resources/core/pod-types.ts';
import type { Service } from '../../schema/resources/core/service-fields.ts';
import type { StoreReader } from '../registry/transaction.ts';

export type { Service };
type ServicePort = NonNullable<NonNullable<Service['spec']>['ports']>[number];
export type AddressFamily = 'IPv4' | 'IPv6';

export interface EndpointPort {
  name: string;
  protocol: string;
  port?: number;
  appProtocol?: string;
}

export interface Endpoint {
  addresses: string[];
  conditions: { ready: boolean; serving: boolean; terminating: boolean };
  hostname?: string;
  nodeName?: string;
  targetRef?: { kind: string; namespace?: string; name?: string; uid?: string };
}

/** Undefined where endpoints are not ours to keep: without selector, or for an external name. */
export function selectorOf(service: Service): Record<string, string> | undefined {
  const { selector, type } = service.spec ?? {};
  return type === 'ExternalName' || !selector || Object.keys(selector).length === 0 ? undefined : selector;
}

/** The Services that select a pod, or selected it before; none when nothing they publish has changed. */
export function servicesOf(
  object: UntypedObject,
  previousObject: UntypedObject | undefined,
  view: StoreReader,
): readonly string[] {
  const pod = object as KubeObject as Pod;
  const previous = previousObject as KubeObject | undefined;
  if (previous && equalJson(publishedParts(pod), publishedParts(previous))) return [];
  const services = view.list('services') as readonly KubeObject[] as readonly Service[];
  return services.filter((service) => selects(service, pod) || (previous && selects(service, previous))).map(nameOf);
}

const nameOf = (object: KubeObject): string => object.metadata.name ?? '';

function selects(service: Service, pod: Pod): boolean {
  const selector = selectorOf(service);
  return selector !== undefined && labelsMatch(labelSelectorFromSet(selector), pod.metadata.labels);
}

const publishedParts = (pod: Pod) => ({
  labels: pod.metadata.labels,
  isDying: pod.metadata.deletionTimestamp !== undefined,
  isReady: isPodReady(pod),
  isTerminal: isPodTerminal(pod),
  ips: pod.status?.podIPs ?? pod.status?.podIP,
  nodeName: pod.spec?.nodeName,
  hostname: pod.spec?.hostname,
  subdomain: pod.spec?.subdomain,
});

/** Ready or not: a pod that has an address and may still serve. */
export const isPublished = (pod: Pod): boolean =>
  !isPodTerminal(pod) && (pod.status?.podIP !== undefined || (pod.status?.podIPs?.length ?? 0) > 0);

export const isIPv6 = (address: string): boolean => address.includes(':');

export function familiesOf(service: Service): readonly AddressFamily[] {
  const { ipFamilies, clusterIP } = service.spec ?? {};
  if (ipFamilies?.length) return ipFamilies as AddressFamily[];
  return [clusterIP && clusterIP !== 'None' && isIPv6(clusterIP) ? 'IPv6' : 'IPv4'];
}

/** Undefined when the pod has no address of that family. */
export function endpointOf(pod: Pod, service: Service, family: AddressFamily): Endpoint | undefined {
  const all = pod.status?.podIPs?.map(({ ip }) => ip) ?? (pod.status?.podIP ? [pod.status.podIP] : []);
  const addresses = all.filter((ip): ip is string => ip !== undefined && isIPv6(ip) === (family === 'IPv6'));
  if (addresses.length === 0) return undefined;
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

/** The Service's ports as this pod serves them; those whose named target it does not have are left out. */
export function endpointPorts(service: Service, pod: Pod): EndpointPort[] {
  const ports = service.spec?.ports ?? [];
  return ports.flatMap((port) => {
    const number = targetPortOf(port, pod);
    if (number === undefined) return [];
    return [
      {
        name: port.name ?? '',
        protocol: port.protocol ?? 'TCP',
        port: number,
        ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
      },
    ];
  });
}

function targetPortOf({ targetPort, port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port;
  if (typeof targetPort === 'number') return targetPort;
  const sidecars = (pod.spec?.initContainers ?? []).filter(isRestartableInitContainer);
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find(
      (candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol,
    );
    if (found) return found.containerPort;
  }
  return undefined;
}
