/** Validation of services. Source: pkg/apis/core/validation ValidateServiceCreate, ValidateServiceUpdate. */
import { pushAll } from '../../meta/push-all.ts';
import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { validateLabels } from '../../meta/label-selector.ts';
import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  oneOfErrors,
  PROTOCOLS,
  portNumErrors,
  portNumOrNameErrors,
  qualifiedNameErrors,
} from '../field-checks.ts';
import { isIPv4Text, parseIpSloppy, validateEndpointIp, validateLegacyCidr, validateLegacyIp } from '../ip-address.ts';
import { validateClusterIpFields } from './service-address-validation.ts';
import {
  clusterIpsOf,
  isExternallyAccessible,
  isHeadless,
  needsHealthCheck,
  portsOf,
  type Service,
  type ServicePort,
} from './service-fields.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITIES = ['ClientIP', 'None'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const IP_MODES = ['Proxy', 'VIP'];
const AFFINITY_SECONDS_MAX = 86_400;
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

function topologyErrors({ metadata: { annotations = {} } }: Service): FieldError[] {
  const mode = annotations[TOPOLOGY_MODE];
  const hints = annotations[TOPOLOGY_HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  return [
    invalid(
      `metadata.annotations[${TOPOLOGY_MODE}]`,
      mode,
      `must match annotations[${TOPOLOGY_HINTS}] when both are specified`,
    ),
  ];
}

function externalNameErrors({ spec }: Service): FieldError[] {
  const forbidden = (field: string): FieldError =>
    forbiddenField(`spec.${field}`, 'may not be set for ExternalName services');
  const errors: FieldError[] = [];
  if (spec.clusterIPs?.length) errors.push(forbidden('clusterIPs'));
  if (spec.ipFamilies?.length) errors.push(forbidden('ipFamilies'));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden('ipFamilyPolicy'));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  return [...errors, ...(name ? dns1123SubdomainErrors(name, 'spec.externalName') : [required('spec.externalName')])];
}

function typeErrors(service: Service): FieldError[] {
  const { type } = service.spec;
  if (type === 'ExternalName') return externalNameErrors(service);
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(service)) {
    return [invalid('spec.clusterIPs[0]', clusterIpsOf(service)[0], `may not be set to 'None' for ${type} services`)];
  }
  return [];
}

function portErrors(port: ServicePort, isNameRequired: boolean, isNameTaken: boolean, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) {
    pushAll(errors, dns1123LabelErrors(port.name, `${field}.name`));
    if (isNameTaken) errors.push(duplicate(`${field}.name`, port.name));
  } else if (isNameRequired) errors.push(required(`${field}.name`));
  return [
    ...errors,
    ...portNumErrors(port.port, `${field}.port`),
    ...oneOfErrors(port.protocol, `${field}.protocol`, PROTOCOLS),
    ...portNumOrNameErrors(port.targetPort, `${field}.targetPort`),
    ...(port.appProtocol === undefined ? [] : qualifiedNameErrors(port.appProtocol, `${field}.appProtocol`)),
  ];
}

function eachPortErrors(ports: readonly ServicePort[]): FieldError[] {
  const names = ports.map(({ name }) => name ?? '');
  return ports.flatMap((port, i) => {
    const isNameTaken = names.indexOf(port.name ?? '') < i;
    return portErrors(port, ports.length > 1, isNameTaken, `spec.ports[${i}]`);
  });
}

function affinityErrors({ spec }: Service): FieldError[] {
  const { sessionAffinity, sessionAffinityConfig: config } = spec;
  const errors = oneOfErrors(sessionAffinity, 'spec.sessionAffinity', AFFINITIES);
  const at = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && config) {
    return [...errors, forbiddenField(at, 'must not be set when session affinity is None')];
  }
  if (sessionAffinity !== 'ClientIP') return errors;
  const missing = 'when session affinity type is ClientIP';
  if (!config) return [...errors, required(at, missing)];
  if (!config.clientIP) return [...errors, required(`${at}.clientIP`, missing)];
  const seconds = config.clientIP.timeoutSeconds;
  if (seconds === undefined) return [...errors, required(`${at}.clientIP.timeoutSeconds`, missing)];
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return errors;
  const text = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
  return [...errors, invalid(`${at}.clientIP.timeoutSeconds`, seconds, text)];
}

