/**
 * Defaulting of pods and pod templates.
 * Source: kubernetes pkg/apis/core/v1 defaults.go and zz_generated.defaults.go (1.37).
 */
import { setResourceListDefaults } from './pod-resource-list.ts';
import { defaultPullPolicy } from './pod-image-reference.ts';
import type { Container, EphemeralContainer, Pod, PodSpec, PodStatus, PodTemplateSpec } from './pod-types.ts';
import { setFieldReferenceDefaults, setVolumeDefaults } from './pod-volume-defaults.ts';

const DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS = 30;
const DEFAULT_TERMINATION_MESSAGE_PATH = '/dev/termination-log';

type Probe = NonNullable<Container['livenessProbe']>;
type HttpGetAction = NonNullable<Probe['httpGet']>;

/** Defaults of a Pod: those of every pod spec, and those only a Pod itself gets. */
export function setPodDefaults(pod: Pod): void {
  const spec = (pod.spec ??= {} as PodSpec);
  setOnlyPodDefaults(spec);
  setPodSpecDefaults(spec);
  setPodStatusDefaults((pod.status ??= {}));
}

/** Defaults of the template of a workload kind. */
export function setPodTemplateDefaults(template: PodTemplateSpec): void {
  template.metadata ??= {};
  setPodSpecDefaults((template.spec ??= {} as PodSpec));
}

function setOnlyPodDefaults(spec: PodSpec): void {
  if (spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0) {
    spec.terminationGracePeriodSeconds = 1;
  }
  for (const container of spec.containers ?? []) setRequestsFromLimits(container);
  for (const container of spec.initContainers ?? []) setRequestsFromLimits(container);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) {
    for (const container of spec.containers ?? []) setHostPorts(container);
    for (const container of spec.initContainers ?? []) setHostPorts(container);
  }
}

function setRequestsFromLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (!limits || !container.resources) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

function setHostPorts(container: Container): void {
  for (const port of container.ports ?? []) {
    if (!port.hostPort) port.hostPort = port.containerPort;
  }
}

function setPodSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS;
  spec.schedulerName ||= 'default-scheduler';
  mirrorServiceAccountName(spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
  if (spec.overhead) setResourceListDefaults(spec.overhead);
  setRequirementDefaults(spec.resources);
}

/**
 * `serviceAccount` is the old name of `serviceAccountName`: reading takes the old one only when the
 * new one is missing, and writing always gives both. Source: pkg/apis/core/v1/conversion.go.
 */
function mirrorServiceAccountName(spec: PodSpec): void {
  if (!spec.serviceAccountName && spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.terminationMessagePath ||= DEFAULT_TERMINATION_MESSAGE_PATH;
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  setRequirementDefaults(container.resources);
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) {
    const source = variable.valueFrom;
    if (source) setFieldReferenceDefaults(source);
    if (source?.fileKeyRef) source.fileKeyRef.optional ??= false;
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) setProbeDefaults(probe);
  }
  if (container.lifecycle?.postStart?.httpGet) setHttpGetDefaults(container.lifecycle.postStart.httpGet);
  if (container.lifecycle?.preStop?.httpGet) setHttpGetDefaults(container.lifecycle.preStop.httpGet);
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) setHttpGetDefaults(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function setHttpGetDefaults(action: HttpGetAction): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

function setRequirementDefaults(requirements: Container['resources']): void {
  if (requirements?.limits) setResourceListDefaults(requirements.limits);
  if (requirements?.requests) setResourceListDefaults(requirements.requests);
}

/** `podIP` and the first of `podIPs` always agree; `podIP` wins. */
function setPodStatusDefaults(status: PodStatus): void {
  for (const condition of status.conditions ?? []) setTimesNobodySet(condition as WrittenCondition);
  const first = status.podIPs?.[0]?.ip;
  if (status.podIP && status.podIP !== first) status.podIPs = [{ ip: status.podIP }];
  else if (!status.podIP && first) status.podIP = first;
  for (const statuses of [status.initContainerStatuses, status.containerStatuses, status.ephemeralContainerStatuses]) {
    for (const container of statuses ?? []) {
      if (container.allocatedResources) setResourceListDefaults(container.allocatedResources);
      setRequirementDefaults(container.resources);
    }
  }
  if (status.allocatedResources) setResourceListDefaults(status.allocatedResources);
  setRequirementDefaults(status.resources);
}

interface WrittenCondition {
  lastProbeTime?: string | null;
  lastTransitionTime?: string | null;
}

/** Upstream writes these times even where they are unset. */
function setTimesNobodySet(condition: WrittenCondition): void {
  condition.lastProbeTime ??= null;
  condition.lastTransitionTime ??= null;
}
