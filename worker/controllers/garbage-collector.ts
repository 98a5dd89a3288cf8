/**
 * Deletes what has lost its owners, and carries foreground and orphaning deletion through.
 * Source: pkg/controller/garbagecollector (attemptToDeleteItem, processDeletingDependentsItem,
 * attemptToOrphanWorker, classifyReferences).
 *
 * Keys are `resource/name`, or `resource/name#uid` when the owner of that uid, kept elsewhere, is gone.
 * A namesake of another kind, uid or namespace is no owner: references are followed by kind and name
 * within the dependent's own namespace (or the cluster), and then must have the right uid.
 */
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import type { GroupResource, OwnerReference, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { Controller, ControllerWrite } from './controller.ts';
import type { WorkItem } from './runtime/controller-run.ts';

const NAME = 'garbage-collector';
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

export interface OwnerKind {
  readonly resource: GroupResource;
  readonly isNamespaced: boolean;
}

export interface GarbageCollectorSettings {
  /** The kind an ownerReference names; undefined when none such is served: then nothing is concluded. */
  kindOf(apiVersion: string, kind: string): OwnerKind | undefined;
  /**
   * For a namespace's shard, the uid of a cluster-scoped object: `null` when there is certainly none,
   * undefined when that is not known here. Dependents of unknown owners are kept.
   */
  clusterUid?(resource: GroupResource, name: string): string | null | undefined;
}

interface Item {
  readonly resource: GroupResource;
  readonly object: UntypedObject;
}

export function garbageCollector(settings: GarbageCollectorSettings): Controller {
  return {
    name: NAME,
    // Its keys are objects of every resource: see `watches`.
    for: '',
    owns: [],
    watches: [
      {
        resource: '*',
        keys: (object, previous, view, type, resource) =>
          type === 'DELETED'
            ? keysOfDeleted(object, view)
            : keysOfChanged({ resource, object }, previous, view, settings),
      },
    ],
    reconcile(view, key) {
      const { resource, name, goneUid } = parseKey(key);
      const object = view.get(resource, name);
      return { writes: object ? process({ resource, object }, view, settings, goneUid) : [] };
    },
  };
}

/** The work that falls to a shard when a cluster-scoped owner is gone. */
export const orphanedWork = (uid: string, dependents: readonly Item[]): readonly WorkItem[] =>
  dependents.map((item) => ({ controller: NAME, key: `${keyOf(item)}#${uid}` }));

const keyOf = ({ resource, object }: Item): string => `${resource}/${object.metadata.name}`;

function parseKey(key: string): { resource: GroupResource; name: string; goneUid: string | undefined } {
  const slash = key.indexOf('/');
  const hash = key.lastIndexOf('#');
  return {
    resource: key.slice(0, slash),
    name: key.slice(slash + 1, hash < 0 ? undefined : hash),
    goneUid: hash < 0 ? undefined : key.slice(hash + 1),
  };
}

const isDying = (object: UntypedObject): boolean => object.metadata.deletionTimestamp !== undefined;
const hasFinalizer = (object: UntypedObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) === true;
const awaitsDependents = (object: UntypedObject): boolean => isDying(object) && hasFinalizer(object, FOREGROUND);

function keysOfDeleted(object: UntypedObject, view: StoreReader): readonly string[] {
  const dependents = view.ownedBy(object.metadata.uid ?? '').map(keyOf);
  return [...dependents, ...waitingOwners(object.metadata.ownerReferences, view)];
}

function keysOfChanged(
  item: Item,
  previous: UntypedObject | undefined,
  view: StoreReader,
  settings: GarbageCollectorSettings,
): readonly string[] {
  const { object } = item;
  if (isDying(object)) {
    return hasFinalizer(object, FOREGROUND) || hasFinalizer(object, ORPHAN) ? [keyOf(item)] : [];
  }
  const owners = object.metadata.ownerReferences;
  const before = previous?.metadata.ownerReferences;
  if (!owners?.length && !before?.length) return [];
  if (previous && equalJson(owners, before)) return [];
  const needed = (owners ?? []).some((owner) => stateOf(owner, view, settings, undefined) !== 'solid');
  return [...(needed ? [keyOf(item)] : []), ...waitingOwners(before, view)];
}

/** Owners in foreground deletion, which may have waited for just this. */
function waitingOwners(references: readonly OwnerReference[] | undefined, view: StoreReader): readonly string[] {
  return (references ?? []).flatMap(({ uid }) => {
    const owner = view.byUid(uid);
    return owner && awaitsDependents(owner.object) ? [keyOf(owner)] : [];
  });
}

function process(
  item: Item,
  view: StoreReader,
  settings: GarbageCollectorSettings,
  goneUid?: string,
): readonly ControllerWrite[] {
  if (!isDying(item.object)) return collect(item, view, settings, goneUid);
  if (hasFinalizer(item.object, ORPHAN)) return orphanDependents(item, view);
  if (hasFinalizer(item.object, FOREGROUND)) return deleteDependents(item, view, settings);
  return [];
}

function orphanDependents(owner: Item, view: StoreReader): readonly ControllerWrite[] {
  const uid = owner.object.metadata.uid ?? '';
  const freed = view.ownedBy(uid).map((dependent) => withoutOwners(dependent, new Set([uid])));
  return [...freed, withoutFinalizer(owner, ORPHAN)];
}

function deleteDependents(
  owner: Item,
  view: StoreReader,
  settings: GarbageCollectorSettings,
): readonly ControllerWrite[] {
  const uid = owner.object.metadata.uid ?? '';
  const dependents = view.ownedBy(uid);
  const isBlocked = dependents.some(({ object }) =>
    object.metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion),
  );
  const deletions = dependents
    .filter(({ object }) => !isDying(object))
    .flatMap((item) => collect(item, view, settings));
  return isBlocked ? deletions : [...deletions, withoutFinalizer(owner, FOREGROUND)];
}

