/** The bindings and namespaced Roles every cluster starts with. Source: as for cluster-roles.ts. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { allow, DEFAULTS_METADATA } from './cluster-roles.ts';

const API_VERSION = 'rbac.authorization.k8s.io/v1';
const API_GROUP = 'rbac.authorization.k8s.io';

const user = (name: string) => ({ kind: 'User', apiGroup: API_GROUP, name });
const group = (name: string) => ({ kind: 'Group', apiGroup: API_GROUP, name });
const account = (namespace: string, name: string) => ({ kind: 'ServiceAccount', name, namespace });

const metadata = (name: string, namespace?: string) => ({
  name,
  ...(namespace ? { namespace } : {}),
  labels: { ...DEFAULTS_METADATA.labels },
  annotations: { ...DEFAULTS_METADATA.annotations },
});

type SubjectFacts = ReturnType<typeof user> | ReturnType<typeof account>;

const CLUSTER_BINDINGS: Readonly<Record<string, readonly SubjectFacts[]>> = {
  'cluster-admin': [group('system:masters')],
  'system:monitoring': [group('system:monitoring')],
  'system:discovery': [group('system:authenticated')],
  'system:basic-user': [group('system:authenticated')],
  'system:public-info-viewer': [group('system:authenticated'), group('system:unauthenticated')],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:kube-controller-manager': [user('system:kube-controller-manager')],
  'system:kube-dns': [account('kube-system', 'kube-dns')],
  'system:kube-scheduler': [user('system:kube-scheduler')],
  'system:volume-scheduler': [user('system:kube-scheduler')],
  'system:cluster-trust-bundle-discovery': [group('system:serviceaccounts')],
  'system:service-account-issuer-discovery': [group('system:serviceaccounts')],
  'zeroplane:node-joiner': [group('system:bootstrappers')],
  // Without subjects: nodes are the node authorizer's.
  'system:node': [],
};

export const defaultClusterRoleBindings = (): readonly UntypedObject[] =>
  Object.entries(CLUSTER_BINDINGS).map(([name, subjects]) => ({
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name },
    ...(subjects.length > 0 ? { subjects } : {}),
  }));

/** Roles in kube-system. */
export const defaultRoles = (): readonly UntypedObject[] => [
  {
    apiVersion: API_VERSION,
    kind: 'Role',
    metadata: metadata('extension-apiserver-authentication-reader', 'kube-system'),
    rules: [allow('get list watch', 'core', 'configmaps', 'extension-apiserver-authentication')],
  },
];

export const defaultRoleBindings = (): readonly UntypedObject[] => [
  {
    apiVersion: API_VERSION,
    kind: 'RoleBinding',
    metadata: metadata('system::extension-apiserver-authentication-reader', 'kube-system'),
    roleRef: { apiGroup: API_GROUP, kind: 'Role', name: 'extension-apiserver-authentication-reader' },
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  },
];
