/**
 * Whether a node takes a pod that was bound to it. The scheduler has asked already; this catches what was
 * bound past it. Pure. Source: kubelet lifecycle/predicate.go, sysctl/allowlist.go.
 */
import { quantityMilliValue, quantityOf, quantityValue } from '../../schema/meta/quantity.ts';
import { type Pod, podSpec } from './pod.ts';

export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly message: string };

const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

export interface NodeOffer {
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** `others` are the pods the node has taken and still runs. */
export function admitPod(pod: Pod, others: readonly Pod[], node: NodeOffer): Admission {
  const forbidden = (podSpec(pod).securityContext?.sysctls ?? []).find((s) => !SAFE_SYSCTLS.has(s.name));
  if (forbidden)
    return { ok: false, reason: 'SysctlForbidden', message: `forbidden sysctl: "${forbidden.name}" not allowlisted` };
  const selector = podSpec(pod).nodeSelector ?? {};
  if (Object.entries(selector).some(([key, value]) => node.labels[key] !== value)) {
    return {
      ok: false,
      reason: 'NodeAffinity',
      message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    };
  }
  return admitResources(pod, others, node);
}

function admitResources(pod: Pod, others: readonly Pod[], node: NodeOffer): Admission {
  const slots = Number(node.allocatable['pods'] ?? 0);
  if (others.length + 1 > slots) return outOf('pods', 1, others.length, slots);
  for (const resource of ['cpu', 'memory', 'ephemeral-storage']) {
    const amount = resource === 'cpu' ? quantityMilliValue : quantityValue;
    const requested = podRequest(pod, resource, amount);
    const used = others.reduce((sum, other) => sum + podRequest(other, resource, amount), 0);
    const capacity = amount(quantityOf(node.allocatable[resource]));
    if (requested > 0 && requested + used > capacity) return outOf(resource, requested, used, capacity);
  }
  return { ok: true };
}

const outOf = (resource: string, requested: number, used: number, capacity: number): Admission => ({
  ok: false,
  reason: `OutOf${resource}`,
  message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
});

/** Main containers and sidecars together, or the largest init container with the sidecars before it. */
function podRequest(pod: Pod, resource: string, amount: (q: ReturnType<typeof quantityOf>) => number): number {
  const spec = podSpec(pod);
  const of = (c: { readonly resources?: { readonly requests?: Readonly<Record<string, unknown>> } }): number =>
    amount(quantityOf(c.resources?.requests?.[resource]));
  let sidecars = 0;
  let peak = 0;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars += of(container);
    else peak = Math.max(peak, sidecars + of(container));
  }
  const main = spec.containers.reduce((sum, c) => sum + of(c), sidecars);
  return Math.max(main, peak) + amount(quantityOf(spec.overhead?.[resource]));
}
