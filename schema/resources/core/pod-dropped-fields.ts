/**
 * Fields of features that are off by default in upstream's 1.37: cleared unless the old object has them.
 * Source: kubernetes pkg/api/pod/util.go dropDisabledFields, pkg/features/kube_features.go.
 */
import { dropInitContainerAnnotations } from './pod-binding.ts';
import { type Container, type PodSpec, type PodTemplateSpec, visitContainers } from './pod-types.ts';

/** In place. `oldSpec` is the stored spec on update. */
export function dropDisabledPodFields(spec: PodSpec, oldSpec: PodSpec | undefined): void {
  if (!oldSpec?.schedulingGroup) delete spec.schedulingGroup;
  const usesStopSignals = oldSpec !== undefined && someContainer(oldSpec, (c) => Boolean(c.lifecycle?.stopSignal));
  if (!usesStopSignals) visitContainers(spec, '', dropStopSignal);
}

/** Of a workload's template. */
export function dropDisabledTemplateFields(
  template: PodTemplateSpec | undefined,
  previous: PodTemplateSpec | undefined,
): void {
  if (!template?.spec) return;
  dropDisabledPodFields(template.spec, previous?.spec);
  dropInitContainerAnnotations(template.metadata?.annotations);
}

function someContainer(spec: PodSpec, test: (container: Container) => boolean): boolean {
  let found = false;
  visitContainers(spec, '', (container) => (found ||= test(container)));
  return found;
}

/** A lifecycle that held nothing else goes with it. */
function dropStopSignal(container: Container): void {
  if (!container.lifecycle?.stopSignal) return;
  delete container.lifecycle.stopSignal;
  if (!container.lifecycle.preStop && !container.lifecycle.postStart) delete container.lifecycle;
}