function externalIpErrors({ spec }: Service, previous: Service | undefined): FieldError[] {
  return (spec.externalIPs ?? []).flatMap((ip, i) => {
    const field = `spec.externalIPs[${i}]`;
    const errors = validateLegacyIp(ip, field, previous?.spec.externalIPs);
    return errors.length > 0 ? errors : validateEndpointIp(ip, field);
  });
}

/** As upstream's internal type prints it. */
const printPort = ({ protocol, port }: ServicePort): unknown => ({
  Name: '',
  Protocol: protocol ?? '',
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});

function portClashes(service: Service): FieldError[] {
  const ports = portsOf(service);
  const errors: FieldError[] = [];
  if (service.spec.type === 'ClusterIP') {
    ports.forEach(({ nodePort }, i) => {
      if (nodePort)
        errors.push(forbiddenField(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
    });
  }
  const nodePorts = ports.map(({ protocol, nodePort }) => `${protocol}/${nodePort}`);
  ports.forEach(({ nodePort }, i) => {
    if (nodePort && nodePorts.indexOf(nodePorts[i] as string) < i)
      errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort));
  });
  const numbers = ports.map(({ protocol, port }) => `${protocol}/${port}`);
  ports.forEach((port, i) => {
    if (numbers.indexOf(numbers[i] as string) < i) errors.push(duplicate(`spec.ports[${i}]`, printPort(port)));
  });
  return errors;
}

function sourceRangeErrors({ metadata, spec }: Service, previous: Service | undefined): FieldError[] {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const wrongType = (field: string): FieldError[] =>
    spec.type === 'LoadBalancer' ? [] : [forbiddenField(field, "may only be used when `type` is 'LoadBalancer'")];
  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges';
    const known = (previous?.spec.loadBalancerSourceRanges ?? []).map((range) => range.trim());
    return [
      ...wrongType(field),
      ...ranges.flatMap((range, i) => validateLegacyCidr(range.trim(), `${field}[${i}]`, known)),
    ];
  }
  const annotation = metadata.annotations?.[SOURCE_RANGES];
  if (annotation === undefined) return [];
  const field = `metadata.annotations[${SOURCE_RANGES}]`;
  const isOld = previous?.metadata.annotations?.[SOURCE_RANGES] === annotation;
  if (isOld || annotation.trim() === '') return wrongType(field);
  return [
    ...wrongType(field),
    ...annotation
      .trim()
      .split(',')
      .flatMap((range) => validateLegacyCidr(range.trim(), field)),
  ];
}

function loadBalancerErrors({ spec }: Service): FieldError[] {
  const { type, allocateLoadBalancerNodePorts: allocates, loadBalancerClass } = spec;
  const errors: FieldError[] = [];
  const onlyThere = "may only be used when `type` is 'LoadBalancer'";
  if (type !== 'LoadBalancer' && allocates !== undefined) {
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', onlyThere));
  }
  if (type === 'LoadBalancer' && allocates === undefined) errors.push(required('allocateLoadBalancerNodePorts'));
  if (loadBalancerClass === undefined) return errors;
  if (type === 'LoadBalancer') return [...errors, ...qualifiedNameErrors(loadBalancerClass, 'spec.loadBalancerClass')];
  return [...errors, forbiddenField('spec.loadBalancerClass', onlyThere)];
}

