/**
 * What each way of writing a pod may touch. Source: kubernetes pkg/registry/core/pod/strategy.go (1.37).
 * Metadata, generation and resourceVersion are the registry's.
 */
import { semanticEqual } from '../../meta/deep-equal.ts';
import { cloneJson } from '../../meta/json-value.ts';
import type { GracefulDeletion, StrategyContext, UpdateStrategy } from '../../meta/resource.ts';
import { appArmorProfileOf } from './pod-apparmor.ts';
import { isPodTerminal, withPodCondition } from './pod-conditions.ts';
import { dropInitContainerAnnotations } from './pod-binding.ts';
import { dropDisabledPodFields } from './pod-dropped-fields.ts';
import { setPodLevelResourceDefaults } from './pod-level-resource-defaults.ts';
import { qosClass } from './pod-qos.ts';
import { type Container, type Pod, type PodSpec, type PodStatus, visitContainers } from './pod-types.ts';
import { validateLeniently } from './pod-validation/old-spec-excuses.ts';
import { STRICT_FOR_POD } from './pod-validation/options.ts';
import { validateNewPod } from './pod-validation/pod-spec.ts';
import { validatePodResize } from './pod-validation/resize.ts';
import { APPARMOR_CONTAINER_PREFIX } from './pod-validation/annotations.ts';
import { validateAppArmorProfile } from './pod-validation/security-context.ts';
import { validatePodStatusUpdate } from './pod-validation/status.ts';
import { validateEphemeralContainersUpdate, validatePodUpdate } from './pod-validation/update.ts';
import { podStatusWarnings, warningsForNewPod } from './pod-warnings.ts';
import type { FieldError } from '../../meta/field-error.ts';

const specOf = (pod: Pod): PodSpec => (pod.spec ??= {} as PodSpec);

/** Sets a field to what it was, also when it was absent. */
function restore<T extends object, K extends keyof T>(next: T, previous: T, name: K): void {
  if (previous[name] === undefined) delete next[name];
  else next[name] = cloneJson(previous[name]);
}

/** A new pod waits for a node, whatever status its client sent. */
export function preparePodForCreate(pod: Pod, context: StrategyContext): void {
  const spec = specOf(pod);
  pod.status = { phase: 'Pending' };
  dropDisabledPodFields(spec, undefined);
  dropInitContainerAnnotations(pod.metadata.annotations);
  if (spec.schedulingGates?.length) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    const condition = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message } as const;
    pod.status = withPodCondition(pod.status, condition, context.now);
  }
  mergeLabelKeys(spec, pod.metadata.labels ?? {});
  applyAppArmorAnnotations(pod, spec);
  setPodLevelResourceDefaults(pod);
  pod.status.qosClass = qosClass(pod);
}

export const validatePod = (pod: Pod): FieldError[] => validateNewPod(pod, STRICT_FOR_POD);

type Selector = NonNullable<NonNullable<PodSpec['topologySpreadConstraints']>[number]['labelSelector']>;
type AffinityTerm = NonNullable<
  NonNullable<NonNullable<PodSpec['affinity']>['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>[number];

/** `matchLabelKeys` become ordinary requirements with the pod's own values. */
function mergeLabelKeys(spec: PodSpec, labels: Readonly<Record<string, string>>): void {
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      mergeTermKeys(podAffinityTerm, labels);
    }
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeTermKeys(term, labels);
  }
  for (const { labelSelector, matchLabelKeys } of spec.topologySpreadConstraints ?? []) {
    addRequirements(labelSelector, matchLabelKeys, 'In', labels);
  }
}

function mergeTermKeys(term: AffinityTerm | undefined, labels: Readonly<Record<string, string>>): void {
  addRequirements(term?.labelSelector, term?.matchLabelKeys, 'In', labels);
  addRequirements(term?.labelSelector, term?.mismatchLabelKeys, 'NotIn', labels);
}

function addRequirements(
  selector: Selector | undefined,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Readonly<Record<string, string>>,
): void {
  if (!selector) return;
  for (const key of keys ?? []) {
    const value = labels[key];
    if (value !== undefined) (selector.matchExpressions ??= []).push({ key, operator, values: [value] });
  }
}

/** The old annotation of a container without the field fills the field. */
function applyAppArmorAnnotations(pod: Pod, spec: PodSpec): void {
  const { annotations } = pod.metadata;
  if (!annotations || spec.os?.name === 'windows') return;
  const podProfile = spec.securityContext?.appArmorProfile;
  visitContainers(spec, '', (container) => {
    const annotation = annotations[APPARMOR_CONTAINER_PREFIX + container.name];
    if (annotation === undefined || container.securityContext?.appArmorProfile) return;
    const profile = appArmorProfileOf(annotation);
    const errors: FieldError[] = [];
    validateAppArmorProfile(profile, '', errors);
    if (!profile || errors.length || semanticEqual(profile, podProfile)) return;
    (container.securityContext ??= {}).appArmorProfile = profile;
  });
}

/** The pod itself: never its status. */
export const podUpdate: UpdateStrategy<Pod> = {
  prepareForUpdate(next, previous) {
    restore(next, previous, 'status');
    const spec = specOf(next);
    if (!spec.resources && previous.spec?.resources) restore(spec, previous.spec, 'resources');
    dropDisabledPodFields(spec, previous.spec);
    dropInitContainerAnnotations(next.metadata.annotations);
  },
  validateUpdate: (next, previous) =>
    validateLeniently(STRICT_FOR_POD, previous.spec, previous.metadata, (options) =>
      validatePodUpdate(next, previous, options),
    ),
  warnings: (next, previous) => (previous ? [] : warningsForNewPod(next)),
};

