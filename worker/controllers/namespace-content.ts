/**
 * Empties a namespace that is being deleted, and says how far that is.
 * Source: pkg/controller/namespace/deletion namespaced_resources_deleter.go, status_condition_utils.go.
 */
import { formatTime } from '../../schema/meta/time.ts';
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import { splitGroupResource } from '../../schema/meta/status.ts';
import type { DrainReply } from '../../schema/protocol/shard.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type Controller, type ControllerWrite, defineController } from './controller.ts';

const NAMESPACES = 'namespaces';
const FINALIZER = 'kubernetes';

/** Pods go first, gracefully; everything else once the last of them is gone (KEP-5080). */
export const namespaceContentController = (resources: readonly GroupResource[]): Controller =>
  defineController({
    name: 'namespace-controller',
    for: NAMESPACES,
    owns: [],
    watches: [
      {
        resource: 'pods',
        keys: (_pod, _previous, view, type) => (type === 'DELETED' ? terminatingNamespace(view) : []),
      },
    ],
    reconcile(view, name) {
      if (terminatingNamespace(view)[0] !== name) return { writes: [] };
      const pods = view.list('pods');
      if (pods.length > 0) return { writes: deletions('pods', pods) };
      return { writes: resources.flatMap((resource) => deletions(resource, view.list(resource))) };
    },
  });

const terminatingNamespace = (view: StoreReader): readonly string[] =>
  view.config(NAMESPACES, view.namespace)?.metadata.deletionTimestamp ? [view.namespace] : [];

const deletions = (resource: GroupResource, objects: readonly UntypedObject[]): readonly ControllerWrite[] =>
  objects
    .filter((object) => !object.metadata.deletionTimestamp)
    .map((object) => ({
      op: 'delete',
      resource,
      name: object.metadata.name ?? '',
      options: { propagationPolicy: 'Background' },
    }));

/** What a namespace's shard still holds: the answer to `drain`. */
export function remainingContent(view: StoreReader, resources: readonly GroupResource[]): DrainReply {
  const remaining: Record<GroupResource, number> = {};
  const finalizers: Record<string, number> = {};
  for (const resource of resources) {
    const objects = view.list(resource);
    if (objects.length > 0) remaining[resource] = objects.length;
    for (const object of objects) {
      for (const finalizer of object.metadata.finalizers ?? [])
        finalizers[finalizer] = (finalizers[finalizer] ?? 0) + 1;
    }
  }
  return { remaining, finalizers };
}

interface NamespaceCondition {
  type: string;
  status: 'True' | 'False';
  lastTransitionTime: string;
  reason: string;
  message: string;
}

interface NamespaceStatus {
  phase?: string;
  conditions?: NamespaceCondition[];
}

/**
 * The cluster shard's next write to a terminating Namespace, given what its shard said: the finalizer's
 * removal when nothing is left, else the status where its conditions change; undefined when they do not.
 */
export function namespaceAfterDrain(
  namespace: UntypedObject,
  reply: DrainReply,
  now: number,
): ControllerWrite | undefined {
  const status = (namespace.status ?? {}) as NamespaceStatus;
  const conditions = mergedConditions(status.conditions ?? [], newConditions(reply, now));
  const isEmpty = Object.keys(reply.remaining).length === 0;
  if (conditions) {
    const object = { ...cloneJson(namespace), status: { ...status, phase: 'Terminating', conditions } };
    const finalize = isEmpty ? { onDone: (stored: UntypedObject) => [finalization(stored)] } : {};
    return { op: 'update', resource: NAMESPACES, object, subresource: 'status', ...finalize };
  }
  return isEmpty ? finalization(namespace) : undefined;
}

function finalization(namespace: UntypedObject): ControllerWrite {
  const object = cloneJson(namespace);
  const spec = (object.spec ?? {}) as { finalizers?: string[] };
  object.spec = { ...spec, finalizers: (spec.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER) };
  return { op: 'update', resource: NAMESPACES, object, subresource: 'finalize' };
}

function newConditions({ remaining, finalizers }: DrainReply, now: number): readonly NamespaceCondition[] {
  const lastTransitionTime = formatTime(now);
  const condition = (
    type: string,
    failure: { reason: string; message: string } | undefined,
    reason: string,
    message: string,
  ) => ({
    type,
    status: failure ? ('True' as const) : ('False' as const),
    lastTransitionTime,
    reason: failure?.reason ?? reason,
    message: failure?.message ?? message,
  });
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      undefined,
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      undefined,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      undefined,
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    condition(
      'NamespaceContentRemaining',
      contentRemains(remaining),
      'ContentRemoved',
      'All content successfully removed',
    ),
    condition(
      'NamespaceFinalizersRemaining',
      finalizersRemain(finalizers),
      'ContentHasNoFinalizers',
      'All content-preserving finalizers finished',
    ),
  ];
}

function contentRemains(remaining: DrainReply['remaining']) {
  const texts = Object.entries(remaining).map(([key, count]) => {
    const { resource, group } = splitGroupResource(key);
    return `${resource}.${group} has ${count} resource instances`;
  });
  if (texts.length === 0) return undefined;
  return { reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${texts.sort().join(', ')}` };
}

function finalizersRemain(finalizers: DrainReply['finalizers']) {
  const texts = Object.entries(finalizers).map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  if (texts.length === 0) return undefined;
  const message = `Some content in the namespace has finalizers remaining: ${texts.sort().join(', ')}`;
  return { reason: 'SomeFinalizersRemain', message };
}

/** Undefined when nothing is new. */
function mergedConditions(
  known: readonly NamespaceCondition[],
  next: readonly NamespaceCondition[],
): NamespaceCondition[] | undefined {
  let isChanged = false;
  const merged = [...known];
  for (const condition of next) {
    const i = merged.findIndex(({ type }) => type === condition.type);
    const before = merged[i];
    if (!before) {
      merged.push(condition);
      isChanged = true;
    } else if (
      before.status !== condition.status ||
      before.reason !== condition.reason ||
      before.message !== condition.message
    ) {
      const lastTransitionTime =
        before.status === condition.status ? before.lastTransitionTime : condition.lastTransitionTime;
      merged[i] = { ...condition, lastTransitionTime };
      isChanged = true;
    }
  }
  return isChanged ? merged : undefined;
}
