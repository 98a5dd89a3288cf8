/** Rules for the security contexts of pods and containers. Source: kubernetes pkg/apis/core/validation (1.37). */
import {
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../meta/field-error.ts';
import { byteLength } from '../../../meta/go-format.ts';
import { isValidGroupID, isValidUserID } from '../../../meta/name-rules.ts';
import { type Container, type PodSpec, visitContainers } from '../pod-types.ts';
import { goStruct } from './go-struct.ts';
import { pushInvalid } from './names.ts';
import type { PodValidationOptions } from './options.ts';
import { validateLocalDescendingPath } from './relative-paths.ts';
import { validateSysctls } from './sysctls.ts';
import { validateWindowsOptions } from './windows.ts';

type SecurityContext = NonNullable<Container['securityContext']>;
type PodSecurityContext = NonNullable<PodSpec['securityContext']>;
type SeccompProfile = NonNullable<SecurityContext['seccompProfile']>;
type AppArmorProfile = NonNullable<SecurityContext['appArmorProfile']>;

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const APPARMOR_PROFILE_BYTES_MAX = 4095;

export function validatePodSecurityContext(
  context: PodSecurityContext,
  spec: PodSpec,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  validateId(context.fsGroup, isValidGroupID, `${path}.fsGroup`, errors);
  validateId(context.runAsUser, isValidUserID, `${path}.runAsUser`, errors);
  validateId(context.runAsGroup, isValidGroupID, `${path}.runAsGroup`, errors);
  context.supplementalGroups?.forEach((id, i) =>
    validateId(id, isValidGroupID, `${path}.supplementalGroups[${i}]`, errors),
  );
  if (context.sysctls?.length) validateSysctls(context.sysctls, spec, `${path}.sysctls`, options, errors);
  validateChoice(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${path}.fsGroupChangePolicy`, errors);
  validateSeccompProfile(context.seccompProfile, `${path}.seccompProfile`, errors);
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, errors);
  validateAppArmorProfile(context.appArmorProfile, `${path}.appArmorProfile`, errors);
  validateChoice(context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${path}.supplementalGroupsPolicy`, errors);
  validateChoice(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], `${path}.seLinuxChangePolicy`, errors);
}

function validateId(id: number | undefined, rule: (id: number) => string[], path: string, errors: FieldError[]): void {
  if (id !== undefined) pushInvalid(rule(id), id, path, errors);
}

function validateChoice(
  value: string | undefined,
  choices: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  if (value !== undefined && !choices.includes(value)) errors.push(notSupported(path, value, choices));
}

/** `hostUsers`: whether the pod uses the node's user namespace. */
export function validateSecurityContext(
  context: SecurityContext,
  hostUsers: boolean,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  validateId(context.runAsUser, isValidUserID, `${path}.runAsUser`, errors);
  validateId(context.runAsGroup, isValidGroupID, `${path}.runAsGroup`, errors);
  if (context.procMount !== undefined) {
    validateChoice(context.procMount, ['Default', 'Unmasked'], `${path}.procMount`, errors);
    if (hostUsers && context.procMount === 'Unmasked') {
      errors.push(invalid(`${path}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  validateSeccompProfile(context.seccompProfile, `${path}.seccompProfile`, errors);
  if (context.allowPrivilegeEscalation === false) validateWithoutEscalation(context, path, options, errors);
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, errors);
  validateAppArmorProfile(context.appArmorProfile, `${path}.appArmorProfile`, errors);
}

/** The internal type's fields, in the order and names in which messages print it. */
const SECURITY_CONTEXT_FIELDS = [
  'capabilities',
  'privileged',
  'seLinuxOptions',
  'windowsOptions',
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'readOnlyRootFilesystem',
  'allowPrivilegeEscalation',
  'procMount',
  'seccompProfile',
  'appArmorProfile',
] as const;

function validateWithoutEscalation(
  context: SecurityContext,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const contradicts = (what: string): FieldError =>
    invalid(
      path,
      goStruct(context, SECURITY_CONTEXT_FIELDS),
      `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
    );
  if (context.privileged) errors.push(contradicts('`privileged` to true'));
  if (options.allowSysAdminWithoutEscalation) return;
  for (const capability of context.capabilities?.add ?? []) {
    if (capability === 'CAP_SYS_ADMIN') errors.push(contradicts('`capabilities.Add` CAP_SYS_ADMIN'));
  }
}

export function validateSeccompProfile(profile: SeccompProfile | undefined, path: string, errors: FieldError[]): void {
  if (!profile) return;
  if (!profile.type) errors.push(required(`${path}.type`, 'type is required when seccompProfile is set'));
  else if (!PROFILE_TYPES.includes(profile.type))
    errors.push(notSupported(`${path}.type`, profile.type, PROFILE_TYPES));
  const at = `${path}.localhostProfile`;
  if (profile.type !== 'Localhost') {
    if (profile.localhostProfile === undefined) return;
    const shown = goStruct({ ...profile, type: profile.type ?? '' }, ['type', 'localhostProfile']);
    errors.push(invalid(at, shown, 'can only be set when seccomp type is Localhost'));
  } else if (profile.localhostProfile === undefined) {
    errors.push(required(at, 'must be set when seccomp type is Localhost'));
  } else validateLocalDescendingPath(profile.localhostProfile, at, errors);
}

export function validateAppArmorProfile(
  profile: AppArmorProfile | undefined,
  path: string,
  errors: FieldError[],
): void {
  if (!profile) return;
  const at = `${path}.localhostProfile`;
  switch (profile.type as string | undefined) {
    case 'Localhost':
      return validateLocalhostProfile(profile.localhostProfile, at, errors);
    case 'RuntimeDefault':
    case 'Unconfined':
      if (profile.localhostProfile !== undefined) {
        errors.push(invalid(at, profile.localhostProfile, 'can only be set when AppArmor type is Localhost'));
      }
      return;
    case undefined:
    case '':
      return void errors.push(required(`${path}.type`, 'type is required when appArmorProfile is set'));
    default:
      errors.push(notSupported(`${path}.type`, profile.type, PROFILE_TYPES));
  }
}

function validateLocalhostProfile(name: string | undefined, path: string, errors: FieldError[]): void {
  if (name === undefined) return void errors.push(required(path, 'must be set when AppArmor type is Localhost'));
  if (name.trim() !== name) errors.push(invalid(path, name, 'must not be padded with whitespace'));
  else if (name === '') errors.push(required(path, 'must be set when AppArmor type is Localhost'));
  if (byteLength(name) > APPARMOR_PROFILE_BYTES_MAX) errors.push(tooLong(path, APPARMOR_PROFILE_BYTES_MAX));
}

/** Pods with their own user namespace cannot share the node's others. */
export function validateHostUsers(
  spec: PodSpec,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (spec.hostUsers !== false) return;
  const detail = 'when `hostUsers` is false';
  if (spec.hostNetwork && !options.allowUserNamespacesOnHostNetwork) {
    errors.push(forbiddenField(`${path}.hostNetwork`, detail));
  }
  if (spec.hostPID) errors.push(forbiddenField(`${path}.HostPID`, detail));
  if (spec.hostIPC) errors.push(forbiddenField(`${path}.HostIPC`, detail));
  if (options.allowUserNamespacesWithVolumeDevices) return;
  visitContainers(spec, path, (container, at) => {
    if (container.volumeDevices?.length) errors.push(forbiddenField(`${at}.volumeDevices`, detail));
  });
}
