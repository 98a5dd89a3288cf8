/** /etc/hosts of a pod. Pure. Source: kubelet_pods.go nodeHostsFileContent, managedHostsFileContent. */
import { isHostNetwork, type Pod, podSpec } from '../pods/pod.ts';
import { podHostname } from '../pods/pod-config.ts';

const HEADER = '# Kubernetes-managed hosts file.\n';
const HOST_NETWORK_HEADER = '# Kubernetes-managed hosts file (host network).\n';

/** `nodeHosts` is the node's own file, used with host network. */
export function hostsFile(pod: Pod, podIPs: readonly string[], clusterDomain: string, nodeHosts: string): string {
  const spec = podSpec(pod);
  const own = isHostNetwork(pod) ? `${HOST_NETWORK_HEADER}${nodeHosts}` : managed(pod, podIPs, clusterDomain);
  const aliases = (spec.hostAliases ?? []).map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join('\t')}\n`);
  return aliases.length ? `${own}\n# Entries added by HostAliases.\n${aliases.join('')}` : own;
}

function managed(pod: Pod, podIPs: readonly string[], clusterDomain: string): string {
  const spec = podSpec(pod);
  const name = podHostname(pod);
  const domain = spec.subdomain ? `${name}.${spec.subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : '';
  const own = podIPs.map((ip) => (domain ? `${ip}\t${domain}\t${name}\n` : `${ip}\t${name}\n`));
  return [
    HEADER,
    '127.0.0.1\tlocalhost\n',
    '::1\tlocalhost ip6-localhost ip6-loopback\n',
    'fe00::0\tip6-localnet\n',
    'fe00::0\tip6-mcastprefix\n',
    'fe00::1\tip6-allnodes\n',
    'fe00::2\tip6-allrouters\n',
    ...own,
  ].join('');
}
