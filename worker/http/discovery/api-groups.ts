/** Groups, versions and resources as discovery tells them: derived from the catalog and the lists of routes. */
import type { ResourceDefinition } from '../../../schema/meta/resource.ts';
import { createSubresources } from '../../registry/subresources/create-subresources.ts';
import { isObjectSubresource, objectSubresourceVerbs } from '../served/object-subresources.ts';
import { type ServedResource, servedResources } from '../served/served-resources.ts';
import { subresourceRoutes } from '../subresources/subresource-routes.ts';
import { virtualResources } from '../virtual/virtual-resources.ts';
import type { StoredKind } from './storage-version-hash.ts';

export interface ApiSubresource {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface ApiResource {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly ApiSubresource[];
  /** As what its objects are stored; absent where none are. */
  readonly stored?: StoredKind;
}

export interface ApiVersion {
  readonly version: string;
  readonly resources: readonly ApiResource[];
}

export interface ApiGroup {
  /** Empty for core. */
  readonly name: string;
  /** Preferred first. */
  readonly versions: readonly ApiVersion[];
}

/** Upstream's order of groups. Source: kube-apiserver's APIService priorities. */
const GROUP_ORDER: readonly string[] = [
  '',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

const rank = (group: string): number => {
  const index = GROUP_ORDER.indexOf(group);
  return index < 0 ? GROUP_ORDER.length : index;
};

/** Every served group. */
export function apiGroups(): readonly ApiGroup[] {
  const groups = new Map<string, Map<string, ApiResource[]>>();
  const add = (group: string, version: string, resource: ApiResource): void => {
    const versions = groups.get(group) ?? new Map<string, ApiResource[]>();
    groups.set(group, versions);
    versions.set(version, [...(versions.get(version) ?? []), resource]);
  };
  for (const served of servedResources) add(served.group, served.version, storedResource(served));
  for (const { group, version, plural, singular, kind, scope, verbs, shortNames = [] } of virtualResources) {
    add(group, version, {
      plural,
      singular,
      kind,
      isNamespaced: scope === 'Namespaced',
      verbs,
      shortNames,
      categories: [],
      subresources: [],
    });
  }
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([name, versions]) => ({
      name,
      versions: [...versions].map(([version, resources]) => ({
        version,
        resources: resources.sort((a, b) => (a.plural < b.plural ? -1 : 1)),
      })),
    }));
}

function storedResource(served: ServedResource): ApiResource {
  const { definition } = served;
  const { plural, singular, kind, verbs, shortNames, categories, scope } = definition;
  return {
    plural,
    singular,
    kind,
    isNamespaced: scope === 'Namespaced',
    verbs,
    shortNames,
    categories,
    subresources: subresourcesOf(served),
    stored: { group: definition.group, version: definition.version, kind },
  };
}

function subresourcesOf(served: ServedResource): ApiSubresource[] {
  const { definition, group, version } = served;
  const objectSubresources = objectSubresourceNames(definition)
    .filter((name) => isObjectSubresource(served, name))
    .map((name) => ({
      name,
      ...(name === 'scale'
        ? { group: 'autoscaling', version: 'v1', kind: 'Scale' }
        : { group, version, kind: definition.kind }),
      verbs: objectSubresourceVerbs(name),
    }));
  const routed = subresourceRoutes
    .filter((route) => route.resource === definition.key)
    .map((route) => ({
      name: route.subresource,
      group: route.group ?? group,
      version: route.version ?? version,
      kind: route.kind,
      verbs: route.verbs,
    }));
  const created = createSubresources
    .filter((one) => one.resource === definition.key)
    .map(({ subresource, apiVersion, kind }) => {
      const [kindVersion = '', kindGroup = ''] = apiVersion.split('/').reverse();
      return { name: subresource, group: kindGroup, version: kindVersion, kind, verbs: ['create'] };
    });
  return [...objectSubresources, ...created, ...routed].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const objectSubresourceNames = (definition: ResourceDefinition): string[] => [
  'status',
  'scale',
  ...Object.keys(definition.updateSubresources),
];
