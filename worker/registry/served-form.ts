/** Between the stored form of an object and the version a request speaks. */
import { encodeObject } from '../../schema/meta/encode-object.ts';
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition, ServedVersion } from '../../schema/meta/resource.ts';
import { apiVersionOf, servedVersionOf } from './target.ts';

/** Stored → served; copies only when the versions differ. */
export function toServed(served: ServedVersion | undefined, object: UntypedObject): UntypedObject {
  if (!served) return object;
  if (!served.fromStored) return { ...object, apiVersion: apiVersionOf(served) };
  const converted = served.fromStored(cloneJson(object));
  converted.apiVersion = apiVersionOf(served);
  return converted;
}

/** Served → stored and defaulted. Takes over `object`. */
export function fromServed(definition: ResourceDefinition, served: ServedVersion | undefined, object: UntypedObject): UntypedObject {
  served?.defaults?.(object);
  const stored = served?.toStored ? served.toStored(object) : object;
  stored.apiVersion = apiVersionOf(definition);
  stored.kind = definition.kind;
  definition.defaults?.(stored);
  return stored;
}

/** The JSON text of a stored object's text in the version asked for. */
export function servedText(definition: ResourceDefinition, apiVersion: string, storedText: string): string {
  const served = servedVersionOf(definition, apiVersion);
  return served ? encodeObject(toServed(served, JSON.parse(storedText) as UntypedObject)) : storedText;
}

/** The JSON text of an object to answer. */
export const objectText = (object: KubeObject): string => encodeObject(object as UntypedObject);
