/** Fast look-ups in the catalog. All are built once, when the module loads. */
import type { GroupResource } from '../meta/object-meta.ts';
import type { ResourceDefinition, ServedVersion } from '../meta/resource.ts';
import { catalog } from './catalog.ts';

/** A kind in one of the group-versions that serve it. */
export interface ServedResource {
  readonly definition: ResourceDefinition;
  readonly group: string;
  readonly version: string;
  /** How this version differs from the stored form; absent when it is the stored one. */
  readonly served: ServedVersion | undefined;
}

const servedForms = (definition: ResourceDefinition): readonly ServedResource[] => [
  { definition, group: definition.group, version: definition.version, served: undefined },
  ...definition.alsoServed.map((served) => ({ definition, group: served.group, version: served.version, served })),
];

/** Every kind in every group-version that serves it, in catalog order. */
export const servedResources: readonly ServedResource[] = catalog.flatMap(servedForms);

const byKey = new Map<GroupResource, ResourceDefinition>(catalog.map((definition) => [definition.key, definition]));

const path = (group: string, version: string, name: string): string => `${group}/${version}/${name}`;

const byPath = new Map(
  servedResources.map((served) => [path(served.group, served.version, served.definition.plural), served]),
);

const byKind = new Map(
  servedResources.map((served) => [path(served.group, served.version, served.definition.kind), served]),
);

const byGroupKind = new Map<string, ResourceDefinition>();
for (const { group, definition } of servedResources) byGroupKind.set(`${group}/${definition.kind}`, definition);

/** By storage key: `pods`, `deployments.apps`. */
export const definitionOf = (key: GroupResource): ResourceDefinition | undefined => byKey.get(key);

/** By what stands in a URL: group (empty for core), version and plural. */
export const servedResourceAt = (group: string, version: string, plural: string): ServedResource | undefined =>
  byPath.get(path(group, version, plural));

/** By what stands in a body: apiVersion (`v1`, `apps/v1`) and kind. */
export function servedResourceOf(apiVersion: string, kind: string): ServedResource | undefined {
  const slash = apiVersion.indexOf('/');
  return byKind.get(path(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1), kind));
}

/** By group and kind, whatever the version (owner references, role references). */
export const definitionOfKind = (group: string, kind: string): ResourceDefinition | undefined =>
  byGroupKind.get(`${group}/${kind}`);
