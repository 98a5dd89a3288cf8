/**
 * What every active namespace has: the default ServiceAccount and the CA of the API.
 * Source: pkg/controller/serviceaccount serviceaccounts_controller.go;
 * pkg/controller/certificates/rootcacertpublisher publisher.go.
 */
import { cloneJson, equalJson } from '../../schema/meta/json-value.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type Controller, defineController } from './controller.ts';

const NAMESPACES = 'namespaces';
const DEFAULT_ACCOUNT = 'default';
const ROOT_CA = 'kube-root-ca.crt';
const ROOT_CA_DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal ' +
  'service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** The namespace of this shard, unless it is going away. */
function activeNamespace(view: StoreReader, name: string): UntypedObject | undefined {
  const namespace = view.config(NAMESPACES, name);
  return name === view.namespace && !namespace?.metadata.deletionTimestamp ? namespace : undefined;
}

const ownNamespace = (name: string) => (object: UntypedObject, _previous: unknown, view: StoreReader) =>
  object.metadata.name === name ? [view.namespace] : [];

export const serviceAccountController = defineController({
  name: 'service-account-controller',
  for: NAMESPACES,
  owns: [],
  watches: [{ resource: 'serviceaccounts', keys: ownNamespace(DEFAULT_ACCOUNT) }],
  reconcile(view, name) {
    if (!activeNamespace(view, name) || view.get('serviceaccounts', DEFAULT_ACCOUNT)) return { writes: [] };
    const metadata = { name: DEFAULT_ACCOUNT, namespace: name };
    const object = { kind: 'ServiceAccount', apiVersion: 'v1', metadata };
    return { writes: [{ op: 'create', resource: 'serviceaccounts', object }] };
  },
});

/** `clusterCa`: PEM; empty when a public CA signed, then an empty bundle is published. */
export const rootCaPublisher = (clusterCa: string): Controller =>
  defineController({
    name: 'root-ca-certificate-publisher',
    for: NAMESPACES,
    owns: [],
    watches: [{ resource: 'configmaps', keys: ownNamespace(ROOT_CA) }],
    reconcile(view, name) {
      if (!activeNamespace(view, name)) return { writes: [] };
      const data = { 'ca.crt': clusterCa };
      const annotations = { 'kubernetes.io/description': ROOT_CA_DESCRIPTION };
      const known = view.get('configmaps', ROOT_CA);
      if (!known) {
        const metadata = { name: ROOT_CA, namespace: name, annotations };
        const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data };
        return { writes: [{ op: 'create', resource: 'configmaps', object }] };
      }
      if (equalJson(known.data, data) && known.metadata.deletionTimestamp === undefined) return { writes: [] };
      if (known.metadata.deletionTimestamp) return { writes: [] };
      const next = { ...cloneJson(known), data };
      next.metadata.annotations = { ...next.metadata.annotations, ...annotations };
      return { writes: [{ op: 'update', resource: 'configmaps', object: next }] };
    },
  });
