/**
 * What a service gets from the cluster: its address family, its address, its node ports. One network of
 * one family serves a cluster. Source: registry/core/service/storage (storage.go, alloc.go).
 */
import { duplicate, type FieldError, invalid, invalidStatus } from '../../meta/field-error.ts';
import type { PoolAllocation, PoolName, ValuePool, ValuePools } from '../../meta/resource.ts';
import { internalError, type Status } from '../../meta/status.ts';
import { validateClusterIpFields } from './service-address-validation.ts';
import {
  allocatesNodePorts,
  clusterIpsOf,
  HEADLESS,
  hasNodePorts,
  needsClusterIp,
  needsHealthCheck,
  nodePortsOf,
  portsOf,
  type Service,
  sameList,
} from './service-fields.ts';
import { familyOf } from './service-validation.ts';

type Family = 'IPv4' | 'IPv6';
const CLUSTER_FAMILY: Family = 'IPv4';
const OTHER_FAMILY: Family = 'IPv6';

const refuse = (service: Service, errors: readonly FieldError[]): Status =>
  invalidStatus('', 'Service', service.metadata.name ?? '', errors);

/** Old clients know one address; brings clusterIP and clusterIPs together where they meant the same. */
function pairClusterIps(next: Service, previous: Service | undefined): void {
  const { spec } = next;
  const ip = spec.clusterIP ?? '';
  if (!previous) {
    if (ip && clusterIpsOf(next).length === 0) spec.clusterIPs = [ip];
    return;
  }
  const before = previous.spec.clusterIP ?? '';
  if (clusterIpsOf(next).length === 0 && clusterIpsOf(previous).length > 0 && ip === before) {
    spec.clusterIPs = [...clusterIpsOf(previous)];
  }
  if (ip === before || !sameList(clusterIpsOf(previous), clusterIpsOf(next))) return;
  if (before && !ip) delete spec.clusterIPs;
  else spec.clusterIPs = [ip];
}

/** A client may send a service again without the values it was given: they stay. */
function keepAllocated(next: Service, previous: Service): void {
  const { spec } = next;
  if (needsClusterIp(previous) && needsClusterIp(next)) {
    if (!spec.clusterIP && previous.spec.clusterIP) spec.clusterIP = previous.spec.clusterIP;
    if (clusterIpsOf(next).length === 0 && clusterIpsOf(previous).length > 0)
      spec.clusterIPs = [...clusterIpsOf(previous)];
  }
  if (allocatesNodePorts(previous) && allocatesNodePorts(next)) keepNodePorts(next, previous);
  if (needsHealthCheck(previous) && needsHealthCheck(next) && !spec.healthCheckNodePort) {
    spec.healthCheckNodePort = previous.spec.healthCheckNodePort;
  }
}

function keepNodePorts(next: Service, previous: Service): void {
  const wanted = nodePortsOf(next);
  const inBoth = new Set(nodePortsOf(previous).filter((port) => wanted.includes(port)));
  const byName = new Map(portsOf(previous).map(({ name, nodePort }) => [name ?? '', nodePort]));
  for (const port of next.spec.ports ?? []) {
    const known = byName.get(port.name ?? '');
    if (!port.nodePort && known && !inBoth.has(known)) port.nodePort = known;
  }
}

function defaultFamilyPolicy({ spec }: Service, previous: Service | undefined): void {
  if (spec.ipFamilyPolicy !== undefined) return;
  const isFree = spec.clusterIP === HEADLESS && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy = previous?.spec.ipFamilyPolicy ?? (isFree ? 'RequireDualStack' : 'SingleStack');
}

/** Errors of giving up (or keeping) a second address or family; trims what SingleStack takes away. */
function releaseErrors({ spec }: Service, { spec: before }: Service): FieldError[] {
  const policy = spec.ipFamilyPolicy;
  if (policy === 'SingleStack') {
    if (sameList(before.clusterIPs, spec.clusterIPs)) spec.clusterIPs = spec.clusterIPs?.slice(0, 1);
    if (sameList(before.ipFamilies, spec.ipFamilies)) spec.ipFamilies = spec.ipFamilies?.slice(0, 1);
    return [];
  }
  const isReduced = (after: readonly unknown[] = [], earlier: readonly unknown[] = []): boolean =>
    after.length > 0 && after.length < earlier.length;
  const error = (what: string): FieldError =>
    invalid('spec.ipFamilyPolicy', policy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(isReduced(spec.clusterIPs, before.clusterIPs) ? [error('cluster IP')] : []),
    ...(isReduced(spec.ipFamilies, before.ipFamilies) ? [error('IP family')] : []),
  ];
}

