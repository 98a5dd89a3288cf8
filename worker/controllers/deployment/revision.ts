/** Revisions and the annotations ReplicaSets carry for their Deployment. Source: deployment_util.go. */
import type { Deployment, ReplicaSet } from '../workload-types.ts';
import { fencepostsOf } from './fenceposts.ts';
import { replicasOf } from './replica-set-list.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
export const ROLLBACK_TO = 'deprecated.deployment.rollback.to';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const REVISION_HISTORY_CHARS_MAX = 2000;
const INT32_MAX = 2 ** 31 - 1;

/** Annotations that belong to one object alone and are not copied between a Deployment and its ReplicaSets. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  LAST_APPLIED,
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  ROLLBACK_TO,
]);

type Annotations = Record<string, string>;

/** 0 when there is none; undefined when it is not a number. */
export function revisionOf(object: Deployment | ReplicaSet): number | undefined {
  const text = object.metadata.annotations?.[REVISION];
  return text === undefined ? 0 : parseInteger(text);
}

export const maxRevision = (replicaSets: readonly ReplicaSet[]): number =>
  replicaSets.reduce((max, replicaSet) => Math.max(max, revisionOf(replicaSet) ?? 0), 0);

/** The second highest: where an undo without a number leads. */
export function lastRevision(replicaSets: readonly ReplicaSet[]): number {
  const revisions = replicaSets.map((rs) => revisionOf(rs) ?? 0).sort((a, b) => b - a);
  return revisions[1] ?? 0;
}

const parseInteger = (text: string): number | undefined => (/^[-+]?[0-9]{1,18}$/.test(text) ? Number(text) : undefined);

/**
 * The annotations of the current ReplicaSet: the Deployment's, and its revision. One that comes back
 * after others were current gets a new revision and remembers its earlier ones.
 */
export function annotationsOfCurrent(
  deployment: Deployment,
  previous: Annotations | undefined,
  revision: number,
): Annotations {
  const annotations: Annotations = { ...previous, ...copyable(deployment.metadata.annotations) };
  const before = previous?.[REVISION];
  const beforeNumber = before === undefined || before === '' ? 0 : parseInteger(before);
  if (beforeNumber === undefined || beforeNumber >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (before !== undefined) {
    const history = extendedHistory(previous?.[REVISION_HISTORY] ?? '', before);
    if (history !== undefined) annotations[REVISION_HISTORY] = history;
  }
  return annotations;
}

function extendedHistory(history: string, revision: string): string | undefined {
  if (history === '') return revision;
  const revisions = [...history.split(','), revision];
  while (revisions.length > 1 && revisions.join(',').length > REVISION_HISTORY_CHARS_MAX) revisions.shift();
  const text = revisions.join(',');
  return text.length <= REVISION_HISTORY_CHARS_MAX ? text : undefined;
}

const copyable = (annotations: Annotations | undefined): Annotations =>
  Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !OWN_ANNOTATIONS.has(key)));

const own = (annotations: Annotations | undefined): Annotations =>
  Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => OWN_ANNOTATIONS.has(key)));

/** A rolled back Deployment's annotations: its own, and those the ReplicaSet took from it at the time. */
export const annotationsOfRollback = (deployment: Deployment, target: ReplicaSet): Annotations => ({
  ...own(deployment.metadata.annotations),
  ...copyable(target.metadata.annotations),
});

/** What a ReplicaSet must know of its Deployment's size, to tell a scaling from a rollout. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const replicas = replicasOf(deployment);
  return {
    [DESIRED_REPLICAS]: String(replicas),
    [MAX_REPLICAS]: String(replicas + fencepostsOf(deployment).maxSurge),
  };
}

/** Undefined when absent or no 32-bit count. */
export function countAnnotation(replicaSet: ReplicaSet, key: string): number | undefined {
  const text = replicaSet.metadata.annotations?.[key];
  if (text === undefined || !/^[0-9]{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= INT32_MAX ? value : undefined;
}

/** The revision a deprecated rollback asks for; undefined when none is asked. */
export function rollbackTarget(deployment: Deployment): number | undefined {
  const text = deployment.metadata.annotations?.[ROLLBACK_TO];
  return text ? parseInteger(text) : undefined;
}
