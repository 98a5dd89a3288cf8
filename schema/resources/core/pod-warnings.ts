/** Warnings for pods and templates. Source: kubernetes pkg/api/pod/warnings.go (1.37). */
import { pushAll } from '../../meta/push-all.ts';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { goList, goQuote } from '../../meta/go-format.ts';
import { isDNS1123Label, isValidLabelValue } from '../../meta/name-rules.ts';
import type { ObjectMeta } from '../../meta/object-meta.ts';
import { formatQuantity, quantityMilliValue } from '../../meta/quantity.ts';
import { ipWarnings } from '../ip-address.ts';
import { appArmorProfileOf } from './pod-apparmor.ts';
import { portWarnings } from './pod-port-warnings.ts';
import { quantity } from './pod-resource-list.ts';
import {
  type Container,
  type Pod,
  type PodSpec,
  type PodTemplateSpec,
  type ResourceList,
  visitContainers,
} from './pod-types.ts';
import {
  APPARMOR_CONTAINER_PREFIX,
  SECCOMP_CONTAINER_PREFIX,
  SECCOMP_POD_ANNOTATION,
} from './pod-validation/annotations.ts';
import { volumePathWarnings } from './pod-volume-path-warnings.ts';

/** Node labels that have newer names, with what to use instead. Source: pkg/api/node/util.go. */
const DEPRECATED_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const DEPRECATED_VOLUMES = {
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  gitRepo: ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  flocker: ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  quobyte: ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
} as const;

/** Warnings on a pod's creation, after it was prepared. */
export function warningsForNewPod(pod: Pod): string[] {
  const warnings: string[] = [];
  const nameErrors = isDNS1123Label(pod.metadata.name ?? '');
  if (nameErrors.length) {
    const why =
      "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    warnings.push(`metadata.name: ${why}: ${goList(nameErrors)}`);
  }
  const spec = (pod.spec ?? {}) as PodSpec;
  collect(spec, pod.metadata, '', warnings);
  appArmorWarnings(spec, pod.metadata, 'metadata', warnings);
  return warnings;
}

/** Of an object whose pods take its name: workloads. */
export function workloadNameWarnings(name: string | undefined): string[] {
  const errors = isDNS1123Label(name ?? '');
  if (errors.length === 0) return [];
  const why =
    'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: ${why}: ${goList(errors)}`];
}

/** `path` is the template's, e.g. `spec.template`. */
export function warningsForPodTemplate(template: PodTemplateSpec | undefined, path: string): string[] {
  const warnings: string[] = [];
  const spec = (template?.spec ?? {}) as PodSpec;
  const metadata = template?.metadata ?? {};
  collect(spec, metadata, `${path}.`, warnings);
  appArmorWarnings(spec, metadata, `${path}.metadata`, warnings);
  return warnings;
}

/** Addresses a status update brings in an old form. */
export function podStatusWarnings({ status }: Pod): string[] {
  return [
    ...(status?.podIPs ?? []).flatMap(({ ip = '' }, i) => ipWarnings(ip, `status.podIPs[${i}].ip`)),
    ...(status?.hostIPs ?? []).flatMap(({ ip = '' }, i) => ipWarnings(ip, `status.hostIPs[${i}].ip`)),
  ];
}

