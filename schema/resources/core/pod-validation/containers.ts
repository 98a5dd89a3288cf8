/** Rules for containers of all three kinds. Source: kubernetes pkg/apis/core/validation (1.37). */
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
  tooMany,
} from '../../../meta/field-error.ts';
import { isValidPortName, isValidPortNum } from '../../../meta/name-rules.ts';
import { type Container, isRestartableInitContainer, type PodSpec } from '../pod-types.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateLifecycle, validateProbes } from './handlers.ts';
import { pushInvalid, validateDNS1123Label } from './names.ts';
import type { PodValidationOptions } from './options.ts';
import { validateContainerResources } from './resources.ts';
import { validateSecurityContext } from './security-context.ts';
import { validateVolumeDevices, validateVolumeMounts } from './volume-mounts.ts';
import { type KnownVolumes, validatePullPolicy } from './volumes.ts';

/** What every container of one pod is checked against. */
export interface ContainerContext {
  readonly spec: PodSpec;
  readonly volumes: KnownVolumes;
  readonly claimNames: ReadonlySet<string>;
  readonly options: PodValidationOptions;
}

export function validateContainers(context: ContainerContext, path: string, errors: FieldError[]): void {
  const { spec } = context;
  if (!spec.containers?.length) return void errors.push(required(path));
  const names = new Set<string>();
  spec.containers.forEach((container, i) => {
    const at = `${path}[${i}]`;
    validateCommon(container, context, at, errors);
    const { name = '' } = container;
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    const gracePeriod = spec.terminationGracePeriodSeconds;
    if (container.lifecycle) validateLifecycle(container.lifecycle, gracePeriod, spec.os, `${at}.lifecycle`, errors);
    validateProbes(container, gracePeriod, at, errors);
    validateRestartRules(container, at, errors);
  });
  validateHostPorts(spec.containers, path, errors);
}

const NO_RULES_WITHOUT_POLICY = 'must specify restartPolicy when restart rules are used';
const ONLY_SIDECARS = 'may not be set for init containers without restartPolicy=Always';

export function validateInitContainers(context: ContainerContext, path: string, errors: FieldError[]): void {
  const { spec, options } = context;
  const names = new Set(spec.containers?.map(({ name = '' }) => name));
  spec.initContainers?.forEach((container, i) => {
    const at = `${path}[${i}]`;
    const isSidecar = isRestartableInitContainer(container);
    validateCommon(container, context, at, errors);
    const { name = '', restartPolicy, restartPolicyRules } = container;
    if (restartPolicy !== undefined) validateRestartRules(container, at, errors);
    else if (restartPolicyRules?.length) errors.push(required(`${at}.restartPolicy`, NO_RULES_WITHOUT_POLICY));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    else if (name) names.add(name);
    validateHostPorts([container], path, errors);
    if (isSidecar) {
      const gracePeriod = spec.terminationGracePeriodSeconds;
      if (container.lifecycle) validateLifecycle(container.lifecycle, gracePeriod, spec.os, `${at}.lifecycle`, errors);
      validateProbes(container, gracePeriod, at, errors);
    } else {
      for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
        if (container[name]) errors.push(forbiddenField(`${at}.${name}`, ONLY_SIDECARS));
      }
    }
    if (isSidecar || options.allowRestartContainerForInitContainer) return;
    container.resizePolicy?.forEach(({ restartPolicy }, j) => {
      if (restartPolicy !== 'RestartContainer') return;
      const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      errors.push(invalid(`${at}.resizePolicy[${j}].restartPolicy`, restartPolicy, detail));
    });
  });
}

const EPHEMERAL_DETAIL = 'cannot be set for an Ephemeral Container';

/** In the order of upstream's type. Only `resources` may be present but empty. */
const NOT_FOR_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

export function validateEphemeralContainers(context: ContainerContext, path: string, errors: FieldError[]): void {
  const { spec } = context;
  if (!spec.ephemeralContainers?.length) return;
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name = '' }) => name));
  const names = new Set(others);
  spec.ephemeralContainers.forEach((container, i) => {
    const at = `${path}[${i}]`;
    validateCommon(container, context, at, errors);
    validateImageSpace(container, at, errors);
    const { name = '' } = container;
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(notFoundField(`${at}.targetContainerName`, target));
    for (const field of NOT_FOR_EPHEMERAL) {
      if (isSet(field, container)) errors.push(forbiddenField(`${at}.${field}`, EPHEMERAL_DETAIL));
    }
    container.volumeMounts?.forEach(({ subPath, subPathExpr }, j) => {
      if (subPath) errors.push(forbiddenField(`${at}.volumeMounts[${j}].subPath`, EPHEMERAL_DETAIL));
      if (subPathExpr) errors.push(forbiddenField(`${at}.volumeMounts[${j}].subPathExpr`, EPHEMERAL_DETAIL));
    });
  });
}

const isSet = (field: (typeof NOT_FOR_EPHEMERAL)[number], container: Container): boolean =>
  field === 'resources' ? Object.keys(container.resources ?? {}).length > 0 : container[field] !== undefined;

/** Only of pods; templates may hold it, as they always could. */
export function validateImageSpace({ image = '' }: Container, path: string, errors: FieldError[]): void {
  if (image.trim() !== image)
    errors.push(invalid(`${path}.image`, image, 'must not have leading or trailing whitespace'));
}

const TERMINATION_MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];

