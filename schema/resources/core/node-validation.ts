/** Validation of nodes. Source: pkg/apis/core/validation ValidateNode, ValidateNodeUpdate. */
import type { INode } from 'kubernetes-models/v1/Node';
import type { INodeConfigSource } from 'kubernetes-models/v1/NodeConfigSource';
import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../meta/field-error.ts';
import { goQuote } from '../../meta/go-format.ts';
import { isConfigMapKey, isDNS1123Label, isDNS1123Subdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { resourceQuantityErrors } from '../field-checks.ts';
import { isIPv6Text, parseCidrSloppy, validateLegacyCidr } from '../ip-address.ts';
import { goJsonSyntaxError } from './go-json-error.ts';
import { type Taint, taintErrors } from './taints.ts';

type Node = Typed<INode>;
type ConfigMapSource = NonNullable<INodeConfigSource['configMap']>;

const TAINTS_ANNOTATION = 'scheduler.alpha.kubernetes.io/taints';
const AVOID_PODS_ANNOTATION = 'scheduler.alpha.kubernetes.io/preferAvoidPods';
const FEATURE_NAME_BYTES_MAX = 253;
const FEATURE_NAME = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;

function parseAnnotation(text: string): { value: unknown } | { error: string } {
  const error = goJsonSyntaxError(text);
  return error === undefined ? { value: JSON.parse(text) as unknown } : { error };
}

function taintsAnnotationErrors(text: string): FieldError[] {
  const parsed = parseAnnotation(text);
  if ('error' in parsed) return [invalid('metadata.annotations', TAINTS_ANNOTATION, parsed.error)];
  if (!Array.isArray(parsed.value)) return [];
  return taintErrors(parsed.value as Taint[], `metadata.annotations.${TAINTS_ANNOTATION}`);
}

interface AvoidPods {
  preferAvoidPods?: { podSignature?: { podController?: { controller?: boolean } } }[];
}

function avoidPodsErrors(text: string): FieldError[] {
  const parsed = parseAnnotation(text);
  if ('error' in parsed) return [invalid('metadata.annotations.AvoidPods', AVOID_PODS_ANNOTATION, parsed.error)];
  const entries = (parsed.value as AvoidPods | null)?.preferAvoidPods ?? [];
  return entries.flatMap(({ podSignature }, i) => {
    const field = `metadata.annotations.${AVOID_PODS_ANNOTATION}[${i}].PodSignature`;
    if (!podSignature?.podController) return [required(field)];
    if (podSignature.podController.controller) return [];
    return [invalid(`${field}.PodController.Controller`, false, 'must point to a controller')];
  });
}

function annotationErrors({ metadata }: Node): FieldError[] {
  const taints = metadata.annotations?.[TAINTS_ANNOTATION];
  const avoidPods = metadata.annotations?.[AVOID_PODS_ANNOTATION];
  return [...(taints ? taintsAnnotationErrors(taints) : []), ...(avoidPods ? avoidPodsErrors(avoidPods) : [])];
}

function resourceErrors({ status }: Node): FieldError[] {
  const of = (list: Readonly<Record<string, unknown>> | undefined, field: string): FieldError[] =>
    Object.entries(list ?? {}).flatMap(([name, value]) => resourceQuantityErrors(name, value, `${field}.${name}`));
  return [...of(status?.capacity, 'status.capacity'), ...of(status?.allocatable, 'status.allocatable')];
}

function featureNameFault(name: string): string | undefined {
  if (name.length > FEATURE_NAME_BYTES_MAX) {
    return `invalid feature name ${goQuote(name)}: must be no more than ${FEATURE_NAME_BYTES_MAX} characters`;
  }
  if (FEATURE_NAME.test(name)) return undefined;
  return `invalid feature name ${goQuote(name)}: must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`;
}

function featureErrors({ status }: Node): FieldError[] {
  const features = status?.declaredFeatures ?? [];
  return features.flatMap((feature, i) => {
    const errors: FieldError[] = [];
    const fault = featureNameFault(feature);
    if (fault !== undefined) errors.push(invalid(`status.declaredFeatures[${i}]`, feature, fault));
    const next = features[i + 1];
    const nextField = `status.declaredFeatures[${i + 1}]`;
    if (next === feature) errors.push(duplicate(nextField, next));
    else if (next !== undefined && feature > next)
      errors.push(invalid(nextField, next, 'list must be sorted alphabetically'));
    return errors;
  });
}

function podCidrErrors({ spec }: Node): FieldError[] {
  const cidrs = spec?.podCIDRs ?? [];
  const errors = cidrs.flatMap((cidr, i) => validateLegacyCidr(cidr, `spec.podCIDRs[${i}]`));
  if (cidrs.length < 2) return errors;
  const bad = cidrs.findIndex((cidr) => !parseCidrSloppy(cidr));
  if (bad >= 0) {
    const why = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad]})`;
    errors.push({
      type: 'InternalError',
      field: 'spec.podCIDRs',
      body: `Internal error: invalid PodCIDRs. failed to check with dual stack with error:${why}`,
    });
  }
  const isV6 = cidrs.map((cidr) => isIPv6Text(cidr.slice(0, cidr.indexOf('/'))));
  const isDualStack = bad < 0 && isV6.includes(true) && isV6.includes(false);
  if (!isDualStack || cidrs.length > 2) {
    errors.push(invalid('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

function swapErrors({ status }: Node): FieldError[] {
  const capacity = status?.nodeInfo?.swap?.capacity;
  if (capacity === undefined || capacity > 0) return [];
  return [invalid('metadata.nodeSwapStatus.capacity', capacity, 'must be greater than zero')];
}

/** All errors of a node but those of an update. */
export const validateNode = (node: Node): FieldError[] => [
  ...annotationErrors(node),
  ...taintErrors(node.spec?.taints ?? [], 'metadata.taints'),
  ...resourceErrors(node),
  ...swapErrors(node),
  ...featureErrors(node),
  ...podCidrErrors(node),
];

function addressErrors({ status }: Node): FieldError[] {
  const seen = new Set<string>();
  return (status?.addresses ?? []).flatMap(({ type, address }, i) => {
    const identity = `${type} ${address}`;
    if (seen.has(identity)) return [duplicate(`status.addresses[${i}]`, { Type: type, Address: address })];
    seen.add(identity);
    return [];
  });
}

function podCidrChanges(next: Node, previous: Node): FieldError[] {
  const before = previous.spec?.podCIDRs ?? [];
  const after = next.spec?.podCIDRs ?? [];
  const error = forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid');
  if (before.length === 0) return [];
  return before.length === after.length ? before.flatMap((cidr, i) => (cidr === after[i] ? [] : [error])) : [error];
}

function providerIdErrors(next: Node, previous: Node): FieldError[] {
  const before = previous.spec?.providerID;
  const after = next.spec?.providerID;
  if (!before || before === after) return [];
  return [
    invalid('spec.providerID', null, after ? 'field cannot be modified once set' : 'field cannot be cleared once set'),
  ];
}

type SourceRule = (source: ConfigMapSource, field: string) => FieldError[];

const inSpec: SourceRule = ({ uid, resourceVersion }, field) => [
  ...(uid ? [forbiddenField(`${field}.uid`, 'uid must not be set in spec')] : []),
  ...(resourceVersion ? [forbiddenField(`${field}.resourceVersion`, 'resourceVersion must not be set in spec')] : []),
];

const inStatus: SourceRule = ({ uid, resourceVersion }, field) => [
  ...(uid ? [] : [required(`${field}.uid`)]),
  ...(resourceVersion ? [] : [required(`${field}.resourceVersion`)]),
];

const namedErrors = (value: string | undefined, field: string, rule: (value: string) => string[]): FieldError[] =>
  value ? rule(value).map((text) => invalid(field, value, text)) : [required(field)];

function configSourceErrors(source: INodeConfigSource | undefined, field: string, rule: SourceRule): FieldError[] {
  if (!source) return [];
  const { configMap } = source;
  if (!configMap) return [invalid(field, { ConfigMap: null }, 'exactly one reference subfield must be non-nil')];
  const at = `${field}.configMap`;
  return [
    ...rule(configMap, at),
    ...namedErrors(configMap.namespace, `${at}.namespace`, isDNS1123Label),
    ...namedErrors(configMap.name, `${at}.name`, isDNS1123Subdomain),
    ...namedErrors(configMap.kubeletConfigKey, `${at}.kubeletConfigKey`, isConfigMapKey),
  ];
}

function configErrors({ spec, status }: Node): FieldError[] {
  const config = status?.config;
  return [
    ...configSourceErrors(spec?.configSource, 'spec.configSource', inSpec),
    ...configSourceErrors(config?.assigned, 'status.config.assigned', inStatus),
    ...configSourceErrors(config?.active, 'status.config.active', inStatus),
    ...configSourceErrors(config?.lastKnownGood, 'status.config.lastKnownGood', inStatus),
  ];
}

/** Errors of an update of the node or its status. */
export const validateNodeUpdate = (next: Node, previous: Node): FieldError[] => [
  ...annotationErrors(next),
  ...resourceErrors(next),
  ...featureErrors(next),
  ...addressErrors(next),
  ...podCidrChanges(next, previous),
  ...providerIdErrors(next, previous),
  ...configErrors(next),
  ...taintErrors(next.spec?.taints ?? [], 'metadata.taints'),
  ...(next.spec?.externalID === previous.spec?.externalID
    ? []
    : [forbiddenField('spec.externalID', 'may not be updated')]),
];
