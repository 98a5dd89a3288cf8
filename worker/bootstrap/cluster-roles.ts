/**
 * The ClusterRoles every cluster starts with. Source: the facts of upstream's bootstrap policy
 * (plugin/pkg/auth/authorizer/rbac/bootstrappolicy), without the roles of its own controllers' service
 * accounts, which have no part here: controllers run inside the control plane.
 */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

interface RoleFacts {
  readonly name: string;
  /** The role whose rules this one's become part of. */
  readonly aggregateTo?: string;
  /** Collects the rules of all roles that aggregate to that name. */
  readonly aggregates?: string;
  readonly rules: readonly Rule[];
}

const READ = 'get list watch';
const WRITE = 'create delete deletecollection patch update';
const READ_WRITE = `${READ} ${WRITE}`;

const words = (text: string): readonly string[] => text.split(' ');

/** Each argument is a list of words; the core group is called `core`. */
export const allow = (verbs: string, groups: string, resources: string, names?: string): Rule => ({
  verbs: words(verbs),
  apiGroups: words(groups).map((group) => (group === 'core' ? '' : group)),
  resources: words(resources),
  ...(names ? { resourceNames: words(names) } : {}),
});

const urls = (verbs: string, paths: string): Rule => ({ verbs: words(verbs), nonResourceURLs: words(paths) });

