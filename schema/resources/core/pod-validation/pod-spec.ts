/** Rules for a whole pod spec, of pods and of templates. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from '../../../meta/field-error.ts';
import { goQuote } from '../../../meta/go-format.ts';
import { validateLabels } from '../../../meta/label-selector.ts';
import { inclusiveRangeError } from '../../../meta/name-rules.ts';
import { validateAnnotations } from '../../../meta/object-meta-validation.ts';
import type { ObjectMeta } from '../../../meta/object-meta.ts';
import { MIRROR_POD_ANNOTATION, type Pod, type PodSpec, type PodTemplateSpec } from '../pod-types.ts';
import { validateAffinity } from './affinity.ts';
import { validateAnnotationsMatchFields, validatePodAnnotations } from './annotations.ts';
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateImageSpace,
  validateInitContainers,
} from './containers.ts';
import { validateFileKeyVolumes } from './env.ts';
import { goStruct } from './go-struct.ts';
import { validateDNS1123Label, validateDNS1123Subdomain, validateNonNegative, validateQualifiedName } from './names.ts';
import {
  validateDnsConfig,
  validateHostAliases,
  validateHostNetworkPorts,
  validateHostnameOverride,
} from './networking.ts';
import type { PodValidationOptions } from './options.ts';
import { validateContainerResources, validatePodLevelResources } from './resources.ts';
import { validateHostUsers, validatePodSecurityContext } from './security-context.ts';
import { validateTolerations } from './tolerations.ts';
import { validateTopologySpread } from './topology-spread.ts';
import { validateVolumes } from './volumes.ts';
import { validateHostProcess, validateOperatingSystem } from './windows.ts';

const ACTIVE_DEADLINE_SECONDS_MAX = 2147483647;
/** How upstream writes the path of an error that has none. */
const NO_FIELD = '[]';
const NO_CLAIMS: ReadonlySet<string> = new Set();

/** `metadata` is the pod's; absent for templates. */
export function validatePodSpec(
  spec: PodSpec,
  metadata: ObjectMeta | undefined,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (spec.terminationGracePeriodSeconds === undefined) errors.push(required(`${path}.terminationGracePeriodSeconds`));
  const volumes = validateVolumes(spec.volumes, metadata, `${path}.volumes`, options, errors);
  const claimNames = validateResourceClaims(spec.resourceClaims, metadata, `${path}.resourceClaims`, errors);
  const context: ContainerContext = { spec, volumes, claimNames, options };
  validateContainers(context, `${path}.containers`, errors);
  validateInitContainers(context, `${path}.initContainers`, errors);
  validateEphemeralContainers(context, `${path}.ephemeralContainers`, errors);
  validatePodLevelResources(spec, claimNames, path, options, errors);
  validateHostNetworkPorts(spec, path, options, errors);
  validateChoice(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], `${path}.restartPolicy`, errors);
  validateChoice(spec.dnsPolicy, DNS_POLICIES, `${path}.dnsPolicy`, errors);
  if (spec.nodeSelector) pushAll(errors, validateLabels(spec.nodeSelector, `${path}.nodeSelector`));
  if (spec.securityContext) {
    validatePodSecurityContext(spec.securityContext, spec, `${path}.securityContext`, options, errors);
  }
  validateSharing(spec, path, errors);
  if (spec.affinity) validateAffinity(spec.affinity, `${path}.affinity`, options, errors);
  validateDnsConfig(spec, `${path}.dnsConfig`, errors);
  spec.readinessGates?.forEach(({ conditionType = '' }, i) =>
    validateQualifiedName(conditionType, `${path}.readinessGates[${i}].conditionType`, errors),
  );
  if (spec.schedulingGates) validateSchedulingGates(spec.schedulingGates, `${path}.schedulingGates`, errors);
  if (spec.topologySpreadConstraints) {
    validateTopologySpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`, options, errors);
  }
  validateHostProcess(spec, path, errors);
  validateHostUsers(spec, path, options, errors);
  validateHostnameOverride(spec, path, errors);
  validateNames(spec, path, errors);
  if (spec.tolerations) validateTolerations(spec.tolerations, `${path}.tolerations`, options, errors);
  if (spec.hostAliases) validateHostAliases(spec.hostAliases, `${path}.hostAliases`, errors);
  validateSchedulingFields(spec, path, options, errors);
  validateOperatingSystem(spec, path, errors);
  validateFileKeyVolumes(spec, path, errors);
}

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

function validateChoice(
  value: string | undefined,
  choices: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  if (!value) errors.push(required(path));
  else if (!choices.includes(value)) errors.push(notSupported(path, value, choices));
}

function validateSharing(spec: PodSpec, path: string, errors: FieldError[]): void {
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(`${path}.shareProcessNamespace`, true, detail));
  }
}

function validateSchedulingGates(
  gates: NonNullable<PodSpec['schedulingGates']>,
  path: string,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  gates.forEach(({ name = '' }, i) => {
    validateQualifiedName(name, `${path}[${i}]`, errors);
    if (seen.has(name)) errors.push(duplicate(`${path}[${i}]`, name));
    seen.add(name);
  });
}

function validateNames(spec: PodSpec, path: string, errors: FieldError[]): void {
  const { serviceAccountName = '', serviceAccount = '' } = spec;
  if (serviceAccountName) validateDNS1123Subdomain(serviceAccountName, `${path}.serviceAccountName`, errors);
  if (serviceAccount !== serviceAccountName) {
    const detail = `must be the same as serviceAccountName: ${goQuote(serviceAccountName)}`;
    errors.push(invalid(`${path}.deprecatedServiceAccount`, serviceAccount, detail));
  }
  if (spec.nodeName) validateDNS1123Subdomain(spec.nodeName, `${path}.nodeName`, errors);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > ACTIVE_DEADLINE_SECONDS_MAX)) {
    const detail = inclusiveRangeError(1, ACTIVE_DEADLINE_SECONDS_MAX);
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, detail));
  }
  if (spec.hostname) validateDNS1123Label(spec.hostname, `${path}.hostname`, errors);
  if (spec.subdomain) validateDNS1123Label(spec.subdomain, `${path}.subdomain`, errors);
}

function validateSchedulingFields(
  spec: PodSpec,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (spec.priorityClassName) validateDNS1123Subdomain(spec.priorityClassName, `${path}.priorityClassName`, errors);
  if (spec.runtimeClassName !== undefined) {
    validateDNS1123Subdomain(spec.runtimeClassName, `${path}.runtimeClassName`, errors);
  }
  if (spec.preemptionPolicy !== undefined) {
    validateChoice(spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${path}.preemptionPolicy`, errors);
  }
  if (spec.overhead) {
    validateContainerResources({ limits: spec.overhead }, NO_CLAIMS, `${path}.overhead`, options, errors);
  }
}

