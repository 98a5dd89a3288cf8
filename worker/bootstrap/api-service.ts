/** The Service by which pods find the API, and where it leads. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';

/** First address of the service range, as upstream gives it to `kubernetes`. */
export const API_SERVICE_CLUSTER_IP = '10.96.0.1';

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

export const apiService = (apiServerUrl: string): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
  spec: {
    type: 'ClusterIP',
    clusterIP: API_SERVICE_CLUSTER_IP,
    clusterIPs: [API_SERVICE_CLUSTER_IP],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    sessionAffinity: 'None',
    ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: portOf(apiServerUrl) }],
  },
});

function parsed(apiServerUrl: string): URL | undefined {
  return URL.canParse(apiServerUrl) ? new URL(apiServerUrl) : undefined;
}

const portOf = (apiServerUrl: string): number => Number(parsed(apiServerUrl)?.port || 443);

/**
 * The slice behind it; undefined when the URL names no address that pods could reach (none given yet,
 * or one of the loopback).
 */
export function apiEndpointSlice(apiServerUrl: string): UntypedObject | undefined {
  const host = parsed(apiServerUrl)?.hostname.replace(/^\[|\]$/g, '');
  if (!host || host === 'localhost' || host === '::1' || host.startsWith('127.')) return undefined;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: IPV4.test(host) ? 'IPv4' : host.includes(':') ? 'IPv6' : 'FQDN',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: 'https', protocol: 'TCP', port: portOf(apiServerUrl) }],
  };
}

/** The same in the older form, which knows only addresses; not mirrored, the slice is there already. */
export function apiEndpoints(apiServerUrl: string): UntypedObject | undefined {
  const slice = apiEndpointSlice(apiServerUrl);
  if (!slice || slice.addressType === 'FQDN') return undefined;
  const [endpoint] = slice.endpoints as readonly { addresses: readonly string[] }[];
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: endpoint?.addresses.map((ip) => ({ ip })), ports: slice.ports }],
  };
}
