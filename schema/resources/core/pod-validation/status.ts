/** The `status` subresource. Source: kubernetes pkg/apis/core/validation ValidatePodStatusUpdate (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../meta/field-error.ts';
import { byteLength } from '../../../meta/go-format.ts';
import { isValidGroupID } from '../../../meta/name-rules.ts';
import { parseIpSloppy, validateLegacyIp } from '../../ip-address.ts';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../pod-types.ts';
import { validatePodAnnotationUpdate } from './annotations.ts';
import { pushInvalid, validateDNS1123Label, validateDNS1123Subdomain, validateQualifiedName } from './names.ts';

const UINT32_MAX = 4294967295;
const HEALTH_MESSAGE_BYTES_MAX = 1024;
const SYSTEM_CONDITIONS = new Set(['PodScheduled', 'Ready', 'Initialized']);
const NON_NEGATIVE = 'must be a non-negative integer';

export function validatePodStatusUpdate(next: Pod, previous: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const status = next.status ?? {};
  const oldStatus = previous.status ?? {};
  const spec = (next.spec ?? {}) as PodSpec;
  const oldSpec = (previous.spec ?? {}) as PodSpec;
  validatePodAnnotationUpdate(next.metadata.annotations, previous.metadata.annotations, 'metadata.annotations', errors);
  validateConditions(status.conditions ?? [], errors);
  if ((spec.nodeName ?? '') !== (oldSpec.nodeName ?? '')) {
    errors.push(forbiddenField('status.nodeName', 'may not be changed directly'));
  }
  validateNomination(status.nominatedNodeName ?? '', oldStatus.nominatedNodeName ?? '', oldSpec, errors);
  if ((status.observedGeneration ?? 0) < 0) {
    errors.push(invalid('status.observedGeneration', status.observedGeneration, NON_NEGATIVE));
  }
  if ((status.qosClass ?? '') !== (oldStatus.qosClass ?? '')) {
    errors.push(invalid('status.qosClass', status.qosClass ?? '', 'field is immutable'));
  }
  validateTransitions(status, oldStatus, oldSpec, errors);
  validateClaimStatuses(status, spec, errors);
  validateAddresses(status, oldStatus, errors);
  const osName = spec.os?.name ?? 'linux';
  for (const name of STATUS_LISTS) {
    status[name]?.forEach((container, i) => validateUser(container, osName, `status.${name}[${i}].user.linux`, errors));
  }
  validateAllocated(status.containerStatuses, spec.containers, status, 'status.containerStatuses', errors);
  validateAllocated(status.initContainerStatuses, spec.initContainers, status, 'status.initContainerStatuses', errors);
  status.ephemeralContainerStatuses?.forEach(({ allocatedResourcesStatus }, i) => {
    if (!allocatedResourcesStatus?.length) return;
    const at = `status.ephemeralContainerStatuses[${i}].allocatedResourcesStatus`;
    errors.push(forbiddenField(at, 'must not be specified in container status'));
  });
  return errors;
}

const STATUS_LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

function validateConditions(conditions: NonNullable<PodStatus['conditions']>, errors: FieldError[]): void {
  conditions.forEach(({ type = '', observedGeneration = 0 }, i) => {
    const at = `status.conditions[${i}]`;
    if (observedGeneration < 0) errors.push(invalid(`${at}.observedGeneration`, observedGeneration, NON_NEGATIVE));
    if (!SYSTEM_CONDITIONS.has(type)) validateQualifiedName(type, `${at}.Type`, errors);
  });
}

function validateNomination(next: string, previous: string, oldSpec: PodSpec, errors: FieldError[]): void {
  if (!next || next === previous) return;
  const path = 'status.nominatedNodeName';
  validateDNS1123Subdomain(next, path, errors);
  if (oldSpec.nodeName) errors.push(forbiddenField(path, 'may not be set on pods that are already bound to a node'));
}

/** A container that has ended for good does not come back. */
function validateTransitions(next: PodStatus, previous: PodStatus, spec: PodSpec, errors: FieldError[]): void {
  const regular = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const restartsAll = regular.some((c) => c.restartPolicyRules?.some((rule) => rule.action === 'RestartAllContainers'));
  const check = (
    name: (typeof STATUS_LISTS)[number],
    mayRestart: (container: string, exitCode: number) => boolean,
  ): void => {
    previous[name]?.forEach((old, i) => {
      const terminated = old.state?.terminated;
      if (!terminated) return;
      const current = next[name]?.find((status) => status.name === old.name);
      if (!current || current.state?.terminated || mayRestart(old.name, terminated.exitCode ?? 0)) return;
      errors.push(forbiddenField(`status.${name}[${i}].state`, 'may not be transitioned to non-terminated state'));
    });
  };
  const byPolicy =
    (containers: readonly Container[] = []) =>
    (name: string, exitCode: number): boolean => {
      const container = containers.find((candidate) => candidate.name === name);
      return restartsAll || (container !== undefined && shouldRestart(container, spec, exitCode));
    };
  check('containerStatuses', byPolicy(spec.containers));
  check('initContainerStatuses', byPolicy(spec.initContainers));
  check('ephemeralContainerStatuses', () => false);
}

