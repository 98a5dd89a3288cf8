import { cloneJson } from './json-value.ts';
import type { UntypedObject } from './object-meta.ts';

/** A deep copy of an object that shares the `managedFields`, which are replaced but never changed. */
export function cloneObject(object: UntypedObject): UntypedObject {
  const { managedFields } = object.metadata;
  const copy = cloneJson(managedFields ? withoutManagedFields(object) : object);
  if (managedFields) copy.metadata.managedFields = managedFields;
  return copy;
}

/** The object without the note of who owns its fields. Shares all the rest. */
export function withoutManagedFields(object: UntypedObject): UntypedObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}
