/**
 * A container's environment. Pure: the objects it refers to are looked up beforehand.
 * Source: kubelet_pods.go makeEnvironmentVariables, envvars.FromServices.
 */
import type { IService } from 'kubernetes-models/v1/Service';
import type { Typed, UntypedObject } from '../../schema/meta/object-meta.ts';
import { type NodeFacts, podField, resourceField } from './downward-fields.ts';
import { expand } from './expansion.ts';
import { type Container, type Pod, podNamespace, podSpec } from './pod.ts';

export type Service = Typed<IService>;
export interface EnvVariable {
  readonly name: string;
  readonly value: string;
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly facts: NodeFacts;
  configMap(name: string): UntypedObject | undefined;
  secret(name: string): UntypedObject | undefined;
  /** Services of the pod's namespace. */
  readonly services: readonly Service[];
  /** Where pods reach the API: what KUBERNETES_SERVICE_HOST and _PORT say. */
  readonly apiServer: { readonly host: string; readonly port: number };
}

/** The variables in the order they are set, or why they cannot be made (as CreateContainerConfigError shows it). */
export type Environment =
  | { readonly ok: true; readonly variables: readonly EnvVariable[] }
  | { readonly ok: false; readonly message: string };

class MissingValue extends Error {}

export function environment(input: EnvironmentInput): Environment {
  const values = new Map<string, string>();
  const services = serviceVariables(input);
  try {
    for (const source of input.container.envFrom ?? []) {
      for (const [key, value] of sourceEntries(input, source)) values.set(`${source.prefix ?? ''}${key}`, value);
    }
    for (const variable of input.container.env ?? []) {
      const value = variableValue(input, variable, (name) => values.get(name) ?? services.get(name));
      if (value !== undefined) values.set(variable.name, value);
    }
  } catch (error) {
    if (error instanceof MissingValue) return { ok: false, message: error.message };
    throw error;
  }
  for (const [name, value] of services) if (!values.has(name)) values.set(name, value);
  return { ok: true, variables: [...values].map(([name, value]) => ({ name, value })) };
}

type EnvFromSource = NonNullable<Container['envFrom']>[number];
type EnvVar = NonNullable<Container['env']>[number];

function sourceEntries(input: EnvironmentInput, source: EnvFromSource): [string, string][] {
  if (source.configMapRef) {
    const { name = '', optional } = source.configMapRef;
    const object = input.configMap(name);
    if (!object && !optional) throw new MissingValue(`configmap "${name}" not found`);
    return Object.entries((object?.['data'] ?? {}) as Record<string, string>).sort(byKey);
  }
  if (source.secretRef) {
    const { name = '', optional } = source.secretRef;
    const object = input.secret(name);
    if (!object && !optional) throw new MissingValue(`secret "${name}" not found`);
    return Object.entries((object?.['data'] ?? {}) as Record<string, string>)
      .sort(byKey)
      .map(([key, value]) => [key, decodeBase64(value)]);
  }
  return [];
}

const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]): number => (a[0] < b[0] ? -1 : 1);
const decodeBase64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

/** Undefined: an optional reference to something missing; the variable is not set. */
function variableValue(
  input: EnvironmentInput,
  variable: EnvVar,
  known: (name: string) => string | undefined,
): string | undefined {
  const from = variable.valueFrom;
  if (!from) return expand(variable.value ?? '', known);
  const namespace = podNamespace(input.pod);
  if (from.fieldRef) {
    const value = podField(input.pod, from.fieldRef.fieldPath, input.facts);
    if (value === undefined) throw new MissingValue(`unsupported fieldPath: ${from.fieldRef.fieldPath}`);
    return value;
  }
  if (from.resourceFieldRef) {
    const { containerName, resource, divisor } = from.resourceFieldRef;
    const spec = podSpec(input.pod);
    const container = containerName
      ? [...spec.containers, ...(spec.initContainers ?? [])].find((c) => c.name === containerName)
      : input.container;
    if (!container) throw new MissingValue(`container ${containerName} not found`);
    const value = resourceField(container, resource, divisor, input.facts);
    if (value === undefined) throw new MissingValue(`unsupported container resource : ${resource}`);
    return value;
  }
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef;
    const object = input.configMap(name);
    const value = (object?.['data'] as Record<string, string> | undefined)?.[key];
    if (value !== undefined || optional) return value;
    throw new MissingValue(
      object ? `couldn't find key ${key} in ConfigMap ${namespace}/${name}` : `configmap "${name}" not found`,
    );
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional } = from.secretKeyRef;
    const object = input.secret(name);
    const value = (object?.['data'] as Record<string, string> | undefined)?.[key];
    if (value !== undefined) return decodeBase64(value);
    if (optional) return undefined;
    throw new MissingValue(
      object ? `couldn't find key ${key} in Secret ${namespace}/${name}` : `secret "${name}" not found`,
    );
  }
  return '';
}

/** Docker-link variables of the Services, `kubernetes` among them always. */
function serviceVariables(input: EnvironmentInput): Map<string, string> {
  const variables = new Map<string, string>();
  const linked = podSpec(input.pod).enableServiceLinks === false ? [] : input.services;
  for (const service of linked) {
    const ip = service.spec?.clusterIP;
    if (!ip || ip === 'None' || service.metadata.name === 'kubernetes') continue;
    addService(variables, service.metadata.name ?? '', ip, service.spec?.ports ?? []);
  }
  addService(variables, 'kubernetes', input.apiServer.host, [
    { name: 'https', port: input.apiServer.port, protocol: 'TCP' },
  ]);
  return variables;
}

type ServicePort = NonNullable<NonNullable<Service['spec']>['ports']>[number];

const variableName = (text: string): string => text.toUpperCase().replaceAll('-', '_');

function addService(variables: Map<string, string>, name: string, ip: string, ports: readonly ServicePort[]): void {
  const prefix = variableName(name);
  const first = ports[0];
  if (!first) return;
  const host = ip.includes(':') ? `[${ip}]` : ip;
  variables.set(`${prefix}_SERVICE_HOST`, ip);
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports)
    if (port.name) variables.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  const urlOf = (port: ServicePort): string => `${(port.protocol ?? 'TCP').toLowerCase()}://${host}:${port.port}`;
  variables.set(`${prefix}_PORT`, urlOf(first));
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const own = `${prefix}_PORT_${port.port}_${protocol}`;
    variables.set(own, urlOf(port));
    variables.set(`${own}_PROTO`, protocol.toLowerCase());
    variables.set(`${own}_PORT`, String(port.port));
    variables.set(`${own}_ADDR`, ip);
  }
}
