/** Rules for a container's environment. Source: kubernetes pkg/apis/core/validation (1.37). */
import { type FieldError, invalid, notFoundField, notSupported, required } from '../../../meta/field-error.ts';
import { isConfigMapKey, isRelaxedEnvVarName, nameIsDNSSubdomain } from '../../../meta/name-rules.ts';
import { formatQuantity } from '../../../meta/quantity.ts';
import { quantity } from '../pod-resource-list.ts';
import { type Container, type PodSpec, visitContainers } from '../pod-types.ts';
import { pushInvalid, validateDNS1123Label, validateQualifiedName } from './names.ts';
import { validatePathNoBacksteps } from './relative-paths.ts';

type EnvVar = NonNullable<Container['env']>[number];
type EnvVarSource = NonNullable<EnvVar['valueFrom']>;
type FieldSelector = NonNullable<EnvVarSource['fieldRef']>;
type ResourceSelector = NonNullable<EnvVarSource['resourceFieldRef']>;
type FileKeySelector = NonNullable<EnvVarSource['fileKeyRef']>;

const ENV_FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
] as const;

export function validateEnv(variables: Container['env'], path: string, errors: FieldError[]): void {
  variables?.forEach((variable, i) => {
    const at = `${path}[${i}]`;
    if (!variable.name) errors.push(required(`${at}.name`));
    else pushInvalid(isRelaxedEnvVarName(variable.name), variable.name, `${at}.name`, errors);
    if (variable.valueFrom) validateValueFrom(variable, variable.valueFrom, `${at}.valueFrom`, errors);
  });
}

function validateValueFrom(variable: EnvVar, source: EnvVarSource, path: string, errors: FieldError[]): void {
  let sources = 0;
  if (source.fieldRef) {
    sources++;
    validateFieldSelector(source.fieldRef, ENV_FIELD_PATHS, `${path}.fieldRef`, errors);
  }
  if (source.resourceFieldRef) {
    sources++;
    validateResourceSelector(source.resourceFieldRef, `${path}.resourceFieldRef`, false, errors);
  }
  if (source.configMapKeyRef) {
    sources++;
    validateKeySelector(source.configMapKeyRef, `${path}.configMapKeyRef`, errors);
  }
  if (source.secretKeyRef) {
    sources++;
    validateKeySelector(source.secretKeyRef, `${path}.secretKeyRef`, errors);
  }
  if (source.fileKeyRef) {
    sources++;
    validateFileKeySelector(source.fileKeyRef, `${path}.fileKeyRef`, errors);
  }
  if (sources === 0) {
    const fields = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalid(path, '', `must specify one of: ${fields}`));
  } else if (variable.value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
}

/** `metadata.labels['key']` in its parts; no subscript: the path alone. */
function splitSubscript(fieldPath: string): { path: string; subscript?: string } {
  const match = /^(.+?)\['([^]*)'\]$/.exec(fieldPath);
  return match ? { path: match[1] as string, subscript: match[2] } : { path: fieldPath };
}