function validateCommon(container: Container, context: ContainerContext, path: string, errors: FieldError[]): void {
  const { spec, volumes, claimNames, options } = context;
  if (!container.name) errors.push(required(`${path}.name`));
  else validateDNS1123Label(container.name, `${path}.name`, errors);
  if (!container.image) errors.push(required(`${path}.image`));
  const messagePolicy = container.terminationMessagePolicy;
  if (!messagePolicy) errors.push(required(`${path}.terminationMessagePolicy`));
  else if (!TERMINATION_MESSAGE_POLICIES.includes(messagePolicy)) {
    errors.push(notSupported(`${path}.terminationMessagePolicy`, messagePolicy, TERMINATION_MESSAGE_POLICIES));
  }
  if (container.ports?.length) validatePorts(container.ports, `${path}.ports`, errors);
  if (container.env?.length) validateEnv(container.env, `${path}.env`, errors);
  if (container.envFrom?.length) validateEnvFrom(container.envFrom, `${path}.envFrom`, errors);
  validateVolumeMounts(container, volumes, `${path}.volumeMounts`, errors);
  if (container.volumeDevices?.length) validateVolumeDevices(container, volumes, `${path}.volumeDevices`, errors);
  validatePullPolicy(container.imagePullPolicy, `${path}.imagePullPolicy`, errors);
  validateContainerResources(container.resources, claimNames, `${path}.resources`, options, errors);
  validateResizePolicy(container.resizePolicy, spec.restartPolicy, `${path}.resizePolicy`, errors);
  if (container.securityContext) {
    const hostUsers = spec.hostUsers !== false;
    validateSecurityContext(container.securityContext, hostUsers, `${path}.securityContext`, options, errors);
  }
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: NonNullable<Container['ports']>, path: string, errors: FieldError[]): void {
  const names = new Set<string>();
  ports.forEach(({ name, containerPort, hostPort, protocol }, i) => {
    const at = `${path}[${i}]`;
    if (name) {
      const messages = isValidPortName(name);
      if (messages.length) pushInvalid(messages, name, `${at}.name`, errors);
      else if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      else names.add(name);
    }
    if (!containerPort) errors.push(required(`${at}.containerPort`));
    else pushInvalid(isValidPortNum(containerPort), containerPort, `${at}.containerPort`, errors);
    if (hostPort) pushInvalid(isValidPortNum(hostPort), hostPort, `${at}.hostPort`, errors);
    if (!protocol) errors.push(required(`${at}.protocol`));
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${at}.protocol`, protocol, PROTOCOLS));
  });
}

/** No port of the node is used twice. */
function validateHostPorts(containers: readonly Container[], path: string, errors: FieldError[]): void {
  let seen: Set<string> | undefined;
  containers.forEach((container, i) => {
    container.ports?.forEach(({ protocol, hostIP = '', hostPort }, j) => {
      if (!hostPort) return;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      seen ??= new Set();
      if (seen.has(key)) errors.push(duplicate(`${path}[${i}].ports[${j}].hostPort`, key));
      seen.add(key);
    });
  });
}

function validateResizePolicy(
  policies: Container['resizePolicy'],
  podRestartPolicy: string | undefined,
  path: string,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  policies?.forEach(({ resourceName = '', restartPolicy }, i) => {
    if (seen.has(resourceName)) errors.push(duplicate(`${path}[${i}]`, resourceName));
    seen.add(resourceName);
    if (!resourceName) errors.push(required(path));
    else if (resourceName !== 'cpu' && resourceName !== 'memory') {
      errors.push(notSupported(path, resourceName, ['cpu', 'memory']));
    }
    if (!restartPolicy) errors.push(required(path));
    else if (restartPolicy !== 'NotRequired' && restartPolicy !== 'RestartContainer') {
      errors.push(notSupported(path, restartPolicy, ['NotRequired', 'RestartContainer']));
    }
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(path, restartPolicy ?? '', "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  });
}

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const RULE_ACTIONS = ['Restart', 'RestartAllContainers'];
const EXIT_CODE_OPERATORS = ['In', 'NotIn'];
const RESTART_RULES_ITEMS_MAX = 20;
const EXIT_CODES_ITEMS_MAX = 255;

function validateRestartRules(container: Container, path: string, errors: FieldError[]): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  if (restartPolicy === undefined) {
    if (rules.length === 0) return;
    errors.push(required(`${path}.restartPolicy`, NO_RULES_WITHOUT_POLICY));
  } else if (!RESTART_POLICIES.includes(restartPolicy)) {
    errors.push(notSupported(`${path}.restartPolicy`, restartPolicy, RESTART_POLICIES));
  }
  const at = `${path}.restartPolicyRules`;
  if (rules.length > RESTART_RULES_ITEMS_MAX) errors.push(tooMany(at, rules.length, RESTART_RULES_ITEMS_MAX));
  rules.forEach(({ action, exitCodes }, i) => {
    if (!RULE_ACTIONS.includes(action)) errors.push(notSupported(`${at}[${i}].action`, action ?? '', RULE_ACTIONS));
    if (!exitCodes) return void errors.push(required(`${at}[${i}].exitCodes`, 'must be specified'));
    const { operator, values = [] } = exitCodes;
    if (!EXIT_CODE_OPERATORS.includes(operator)) {
      errors.push(notSupported(`${at}[${i}].exitCodes.operator`, operator ?? '', EXIT_CODE_OPERATORS));
    }
    if (values.length > EXIT_CODES_ITEMS_MAX) {
      errors.push(tooMany(`${at}[${i}].exitCodes.values`, values.length, EXIT_CODES_ITEMS_MAX));
    }
  });
}
