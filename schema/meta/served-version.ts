/** Between the stored form of an object and the versions it is served in. */
import { cloneObject } from './clone-object.ts';
import { encodeObject } from './encode-object.ts';
import type { GroupResource, UntypedObject } from './object-meta.ts';
import type { ResourceDefinition, ServedVersion } from './resource.ts';

export const apiVersionOf = (of: { readonly group: string; readonly version: string }): string =>
  of.group ? `${of.group}/${of.version}` : of.version;

/** The group part of an apiVersion; empty for core. */
export const groupOf = (apiVersion: string): string => {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
};

/** `pods`, `deployments.apps`: a resource as texts name it. */
export const qualifiedResource = (plural: string, group: string): GroupResource =>
  group ? `${plural}.${group}` : plural;

/** The entry of `alsoServed` for an apiVersion; undefined for the stored version itself. */
export const servedVersionOf = (
  definition: Pick<ResourceDefinition, 'alsoServed'>,
  apiVersion: string,
): ServedVersion | undefined =>
  definition.alsoServed.length === 0
    ? undefined
    : definition.alsoServed.find((served) => apiVersionOf(served) === apiVersion);

/** Stored → served; copies only when the versions differ. */
export function toServed(served: ServedVersion | undefined, object: UntypedObject): UntypedObject {
  if (!served) return object;
  if (!served.fromStored) return { ...object, apiVersion: apiVersionOf(served) };
  const converted = served.fromStored(cloneObject(object));
  converted.apiVersion = apiVersionOf(served);
  return converted;
}

/** Served → stored and defaulted. Takes over `object`. */
export function fromServed(
  definition: ResourceDefinition,
  served: ServedVersion | undefined,
  object: UntypedObject,
): UntypedObject {
  served?.defaults?.(object);
  const stored = served?.toStored ? served.toStored(object) : object;
  stored.apiVersion = apiVersionOf(definition);
  stored.kind = definition.kind;
  definition.defaults?.(stored);
  return stored;
}

/** A stored object's text as text of the version asked for. */
export function servedText(definition: ResourceDefinition, apiVersion: string, storedText: string): string {
  const served = servedVersionOf(definition, apiVersion);
  return served ? encodeObject(toServed(served, JSON.parse(storedText) as UntypedObject)) : storedText;
}
