/** The `resize` subresource. Source: kubernetes pkg/apis/core/validation ValidatePodResize (1.37); KEP-1287. */
import { semanticEqual } from '../../../meta/deep-equal.ts';
import { type FieldError, forbiddenField, invalid } from '../../../meta/field-error.ts';
import { computeQosClass, qosClass } from '../pod-qos.ts';
import {
  type Container,
  isRestartableInitContainer,
  MIRROR_POD_ANNOTATION,
  type Pod,
  type PodSpec,
  type ResourceList,
  type ResourceRequirements,
} from '../pod-types.ts';
import type { PodValidationOptions } from './options.ts';
import { validatePodObject } from './pod-spec.ts';

export function validatePodResize(next: Pod, previous: Pod, options: PodValidationOptions): FieldError[] {
  if (previous.metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined) {
    return [forbiddenField('[]', 'static pods cannot be resized')];
  }
  if (previous.spec?.os?.name === 'windows') return [forbiddenField('[]', 'windows pods cannot be resized')];
  const errors: FieldError[] = [];
  validatePodObject(next, options, errors);
  if (qosClass(previous) !== computeQosClass(next)) {
    const detail = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalid('spec', next.status?.qosClass ?? '', detail));
  }
  if (!isResizeSupported(previous)) {
    errors.push(forbiddenField('spec', 'Pod running on node without support for resize'));
  }
  const spec = (next.spec ?? {}) as PodSpec;
  const oldSpec = (previous.spec ?? {}) as PodSpec;
  const isPodLevel = hasLists(spec.resources) || hasLists(oldSpec.resources);
  const podLevel = isPodLevel ? validatePodLevel(spec.resources, oldSpec.resources, errors) : spec.resources;
  const isOrdered =
    validateOrder(spec.containers, oldSpec.containers, 'containers', errors) &&
    validateOrder(spec.initContainers, oldSpec.initContainers, 'initContainers', errors);
  if (!isOrdered) return errors;
  validateNothingRemoved(spec.initContainers, oldSpec.initContainers, 'spec.initContainers', errors);
  validateNothingRemoved(spec.containers, oldSpec.containers, 'spec.containers', errors);
  const containers = undoContainers(spec, oldSpec, errors);
  if (!semanticEqual(spec.volumes, oldSpec.volumes)) {
    const gate = 'InPlacePodVerticalScalingMemoryBackedVolumes';
    errors.push(
      forbiddenField('spec.volumes', `volumes are immutable on resize when ${gate} feature gate is disabled`),
    );
  }
  if (errors.length) return errors;
  const undone: PodSpec = { ...spec, ...containers, resources: podLevel };
  if (!semanticEqual(undone, oldSpec)) errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable'));
  return errors;
}

const hasLists = (resources: ResourceRequirements | undefined): boolean =>
  Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0;

/** A node that reports what it granted can resize; before a container runs nobody has reported yet. */
function isResizeSupported(pod: Pod): boolean {
  const running = pod.status?.containerStatuses?.find((status) => status.state?.running);
  return !running || running.resources !== undefined;
}

function validateOrder(
  next: readonly Container[] = [],
  previous: readonly Container[] = [],
  what: string,
  errors: FieldError[],
): boolean {
  const path = `spec.${what}`;
  if (next.length !== previous.length) {
    errors.push(forbiddenField(path, `${what} may not be added or removed on resize`));
    return false;
  }
  let isOrdered = true;
  previous.forEach((container, i) => {
    if (next[i]?.name === container.name) return;
    errors.push(forbiddenField(`${path}[${i}].name`, `${what} may not be renamed or reordered on resize`));
    isOrdered = false;
  });
  return isOrdered;
}

const isRemoved = (next: ResourceList | undefined, previous: ResourceList | undefined): boolean =>
  Object.keys(previous ?? {}).some((name) => next?.[name] === undefined);

function validateNothingRemoved(
  next: readonly Container[] = [],
  previous: readonly Container[] = [],
  path: string,
  errors: FieldError[],
): void {
  previous.forEach(({ resources: old }, i) => {
    const resources = next[i]?.resources;
    const at = `${path}[${i}].resources`;
    if (isRemoved(resources?.requests, old?.requests)) {
      errors.push(forbiddenField(`${at}.requests`, 'resource requests cannot be removed'));
    }
    if (isRemoved(resources?.limits, old?.limits)) {
      errors.push(forbiddenField(`${at}.limits`, 'resource limits cannot be removed'));
    }
  });
}

/** Puts cpu and memory back: returns what the pod level would be without the allowed changes. */
function validatePodLevel(
  next: ResourceRequirements | undefined,
  previous: ResourceRequirements | undefined,
  errors: FieldError[],
): ResourceRequirements | undefined {
  const path = 'spec.resources';
  if (previous && !next) {
    errors.push(forbiddenField(path, 'pod-level resources cannot be removed'));
    return previous;
  }
  if (previous) {
    if (isRemoved(next?.requests, previous.requests)) {
      errors.push(forbiddenField(`${path}.requests`, 'pod-level resource requests cannot be removed'));
    }
    if (isRemoved(next?.limits, previous.limits)) {
      errors.push(forbiddenField(`${path}.limits`, 'pod-level resource limits cannot be removed'));
    }
  }
  const undone = next && undoRequirements(next, previous);
  if (!semanticEqual(undone, previous)) {
    errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable at pod-level'));
  }
  return undone;
}

function undoList(next: ResourceList | undefined, previous: ResourceList | undefined): ResourceList | undefined {
  const { cpu: _cpu, memory: _memory, ...rest } = next ?? {};
  const { cpu, memory } = previous ?? {};
  return { ...rest, ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
}

function undoRequirements(
  next: ResourceRequirements | undefined,
  previous: ResourceRequirements | undefined,
): ResourceRequirements {
  return {
    ...next,
    limits: undoList(next?.limits, previous?.limits),
    requests: undoList(next?.requests, previous?.requests),
  };
}

function undoContainers(
  spec: PodSpec,
  oldSpec: PodSpec,
  errors: FieldError[],
): Pick<PodSpec, 'containers' | 'initContainers'> {
  const undo = (container: Container, old: Container | undefined): Container => ({
    ...container,
    resources: undoRequirements(container.resources, old?.resources),
  });
  const containers = (spec.containers ?? []).map((container, i) => {
    const undone = undo(container, oldSpec.containers?.[i]);
    if (!semanticEqual(undone, oldSpec.containers?.[i])) {
      errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable'));
    }
    return undone;
  });
  const initContainers = spec.initContainers?.map((container, i) => {
    const old = oldSpec.initContainers?.[i];
    const at = `spec.initContainers[${i}]`;
    const undone = undo(container, old);
    if (!semanticEqual(undone, old)) {
      const detail = 'only cpu and memory resources for init or sidecar containers are mutable';
      errors.push(forbiddenField(at, detail));
    }
    if (!semanticEqual(container, old) && !isRestartableInitContainer(container)) {
      for (const { restartPolicy } of container.resizePolicy ?? []) {
        if (restartPolicy !== 'RestartContainer') continue;
        const detail = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
        errors.push(forbiddenField(at, detail));
      }
    }
    return undone;
  });
  return { containers, ...(initContainers ? { initContainers } : {}) };
}
