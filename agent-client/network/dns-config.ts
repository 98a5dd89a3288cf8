/** A pod's resolv.conf by its dnsPolicy. Pure. Source: kubelet network/dns. */
import { type Pod, podSpec } from '../pods/pod.ts';
import type { DnsConfig } from '../pods/pod-config.ts';

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;

export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [key, ...values] = line.trim().split(/\s+/);
    if (key === 'nameserver' && values[0]) servers.push(values[0]);
    if (key === 'search') searches = values.filter((v) => v !== '.').map((v) => v.replace(/\.$/, ''));
    if (key === 'options') options = values;
  }
  return { servers, searches, options };
}

/** Every policy but None begins with the node's own configuration; the pod's dnsConfig is added to it. */
export function podDns(pod: Pod, host: DnsConfig): DnsConfig {
  const spec = podSpec(pod);
  const base = spec.dnsPolicy === 'None' ? { servers: [], searches: [], options: [] } : host;
  const own = spec.dnsConfig ?? {};
  const options = new Map(base.options.map((o) => [o.split(':')[0] as string, o]));
  for (const { name, value } of own.options ?? [])
    if (name) options.set(name, value === undefined ? name : `${name}:${value}`);
  return {
    servers: unique([...base.servers, ...(own.nameservers ?? [])]).slice(0, NAMESERVERS_MAX),
    searches: unique([...base.searches, ...(own.searches ?? [])]).slice(0, SEARCHES_MAX),
    options: [...options.values()],
  };
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];
