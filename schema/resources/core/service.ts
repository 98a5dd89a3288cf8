/** Service. Source: pkg/registry/core/service, pkg/apis/core/v1 defaults. */
import { pushAll } from '../../meta/push-all.ts';
import { defineResource } from '../../meta/resource.ts';
import { nameIsDNSLabel } from '../../meta/name-rules.ts';
import { cidrWarnings, ipWarnings } from '../ip-address.ts';
import { age, ageColumn, column, formatLabels, nameColumn } from '../printing.ts';
import { validateAddressChanges } from './service-address-validation.ts';
import { serviceAllocation } from './service-addresses.ts';
import { dropTypeDependentFields, HEADLESS, isExternallyAccessible, type Service } from './service-fields.ts';
import { validateService, validateServiceStatus } from './service-validation.ts';

export type { Service } from './service-fields.ts';

const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const AFFINITY_SECONDS = 10_800;

function defaultAffinity({ spec }: Service): void {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity !== 'ClientIP' || spec.sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) return;
  spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
}

function defaults(service: Service): void {
  service.spec ??= {};
  const { spec } = service;
  defaultAffinity(service);
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  if (isExternallyAccessible(service)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

function headlessWarnings({ spec }: Service): string[] {
  if (spec.type !== 'ClusterIP' || spec.clusterIP !== HEADLESS) return [];
  const texts: string[] = [];
  if (spec.loadBalancerIP) texts.push('spec.loadBalancerIP is ignored for headless services');
  if (spec.externalIPs?.length) texts.push('spec.externalIPs is ignored for headless services');
  if (spec.sessionAffinity !== 'None') texts.push('spec.SessionAffinity is ignored for headless services');
  return texts;
}

function externalWarnings({ spec }: Service): string[] {
  const {
    type,
    externalIPs = [],
    loadBalancerIP,
    loadBalancerSourceRanges = [],
    externalName,
    trafficDistribution,
  } = spec;
  const isHeadless = type === 'ClusterIP' && spec.clusterIP === HEADLESS;
  const texts = externalIPs.flatMap((ip, i) => ipWarnings(ip, `spec.externalIPs[${i}]`));
  if (externalIPs.length > 0 && !isHeadless && type !== 'ExternalName') {
    texts.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  }
  if (loadBalancerIP) pushAll(texts, ipWarnings(loadBalancerIP, 'spec.loadBalancerIP'));
  pushAll(
    texts,
    loadBalancerSourceRanges.flatMap((range, i) => cidrWarnings(range, `spec.loadBalancerSourceRanges[${i}]`)),
  );
  if (type === 'ExternalName' && externalIPs.length > 0)
    texts.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== 'ExternalName' && externalName)
    texts.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (trafficDistribution === 'PreferClose') {
    texts.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return texts;
}

function warnings(service: Service): string[] {
  const { annotations = {} } = service.metadata;
  const ips = (service.spec.clusterIPs ?? []).filter((ip) => ip !== HEADLESS);
  return [
    ...(Object.hasOwn(annotations, TOPOLOGY_HINTS)
      ? [`annotation ${TOPOLOGY_HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`]
      : []),
    ...ips.flatMap((ip, i) => ipWarnings(ip, `spec.clusterIPs[${i}]`)),
    ...headlessWarnings(service),
    ...externalWarnings(service),
  ];
}

function formatExternalIp({ spec, status }: Service): string {
  const external = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.join(',') || '<none>';
    case 'LoadBalancer': {
      const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
      return [...[...new Set(ingress.filter(Boolean))].sort(), ...external].join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    case undefined:
    default:
      return '<unknown>';
  }
}

const formatPorts = ({ spec }: Service): string =>
  (spec.ports ?? [])
    .map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
    .join(',') || '<none>';

export const service = defineResource<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1Service',
  validateName: nameIsDNSLabel,
  defaults,
  poolAllocation: serviceAllocation,
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
  },
  validate: (service) => validateService(service, undefined),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropTypeDependentFields(next, previous);
    },
    validateUpdate: (next, previous) => [...validateAddressChanges(next, previous), ...validateService(next, previous)],
    warnings,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: validateServiceStatus,
    warnings: ({ status }) =>
      (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) =>
        ip ? ipWarnings(ip, `status.loadBalancer.ingress[${i}]`) : [],
      ),
  },
  allowCreateOnUpdate: true,
  returnsDeletedObject: true,
  selectableFieldNames: ['spec.clusterIP', 'spec.type'],
  selectableFields: ({ spec }) => ({ 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }),
  table: {
    columns: [
      nameColumn,
      column(
        'Type',
        'string',
        'type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, and LoadBalancer. "ClusterIP" allocates a cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by the selector or if that is not specified, by manual construction of an Endpoints object or EndpointSlice objects. If clusterIP is "None", no virtual IP is allocated and the endpoints are published as a set of endpoints rather than a virtual IP. "NodePort" builds on ClusterIP and allocates a port on every node which routes to the same endpoints as the clusterIP. "LoadBalancer" builds on NodePort and creates an external load-balancer (if supported in the current cloud) which routes to the same endpoints as the clusterIP. "ExternalName" aliases this service to the specified externalName. Several other fields do not apply to ExternalName services. More info: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types',
      ),
      column(
        'Cluster-IP',
        'string',
        'clusterIP is the IP address of the service and is usually assigned randomly. If an address is specified manually, is in-range (as per system configuration), and is not in use, it will be allocated to the service; otherwise creation of the service will fail. This field may not be changed through updates unless the type field is also being changed to ExternalName (which requires this field to be blank) or the type field is being changed from ExternalName (in which case this field may optionally be specified, as describe above).  Valid values are "None", empty string (""), or a valid IP address. Setting this to "None" makes a "headless service" (no virtual IP), which is useful when direct endpoint connections are preferred and proxying is not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified when creating a Service of type ExternalName, creation will fail. This field will be wiped when updating a Service to type ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies',
      ),
      column(
        'External-IP',
        'string',
        'externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.  These IPs are not managed by Kubernetes.  The user is responsible for ensuring that traffic arrives at a node with this IP.  A common example is external load-balancers that are not part of the Kubernetes system.',
      ),
      column(
        'Port(s)',
        'string',
        'The list of ports that are exposed by this service. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies',
      ),
      ageColumn,
      column(
        'Selector',
        'string',
        'Route service traffic to pods with label keys and values matching this selector. If empty or not present, the service is assumed to have an external process managing its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/',
        1,
      ),
    ],
    cells: (service, now) => [
      service.metadata.name ?? '',
      service.spec.type ?? '',
      service.spec.clusterIPs?.[0] ?? '<none>',
      formatExternalIp(service),
      formatPorts(service),
      age(service, now),
      formatLabels(service.spec.selector),
    ],
  },
});
