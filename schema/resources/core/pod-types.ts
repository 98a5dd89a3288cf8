/**
 * The wire shapes of pods, named for the code that reads them. A decoded object may lack any field,
 * also those the interfaces call required: code that runs before validation must not count on them.
 */
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IContainerState } from 'kubernetes-models/v1/ContainerState';
import type { IContainerStatus } from 'kubernetes-models/v1/ContainerStatus';
import type { IEphemeralContainer } from 'kubernetes-models/v1/EphemeralContainer';
import type { IPod } from 'kubernetes-models/v1/Pod';
import type { IPodCondition } from 'kubernetes-models/v1/PodCondition';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IPodStatus } from 'kubernetes-models/v1/PodStatus';
import type { IResourceRequirements } from 'kubernetes-models/v1/ResourceRequirements';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { ObjectMeta, Typed } from '../../meta/object-meta.ts';

export type Pod = Typed<IPod>;
export type PodSpec = IPodSpec;
export type PodStatus = IPodStatus;
export type PodCondition = IPodCondition;
export type Container = IContainer;
export type EphemeralContainer = IEphemeralContainer;
export type ContainerStatus = IContainerStatus;
export type ContainerState = IContainerState;
export type Volume = IVolume;
export type ResourceRequirements = IResourceRequirements;
export type ResourceList = NonNullable<IResourceRequirements['requests']>;

/** The template of every workload kind. */
export interface PodTemplateSpec {
  metadata?: ObjectMeta;
  spec?: PodSpec;
}

/** Annotation of pods that a node made from a file; the API server only mirrors them. */
export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror';

/** A sidecar: an init container that is restarted for as long as the pod lives. */
export const isRestartableInitContainer = (container: Pick<Container, 'restartPolicy'> | undefined): boolean =>
  container?.restartPolicy === 'Always';

/**
 * Calls `visit` for every init container, container and ephemeral container in upstream's order,
 * with its path below `path` (the spec's path).
 */
export function visitContainers(
  spec: PodSpec,
  path: string,
  visit: (container: Container, containerPath: string) => void,
): void {
  spec.initContainers?.forEach((container, i) => visit(container, `${path}.initContainers[${i}]`));
  spec.containers?.forEach((container, i) => visit(container, `${path}.containers[${i}]`));
  spec.ephemeralContainers?.forEach((container, i) => visit(container, `${path}.ephemeralContainers[${i}]`));
}