function externalTrafficErrors(service: Service): FieldError[] {
  const { externalTrafficPolicy: policy = '', healthCheckNodePort = 0 } = service.spec;
  const errors: FieldError[] = [];
  if (isExternallyAccessible(service))
    pushAll(errors, oneOfErrors(policy, 'spec.externalTrafficPolicy', TRAFFIC_POLICIES));
  else if (policy) {
    errors.push(invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'));
  }
  const field = 'spec.healthCheckNodePort';
  if (!needsHealthCheck(service)) {
    if (healthCheckNodePort === 0) return errors;
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    return [...errors, invalid(field, healthCheckNodePort, text)];
  }
  return [...errors, ...(healthCheckNodePort === 0 ? [required(field)] : portNumErrors(healthCheckNodePort, field))];
}

function internalTrafficErrors({ spec }: Service): FieldError[] {
  const { internalTrafficPolicy: policy, type, trafficDistribution } = spec;
  const errors: FieldError[] = [];
  const field = 'spec.internalTrafficPolicy';
  if (policy === undefined) {
    if (type === 'NodePort' || type === 'LoadBalancer' || type === 'ClusterIP') errors.push(required(field));
  } else if (!TRAFFIC_POLICIES.includes(policy)) errors.push(notSupported(field, policy, TRAFFIC_POLICIES));
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    errors.push(notSupported('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS));
  }
  return errors;
}

/** All errors of a service but those of an update; values of `previous` may keep older forms. */
export function validateService(service: Service, previous: Service | undefined): FieldError[] {
  const { spec } = service;
  const ports = portsOf(service);
  const isPortMissing = ports.length === 0 && !isHeadless(service) && spec.type !== 'ExternalName';
  return [
    ...topologyErrors(service),
    ...(isPortMissing ? [required('spec.ports')] : []),
    ...typeErrors(service),
    ...eachPortErrors(ports),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...affinityErrors(service),
    ...validateClusterIpFields(service, previous),
    ...externalIpErrors(service, previous),
    ...oneOfErrors(spec.type, 'spec.type', TYPES),
    ...portClashes(service),
    ...sourceRangeErrors(service, previous),
    ...loadBalancerErrors(service),
    ...externalTrafficErrors(service),
    ...internalTrafficErrors(service),
  ];
}

interface LoadBalancerIngress {
  ip?: string;
  ipMode?: string;
  hostname?: string;
}

function ipModeErrors({ ip, ipMode }: LoadBalancerIngress, field: string): FieldError[] {
  if (ipMode === undefined) return ip ? [required(field, 'must be specified when `ip` is set')] : [];
  if (!ip) return [forbiddenField(field, 'may not be specified when `ip` is not set')];
  return IP_MODES.includes(ipMode) ? [] : [notSupported(field, ipMode, IP_MODES)];
}

function ingressErrors(ingress: LoadBalancerIngress, field: string, knownIps: readonly string[]): FieldError[] {
  const { ip, hostname } = ingress;
  const isAddress = hostname ? parseIpSloppy(hostname) !== undefined : false;
  return [
    ...(ip ? validateLegacyIp(ip, `${field}.ip`, knownIps) : []),
    ...ipModeErrors(ingress, `${field}.ipMode`),
    ...(hostname ? dns1123SubdomainErrors(hostname, `${field}.hostname`) : []),
    ...(isAddress ? [invalid(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address')] : []),
  ];
}

/** Errors of an update of `status`. */
export function validateServiceStatus(service: Service, previous: Service): FieldError[] {
  const field = 'status.loadBalancer.ingress';
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (service.spec.type !== 'LoadBalancer') {
    return ingress.length === 0 ? [] : [forbiddenField(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const knownIps = (previous.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return ingress.flatMap((entry, i) => ingressErrors(entry, `${field}[${i}]`, knownIps));
}

/** The address family a valid address belongs to. */
export const familyOf = (ip: string): 'IPv4' | 'IPv6' => (isIPv4Text(ip) ? 'IPv4' : 'IPv6');