const ROLES: readonly RoleFacts[] = [
  {
    name: 'admin',
    aggregates: 'admin',
    rules: [],
  },
  {
    name: 'cluster-admin',
    rules: [allow('*', '*', '*'), urls('*', '*')],
  },
  {
    name: 'edit',
    aggregateTo: 'admin',
    aggregates: 'edit',
    rules: [],
  },
  {
    name: 'system:aggregate-to-admin',
    aggregateTo: 'admin',
    rules: [
      allow('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
      allow(READ_WRITE, 'rbac.authorization.k8s.io', 'rolebindings roles'),
    ],
  },
  {
    name: 'system:aggregate-to-edit',
    aggregateTo: 'edit',
    rules: [
      allow(READ, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
      allow('impersonate', 'core', 'serviceaccounts'),
      allow(WRITE, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
      allow('create', 'core', 'pods/eviction'),
      allow(
        WRITE,
        'core',
        'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets ' +
          'serviceaccounts services services/proxy',
      ),
      allow('create', 'core', 'serviceaccounts/token'),
      allow(WRITE, 'core events.k8s.io', 'events'),
      allow(
        WRITE,
        'apps',
        'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale ' +
          'statefulsets statefulsets/scale',
      ),
      allow(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
      allow(WRITE, 'batch', 'cronjobs jobs'),
      allow(
        WRITE,
        'extensions',
        'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies ' +
          'replicasets replicasets/scale replicationcontrollers/scale',
      ),
      allow(WRITE, 'policy', 'poddisruptionbudgets'),
      allow(WRITE, 'networking.k8s.io', 'ingresses networkpolicies'),
      allow(READ_WRITE, 'coordination.k8s.io', 'leases'),
      allow(WRITE, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
    ],
  },
  {
    name: 'system:aggregate-to-view',
    aggregateTo: 'view',
    rules: [
      allow(
        READ,
        'core',
        'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods ' +
          'replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
      ),
      allow(
        READ,
        'core',
        'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status ' +
          'resourcequotas resourcequotas/status',
      ),
      allow(READ, 'core', 'namespaces'),
      allow(READ, 'core events.k8s.io', 'events'),
      allow(READ, 'discovery.k8s.io', 'endpointslices'),
      allow(
        READ,
        'apps',
        'controllerrevisions daemonsets daemonsets/status deployments deployments/scale ' +
          'deployments/status replicasets replicasets/scale replicasets/status statefulsets ' +
          'statefulsets/scale statefulsets/status',
      ),
      allow(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      allow(READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
      allow(
        READ,
        'extensions',
        'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ' +
          'ingresses/status networkpolicies replicasets replicasets/scale replicasets/status ' +
          'replicationcontrollers/scale',
      ),
      allow(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      allow(READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
      allow(READ, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
    ],
  },
  {
    name: 'system:auth-delegator',
    rules: [
      allow('create', 'authentication.k8s.io', 'tokenreviews'),
      allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      allow('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      allow('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rules: [allow('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient')],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    rules: [allow('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient')],
  },
  {
    name: 'system:certificates.k8s.io:kube-apiserver-client-approver',
    rules: [allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client')],
  },
  {
    name: 'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver',
    rules: [allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet')],
  },
  {
    name: 'system:certificates.k8s.io:kubelet-serving-approver',
    rules: [allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kubelet-serving')],
  },
  {
    name: 'system:certificates.k8s.io:legacy-unknown-approver',
    rules: [allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/legacy-unknown')],
  },
  {
    name: 'system:cluster-trust-bundle-discovery',
    rules: [allow(READ, 'certificates.k8s.io', 'clustertrustbundles')],
  },
  {
    name: 'system:discovery',
    rules: [urls('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/')],
  },
  {
    name: 'system:kube-aggregator',
    rules: [allow(READ, 'core', 'endpoints services')],
  },
  {
    name: 'system:kube-controller-manager',
    rules: [
      allow('create patch update', 'core events.k8s.io', 'events'),
      allow('create', 'coordination.k8s.io', 'leases'),
      allow('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
      allow('create', 'core', 'secrets serviceaccounts'),
      allow('delete', 'core', 'secrets'),
      allow('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
      allow('update', 'core', 'secrets serviceaccounts'),
      allow('create', 'authentication.k8s.io', 'tokenreviews'),
      allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      allow('list watch', '*', '*'),
      allow('create', 'core', 'serviceaccounts/token'),
    ],
  },
  {
    name: 'system:kube-dns',
    rules: [allow('list watch', 'core', 'endpoints services')],
  },
  {
    name: 'system:kube-scheduler',
    rules: [
      allow('create patch update', 'core events.k8s.io', 'events'),
      allow('create', 'coordination.k8s.io', 'leases'),
      allow('get list update watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
      allow(READ_WRITE, 'coordination.k8s.io', 'leasecandidates'),
      allow(READ, 'core', 'nodes'),
      allow('delete get list watch', 'core', 'pods'),
      allow('create', 'core', 'bindings pods/binding'),
      allow('patch update', 'core', 'pods/status'),
      allow(READ, 'core', 'replicationcontrollers services'),
      allow(READ, 'apps extensions', 'replicasets'),
      allow(READ, 'apps', 'statefulsets'),
      allow(READ, 'policy', 'poddisruptionbudgets'),
      allow(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
      allow('create', 'authentication.k8s.io', 'tokenreviews'),
      allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      allow(READ, 'storage.k8s.io', 'csinodes'),
      allow(READ, 'storage.k8s.io', 'volumeattachments'),
      allow(READ, 'core', 'namespaces'),
      allow(READ, 'storage.k8s.io', 'csidrivers'),
      allow(READ, 'storage.k8s.io', 'csistoragecapacities'),
      allow(READ, 'resource.k8s.io', 'deviceclasses'),
      allow('get list patch update watch', 'resource.k8s.io', 'resourceclaims'),
      allow('get list patch update watch', 'resource.k8s.io', 'resourceclaims/status'),
      allow('update', 'core', 'pods/finalizers'),
      allow(READ, 'resource.k8s.io', 'resourceslices'),
      allow('create delete', 'resource.k8s.io', 'resourceclaims'),
      allow(READ, 'resource.k8s.io', 'devicetaintrules'),
      allow('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      allow(READ, 'core', 'nodes'),
      allow('proxy', 'core', 'nodes'),
      allow('*', 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
      allow('*', 'core', 'nodes/configz nodes/healthz nodes/pods'),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [
      urls('get', '/flagz /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/* /statusz'),
      allow('get', 'core', 'nodes/metrics'),
    ],
  },
  {
    name: 'system:node',
    rules: [
      allow('create', 'authentication.k8s.io', 'tokenreviews'),
      allow('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
      allow(READ, 'core', 'services'),
      allow('create get list watch', 'core', 'nodes'),
      allow('patch update', 'core', 'nodes/status'),
      allow('patch update', 'core', 'nodes'),
      allow('create patch update', 'core events.k8s.io', 'events'),
      allow(READ, 'core', 'pods'),
      allow('create delete', 'core', 'pods'),
      allow('patch update', 'core', 'pods/status'),
      allow('create', 'core', 'pods/eviction'),
      allow(READ, 'core', 'configmaps secrets'),
      allow('get', 'core', 'persistentvolumeclaims persistentvolumes'),
      allow('get', 'core', 'endpoints'),
      allow('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
      allow('create delete get patch update', 'coordination.k8s.io', 'leases'),
      allow('get', 'storage.k8s.io', 'volumeattachments'),
      allow('create', 'core', 'serviceaccounts/token'),
      allow('get patch update', 'core', 'persistentvolumeclaims/status'),
      allow(READ, 'storage.k8s.io', 'csidrivers'),
      allow('create delete get patch update', 'storage.k8s.io', 'csinodes'),
      allow(READ, 'node.k8s.io', 'runtimeclasses'),
      allow('get', 'resource.k8s.io', 'resourceclaims'),
      allow('deletecollection', 'resource.k8s.io', 'resourceslices'),
      allow(READ, 'certificates.k8s.io', 'clustertrustbundles'),
      allow('get', 'core', 'serviceaccounts'),
      allow('create get list watch', 'certificates.k8s.io', 'podcertificaterequests'),
    ],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [allow('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests')],
  },
  {
    name: 'system:node-problem-detector',
    rules: [
      allow('get', 'core', 'nodes'),
      allow('patch', 'core', 'nodes/status'),
      allow('create patch update', 'core events.k8s.io', 'events'),
    ],
  },
  {
    name: 'system:node-proxier',
    rules: [
      allow('list watch', 'core', 'endpoints services'),
      allow(READ, 'core', 'nodes'),
      allow('create patch update', 'core events.k8s.io', 'events'),
      allow('list watch', 'networking.k8s.io', 'servicecidrs'),
      allow('list watch', 'discovery.k8s.io', 'endpointslices'),
    ],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      allow('create delete get list watch', 'core', 'persistentvolumes'),
      allow('get list update watch', 'core', 'persistentvolumeclaims'),
      allow(READ, 'storage.k8s.io', 'storageclasses'),
      allow('watch', 'core', 'events'),
      allow('create patch update', 'core events.k8s.io', 'events'),
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [urls('get', '/healthz /livez /readyz /version /version/')],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      urls(
        'get',
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ],
  },
  {
    name: 'system:volume-scheduler',
    rules: [
      allow('get list patch update watch', 'core', 'persistentvolumes'),
      allow(READ, 'storage.k8s.io', 'storageclasses'),
      allow('get list patch update watch', 'core', 'persistentvolumeclaims'),
    ],
  },
  {
    name: 'view',
    aggregateTo: 'edit',
    aggregates: 'view',
    rules: [],
  },
];

/** Our own: what the holder of a join token may do. */
const NODE_JOINER: RoleFacts = { name: 'zeroplane:node-joiner', rules: [urls('post', '/agent/v1/join')] };

const AGGREGATION_LABEL = 'rbac.authorization.k8s.io/aggregate-to-';

export const DEFAULTS_METADATA = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
} as const;

function clusterRole({ name, aggregateTo, aggregates, rules }: RoleFacts): UntypedObject {
  const labels = aggregateTo ? { [`${AGGREGATION_LABEL}${aggregateTo}`]: 'true' } : {};
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: {
      name,
      labels: { ...DEFAULTS_METADATA.labels, ...labels },
      annotations: { ...DEFAULTS_METADATA.annotations },
    },
    ...(aggregates
      ? {
          aggregationRule: {
            clusterRoleSelectors: [{ matchLabels: { [`${AGGREGATION_LABEL}${aggregates}`]: 'true' } }],
          },
        }
      : {}),
    // Those of an aggregating role are its controller's.
    rules,
  };
}

export const defaultClusterRoles = (): readonly UntypedObject[] => [...ROLES, NODE_JOINER].map(clusterRole);
