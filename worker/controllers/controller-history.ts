/**
 * Revisions of a workload's template, kept as ControllerRevisions.
 * Source: pkg/controller/history controller_history.go.
 */
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { PodTemplateSpec } from '../../schema/resources/core/pod-types.ts';
import type { ControllerWrite } from './controller.ts';
import { controllerReference } from './ownership.ts';
import { hashName } from './template-hash.ts';

export const REVISIONS = 'controllerrevisions.apps';
/** On pods and revisions: which revision they are of. */
export const REVISION_LABEL = 'controller-revision-hash';
const HASH_LABEL = 'controller.kubernetes.io/hash';
const NAME_PREFIX_CHARS_MAX = 223;

export interface ControllerRevision extends KubeObject {
  /** A strategic merge patch that sets the template. */
  data?: { spec?: { template?: PodTemplateSpec & { $patch?: string } } };
  revision: number;
}

/** Oldest first. */
export const sortRevisions = (revisions: readonly ControllerRevision[]): readonly ControllerRevision[] =>
  [...revisions].sort(
    (a, b) =>
      a.revision - b.revision ||
      compareTexts(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
      compareTexts(a.metadata.name, b.metadata.name),
  );

const compareTexts = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

const dataOf = (template: PodTemplateSpec) => ({ spec: { template: { ...template, $patch: 'replace' } } });

/** The template a revision stands for. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _patch, ...template } = revision.data?.spec?.template ?? {};
  return template;
}

export type RevisionStep =
  /** The owner's template is this revision. */
  | { readonly kind: 'known'; readonly revision: ControllerRevision }
  /** History must be written first; the next pass finds it. */
  | { readonly kind: 'write'; readonly write: ControllerWrite };

export interface RevisionOwner {
  readonly owner: KubeObject;
  readonly template: PodTemplateSpec;
  readonly collisionCount: number;
  /** The write that raises the owner's collision count. */
  onCollision(): ControllerWrite;
}

/** Finds the revision of the owner's template among `sorted`, or says how to record it. */
export function updateRevision(sorted: readonly ControllerRevision[], subject: RevisionOwner): RevisionStep {
  const newest = sorted.at(-1);
  const equal = sorted.findLast((revision) => equalJson(templateOf(revision), subject.template));
  if (equal && equal === newest) return { kind: 'known', revision: equal };
  const next = (newest?.revision ?? 0) + 1;
  if (equal) {
    const object = { ...cloneJson(equal), revision: next } as KubeObject as UntypedObject;
    return { kind: 'write', write: { op: 'update', resource: REVISIONS, object } };
  }
  return { kind: 'write', write: creation(subject, next) };
}

function creation({ owner, template, collisionCount, onCollision }: RevisionOwner, revision: number): ControllerWrite {
  const data = cloneJson(dataOf(template));
  const hash = hashName(data, collisionCount);
  const { name = '', namespace, annotations } = owner.metadata;
  const object: UntypedObject = {
    kind: 'ControllerRevision',
    apiVersion: 'apps/v1',
    metadata: {
      name: `${name.slice(0, NAME_PREFIX_CHARS_MAX)}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [HASH_LABEL]: hash },
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  };
  const onRefused = (status: { reason?: string }) => (status.reason === 'AlreadyExists' ? [onCollision()] : []);
  return { op: 'create', resource: REVISIONS, object, onRefused };
}

/** Deletes the oldest of the revisions that are not `live`, down to `limit`. */
export function truncation(
  sorted: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): readonly ControllerWrite[] {
  const dead = sorted.filter(({ metadata }) => !live.has(metadata.name ?? ''));
  return dead
    .slice(0, Math.max(0, dead.length - limit))
    .map(({ metadata }) => ({ op: 'delete', resource: REVISIONS, name: metadata.name ?? '' }));
}
