import type { Pod, PodSpec } from '../../schema/resources/core/pod-types.ts';
import type { Toleration } from '../../schema/resources/core/toleration.ts';
import { type AffinityTerms, antiAffinityTerms, affinityTerms } from './affinity-term.ts';
import { type Amounts, requestedBy, scoredRequests } from './resource-amounts.ts';

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

export type Affinity = NonNullable<PodSpec['affinity']>;

/** What scheduling needs of a pod, computed once per state of the pod. */
export interface PodInfo {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly generation: number;
  /** Empty while the pod is not assigned. */
  readonly nodeName: string;
  readonly priority: number;
  /** ms since the epoch. */
  readonly created: number;
  /** ms since the epoch; the creation where the pod has not started. */
  readonly started: number;
  readonly neverPreempts: boolean;
  /** Where room was made for the pod; empty when none was. */
  readonly nominatedNodeName: string;
  readonly requested: Amounts;
  readonly scoredMilliCpu: number;
  readonly scoredMemoryBytes: number;
  readonly hostPorts: readonly HostPort[];
  readonly tolerations: readonly Toleration[];
  readonly nodeSelector: Readonly<Record<string, string>> | undefined;
  readonly affinity: Affinity | undefined;
  /** Undefined where the pod has no such terms, as most have none. */
  readonly podAffinity: AffinityTerms | undefined;
  readonly podAntiAffinity: AffinityTerms | undefined;
  readonly spread: readonly SpreadConstraint[];
  readonly isTerminating: boolean;
}

export type SpreadConstraint = NonNullable<PodSpec['topologySpreadConstraints']>[number];
const NO_SPREAD: readonly SpreadConstraint[] = [];

const WILDCARD_IP = '0.0.0.0';

export function podInfo(pod: Pod): PodInfo {
  const { metadata, spec } = pod;
  const requested = requestedBy(pod);
  const scored = scoredRequests(pod, requested);
  return {
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    generation: metadata.generation ?? 0,
    nodeName: spec?.nodeName ?? '',
    priority: spec?.priority ?? 0,
    created: Date.parse(metadata.creationTimestamp ?? '') || 0,
    started: Date.parse(pod.status?.startTime ?? metadata.creationTimestamp ?? '') || 0,
    nominatedNodeName: pod.status?.nominatedNodeName ?? '',
    neverPreempts: spec?.preemptionPolicy === 'Never',
    requested,
    scoredMilliCpu: scored.milliCpu,
    scoredMemoryBytes: scored.memoryBytes,
    hostPorts: hostPortsOf(spec),
    tolerations: spec?.tolerations ?? [],
    nodeSelector: spec?.nodeSelector && Object.keys(spec.nodeSelector).length > 0 ? spec.nodeSelector : undefined,
    affinity: spec?.affinity,
    podAffinity: affinityTerms(spec?.affinity, metadata.namespace ?? ''),
    podAntiAffinity: antiAffinityTerms(spec?.affinity, metadata.namespace ?? ''),
    spread: spec?.topologySpreadConstraints ?? NO_SPREAD,
    isTerminating: metadata.deletionTimestamp !== undefined,
  };
}

const NO_PORTS: readonly HostPort[] = [];

function hostPortsOf(spec: PodSpec | undefined): readonly HostPort[] {
  let ports: HostPort[] | undefined;
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (!hostPort) continue;
      ports ??= [];
      ports.push({ ip: hostIP || WILDCARD_IP, protocol: protocol || 'TCP', port: hostPort });
    }
  }
  return ports ?? NO_PORTS;
}

/** Two host ports that cannot be open on one node together. */
export const portsConflict = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === WILDCARD_IP || b.ip === WILDCARD_IP);

/** Pods a scheduler of ours places: not assigned, not gated, not going away, and asking for it by name. */
export function isWaiting(pod: Pod, schedulerName: string): boolean {
  return (
    !pod.spec?.nodeName &&
    !pod.metadata.deletionTimestamp &&
    (pod.spec?.schedulerName ?? schedulerName) === schedulerName &&
    !pod.spec?.schedulingGates?.length &&
    pod.status?.phase !== 'Succeeded' &&
    pod.status?.phase !== 'Failed'
  );
}
