/** Rules for Windows pods and for fields of the other system. Source: kubernetes pkg/apis/core/validation (1.37). */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../meta/field-error.ts';
import { byteLength } from '../../../meta/go-format.ts';
import { isDNS1123Subdomain } from '../../../meta/name-rules.ts';
import { type Container, type PodSpec, visitContainers } from '../pod-types.ts';
import { pushInvalid } from './names.ts';

type WindowsOptions = NonNullable<NonNullable<Container['securityContext']>['windowsOptions']>;

const CREDENTIAL_SPEC_KIB_MAX = 64;
const DOMAIN_BYTES_MAX = 256;
const USER_BYTES_MAX = 104;
// The control characters of ASCII: \p{Cc} has more.
const CONTROL_CHARACTER = /[^\P{Cc}\x80-\x9f]/v;
const NETBIOS_NAME = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const DNS_NAME = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const ONLY_DOTS_OR_SPACES = /^[. ]+$/;
const FORBIDDEN_IN_USER = /["/\\:;|=,+*?<>@[\]]/;

export function validateWindowsOptions(options: WindowsOptions | undefined, path: string, errors: FieldError[]): void {
  if (!options) return;
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined) {
    pushInvalid(
      isDNS1123Subdomain(gmsaCredentialSpecName),
      gmsaCredentialSpecName,
      `${path}.gmsaCredentialSpecName`,
      errors,
    );
  }
  if (gmsaCredentialSpec !== undefined) {
    const at = `${path}.gmsaCredentialSpec`;
    const length = byteLength(gmsaCredentialSpec);
    if (length === 0) errors.push(invalid(at, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'));
    else if (length > CREDENTIAL_SPEC_KIB_MAX * 1024) {
      const detail = `gmsaCredentialSpec size must be under ${CREDENTIAL_SPEC_KIB_MAX} KiB`;
      errors.push(invalid(at, gmsaCredentialSpec, detail));
    }
  }
  if (runAsUserName === undefined) return;
  for (const detail of userNameErrors(runAsUserName)) {
    errors.push(invalid(`${path}.runAsUserName`, runAsUserName, detail));
  }
}

function userNameErrors(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (CONTROL_CHARACTER.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) as string;
  const domain = parts.length === 2 ? (parts[0] as string) : undefined;
  const found: string[] = [];
  if (domain !== undefined && byteLength(domain) >= DOMAIN_BYTES_MAX) {
    found.push(`runAsUserName's Domain length must be under ${DOMAIN_BYTES_MAX} characters`);
  }
  if (domain !== undefined && !NETBIOS_NAME.test(domain) && !DNS_NAME.test(domain)) {
    found.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') found.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > USER_BYTES_MAX) {
    found.push(`runAsUserName's User length must not be longer than ${USER_BYTES_MAX} characters`);
  }
  if (ONLY_DOTS_OR_SPACES.test(user)) found.push("runAsUserName's User cannot contain only periods or spaces");
  if (FORBIDDEN_IN_USER.test(user)) {
    found.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
  return found;
}

/** HostProcess containers come all or none, and on the node's network. */
export function validateHostProcess(spec: PodSpec, path: string, errors: FieldError[]): void {
  const podWide = spec.securityContext?.windowsOptions?.hostProcess;
  let containers = 0;
  let hostProcesses = 0;
  visitContainers(spec, path, (container, at) => {
    containers++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (podWide !== undefined && own !== undefined && podWide !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${podWide}`;
      errors.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, detail));
    }
    if (own ?? podWide) hostProcesses++;
  });
  if (hostProcesses === 0) return;
  if (hostProcesses !== containers) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(path, '', detail));
  }
  if (!spec.hostNetwork) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(`${path}.hostNetwork`, false, detail));
  }
}

const SYSTEMS = ['linux', 'windows'];

/** `spec.os`, and the fields that the named system does not know. */
export function validateOperatingSystem(spec: PodSpec, path: string, errors: FieldError[]): void {
  if (!spec.os) return;
  const name = spec.os.name;
  if (!name) errors.push(required(`${path}.os.name`));
  else if (!SYSTEMS.includes(name)) errors.push(notSupported(`${path}.os`, name, SYSTEMS));
  else if (name === 'linux') validateLinux(spec, path, errors);
  else validateWindows(spec, path, errors);
}

function validateLinux(spec: PodSpec, path: string, errors: FieldError[]): void {
  const detail = 'windows options cannot be set for a linux pod';
  if (spec.securityContext?.windowsOptions) {
    errors.push(forbiddenField(`${path}.securityContext.windowsOptions`, detail));
  }
  visitContainers(spec, path, ({ securityContext }, at) => {
    if (securityContext?.windowsOptions) errors.push(forbiddenField(`${at}.securityContext.windowsOptions`, detail));
  });
}

const LINUX_POD_CONTEXT_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const LINUX_POD_FIELDS = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const;
const LINUX_CONTEXT_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;
/** Not pointers upstream: false and empty count as not set. */
const PLAIN_FIELDS = new Set<string>(['hostPID', 'hostIPC', 'sysctls']);

function validateWindows(spec: PodSpec, path: string, errors: FieldError[]): void {
  const forbid = <T extends object>(object: T | undefined, fields: readonly (keyof T & string)[], at: string): void => {
    for (const name of fields) {
      const value = object?.[name];
      const isSet = PLAIN_FIELDS.has(name)
        ? Array.isArray(value)
          ? value.length > 0
          : Boolean(value)
        : value !== undefined;
      if (isSet) errors.push(forbiddenField(`${at}.${name}`, 'cannot be set for a windows pod'));
    }
  };
  forbid(spec.securityContext, LINUX_POD_CONTEXT_FIELDS, `${path}.securityContext`);
  forbid(spec, LINUX_POD_FIELDS, path);
  visitContainers(spec, path, ({ securityContext }, at) => {
    forbid(securityContext, LINUX_CONTEXT_FIELDS, `${at}.securityContext`);
  });
}