/** The status alone; what the node does not report about claims is kept. */
export const podStatusUpdate: UpdateStrategy<Pod> = {
  prepareForUpdate(next, previous) {
    restore(next, previous, 'spec');
    restore(next.metadata, previous.metadata, 'deletionTimestamp');
    restore(next.metadata, previous.metadata, 'ownerReferences');
    const status = (next.status ??= {});
    const oldStatus = previous.status ?? {};
    for (const name of ['qosClass', 'resourceClaimStatuses', 'extendedResourceClaimStatus'] as const) {
      if (!status[name]) restore(status, oldStatus, name);
    }
    delete status.nodeAllocatableResourceClaimStatuses;
    keepObservedGenerations(status, oldStatus);
  },
  validateUpdate: (next, previous) => validatePodStatusUpdate(next, previous),
  warnings: podStatusWarnings,
};

/** Clients that do not know observedGeneration leave it as it was. */
function keepObservedGenerations(status: PodStatus, oldStatus: PodStatus): void {
  if (!status.observedGeneration && oldStatus.observedGeneration)
    status.observedGeneration = oldStatus.observedGeneration;
  const known = [...(oldStatus.conditions ?? [])];
  for (const condition of status.conditions ?? []) {
    const index = known.findIndex((old) => old.type === condition.type);
    const [old] = index < 0 ? [] : known.splice(index, 1);
    if (!condition.observedGeneration && old?.observedGeneration) condition.observedGeneration = old.observedGeneration;
  }
}

/** Everything but labels, annotations and finalizers as it was. */
function restoreAllBut(next: Pod, previous: Pod, spec: PodSpec): void {
  next.spec = spec;
  restore(next, previous, 'status');
  restore(next.metadata, previous.metadata, 'labels');
  restore(next.metadata, previous.metadata, 'annotations');
  restore(next.metadata, previous.metadata, 'finalizers');
  restore(next.metadata, previous.metadata, 'ownerReferences');
  restore(next.metadata, previous.metadata, 'deletionTimestamp');
}

/** `ephemeralcontainers`: the list of ephemeral containers alone. */
const podEphemeralContainersUpdate: UpdateStrategy<Pod> = {
  prepareForUpdate(next, previous) {
    const { ephemeralContainers } = specOf(next);
    const spec = cloneJson((previous.spec ?? {}) as PodSpec);
    if (ephemeralContainers) spec.ephemeralContainers = ephemeralContainers;
    else delete spec.ephemeralContainers;
    restoreAllBut(next, previous, spec);
    dropDisabledPodFields(spec, previous.spec);
  },
  validateUpdate: (next, previous) =>
    validateLeniently(STRICT_FOR_POD, previous.spec, previous.metadata, (options) =>
      validateEphemeralContainersUpdate(next, previous, options),
    ),
};

/** `resize`: the resources of containers and of the pod. */
const podResizeUpdate: UpdateStrategy<Pod> = {
  prepareForUpdate(next, previous) {
    const spec = specOf(next);
    const oldSpec = (previous.spec ?? {}) as PodSpec;
    const isSameShape =
      (spec.containers?.length ?? 0) === (oldSpec.containers?.length ?? 0) &&
      (spec.initContainers?.length ?? 0) === (oldSpec.initContainers?.length ?? 0);
    if (isSameShape) restoreAllBut(next, previous, withNewResources(spec, oldSpec));
    const merged = specOf(next);
    if (!merged.resources && oldSpec.resources) restore(merged, oldSpec, 'resources');
    if (merged.resources) setPodLevelResourceDefaults(next);
    dropDisabledPodFields(merged, previous.spec);
  },
  validateUpdate: (next, previous) =>
    validateLeniently(STRICT_FOR_POD, previous.spec, previous.metadata, (options) =>
      validatePodResize(next, previous, options),
    ),
};

function withNewResources(spec: PodSpec, oldSpec: PodSpec): PodSpec {
  const result = cloneJson(oldSpec);
  if (spec.resources) result.resources = spec.resources;
  else delete result.resources;
  if (spec.containers) result.containers = mergeResources(spec.containers, result.containers);
  if (spec.initContainers) result.initContainers = mergeResources(spec.initContainers, result.initContainers ?? []);
  return result;
}

/** Renamed or reordered containers stay as sent: validation will say so. */
function mergeResources(next: Container[], previous: Container[]): Container[] {
  if (next.some((container, i) => container.name !== previous[i]?.name)) return next;
  return previous.map((container, i) => {
    const { resources: _, resizePolicy: __, ...rest } = container;
    const { resources, resizePolicy } = next[i] as Container;
    return { ...rest, ...(resources ? { resources } : {}), ...(resizePolicy ? { resizePolicy } : {}) };
  });
}

export const podUpdateSubresources: Readonly<Record<string, UpdateStrategy<Pod>>> = {
  ephemeralcontainers: podEphemeralContainersUpdate,
  resize: podResizeUpdate,
};

/** Pods on a node get time to end; others, and those that have ended, none. */
export const podGracefulDeletion: GracefulDeletion<Pod> = {
  gracePeriodSeconds(pod, requested) {
    if (!pod.spec?.nodeName || isPodTerminal(pod)) return 0;
    const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    return period < 0 ? 1 : period;
  },
};
