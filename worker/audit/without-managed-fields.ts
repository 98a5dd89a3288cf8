/** An object's, list's or Table's text without the managed fields of its objects. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';

interface Holder {
  metadata?: { managedFields?: unknown };
  items?: (UntypedObject | null)[];
  rows?: { object?: UntypedObject }[];
}

export function withoutManagedFields(json: string): string {
  if (!json.includes('"managedFields"')) return json;
  const holder = JSON.parse(json) as Holder;
  const objects = [holder, ...(holder.items ?? []), ...(holder.rows ?? []).map(({ object }) => object)];
  for (const object of objects) if (object?.metadata) delete object.metadata.managedFields;
  return JSON.stringify(holder);
}
