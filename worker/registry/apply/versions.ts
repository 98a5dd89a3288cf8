/** An object in the versions its managers wrote it in. Source: managedfields/internal/versionconverter.go. */
import { cloneJson } from '../../../schema/meta/json-value.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../../schema/meta/resource.ts';
import { apiVersionOf, servedVersionOf, toServed } from '../../../schema/meta/served-version.ts';
import { rootShapeOf, type StructShape } from './typed-schema.ts';

/** What field management must know of a kind. */
export type TrackedKind = Pick<ResourceDefinition, 'key' | 'group' | 'version' | 'kind' | 'schema' | 'alsoServed'> & {
  readonly status?: unknown;
};

/** The type of a kind in one of its versions; undefined for a version that is not served. */
export function shapeIn(definition: TrackedKind, apiVersion: string): StructShape | undefined {
  if (apiVersion === apiVersionOf(definition)) return rootShapeOf(definition.schema);
  const served = servedVersionOf(definition, apiVersion);
  return served && rootShapeOf(served.schema);
}

/** A stored object in one of the kind's versions. */
export const inVersion = (definition: TrackedKind, apiVersion: string, stored: UntypedObject): UntypedObject =>
  apiVersion === apiVersionOf(definition) ? stored : toServed(servedVersionOf(definition, apiVersion), stored);

/** An object of one version in another. */
export function converted(definition: TrackedKind, object: UntypedObject, from: string, to: string): UntypedObject {
  if (from === to) return object;
  const source = servedVersionOf(definition, from);
  const stored = source?.toStored ? source.toStored(cloneJson(object)) : object;
  return inVersion(definition, to, stored);
}
