/** Which kind a path's group, version and resource mean. Derived from the catalog, once. */
import type { ResourceDefinition, ServedVersion } from '../../../schema/meta/resource.ts';
import { apiVersionOf } from '../../../schema/meta/served-version.ts';
import { catalog } from '../../../schema/resources/catalog.ts';

export interface ServedResource {
  readonly definition: ResourceDefinition;
  /** Absent: this is the stored version. */
  readonly served: ServedVersion | undefined;
  readonly group: string;
  readonly version: string;
  readonly apiVersion: string;
  /** The resource as texts name it, in the group of this path. */
  readonly qualified: string;
  /** Type name in the field table. */
  readonly schema: string;
}

function servedResource(definition: ResourceDefinition, served: ServedVersion | undefined): ServedResource {
  const { group, version, schema } = served ?? definition;
  return {
    definition,
    served,
    group,
    version,
    schema,
    apiVersion: apiVersionOf({ group, version }),
    qualified: group ? `${definition.plural}.${group}` : definition.plural,
  };
}

/** Every kind in every version it is served in, the stored one first. */
export const servedResources: readonly ServedResource[] = catalog.flatMap((definition) => [
  servedResource(definition, undefined),
  ...definition.alsoServed.map((served) => servedResource(definition, served)),
]);

const byPath = new Map(
  servedResources.map((resource) => [`${resource.apiVersion}/${resource.definition.plural}`, resource]),
);

export const findServedResource = (group: string, version: string, plural: string): ServedResource | undefined =>
  byPath.get(`${apiVersionOf({ group, version })}/${plural}`);
