/**
 * The node authorizer: a node reaches its own Node and Lease, the pods bound to it and what they
 * reference. Source: plugin/pkg/auth/authorizer/node.
 */
import { nodeOf } from '../../schema/protocol/user-info.ts';
import { type AuthorizationAttributes, type AuthorizerOpinion, allow, NO_OPINION, noOpinion } from './attributes.ts';
import { type PolicyRule, ruleAllows } from './rule-match.ts';

/** Whether a pod bound to the node is, or references, the object; of a ResourceSlice, whether it is the node's. */
export type NodeReaches = (
  node: string,
  object: { readonly resource: string; readonly namespace: string; readonly name: string },
) => Promise<boolean>;

/** What every node may do. Source: bootstrappolicy.NodeRules, cut to what the switch below does not decide. */
const NODE_RULES: readonly PolicyRule[] = [
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews', 'localsubjectaccessreviews'],
  },
  { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] },
  { verbs: ['create', 'patch', 'update'], apiGroups: ['', 'events.k8s.io'], resources: ['events'] },
  {
    verbs: ['create', 'get', 'list', 'watch'],
    apiGroups: ['certificates.k8s.io'],
    resources: ['certificatesigningrequests'],
  },
  { verbs: ['get', 'list', 'watch'], apiGroups: ['certificates.k8s.io'], resources: ['clustertrustbundles'] },
  { verbs: ['get', 'list', 'watch'], apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'] },
  { verbs: ['get', 'list', 'watch'], apiGroups: ['storage.k8s.io'], resources: ['csidrivers'] },
  { verbs: ['list', 'watch'], apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
];

const LEASE_NAMESPACE = 'kube-node-lease';

type Decide = (
  node: string,
  attributes: AuthorizationAttributes,
  reaches: NodeReaches,
) => Promise<AuthorizerOpinion> | AuthorizerOpinion;

async function related(
  node: string,
  attributes: AuthorizationAttributes,
  reaches: NodeReaches,
): Promise<AuthorizerOpinion> {
  const { resource, namespace, name } = attributes;
  if (name === '') return noOpinion('No Object name found');
  if (await reaches(node, { resource, namespace, name })) return allow();
  return noOpinion(`no relationship found between node '${node}' and this object`);
}

const readReferenced: Decide = (node, attributes, reaches) => {
  if (!['get', 'list', 'watch'].includes(attributes.verb)) return noOpinion('can only read resources of this type');
  if (attributes.subresource !== '') return noOpinion('cannot read subresource');
  if (attributes.namespace === '') return noOpinion('can only read namespaced object of this type');
  return related(node, attributes, reaches);
};

const getReferenced: Decide = (node, attributes, reaches) => {
  if (attributes.verb !== 'get') return noOpinion('can only get individual resources of this type');
  if (attributes.subresource !== '') return noOpinion('cannot get subresource');
  return related(node, attributes, reaches);
};

const serviceAccounts: Decide = (node, attributes, reaches) => {
  const { verb, subresource, name } = attributes;
  if (verb === 'get' && subresource === '') return readReferenced(node, attributes, reaches);
  if (verb !== 'create' || name === '') return noOpinion('can only create tokens for individual service accounts');
  if (subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount');
  return related(node, attributes, reaches);
};

const leases: Decide = (node, { verb, namespace, name }) => {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return noOpinion('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== LEASE_NAMESPACE)
    return noOpinion(`can only access leases in the "${LEASE_NAMESPACE}" system namespace`);
  // On create the name is not known yet; the NodeRestriction plugin looks at it.
  if (verb !== 'create' && name !== node) {
    return noOpinion('can only access node lease with the same name as the requesting node');
  }
  return allow();
};

const nodes: Decide = (node, { verb, subresource, name }) => {
  // Which Node is written is the NodeRestriction plugin's to check.
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow() : NO_OPINION;
  if (subresource !== '') return NO_OPINION;
  if (['create', 'update', 'patch'].includes(verb)) return allow();
  if (!['get', 'list', 'watch'].includes(verb)) return NO_OPINION;
  if (name === node) return allow();
  return noOpinion(
    name === ''
      ? `node '${node}' cannot read all nodes, only its own Node object`
      : `node '${node}' cannot read '${name}', only its own Node object`,
  );
};

const selectsNode = (fieldSelector: string | undefined, node: string): boolean =>
  (fieldSelector ?? '')
    .split(',')
    .some((term) => term === `spec.nodeName=${node}` || term === `spec.nodeName==${node}`);

const pods: Decide = (node, attributes, reaches) => {
  const { verb, subresource, name, fieldSelector } = attributes;
  switch (subresource) {
    case '':
      if (verb === 'get') return getReferenced(node, attributes, reaches);
      if (verb === 'list' || verb === 'watch') {
        if (selectsNode(fieldSelector, node)) return allow();
        if (name !== '') return related(node, attributes, reaches);
        return noOpinion('can only list/watch pods with spec.nodeName field selector');
      }
      // Mirror pods; the NodeRestriction plugin looks at what is created or deleted.
      return verb === 'create' || verb === 'delete' ? allow() : NO_OPINION;
    case 'status':
      return verb === 'update' || verb === 'patch' ? allow() : NO_OPINION;
    case 'eviction':
      return verb === 'create' ? allow() : NO_OPINION;
    default:
      return NO_OPINION;
  }
};

const slices: Decide = (node, attributes, reaches) => {
  const { verb, subresource, fieldSelector } = attributes;
  if (subresource !== '') return noOpinion('cannot authorize ResourceSlice subresources');
  switch (verb) {
    case 'create':
      // For which node is the NodeRestriction plugin's to check.
      return allow();
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return related(node, attributes, reaches);
    case 'watch':
    case 'list':
    case 'deletecollection':
      return selectsNode(fieldSelector, node)
        ? allow()
        : noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector');
    default:
      return noOpinion(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
};

const BY_RESOURCE: Readonly<Record<string, Decide>> = {
  secrets: readReferenced,
  configmaps: readReferenced,
  persistentvolumeclaims: getReferenced,
  persistentvolumes: getReferenced,
  serviceaccounts: serviceAccounts,
  'leases.coordination.k8s.io': leases,
  nodes,
  pods,
  'resourceclaims.resource.k8s.io': getReferenced,
  'resourceslices.resource.k8s.io': slices,
};

/** The decision for requests of nodes; no opinion on those of others. */
export async function nodeOpinion(
  attributes: AuthorizationAttributes,
  reaches: NodeReaches,
): Promise<AuthorizerOpinion> {
  const node = nodeOf(attributes.user);
  if (node === '') return NO_OPINION;
  if (attributes.resourceRequest) {
    const { apiGroup, resource } = attributes;
    const decide = BY_RESOURCE[apiGroup ? `${resource}.${apiGroup}` : resource];
    if (decide !== undefined) return decide(node, attributes, reaches);
  } else if (attributes.path.startsWith(`/agent/v1/nodes/${encodeURIComponent(node)}/`)) {
    return allow();
  }
  return NODE_RULES.some((rule) => ruleAllows(rule, attributes)) ? allow() : NO_OPINION;
}