/** Whether a container that ended with this code starts again. Source: pkg/api/v1/pod ContainerShouldRestart. */
export function shouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined) {
    const rule = container.restartPolicyRules?.find(({ exitCodes }) => {
      const isListed = exitCodes?.values?.includes(exitCode) ?? false;
      return exitCodes?.operator === 'In' ? isListed : exitCodes?.operator === 'NotIn' && !isListed;
    });
    if (rule?.action === 'Restart' || rule?.action === 'RestartAllContainers') return true;
  }
  const policy = container.restartPolicy || spec.restartPolicy;
  return policy === 'Never' ? false : policy === 'OnFailure' ? exitCode !== 0 : true;
}

function validateClaimStatuses(status: PodStatus, spec: PodSpec, errors: FieldError[]): void {
  const seen = new Set<string>();
  status.resourceClaimStatuses?.forEach(({ name, resourceClaimName }, i) => {
    const at = `status.resourceClaimStatuses[${i}]`;
    if (!spec.resourceClaims?.some((claim) => claim.name === name)) {
      errors.push(invalid(`${at}.name`, name ?? '', 'must match the name of an entry in `spec.resourceClaims`'));
    }
    if (seen.has(name)) errors.push(duplicate(`${at}.name`, name));
    seen.add(name);
    if (resourceClaimName !== undefined) validateDNS1123Subdomain(resourceClaimName, `${at}.resourceClaimName`, errors);
  });
  if (status.extendedResourceClaimStatus) validateExtendedClaim(status.extendedResourceClaimStatus, spec, errors);
}

function validateExtendedClaim(
  { requestMappings = [], resourceClaimName }: NonNullable<PodStatus['extendedResourceClaimStatus']>,
  spec: PodSpec,
  errors: FieldError[],
): void {
  const path = 'status.extendedResourceClaimStatus';
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  if (!requestMappings.length)
    errors.push(required(`${path}.requestMappings`, 'at least one request mapping is required'));
  const seen = new Set<string>();
  requestMappings.forEach(({ containerName = '', resourceName, requestName }, i) => {
    const at = `${path}.requestMappings[${i}]`;
    const container = containers.find((candidate) => candidate.name === containerName);
    if (!container) {
      const detail = 'must match the name of an entry in spec.initContainers.name or spec.containers.name';
      errors.push(invalid(`${at}.containerName`, containerName, detail));
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const detail =
        'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';
      errors.push(invalid(`${at}.resourceName`, resourceName, detail));
    }
    validateDNS1123Label(requestName ?? '', `${path}.requestName`, errors);
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) {
      errors.push(duplicate(`${at}.containerName`, containerName));
      errors.push(duplicate(`${at}.resourceName`, resourceName));
      errors.push(duplicate(`${at}.requestName`, requestName));
    }
    seen.add(key);
  });
  if (!resourceClaimName) errors.push(required(`${path}.resourceClaimName`));
  else validateDNS1123Subdomain(resourceClaimName, `${path}.resourceClaimName`, errors);
}

function validateAddresses(status: PodStatus, oldStatus: PodStatus, errors: FieldError[]): void {
  const ips = (status.podIPs ?? []).map(({ ip = '' }) => ip);
  const oldIps = (oldStatus.podIPs ?? []).map(({ ip = '' }) => ip);
  const path = 'status.podIPs';
  validateIpList(ips, oldIps, path, errors);
  const shown = ips.map((ip) => ({ IP: ip }));
  if (Boolean(status.podIP) !== ips.length > 0) {
    const detail = 'podIP and podIPs must either both be set or both be unset';
    errors.push(invalid(path, ips.length ? shown : null, detail));
  } else if (ips.length > 0 && status.podIP !== ips[0]) {
    errors.push(invalid(`${path}[0].ip`, ips[0], 'must be equal to `podIP`'));
  }
  const hostIps = (status.hostIPs ?? []).map(({ ip = '' }) => ip);
  if (hostIps.length === 0) return;
  if ((status.hostIP ?? '') !== hostIps[0]) {
    errors.push(invalid('status.hostIPs[0].ip', hostIps[0], 'must be equal to `hostIP`'));
  }
  validateIpList(
    hostIps,
    (oldStatus.hostIPs ?? []).map(({ ip = '' }) => ip),
    'status.hostIPs',
    errors,
  );
}