const SUBSCRIPTED = new Set(['metadata.annotations', 'metadata.labels']);
const KNOWN_FIELD_PATHS = new Set([
  ...SUBSCRIPTED,
  ...ENV_FIELD_PATHS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

/** The path under its present name, or upstream's text when there is no such field. */
function convertFieldPath({ apiVersion, fieldPath }: FieldSelector): { path: string } | { error: string } {
  if (apiVersion !== 'v1') return { error: `unsupported pod version: ${apiVersion}` };
  const { path, subscript } = splitSubscript(fieldPath);
  if (subscript !== undefined) {
    return SUBSCRIPTED.has(path)
      ? { path: fieldPath }
      : { error: `field label does not support subscript: ${fieldPath}` };
  }
  if (KNOWN_FIELD_PATHS.has(fieldPath)) return { path: fieldPath };
  return fieldPath === 'spec.host' ? { path: 'spec.nodeName' } : { error: `field label not supported: ${fieldPath}` };
}

/** `allowed` in sorted order, as the message lists them. */
export function validateFieldSelector(
  selector: FieldSelector,
  allowed: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  if (!selector.apiVersion) return void errors.push(required(`${path}.apiVersion`));
  if (!selector.fieldPath) return void errors.push(required(`${path}.fieldPath`));
  const converted = convertFieldPath(selector);
  if ('error' in converted) {
    const detail = `error converting fieldPath: ${converted.error}`;
    return void errors.push(invalid(`${path}.fieldPath`, selector.fieldPath, detail));
  }
  const { path: fieldPath, subscript } = splitSubscript(converted.path);
  if (subscript === undefined) {
    if (!allowed.includes(fieldPath)) errors.push(notSupported(`${path}.fieldPath`, fieldPath, allowed));
  } else {
    const key = fieldPath === 'metadata.annotations' ? subscript.toLowerCase() : subscript;
    validateQualifiedName(key, path, errors);
  }
}

const RESOURCE_PATHS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
] as const;
const BYTE_DIVISORS = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei';
const BYTE_DIVISOR_SET = new Set(BYTE_DIVISORS.split(', '));
const CPU_DIVISOR_SET = new Set(['1m', '1']);

const isHugePagesPath = (resource: string): boolean =>
  resource.startsWith('limits.hugepages-') || resource.startsWith('requests.hugepages-');

/** In volumes the container must be named; in the environment it is the container itself. */
export function validateResourceSelector(
  selector: ResourceSelector,
  path: string,
  needsContainer: boolean,
  errors: FieldError[],
): void {
  const resource = selector.resource ?? '';
  if (needsContainer && !selector.containerName) errors.push(required(`${path}.containerName`));
  else if (!resource) errors.push(required(`${path}.resource`));
  else if (!(RESOURCE_PATHS as readonly string[]).includes(resource) && !isHugePagesPath(resource)) {
    errors.push(notSupported(`${path}.resource`, resource, RESOURCE_PATHS));
  }
  validateDivisor(resource, selector.divisor, `${path}.divisor`, errors);
}

function validateDivisor(resource: string, divisor: unknown, path: string, errors: FieldError[]): void {
  if (divisor === undefined || divisor === null) return;
  const parsed = quantity(divisor);
  if (parsed.unscaled === 0n) return;
  const text = formatQuantity(parsed);
  const kind = resource.replace(/^(?:limits|requests)\./, '');
  const isBytes = kind === 'memory' || kind === 'ephemeral-storage' || isHugePagesPath(resource);
  if (kind === 'cpu' && !CPU_DIVISOR_SET.has(text)) {
    errors.push(invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource"));
  } else if (isBytes && !BYTE_DIVISOR_SET.has(text)) {
    const name = kind === 'memory' ? 'memory' : kind === 'ephemeral-storage' ? 'local ephemeral storage' : 'hugepages';
    errors.push(
      invalid(path, resource, `only divisor's values ${BYTE_DIVISORS} are supported with the ${name} resource`),
    );
  }
}

function validateKeySelector(
  { name = '', key }: { name?: string; key?: string },
  path: string,
  errors: FieldError[],
): void {
  pushInvalid(nameIsDNSSubdomain(name, false), name, `${path}.name`, errors);
  if (!key) errors.push(required(`${path}.key`));
  else pushInvalid(isConfigMapKey(key), key, `${path}.key`, errors);
}

function validateFileKeySelector(selector: FileKeySelector, path: string, errors: FieldError[]): void {
  if (!selector.key) errors.push(required(`${path}.key`));
  else pushInvalid(isRelaxedEnvVarName(selector.key), selector.key, `${path}.key`, errors);
  if (!selector.volumeName) errors.push(required(`${path}.volumeName`));
  else validateDNS1123Label(selector.volumeName, `${path}.volumeName`, errors);
  if (!selector.path) errors.push(required(`${path}.path`));
  else validatePathNoBacksteps(selector.path, `${path}.path`, errors);
}

export function validateEnvFrom(sources: Container['envFrom'], path: string, errors: FieldError[]): void {
  sources?.forEach(({ prefix, configMapRef, secretRef }, i) => {
    const at = `${path}[${i}]`;
    if (prefix) pushInvalid(isRelaxedEnvVarName(prefix), prefix, `${at}.prefix`, errors);
    if (configMapRef) validateEnvSourceName(configMapRef.name, `${at}.configMapRef.name`, errors);
    if (secretRef) validateEnvSourceName(secretRef.name, `${at}.secretRef.name`, errors);
    if (!configMapRef && !secretRef)
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (configMapRef && secretRef) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    }
  });
}

function validateEnvSourceName(name: string | undefined, path: string, errors: FieldError[]): void {
  if (!name) errors.push(required(path));
  else pushInvalid(nameIsDNSSubdomain(name, true), name, path, errors);
}

/** Files that give variables lie in emptyDir volumes of the pod. */
export function validateFileKeyVolumes(spec: PodSpec, path: string, errors: FieldError[]): void {
  visitContainers(spec, path, (container, at) => {
    container.env?.forEach(({ valueFrom }, i) => {
      if (!valueFrom?.fileKeyRef) return;
      const name = valueFrom.fileKeyRef.volumeName ?? '';
      const namePath = `${at}.env[${i}].valueFrom.fileKeyRef.volumeName`;
      const volume = spec.volumes?.findLast((candidate) => candidate.name === name);
      if (!volume) errors.push(notFoundField(namePath, name));
      else if (!volume.emptyDir) errors.push(invalid(namePath, name, 'referenced volume must be of type emptyDir'));
    });
  });
}
