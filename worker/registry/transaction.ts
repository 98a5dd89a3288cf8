/**
 * What registry and controllers see of a shard's store while a batch commits. Everything is
 * synchronous; nothing here is visible to anyone before the batch is durable. Objects handed out are
 * shared and deeply read-only by convention: clone before changing (`structuredClone`).
 */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';

export interface StoreReader {
  /** The namespace of this shard; empty for the cluster-scoped one. */
  readonly namespace: string;
  get(resource: GroupResource, name: string): UntypedObject | undefined;
  /** All objects of a resource, in name order. */
  list(resource: GroupResource): readonly UntypedObject[];
  /** How many objects of a resource there are. Optional: without it they are listed. */
  count?(resource: GroupResource): number;
  /** Objects with an ownerReference to that uid, of one resource or of all. */
  ownedBy(uid: string, resource?: GroupResource): readonly { resource: GroupResource; object: UntypedObject }[];
  /**
   * Objects of a resource without a controlling ownerReference: what controllers may adopt. Optional:
   * without it `list` is filtered, which costs a pass over the whole resource.
   */
  unowned?(resource: GroupResource): readonly UntypedObject[];
  /** The object with that uid, if this shard holds it. */
  byUid(uid: string): { resource: GroupResource; object: UntypedObject } | undefined;
  /** A cluster-scoped object from this shard's (never stale at commit) copy of the configuration. */
  config(resource: GroupResource, name: string): UntypedObject | undefined;
  /** All such objects of a resource. Optional: without it, defaults among them (a default class) are not found. */
  configList?(resource: GroupResource): readonly UntypedObject[];
}

export interface StoreTransaction extends StoreReader {
  /**
   * Creates or replaces; sets metadata.resourceVersion to the next revision of the span and returns
   * the stored object. The caller gives up `object`. One that is too large with its managedFields
   * loses them, unless the write `isForOwners`: then it is refused, as one that is too large in itself.
   */
  put(resource: GroupResource, object: UntypedObject, isForOwners?: boolean): UntypedObject;
  /** Removes; returns the last state under the deletion's own resourceVersion (what DELETED shows). */
  remove(resource: GroupResource, name: string): UntypedObject;
}
