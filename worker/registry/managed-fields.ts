/**
 * Where field ownership is recorded. Until server-side apply keeps managedFields for every writer,
 * none are stored: a client's copy of them would only grow stale.
 */
import type { ObjectMeta } from '../../schema/meta/object-meta.ts';

export function dropManagedFields(meta: ObjectMeta): void {
  delete meta.managedFields;
}
