/** Rules for a pod's sysctls. Source: kubernetes pkg/apis/core/validation, component-helpers sysctl (1.37). */
import { duplicate, type FieldError, invalid, required } from '../../../meta/field-error.ts';
import type { PodSpec } from '../pod-types.ts';
import type { PodValidationOptions } from './options.ts';

const SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const NAME = `^(${SEGMENT}[\\./])*${SEGMENT}$`;
const NAME_WHOLE = new RegExp(NAME);
const NAME_BYTES_MAX = 253;

const IPC_NAMES = new Set(
  'sem shmall shmmax shmmni shm_rmid_forced shm msgmax msgmnb msgmni msg'.split(' ').map((name) => `kernel.${name}`),
);
const IPC_PREFIX = 'fs.mqueue.';
const NET_PREFIX = 'net.';

export function validateSysctls(
  sysctls: readonly { name?: string }[],
  spec: PodSpec,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  sysctls.forEach(({ name = '' }, i) => {
    const namePath = `${path}[${i}].name`;
    if (!name) errors.push(required(namePath));
    else if (name.length > NAME_BYTES_MAX || !NAME_WHOLE.test(name)) {
      errors.push(invalid(namePath, name, `must have at most ${NAME_BYTES_MAX} characters and match regex ${NAME}`));
    } else if (seen.has(name)) errors.push(duplicate(namePath, name));
    const hostError = options.allowNamespacedSysctlsOnHost ? undefined : hostSysctlError(name, spec, namePath);
    if (hostError) errors.push(hostError);
    seen.add(name);
  });
}

/** A namespaced sysctl makes no sense where the pod uses the node's own namespace. */
export function hostSysctlError(name: string, spec: PodSpec, path: string): FieldError | undefined {
  const dotted = toDots(name);
  if (spec.hostNetwork && dotted.startsWith(NET_PREFIX)) {
    return invalid(path, name, "may not be specified when 'hostNetwork' is true");
  }
  const isIpc = IPC_NAMES.has(dotted) || dotted.startsWith(IPC_PREFIX);
  return spec.hostIPC && isIpc ? invalid(path, name, "may not be specified when 'hostIPC' is true") : undefined;
}

/** Names may be written with slashes; then dots and slashes change places. */
function toDots(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '/') return name;
  return name.replace(/[./]/g, (part) => (part === '/' ? '.' : '/'));
}
