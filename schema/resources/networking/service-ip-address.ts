/** IPAddress objects that stand for the addresses of Services. Source: registry/core/service/ipallocator. */
import type { KubeObject, UntypedObject } from '../../meta/object-meta.ts';

const FAMILY_LABEL = 'ipaddress.kubernetes.io/ip-family';
const MANAGED_BY_LABEL = 'ipaddress.kubernetes.io/managed-by';
const MANAGER = 'ipallocator.k8s.io';

/** Whether the object is one of these, and not somebody's own. */
export const isServiceAddress = ({ metadata }: KubeObject): boolean => metadata.labels?.[MANAGED_BY_LABEL] === MANAGER;

/** The object of one address of a Service. `address` in canonical form. */
export const serviceAddressObject = (address: string, service: { namespace: string; name: string }): UntypedObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: {
    name: address,
    labels: { [FAMILY_LABEL]: address.includes(':') ? 'IPv6' : 'IPv4', [MANAGED_BY_LABEL]: MANAGER },
  },
  spec: { parentRef: { resource: 'services', namespace: service.namespace, name: service.name } },
});
