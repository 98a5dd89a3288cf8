/** What every cluster has from its first start, in the order it is made. */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import { SERVICE_CIDR } from '../../schema/resources/core/service-pools.ts';
import { initialFlowControl } from '../controllers/flow-control.ts';
import { apiEndpointSlice, apiEndpoints, apiService } from './api-service.ts';
import { defaultClusterRoles } from './cluster-roles.ts';
import { defaultClusterRoleBindings, defaultRoleBindings, defaultRoles } from './role-bindings.ts';

/**
 * What happens to one that exists already: `keep` it as it is; `add` what is missing of rules,
 * subjects and metadata unless its owner has opted out; `replace` it when it differs.
 */
export type Upkeep = 'keep' | 'add' | 'replace';

export interface InitialObjects {
  readonly resource: GroupResource;
  /** Empty for cluster-scoped ones. */
  readonly namespace: string;
  readonly upkeep: Upkeep;
  readonly objects: readonly UntypedObject[];
}

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

const namespace = (name: string): UntypedObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const priorityClass = (name: string, value: number, description: string): UntypedObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  description,
});

const PRIORITY_CLASSES: readonly UntypedObject[] = [
  priorityClass(
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ),
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
];

/** The network that Services get their addresses from. Source: controlplane/controller/defaultservicecidr. */
const SERVICE_NETWORK: UntypedObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: 'kubernetes' },
  spec: { cidrs: [SERVICE_CIDR] },
};

const rbac = (resource: string, ns: string, objects: readonly UntypedObject[]): InitialObjects => ({
  resource: `${resource}.rbac.authorization.k8s.io`,
  namespace: ns,
  upkeep: 'add',
  objects,
});

/** `signingKeys` is stored only if there is none yet. */
export function initialObjects(config: {
  readonly apiServerUrl: string;
  readonly signingKeys: UntypedObject;
}): readonly InitialObjects[] {
  const slice = apiEndpointSlice(config.apiServerUrl);
  const endpoints = apiEndpoints(config.apiServerUrl);
  return [
    { resource: 'namespaces', namespace: '', upkeep: 'keep', objects: NAMESPACES.map(namespace) },
    { resource: 'secrets', namespace: 'kube-system', upkeep: 'keep', objects: [config.signingKeys] },
    rbac('clusterroles', '', defaultClusterRoles()),
    rbac('clusterrolebindings', '', defaultClusterRoleBindings()),
    rbac('roles', 'kube-system', defaultRoles()),
    rbac('rolebindings', 'kube-system', defaultRoleBindings()),
    { resource: 'priorityclasses.scheduling.k8s.io', namespace: '', upkeep: 'keep', objects: PRIORITY_CLASSES },
    ...initialFlowControl().map(({ resource, objects }) => ({
      resource,
      namespace: '',
      upkeep: 'keep' as const,
      objects,
    })),
    { resource: 'servicecidrs.networking.k8s.io', namespace: '', upkeep: 'keep', objects: [SERVICE_NETWORK] },
    { resource: 'services', namespace: 'default', upkeep: 'keep', objects: [apiService(config.apiServerUrl)] },
    {
      resource: 'endpointslices.discovery.k8s.io',
      namespace: 'default',
      upkeep: 'replace',
      objects: slice ? [slice] : [],
    },
    { resource: 'endpoints', namespace: 'default', upkeep: 'replace', objects: endpoints ? [endpoints] : [] },
  ];
}