function validateIpList(ips: readonly string[], oldIps: readonly string[], path: string, errors: FieldError[]): void {
  ips.forEach((ip, i) => pushAll(errors, validateLegacyIp(ip, `${path}[${i}]`, oldIps)));
  if (ips.length <= 1) return;
  const families = ips.map((ip) => parseIpSloppy(ip)?.isV4);
  const bad = ips.find((_, i) => families[i] === undefined);
  if (bad !== undefined) {
    const detail = `failed to check for dual stack with error:invalid IP[${ips.indexOf(bad)}]: ${bad}`;
    errors.push({ type: 'InternalError', field: path, body: `Internal error: ${detail}` });
  }
  const isDualStack = bad === undefined && families.includes(true) && families.includes(false);
  if (isDualStack && ips.length <= 2) return;
  const detail = 'may specify no more than one IP for each IP family';
  errors.push(
    invalid(
      path,
      ips.map((ip) => ({ IP: ip })),
      detail,
    ),
  );
}

function validateUser({ user }: ContainerStatus, osName: string, path: string, errors: FieldError[]): void {
  const linux = user?.linux;
  if (!linux) return;
  if (osName === 'windows') return void errors.push(forbiddenField(path, 'cannot be set for a windows pod'));
  if (osName !== 'linux') return;
  const { uid = 0, gid = 0, supplementalGroups = [] } = linux as Partial<typeof linux>;
  if (uid < 0 || uid > UINT32_MAX) {
    errors.push(invalid(`${path}.uid`, uid, `must be between 0 and ${UINT32_MAX}, inclusive`));
  }
  pushInvalid(isValidGroupID(gid), gid, `${path}.gid`, errors);
  supplementalGroups.forEach((id, i) =>
    pushInvalid(isValidGroupID(id), id, `${path}.supplementalGroups[${i}]`, errors),
  );
}

const HEALTH_VALUES = ['Healthy', 'Unhealthy', 'Unknown'];

function validateAllocated(
  statuses: readonly ContainerStatus[] = [],
  containers: readonly Container[] = [],
  podStatus: PodStatus,
  path: string,
  errors: FieldError[],
): void {
  statuses.forEach((status, i) => {
    const container = containers.find((candidate) => candidate.name === status.name);
    status.allocatedResourcesStatus?.forEach(({ name = '', resources = [] }, j) => {
      const at = `${path}[${i}].allocatedResourcesStatus[${j}]`;
      const why = container && whyNotAllocated(name, container, podStatus);
      if (why) errors.push(invalid(`${at}.name`, name, why));
      const seen = new Set<string>();
      resources.forEach(({ health, message, resourceID = '' }, k) => {
        const resourcePath = `${at}.resources[${k}]`;
        if (!HEALTH_VALUES.includes(health ?? '')) {
          errors.push(notSupported(`${resourcePath}.health`, health ?? '', HEALTH_VALUES));
        }
        validateHealthMessage(message, `${resourcePath}.message`, errors);
        if (seen.has(resourceID)) errors.push(duplicate(`${resourcePath}.resourceID`, resourceID));
        seen.add(resourceID);
      });
    });
  });
}

function validateHealthMessage(message: string | undefined, path: string, errors: FieldError[]): void {
  if (message === '') errors.push(required(path, 'must be non-empty if specified'));
  else if (message !== undefined && byteLength(message) > HEALTH_MESSAGE_BYTES_MAX) {
    errors.push(tooLong(path, HEALTH_MESSAGE_BYTES_MAX));
  }
}

const CLAIM_PREFIX = 'claim:';

function whyNotAllocated(name: string, container: Container, podStatus: PodStatus): string | undefined {
  if (!name.startsWith(CLAIM_PREFIX)) {
    const isRequested = container.resources?.requests?.[name] !== undefined;
    return isRequested ? undefined : "must match one of the container's resource requests";
  }
  const claims = container.resources?.claims ?? [];
  const isClaimed = claims.some((c) => name === `${CLAIM_PREFIX}${c.request ? `${c.name}/${c.request}` : c.name}`);
  if (isClaimed || isExtendedClaim(name, container, podStatus.extendedResourceClaimStatus)) return undefined;
  return "must match one of the container's resource claims as 'claim:<claimName>/<requestName>' when container.resources.claims[*].request is set or 'claim:<claimName>' when it is empty";
}

function isExtendedClaim(
  name: string,
  container: Container,
  status: PodStatus['extendedResourceClaimStatus'],
): boolean {
  const [claim, request] = name.slice(CLAIM_PREFIX.length).split('/', 2);
  if (!status || !request || claim !== status.resourceClaimName) return false;
  return status.requestMappings.some(
    (mapping) =>
      mapping.containerName === container.name &&
      mapping.requestName === request &&
      container.resources?.requests?.[mapping.resourceName] !== undefined,
  );
}
