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

/** Revisions are 64-bit integers, and users write them too. 0 when there is none; undefined when it is no number. */
export function revisionOf(object: Deployment | ReplicaSet): bigint | undefined {
  const text = object.metadata.annotations?.[REVISION];
  return text === undefined ? 0n : parseInteger(text);
}

export const maxRevision = (replicaSets: readonly ReplicaSet[]): bigint =>
  replicaSets.map((replicaSet) => revisionOf(replicaSet) ?? 0n).reduce((max, next) => (next > max ? next : max), 0n);

/** Sorts ReplicaSets with the lowest revision first. */
export const byRevision = (a: ReplicaSet, b: ReplicaSet): number =>
  compareIntegers(revisionOf(a) ?? 0n, revisionOf(b) ?? 0n);

/** The second highest: where an undo without a number leads. */
export function lastRevision(replicaSets: readonly ReplicaSet[]): bigint {
  const revisions = replicaSets.map((replicaSet) => revisionOf(replicaSet) ?? 0n).sort(compareIntegers);
  return revisions.at(-2) ?? 0n;
}

const compareIntegers = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

function parseInteger(text: string): bigint | undefined {
  if (!/^[-+]?[0-9]{1,40}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/**
 * The annotations of the current ReplicaSet: the Deployment's, and its revision. One that comes back
 * after others were current gets a new revision and remembers its earlier ones.
 */
export function annotationsOfCurrent(
  deployment: Deployment,
  previous: Annotations | undefined,
  revision: bigint,
): Annotations {
  const annotations: Annotations = { ...previous, ...copyable(deployment.metadata.annotations) };
  const before = previous?.[REVISION];
  const beforeNumber = before === undefined || before === '' ? 0n : parseInteger(before);
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
export function rollbackTarget(deployment: Deployment): bigint | undefined {
  const text = deployment.metadata.annotations?.[ROLLBACK_TO];
  return text ? parseInteger(text) : undefined;
}