/** `prefix` is empty for pods, else the template's path with its dot. */
function collect(spec: PodSpec, metadata: ObjectMeta, prefix: string, warnings: string[]): void {
  const at = `${prefix}spec`;
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const deprecation = DEPRECATED_NODE_LABELS[key];
    if (deprecation) warnings.push(`${at}.nodeSelector[${key}]: ${deprecation}`);
  }
  nodeAffinityWarnings(spec, at, warnings);
  spreadWarnings(spec, at, warnings);
  for (const [key, message] of Object.entries(DEPRECATED_ANNOTATIONS)) {
    if (metadata.annotations?.[key] !== undefined) warnings.push(`${prefix}metadata.annotations[${key}]: ${message}`);
  }
  volumeWarnings(spec, at, warnings);
  listWarnings(spec, at, warnings);
  for (const name of BYTE_RESOURCES) fractionWarning(spec.overhead, name, `${at}.overhead`, warnings);
  seccompWarnings(spec, metadata, prefix, warnings);
  visitContainers(spec, at, (container, path) => containerWarnings(container, path, warnings));
  pushAll(warnings, portWarnings(spec, at));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const why = 'must be >= 0; negative values are invalid and will be treated as 1';
    warnings.push(`${at}.terminationGracePeriodSeconds: ${why}`);
  }
  podAffinityWarnings(spec, at, warnings);
  spec.dnsConfig?.nameservers?.forEach((ip, i) =>
    pushAll(warnings, ipWarnings(ip, `${at}.dnsConfig.nameservers[${i}]`)),
  );
  spec.hostAliases?.forEach(({ ip = '' }, i) => pushAll(warnings, ipWarnings(ip, `${at}.hostAliases[${i}].ip`)));
}

type Requirements = { matchExpressions?: { key: string; values?: string[] }[] } | undefined;

function nodeAffinityWarnings({ affinity }: PodSpec, at: string, warnings: string[]): void {
  const nodeAffinity = affinity?.nodeAffinity;
  const path = `${at}.affinity.nodeAffinity`;
  const warnOf = (term: Requirements, termPath: string, checksValues: boolean): void => {
    term?.matchExpressions?.forEach(({ key, values = [] }, i) => {
      const deprecation = DEPRECATED_NODE_LABELS[key];
      if (deprecation) warnings.push(`${termPath}.matchExpressions[${i}].key: ${key} is ${deprecation}`);
      if (!checksValues) return;
      values.forEach((value, j) => {
        for (const message of isValidLabelValue(value)) {
          warnings.push(`${termPath}.matchExpressions[${i}].values[${j}]: ${value} is invalid, ${message}`);
        }
      });
    });
  };
  nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.forEach((term, i) =>
    warnOf(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`, false),
  );
  nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ preference }, i) =>
    warnOf(preference, `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`, true),
  );
}

const NULL_SELECTOR = 'a null labelSelector results in matching no pod';

function spreadWarnings(spec: PodSpec, at: string, warnings: string[]): void {
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, i) => {
    const path = `${at}.topologySpreadConstraints[${i}]`;
    const deprecation = DEPRECATED_NODE_LABELS[topologyKey];
    if (deprecation) warnings.push(`${path}.topologyKey: ${topologyKey} is ${deprecation}`);
    if (!labelSelector) warnings.push(`${path}.labelSelector: ${NULL_SELECTOR}`);
  });
}

function podAffinityWarnings({ affinity }: PodSpec, at: string, warnings: string[]): void {
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const path = `${at}.affinity.${kind}`;
    affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
      if (term.labelSelector) return;
      warnings.push(`${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}].labelSelector: ${NULL_SELECTOR}`);
    });
    affinity?.[kind]?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ podAffinityTerm }, i) => {
      if (podAffinityTerm?.labelSelector) return;
      const term = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`;
      warnings.push(`${term}.labelSelector: ${NULL_SELECTOR}`);
    });
  }
}

function volumeWarnings(spec: PodSpec, at: string, warnings: string[]): void {
  spec.volumes?.forEach((volume, i) => {
    for (const name of Object.keys(DEPRECATED_VOLUMES) as (keyof typeof DEPRECATED_VOLUMES)[]) {
      const [shown, message] = DEPRECATED_VOLUMES[name];
      if (volume[name]) warnings.push(`${at}.volumes[${i}].${shown}: ${message}`);
    }
    const storage = volume.ephemeral?.volumeClaimTemplate?.spec?.resources;
    const path = `${at}.volumes[${i}].ephemeral.volumeClaimTemplate.spec.resources`;
    fractionWarning(storage?.requests, 'storage', `${path}.requests`, warnings);
  });
  pushAll(warnings, volumePathWarnings(spec.volumes ?? []));
}

