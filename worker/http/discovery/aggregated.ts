/** Aggregated discovery. Source: apidiscovery.k8s.io/v2 APIGroupDiscoveryList. */
import type { ApiGroup, ApiResource, ApiVersion } from './api-groups.ts';

export const AGGREGATED_CONTENT_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** The document for `/api` (the core group) or `/apis` (all others). */
export const aggregatedDiscovery = (groups: readonly ApiGroup[]) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: groups.map((group) => ({
    metadata: { ...(group.name ? { name: group.name } : {}), creationTimestamp: null },
    versions: group.versions.map((version) => versionDiscovery(group, version)),
  })),
});

const versionDiscovery = (group: ApiGroup, { version, resources }: ApiVersion) => ({
  version,
  resources: resources.map((resource) => resourceDiscovery(group, version, resource)),
  freshness: 'Current',
});

const resourceDiscovery = (group: ApiGroup, version: string, resource: ApiResource) => ({
  resource: resource.plural,
  responseKind: { group: group.name, version, kind: resource.kind },
  scope: resource.isNamespaced ? 'Namespaced' : 'Cluster',
  singularResource: resource.singular,
  verbs: resource.verbs,
  ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
  ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
  ...(resource.subresources.length > 0
    ? {
        subresources: resource.subresources.map(({ name, group: kindGroup, version: kindVersion, kind, verbs }) => ({
          subresource: name,
          responseKind: { group: kindGroup, version: kindVersion, kind },
          verbs,
        })),
      }
    : {}),
});
