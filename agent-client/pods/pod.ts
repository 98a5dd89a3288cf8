/** The Pod as the agent reads it, and the questions several parts ask of it. */
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IContainerState } from 'kubernetes-models/v1/ContainerState';
import type { IContainerStatus } from 'kubernetes-models/v1/ContainerStatus';
import type { IPod } from 'kubernetes-models/v1/Pod';
import type { IPodCondition } from 'kubernetes-models/v1/PodCondition';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IPodStatus } from 'kubernetes-models/v1/PodStatus';
import type { Typed } from '../../schema/meta/object-meta.ts';

export type Pod = Typed<IPod>;
export type PodSpec = IPodSpec;
export type PodStatus = IPodStatus;
export type PodCondition = IPodCondition;
export type Container = IContainer;
export type ContainerStatus = IContainerStatus;
export type ContainerState = IContainerState;

const EMPTY_SPEC: PodSpec = { containers: [] };

export const podSpec = (pod: Pod): PodSpec => pod.spec ?? EMPTY_SPEC;
export const podUid = (pod: Pod): string => pod.metadata.uid ?? '';
export const podName = (pod: Pod): string => pod.metadata.name ?? '';
export const podNamespace = (pod: Pod): string => pod.metadata.namespace ?? '';

/** How kubelet messages name a pod: `name_namespace(uid)`. */
export const podTitle = (pod: Pod): string => `${podName(pod)}_${podNamespace(pod)}(${podUid(pod)})`;

/** A sidecar: an init container that keeps running beside the main ones. */
export const isRestartableInit = (container: Container): boolean => container.restartPolicy === 'Always';

export const ephemeralContainers = (pod: Pod): readonly Container[] => podSpec(pod).ephemeralContainers ?? [];

export const isHostNetwork = (pod: Pod): boolean => podSpec(pod).hostNetwork === true;

export const isTerminalPhase = (phase: string | undefined): boolean => phase === 'Failed' || phase === 'Succeeded';

/** The path events name a container by. Source: kubelet container/ref.go. */
export function containerFieldPath(pod: Pod, name: string): string {
  const spec = podSpec(pod);
  if (spec.containers.some((c) => c.name === name)) return `spec.containers{${name}}`;
  if ((spec.initContainers ?? []).some((c) => c.name === name)) return `spec.initContainers{${name}}`;
  return `spec.ephemeralContainers{${name}}`;
}

/**
 * Whether a container that ended with `exitCode` runs again. Container-level rules and policy come
 * before the pod's. Source: pkg/api/v1/pod ContainerShouldRestart.
 */
export function shouldRestartAfterExit(container: Container, spec: PodSpec, exitCode: number): boolean {
  const rules = container.restartPolicyRules ?? [];
  for (const rule of rules) {
    const values = rule.exitCodes?.values ?? [];
    const hit = rule.exitCodes?.operator === 'In' ? values.includes(exitCode) : !values.includes(exitCode);
    if (rule.exitCodes && hit) return rule.action === 'Restart';
  }
  switch (container.restartPolicy ?? spec.restartPolicy ?? 'Always') {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
}
