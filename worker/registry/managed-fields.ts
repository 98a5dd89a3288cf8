/**
 * Where writes leave a note of who owns which fields.
 * Source: apiserver endpoints/handlers (create.go, update.go, patch.go), fieldmanager/equality.go.
 */
import { equalJson } from '../../schema/meta/json-value.ts';
import type { ObjectMeta, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ManagedFieldsEntry } from '../../schema/meta/object-meta.ts';
import { sameButTimes } from './apply/managers.ts';
import { trackedUpdate } from './apply/track-update.ts';
import type { WriteContext } from './target.ts';

export function setManagedFields(meta: ObjectMeta, entries: readonly ManagedFieldsEntry[] | undefined): void {
  if (entries) meta.managedFields = entries as ManagedFieldsEntry[];
  else delete meta.managedFields;
}

/**
 * Makes the request's manager the owner of what `next` changes (`existing` absent: of all it brings).
 * To be called before admission: what plugins put in belongs to nobody.
 */
export function trackWrite(context: WriteContext, existing: UntypedObject | undefined, next: UntypedObject): void {
  const { definition, request, subresource, env } = context;
  const { apiVersion, fieldManager } = request;
  const write = { definition, apiVersion, subresource, manager: fieldManager, now: env.now };
  setManagedFields(next.metadata, trackedUpdate(write, existing, next));
}

/** Puts old times back where they are all that a write would change, so that it changes nothing. */
export function keepManagedTimes(next: UntypedObject, existing: UntypedObject): void {
  const before = existing.metadata.managedFields;
  const after = next.metadata.managedFields;
  if (!before?.length || !after || before === after || !sameButTimes(before, after)) return;
  if (equalJson({ ...next, metadata: { ...next.metadata, managedFields: before } }, existing)) {
    next.metadata.managedFields = before;
  }
}
