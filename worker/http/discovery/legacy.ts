/** Discovery by group and version. Source: meta/v1 APIVersions, APIGroupList, APIGroup, APIResourceList. */
import type { ApiGroup, ApiResource, ApiVersion } from './api-groups.ts';
import { storageVersionHash } from './storage-version-hash.ts';

/** `/api`. `serverAddress` is host and port as the client reached it. */
export const coreVersions = (serverAddress: string) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

/** `/apis`. */
export const groupList = (groups: readonly ApiGroup[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.map(groupEntry),
});

/** `/apis/GROUP`. */
export const groupDocument = (group: ApiGroup) => ({ kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) });

function groupEntry(group: ApiGroup) {
  const versions = group.versions.map(({ version }) => ({ groupVersion: `${group.name}/${version}`, version }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}

/** `/api/v1` and `/apis/GROUP/VERSION`. */
export const resourceList = async (group: ApiGroup, { version, resources }: ApiVersion) => ({
  kind: 'APIResourceList',
  ...(group.name ? { apiVersion: 'v1' } : {}),
  groupVersion: group.name ? `${group.name}/${version}` : version,
  resources: (await Promise.all(resources.map((resource) => resourceEntries(group, version, resource)))).flat(),
});

async function resourceEntries(group: ApiGroup, version: string, resource: ApiResource) {
  const { plural, singular, isNamespaced, kind, verbs, shortNames, categories, stored } = resource;
  const own = {
    name: plural,
    singularName: singular,
    namespaced: isNamespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(stored ? { storageVersionHash: await storageVersionHash(stored) } : {}),
  };
  const subresources = resource.subresources.map((subresource) => ({
    name: `${plural}/${subresource.name}`,
    singularName: '',
    namespaced: isNamespaced,
    ...(subresource.group !== group.name || subresource.version !== version
      ? { group: subresource.group, version: subresource.version }
      : {}),
    kind: subresource.kind,
    verbs: subresource.verbs,
  }));
  return [own, ...subresources];
}