type OwnerState = 'solid' | 'dangling' | 'waiting';

/** Deletes an object none of whose owners is there to stay; else drops the references that point nowhere. */
function collect(
  item: Item,
  view: StoreReader,
  settings: GarbageCollectorSettings,
  goneUid?: string,
): readonly ControllerWrite[] {
  const references = item.object.metadata.ownerReferences ?? [];
  if (references.length === 0) return [];
  const states = references.map((reference) => stateOf(reference, view, settings, goneUid));
  if (states.includes('solid')) {
    const useless = references.filter((_, i) => states[i] !== 'solid').map(({ uid }) => uid);
    return useless.length > 0 ? [withoutOwners(item, new Set(useless))] : [];
  }
  const dependents = states.includes('waiting') ? view.ownedBy(item.object.metadata.uid ?? '') : [];
  if (dependents.length > 0) return deleteInForeground(item, dependents);
  return [deletion(item, policyOf(item.object))];
}

/** A chain of owners goes in the foreground too; a circle is broken by no longer blocking. */
function deleteInForeground(item: Item, dependents: readonly Item[]): readonly ControllerWrite[] {
  const isCircular = dependents.some(({ object }) => awaitsDependents(object));
  const unblocked = isCircular ? [withoutBlocking(item)] : [];
  return [...unblocked, deletion(item, 'Foreground')];
}

function policyOf(object: UntypedObject): 'Orphan' | 'Foreground' | 'Background' {
  if (hasFinalizer(object, ORPHAN)) return 'Orphan';
  return hasFinalizer(object, FOREGROUND) ? 'Foreground' : 'Background';
}

function stateOf(
  reference: OwnerReference,
  view: StoreReader,
  settings: GarbageCollectorSettings,
  goneUid: string | undefined,
): OwnerState {
  if (reference.uid === goneUid) return 'dangling';
  const kind = settings.kindOf(reference.apiVersion, reference.kind);
  if (!kind) return 'solid';
  const isHere = kind.isNamespaced === (view.namespace !== '');
  if (!isHere) return remoteState(reference, kind, settings);
  const owner = view.get(kind.resource, reference.name);
  if (!owner || owner.metadata.uid !== reference.uid) return 'dangling';
  return awaitsDependents(owner) ? 'waiting' : 'solid';
}

/** A cluster-scoped object cannot have a namespaced owner: nothing is concluded from such a reference. */
function remoteState(reference: OwnerReference, kind: OwnerKind, settings: GarbageCollectorSettings): OwnerState {
  if (kind.isNamespaced) return 'solid';
  const uid = settings.clusterUid?.(kind.resource, reference.name);
  return uid === undefined || uid === reference.uid ? 'solid' : 'dangling';
}

const deletion = (
  { resource, object }: Item,
  propagationPolicy: 'Orphan' | 'Foreground' | 'Background',
): ControllerWrite => ({
  op: 'delete',
  resource,
  name: object.metadata.name ?? '',
  options: { propagationPolicy, preconditions: { uid: object.metadata.uid } },
});

function withoutOwners({ resource, object }: Item, uids: ReadonlySet<string>): ControllerWrite {
  const next = cloneJson(object);
  next.metadata.ownerReferences = next.metadata.ownerReferences?.filter(({ uid }) => !uids.has(uid));
  if (next.metadata.ownerReferences?.length === 0) delete next.metadata.ownerReferences;
  return { op: 'update', resource, object: next };
}

function withoutBlocking({ resource, object }: Item): ControllerWrite {
  const next = cloneJson(object);
  for (const reference of next.metadata.ownerReferences ?? []) reference.blockOwnerDeletion = false;
  return { op: 'update', resource, object: next };
}

function withoutFinalizer({ resource, object }: Item, finalizer: string): ControllerWrite {
  const next = cloneJson(object);
  next.metadata.finalizers = next.metadata.finalizers?.filter((present) => present !== finalizer);
  if (next.metadata.finalizers?.length === 0) delete next.metadata.finalizers;
  return { op: 'update', resource, object: next };
}
