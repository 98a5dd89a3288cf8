/** The security context in effect for a container. Source: kubelet securitycontext, kuberuntime security_context.go. */
import type { ImageInfo, NamespaceModes, SeccompProfile } from '../runtime/port.ts';
import type { ContainerSecurity } from '../runtime/port.ts';
import { type Container, type Pod, podSpec, podTitle } from './pod.ts';

const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export function podNamespaces(pod: Pod): NamespaceModes {
  const spec = podSpec(pod);
  return {
    network: spec.hostNetwork ? 'node' : 'pod',
    pid: spec.hostPID ? 'node' : spec.shareProcessNamespace ? 'pod' : 'container',
    ipc: spec.hostIPC ? 'node' : 'pod',
  };
}

type SeccompField = { readonly type?: string; readonly localhostProfile?: string } | undefined;

export function seccompProfile(field: SeccompField, profileRoot: string): SeccompProfile {
  switch (field?.type) {
    case 'RuntimeDefault':
      return { type: 'RuntimeDefault' };
    case 'Localhost':
      return { type: 'Localhost', path: `${profileRoot}/${field.localhostProfile ?? ''}` };
    default:
      return { type: 'Unconfined' };
  }
}

export function containerSecurity(
  pod: Pod,
  container: Container,
  targetId: string | undefined,
  seccompRoot: string,
): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = podSpec(pod).securityContext ?? {};
  const privileged = own.privileged === true;
  const unmasked = privileged || own.procMount === 'Unmasked';
  const namespaces = podNamespaces(pod);
  return {
    privileged,
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    runAsUser: own.runAsUser ?? shared.runAsUser,
    runAsGroup: own.runAsGroup ?? shared.runAsGroup,
    supplementalGroups: supplementalGroups(pod),
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    maskedPaths: unmasked ? [] : MASKED_PATHS,
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    seccomp: privileged
      ? { type: 'Unconfined' }
      : seccompProfile(own.seccompProfile ?? shared.seccompProfile, seccompRoot),
    namespaces: targetId ? { ...namespaces, pid: 'target', targetId } : namespaces,
  };
}

/** The pod's extra groups, fsGroup among them. */
export function supplementalGroups(pod: Pod): number[] {
  const shared = podSpec(pod).securityContext ?? {};
  const groups = [...(shared.supplementalGroups ?? [])];
  if (shared.fsGroup !== undefined) groups.push(shared.fsGroup);
  return [...new Set(groups)];
}

/** Why a container that must not run as root may not start; undefined when it may. */
export function rootProblem(pod: Pod, container: Container, image: ImageInfo | undefined): string | undefined {
  const own = container.securityContext ?? {};
  const shared = podSpec(pod).securityContext ?? {};
  if (!(own.runAsNonRoot ?? shared.runAsNonRoot)) return undefined;
  const where = `(pod: "${podTitle(pod)}", container: ${container.name})`;
  const user = own.runAsUser ?? shared.runAsUser;
  if (user !== undefined) return user === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  if (image?.username) {
    return `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`;
  }
  return (image?.uid ?? 0) === 0 ? `container has runAsNonRoot and image will run as root ${where}` : undefined;
}
