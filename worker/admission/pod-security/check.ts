/** What the checks of pods have in common. Source: k8s.io/pod-security-admission policy. */
import type { ObjectMeta } from '../../../schema/meta/object-meta.ts';
import type { Container, PodSpec } from '../../../schema/resources/core/pod-types.ts';

/** Why a pod is not allowed: in short, and which parts of it. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export type CheckPod = (metadata: ObjectMeta, spec: PodSpec) => Violation | undefined;

/** One check as it has been since a minor version of 1. */
export interface VersionedCheck {
  readonly since: number;
  readonly check: CheckPod;
  /** Checks of baseline that this one stands in for. */
  readonly overrides?: readonly string[];
}

export interface Check {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** Oldest first. */
  readonly versions: readonly VersionedCheck[];
}

/** Init, ordinary and ephemeral containers. */
export const containersOf = (spec: PodSpec): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...((spec.ephemeralContainers ?? []) as readonly Container[]),
];

export const joinQuoted = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(', ');

export const plural = (one: string, many: string, count: number): string => (count === 1 ? one : many);

export const namesOf = (containers: readonly Container[]): readonly string[] => containers.map(({ name }) => name);

/** `container "a"`, `containers "a", "b"`. */
export const named = (names: readonly string[]): string =>
  `${plural('container', 'containers', names.length)} ${joinQuoted(names)}`;

export const sorted = (values: Iterable<string>): readonly string[] => [...new Set(values)].sort();

/** `pod and container "a"`: who has set what may not be set. Empty when nobody has. */
export function settersOf(isPod: boolean, containers: readonly Container[]): string {
  const setters = [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [named(namesOf(containers))] : [])];
  return setters.join(' and ');
}

/** A pod whose root is nobody on its node. */
export const isInUserNamespace = ({ hostUsers }: PodSpec): boolean => hostUsers === false;

/** Pods of Windows nodes have no such fields. */
export const unlessWindows =
  (check: CheckPod): CheckPod =>
  (metadata, spec) =>
    spec.os?.name === 'windows' ? undefined : check(metadata, spec);

export const unlessInUserNamespace =
  (check: CheckPod): CheckPod =>
  (metadata, spec) =>
    isInUserNamespace(spec) ? undefined : check(metadata, spec);
