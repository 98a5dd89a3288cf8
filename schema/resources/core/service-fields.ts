/** What a service's fields mean together. Source: pkg/api/service/util.go, registry/core/service. */
import type { IService } from 'kubernetes-models/v1/Service';
import type { Typed } from '../../meta/object-meta.ts';

type Wire = Typed<IService>;
/** A decoded service; `spec` is there even when the client sent none. */
export type Service = Omit<Wire, 'spec'> & { spec: NonNullable<Wire['spec']> };
export type ServiceSpec = Service['spec'];
export type ServicePort = NonNullable<ServiceSpec['ports']>[number];

export const HEADLESS = 'None';

export const clusterIpsOf = ({ spec }: Service): readonly string[] => spec.clusterIPs ?? [];
export const portsOf = ({ spec }: Service): readonly ServicePort[] => spec.ports ?? [];

export const isHeadless = (service: Service): boolean =>
  clusterIpsOf(service).length === 1 && clusterIpsOf(service)[0] === HEADLESS;

export const needsClusterIp = ({ spec }: Service): boolean => spec.type !== 'ExternalName';

export const isExternallyAccessible = ({ spec }: Service): boolean =>
  spec.type === 'LoadBalancer' ||
  spec.type === 'NodePort' ||
  (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);

/** A load balancer that sends traffic to local endpoints only asks each node whether it has any. */
export const needsHealthCheck = ({ spec }: Service): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

export const hasNodePorts = ({ spec }: Service): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

/** Whether ports without a node port get one. */
export const allocatesNodePorts = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

export const nodePortsOf = (service: Service): number[] =>
  portsOf(service).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));

export const sameList = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  (a?.length ?? 0) === (b?.length ?? 0) && (a ?? []).every((value, i) => value === b?.[i]);

/** Takes away what no longer applies after a change of type, if the client did not change it too. */
export function dropTypeDependentFields(next: Service, previous: Service): void {
  const { spec } = next;
  const before = previous.spec;
  if (needsClusterIp(previous) && !needsClusterIp(next)) dropClusterIps(spec, before);
  if (hasNodePorts(previous) && !hasNodePorts(next)) {
    const known = nodePortsOf(previous);
    if (nodePortsOf(next).every((port) => known.includes(port)))
      for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (
    needsHealthCheck(previous) &&
    !needsHealthCheck(next) &&
    (before.healthCheckNodePort ?? 0) === (spec.healthCheckNodePort ?? 0)
  ) {
    delete spec.healthCheckNodePort;
  }
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') dropLoadBalancerFields(spec, before);
  if (
    isExternallyAccessible(previous) &&
    !isExternallyAccessible(next) &&
    before.externalTrafficPolicy === spec.externalTrafficPolicy
  ) {
    delete spec.externalTrafficPolicy;
  }
  if (spec.type !== 'LoadBalancer') next.status = { loadBalancer: {} };
}

function dropClusterIps(spec: ServiceSpec, before: ServiceSpec): void {
  if ((before.clusterIP ?? '') === (spec.clusterIP ?? '') && sameList(before.clusterIPs, spec.clusterIPs)) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  if (sameList(before.ipFamilies, spec.ipFamilies)) delete spec.ipFamilies;
  if (before.ipFamilyPolicy === spec.ipFamilyPolicy) delete spec.ipFamilyPolicy;
}

function dropLoadBalancerFields(spec: ServiceSpec, before: ServiceSpec): void {
  if (before.allocateLoadBalancerNodePorts === spec.allocateLoadBalancerNodePorts)
    delete spec.allocateLoadBalancerNodePorts;
  if (before.loadBalancerClass === spec.loadBalancerClass) delete spec.loadBalancerClass;
}
