/** Counting and ordering a Deployment's ReplicaSets. Source: pkg/controller/deployment/util deployment_util.go. */
import { equalJson } from '../../../schema/meta/json-value.ts';
import type { PodTemplateSpec } from '../../../schema/resources/core/pod-types.ts';
import type { Deployment, ReplicaSet } from '../workload-types.ts';
import { POD_TEMPLATE_HASH_LABEL } from '../template-hash.ts';

export const replicasOf = (object: Deployment | ReplicaSet): number => object.spec?.replicas ?? 1;

export const isActive = (replicaSet: ReplicaSet): boolean => replicasOf(replicaSet) > 0;

const sum = (replicaSets: readonly ReplicaSet[], count: (replicaSet: ReplicaSet) => number | undefined): number =>
  replicaSets.reduce((total, replicaSet) => total + (count(replicaSet) ?? 0), 0);

export const desiredCount = (replicaSets: readonly ReplicaSet[]): number => sum(replicaSets, replicasOf);
export const actualCount = (replicaSets: readonly ReplicaSet[]): number =>
  sum(replicaSets, (rs) => rs.status?.replicas);
export const readyCount = (replicaSets: readonly ReplicaSet[]): number =>
  sum(replicaSets, (rs) => rs.status?.readyReplicas);
export const availableCount = (replicaSets: readonly ReplicaSet[]): number =>
  sum(replicaSets, (rs) => rs.status?.availableReplicas);

/** Undefined when a ReplicaSet that was looked at before does not say. */
export function terminatingCount(replicaSets: readonly ReplicaSet[]): number | undefined {
  const unsaid = replicaSets.some(
    (rs) => rs.status?.terminatingReplicas === undefined && rs.status?.observedGeneration,
  );
  return unsaid ? undefined : sum(replicaSets, (rs) => rs.status?.terminatingReplicas);
}

/** Oldest first, names among equals. */
export const byCreation = (a: ReplicaSet, b: ReplicaSet): number =>
  compareTexts(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
  compareTexts(a.metadata.name, b.metadata.name);

export const bySizeThenOlder = (a: ReplicaSet, b: ReplicaSet): number =>
  replicasOf(b) - replicasOf(a) || byCreation(a, b);
export const bySizeThenNewer = (a: ReplicaSet, b: ReplicaSet): number =>
  replicasOf(b) - replicasOf(a) || byCreation(b, a);

const compareTexts = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

export interface ReplicaSets {
  /** The one whose template is the Deployment's; the oldest, should there be several. */
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  /** Old ones first, the current one last. */
  readonly all: readonly ReplicaSet[];
}

export function sortOut(deployment: Deployment, owned: readonly ReplicaSet[]): ReplicaSets {
  const sorted = [...owned].sort(byCreation);
  const wanted = withoutHash(deployment.spec?.template as PodTemplateSpec);
  const current = sorted.find((rs) => equalJson(withoutHash(rs.spec?.template as PodTemplateSpec), wanted));
  const old = sorted.filter((rs) => rs !== current);
  return { current, old, all: current ? [...old, current] : old };
}

export const sameTemplate = (a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean =>
  equalJson(withoutHash(a), withoutHash(b));

/** A template as the Deployment has it; shares all but the labels with the given one. */
export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const labels = { ...template?.metadata?.labels };
  delete labels[POD_TEMPLATE_HASH_LABEL];
  const metadata: Record<string, unknown> = { ...template?.metadata, labels };
  // What the server writes for unset times and maps means the same as leaving it out.
  if (metadata.creationTimestamp === null) delete metadata.creationTimestamp;
  if (Object.keys(labels).length === 0) delete metadata.labels;
  return { ...template, metadata };
}
