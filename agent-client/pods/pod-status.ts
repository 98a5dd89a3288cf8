/**
 * The pod's status from what the runtime shows. Pure.
 * Source: kubelet kubelet_pods.go generateAPIPodStatus.
 */
import { qosClass } from '../../schema/resources/core/pod-qos.ts';
import { rfc3339 } from '../clock.ts';
import { containerStatuses } from './container-status.ts';
import { currentSandbox } from './observed-pod.ts';
import { ephemeralContainers, isHostNetwork, podSpec, type PodStatus } from './pod.ts';
import { podConditions } from './pod-conditions.ts';
import { lastingPhase, podPhase } from './pod-phase.ts';
import { dropAbsent, type PodStatusInput } from './pod-status-input.ts';

export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, previous } = input;
  const spec = podSpec(pod);
  const init = containerStatuses(input, spec.initContainers ?? [], previous.initContainerStatuses ?? [], 'init');
  const main = containerStatuses(input, spec.containers, previous.containerStatuses ?? [], 'main');
  const ephemeral = containerStatuses(
    input,
    ephemeralContainers(pod),
    previous.ephemeralContainerStatuses ?? [],
    'ephemeral',
  );
  const computed = podPhase(input, [...main, ...init]);
  const phase = lastingPhase(input, computed);
  const kept = phase === previous.phase ? { reason: previous.reason, message: previous.message } : {};
  const all = [...init, ...main];
  const conditions = podConditions(input, all, phase);
  const ips = podIPs(input);
  return dropAbsent({
    observedGeneration: pod.metadata.generation,
    phase,
    conditions,
    message: input.override?.message ?? kept.message,
    reason: input.override?.reason ?? kept.reason,
    hostIP: input.hostIPs[0],
    hostIPs: input.hostIPs.length ? input.hostIPs.map((ip) => ({ ip })) : undefined,
    podIP: ips[0],
    podIPs: ips.length ? ips.map((ip) => ({ ip })) : undefined,
    startTime: previous.startTime ?? rfc3339(input.now),
    initContainerStatuses: init.length ? init : undefined,
    containerStatuses: main,
    ephemeralContainerStatuses: ephemeral.length ? ephemeral : undefined,
    qosClass: previous.qosClass ?? qosClass(pod),
  });
}

function podIPs(input: PodStatusInput): readonly string[] {
  if (isHostNetwork(input.pod)) return input.hostIPs.slice(0, 1);
  return currentSandbox(input.observed)?.ips ?? [];
}