type ResourceClaim = NonNullable<PodSpec['resourceClaims']>[number];

/** Returns the names containers may refer to. */
function validateResourceClaims(
  claims: PodSpec['resourceClaims'],
  metadata: ObjectMeta | undefined,
  path: string,
  errors: FieldError[],
): ReadonlySet<string> {
  if (!claims?.length) return NO_CLAIMS;
  const isMirror = metadata?.annotations?.[MIRROR_POD_ANNOTATION] !== undefined;
  const seen = new Set<string>();
  claims.forEach((claim, i) => {
    if (isMirror) errors.push(forbiddenField(NO_FIELD, 'static pods do not support resource claims'));
    else validateResourceClaim(claim, seen, `${path}[${i}]`, errors);
  });
  return new Set(claims.map((claim) => claim.name).filter(Boolean));
}

function validateResourceClaim(claim: ResourceClaim, seen: Set<string>, path: string, errors: FieldError[]): void {
  const { name, resourceClaimName, resourceClaimTemplateName } = claim;
  if (!name) errors.push(required(`${path}.name`));
  else if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
  else {
    validateDNS1123Label(name, `${path}.name`, errors);
    seen.add(name);
  }
  const shown = (): object =>
    goStruct({ ...claim, name: claim.name ?? '' }, ['name', 'resourceClaimName', 'resourceClaimTemplateName']);
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    errors.push(invalid(path, shown(), detail));
  }
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
    const detail = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
    errors.push(invalid(path, shown(), detail));
  }
  if (resourceClaimName !== undefined) validateDNS1123Subdomain(resourceClaimName, `${path}.resourceClaimName`, errors);
  if (resourceClaimTemplateName !== undefined) {
    validateDNS1123Subdomain(resourceClaimTemplateName, `${path}.resourceClaimTemplateName`, errors);
  }
}

/** What holds for a Pod at any time, beyond its metadata's common rules. */
export function validatePodObject(pod: Pod, options: PodValidationOptions, errors: FieldError[]): void {
  const spec = (pod.spec ?? {}) as PodSpec;
  validatePodAnnotations(pod.metadata.annotations, spec, 'metadata.annotations', options, errors);
  validatePodSpec(spec, pod.metadata, 'spec', options, errors);
  if (!spec.serviceAccountName) {
    spec.volumes?.forEach((volume, i) => {
      volume.projected?.sources?.forEach((source, j) => {
        if (!source.serviceAccountToken) return;
        const at = `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`;
        errors.push(forbiddenField(at, 'must not be specified when serviceAccountName is not set'));
      });
    });
  }
  validateNonNegative(spec.terminationGracePeriodSeconds, 'spec.terminationGracePeriodSeconds', errors);
  spec.containers?.forEach((container, i) => validateImageSpace(container, `spec.containers[${i}]`, errors));
  spec.initContainers?.forEach((container, i) => validateImageSpace(container, `spec.initContainers[${i}]`, errors));
}

/** What holds for a new Pod only. */
export function validateNewPod(pod: Pod, options: PodValidationOptions): FieldError[] {
  const errors: FieldError[] = [];
  validatePodObject(pod, options, errors);
  const spec = (pod.spec ?? {}) as PodSpec;
  if (spec.ephemeralContainers?.length)
    errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  if (spec.nodeName && spec.schedulingGates?.length) {
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  validateAnnotationsMatchFields(pod.metadata, spec, 'spec', errors);
  return errors;
}

/** The template of a workload kind. */
export function validatePodTemplate(
  template: PodTemplateSpec,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const { metadata, spec = {} as PodSpec } = template;
  pushAll(errors, validateLabels(metadata?.labels, `${path}.labels`));
  pushAll(errors, validateAnnotations(metadata?.annotations, `${path}.annotations`));
  validatePodAnnotations(metadata?.annotations, spec, `${path}.annotations`, options, errors);
  validatePodSpec(spec, undefined, `${path}.spec`, options, errors);
  validateAnnotationsMatchFields(metadata, spec, `${path}.spec`, errors);
  if (spec.ephemeralContainers?.length) {
    errors.push(forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
}