function singleStackErrors({ spec }: Service): FieldError[] {
  const error = (what: string): FieldError =>
    invalid(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  return [
    ...(spec.clusterIPs?.length === 2 ? [error('cluster IPs')] : []),
    ...(spec.ipFamilies?.length === 2 ? [error('IP families')] : []),
  ];
}

/** Adds the families that the given addresses show. */
function inferFamilies(service: Service): FieldError[] {
  const { spec } = service;
  const ips = clusterIpsOf(service);
  const errors: FieldError[] = [];
  for (const [i, ip] of ips.entries()) {
    if (ip === HEADLESS) break;
    if (i < (spec.ipFamilies?.length ?? 0)) continue;
    const family = familyOf(ip);
    if (family === CLUSTER_FAMILY) spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    else errors.push(invalid(`spec.clusterIPs[${i}]`, ips, `${family} is not configured on this cluster`));
  }
  return errors;
}

/** A headless service without selector may have endpoints of any family. */
function setFreeFamilies({ spec }: Service): void {
  const families: Family[] = spec.ipFamilies?.length ? [...(spec.ipFamilies as Family[])] : [CLUSTER_FAMILY];
  if (families.length < 2 && spec.ipFamilyPolicy !== 'SingleStack') {
    families.push(families[0] === CLUSTER_FAMILY ? OTHER_FAMILY : CLUSTER_FAMILY);
  }
  spec.ipFamilies = families;
}

function unconfiguredErrors({ spec }: Service): FieldError[] {
  const families = (spec.ipFamilies ?? []).flatMap((family, i) =>
    family === CLUSTER_FAMILY ? [] : [invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster')],
  );
  if (spec.ipFamilyPolicy !== 'RequireDualStack') return families;
  return [
    invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'),
    ...families,
  ];
}

/** A service that prefers two stacks and says nothing new about them is left as it is. */
function keepsPreferredStacks({ spec }: Service, previous: Service | undefined): boolean {
  return (
    previous !== undefined &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (previous.spec.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack' &&
    previous.spec.type === spec.type &&
    spec.type !== 'ExternalName' &&
    sameList(previous.spec.clusterIPs, spec.clusterIPs) &&
    sameList(previous.spec.ipFamilies, spec.ipFamilies)
  );
}

function setFamilies(next: Service, previous: Service | undefined): Status | undefined {
  const { spec } = next;
  if (spec.type === 'ExternalName' || keepsPreferredStacks(next, previous)) return undefined;
  defaultFamilyPolicy(next, previous);
  const malformed = validateClusterIpFields(next, previous);
  if (malformed.length > 0) return refuse(next, malformed);
  const errors = [
    ...(previous ? releaseErrors(next, previous) : []),
    ...singleStackErrors(next),
    ...inferFamilies(next),
  ];
  if (errors.length > 0) return refuse(next, errors);
  if (spec.clusterIP === HEADLESS && Object.keys(spec.selector ?? {}).length === 0) {
    setFreeFamilies(next);
    return undefined;
  }
  const unconfigured = unconfiguredErrors(next);
  if (unconfigured.length > 0) return refuse(next, unconfigured);
  if (!spec.ipFamilies?.length) spec.ipFamilies = [CLUSTER_FAMILY];
  return undefined;
}

function takeClusterIp(service: Service, pool: ValuePool): Status | undefined {
  const { spec } = service;
  const [wanted = ''] = clusterIpsOf(service);
  if (spec.type === 'ExternalName' || wanted === HEADLESS) return undefined;
  if (wanted) {
    const fault = pool.claim(wanted);
    if (fault === undefined) return undefined;
    return refuse(service, [invalid('spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${wanted}: ${fault}`)]);
  }
  const ip = pool.next();
  if (ip === undefined) {
    return internalError(
      `failed to allocate a serviceIP for Service ${JSON.stringify(service.metadata.name ?? '')}: range is full`,
    );
  }
  spec.clusterIP = ip;
  spec.clusterIPs = [ip];
  return undefined;
}

const fullOfPorts = (): Status => internalError('failed to allocate a nodePort: range is full');

function claimPort(service: Service, i: number, port: number, pool: ValuePool): Status | undefined {
  const fault = pool.claim(String(port));
  return fault === undefined ? undefined : refuse(service, [invalid(`spec.ports[${i}].nodePort`, port, fault)]);
}

/** Ports of one number (under two protocols, say) share one node port. */
function takeNodePorts(service: Service, pool: ValuePool): Status | undefined {
  const ports = service.spec.ports ?? [];
  const given = new Map<number, number>();
  for (const [i, port] of ports.entries()) {
    if (!port.nodePort && !allocatesNodePorts(service)) continue;
    const shared = given.get(port.port);
    if (shared !== undefined) {
      if (port.nodePort === shared) continue;
      const refused = port.nodePort ? claimPort(service, i, port.nodePort, pool) : undefined;
      if (refused) return refused;
      port.nodePort ||= shared;
      continue;
    }
    const wanted = ports.find((other) => other.port === port.port && other.nodePort)?.nodePort;
    if (wanted) {
      const refused = claimPort(service, i, wanted, pool);
      if (refused) return refused;
      port.nodePort = wanted;
    } else {
      const next = pool.next();
      if (next === undefined) return fullOfPorts();
      port.nodePort = Number(next);
    }
    given.set(port.port, port.nodePort);
  }
  return undefined;
}

function changeNodePorts(next: Service, previous: Service, pool: ValuePool): Status | undefined {
  const held = new Set(nodePortsOf(previous));
  const seen = new Set<string>();
  for (const [i, port] of (next.spec.ports ?? []).entries()) {
    if (!port.nodePort && !allocatesNodePorts(next)) continue;
    if (!port.nodePort) {
      const free = pool.next();
      if (free === undefined) return fullOfPorts();
      port.nodePort = Number(free);
    } else if (!held.has(port.nodePort)) {
      const refused = claimPort(next, i, port.nodePort, pool);
      if (refused) return refused;
      held.add(port.nodePort);
    }
    const identity = `${port.protocol}/${port.nodePort}`;
    // Upstream's allocator answers 500 here; its validation, one step later, would say this.
    if (seen.has(identity)) return refuse(next, [duplicate(`spec.ports[${i}].nodePort`, port.nodePort)]);
    seen.add(identity);
  }
  return undefined;
}

function takeHealthCheckPort(service: Service, pool: ValuePool): Status | undefined {
  const { spec } = service;
  const wanted = spec.healthCheckNodePort;
  if (wanted) {
    const fault = pool.claim(String(wanted));
    return fault === undefined ? undefined : refuse(service, [invalid('spec.healthCheckNodePort', wanted, fault)]);
  }
  const port = pool.next();
  if (port === undefined) return internalError('failed to allocate a HealthCheck NodePort 0: range is full');
  spec.healthCheckNodePort = Number(port);
  return undefined;
}

function allocateForCreate(service: Service, pools: ValuePools): Status | undefined {
  pairClusterIps(service, undefined);
  return (
    setFamilies(service, undefined) ??
    takeClusterIp(service, pools.clusterIPs) ??
    (hasNodePorts(service) ? takeNodePorts(service, pools.nodePorts) : undefined) ??
    (needsHealthCheck(service) ? takeHealthCheckPort(service, pools.nodePorts) : undefined)
  );
}

function allocateForUpdate(next: Service, previous: Service, pools: ValuePools): Status | undefined {
  keepAllocated(next, previous);
  pairClusterIps(next, previous);
  const getsAddress = previous.spec.type === 'ExternalName' && next.spec.type !== 'ExternalName';
  return (
    setFamilies(next, previous) ??
    (getsAddress ? takeClusterIp(next, pools.clusterIPs) : undefined) ??
    (hasNodePorts(next) ? changeNodePorts(next, previous, pools.nodePorts) : undefined) ??
    (needsHealthCheck(next) && !needsHealthCheck(previous) ? takeHealthCheckPort(next, pools.nodePorts) : undefined)
  );
}

function held(service: Service): Record<PoolName, string[]> {
  const health = needsHealthCheck(service) && service.spec.healthCheckNodePort;
  const ports = [...nodePortsOf(service), ...(health ? [health] : [])];
  return {
    clusterIPs: needsClusterIp(service) ? clusterIpsOf(service).filter((ip) => ip !== HEADLESS) : [],
    nodePorts: [...new Set(ports)].map(String),
  };
}

export const serviceAllocation: PoolAllocation<Service> = {
  allocate: (next, previous, pools) =>
    previous ? allocateForUpdate(next, previous, pools) : allocateForCreate(next, pools),
  held,
  demand(body) {
    const { clusterIPs, nodePorts } = held(body);
    const named =
      clusterIPs.length > 0
        ? clusterIPs
        : body.spec.clusterIP && body.spec.clusterIP !== HEADLESS
          ? [body.spec.clusterIP]
          : [];
    const health = body.spec.healthCheckNodePort;
    return {
      clusterIPs: { count: 1, named },
      // One for each port, and one for health checks.
      nodePorts: {
        count: portsOf(body).length + 1,
        named: [...new Set([...nodePorts, ...(health ? [String(health)] : [])])],
      },
    };
  },
};