function listWarnings(spec: PodSpec, at: string, warnings: string[]): void {
  const ips = new Set<string>();
  spec.hostAliases?.forEach(({ ip = '' }, i) => {
    if (ips.has(ip)) warnings.push(`${at}.hostAliases[${i}].ip: duplicate ip ${goQuote(ip)}`);
    ips.add(ip);
  });
  const names = new Set<string>();
  spec.imagePullSecrets?.forEach(({ name = '' }, i) => {
    if (names.has(name)) warnings.push(`${at}.imagePullSecrets[${i}].name: duplicate name ${goQuote(name)}`);
    names.add(name);
  });
  spec.imagePullSecrets?.forEach(({ name }, i) => {
    if (!name) warnings.push(`${at}.imagePullSecrets[${i}].name: invalid empty name ""`);
  });
}

const BYTE_RESOURCES = ['memory', 'ephemeral-storage'] as const;

function fractionWarning(list: ResourceList | undefined, name: string, path: string, warnings: string[]): void {
  const value = list?.[name];
  if (value === undefined || (typeof value === 'string' && /^\d+(?:[KMGT]i|[MGT])?$/.test(value))) return;
  const parsed = quantity(value);
  if (quantityMilliValue(parsed) % 1000 === 0) return;
  const text = goQuote(formatQuantity(parsed));
  warnings.push(`${path}[${name}]: fractional byte value ${text} is invalid, must be an integer`);
}

const SECCOMP_MESSAGE = 'non-functional in v1.27+; use the "seccompProfile" field instead';

function seccompWarnings(spec: PodSpec, { annotations }: ObjectMeta, prefix: string, warnings: string[]): void {
  if (!annotations) return;
  const warn = (key: string): void => {
    if (annotations[key] !== undefined) warnings.push(`${prefix}metadata.annotations[${key}]: ${SECCOMP_MESSAGE}`);
  };
  if (!spec.securityContext?.seccompProfile) warn(SECCOMP_POD_ANNOTATION);
  visitContainers(spec, '', ({ name, securityContext }) => {
    if (!securityContext?.seccompProfile) warn(SECCOMP_CONTAINER_PREFIX + name);
  });
}

const APPARMOR_MESSAGE = 'deprecated since v1.30; use the "appArmorProfile" field instead';

/** An annotation that says something else than the pod's profile does. A pod's was copied into the container before. */
function appArmorWarnings(spec: PodSpec, { annotations }: ObjectMeta, metadataPath: string, warnings: string[]): void {
  if (!annotations || spec.os?.name === 'windows') return;
  const podProfile = spec.securityContext?.appArmorProfile;
  const isTemplate = metadataPath !== 'metadata';
  visitContainers(spec, '', ({ name, securityContext }) => {
    const key = APPARMOR_CONTAINER_PREFIX + name;
    const annotation = annotations[key];
    if (annotation === undefined) return;
    const profile = appArmorProfileOf(annotation);
    const own = securityContext?.appArmorProfile;
    const isCopied = !isTemplate && own !== undefined && semanticEqual(own, profile);
    if (own && !isCopied) return;
    if (profile && semanticEqual(profile, podProfile)) return;
    warnings.push(`${metadataPath}.annotations[${key}]: ${APPARMOR_MESSAGE}`);
  });
}

function containerWarnings(container: Container, path: string, warnings: string[]): void {
  for (const name of BYTE_RESOURCES) {
    fractionWarning(container.resources?.limits, name, `${path}.resources.limits`, warnings);
    fractionWarning(container.resources?.requests, name, `${path}.resources.requests`, warnings);
  }
  const seen = new Set<string>();
  container.env?.forEach(({ name = '', value = '', valueFrom }, i) => {
    const reference = `$(${name})`;
    const extendsPrevious = !valueFrom && value !== reference && value.includes(reference);
    if (seen.has(name) && !extendsPrevious) {
      const why = `hides previous definition of ${goQuote(name)}, which may be dropped when using apply`;
      warnings.push(`${path}.env[${i}]: ${why}`);
    }
    seen.add(name);
  });
}
