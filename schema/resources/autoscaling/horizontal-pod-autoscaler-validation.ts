/** Validation of HorizontalPodAutoscalers. Source: pkg/apis/autoscaling/validation, registry/autoscaling/horizontalpodautoscaler. */
import { pushAll } from '../../meta/push-all.ts';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { isPathSegmentName } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import { formatQuantity, quantitySign } from '../../meta/quantity.ts';
import { containerResourceNameErrors } from '../core/resource-names.ts';
import { dns1123LabelErrors, nonnegativeQuantityErrors, quantityAt } from '../field-checks.ts';

export type HorizontalPodAutoscaler = Typed<IHorizontalPodAutoscaler>;
type Spec = HorizontalPodAutoscaler['spec'] & object;
export type MetricSpec = NonNullable<Spec['metrics']>[number];
export type MetricStatus = NonNullable<NonNullable<HorizontalPodAutoscaler['status']>['currentMetrics']>[number];
export type ScalingRules = NonNullable<NonNullable<Spec['behavior']>['scaleUp']>;
type MetricTarget = NonNullable<MetricSpec['pods']>['target'];
type Reference = Spec['scaleTargetRef'];

const PERIOD_SECONDS_MAX = 1800;
const STABILIZATION_SECONDS_MAX = 3600;
const POLICY_TYPES = ['Percent', 'Pods'];
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
/** Type names of metrics, each with the field that describes one. */
const SOURCE_FIELDS: Readonly<Record<string, SourceField>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
const METRIC_TYPES = Object.keys(SOURCE_FIELDS);
type SourceField = 'containerResource' | 'external' | 'object' | 'pods' | 'resource';

const ONLY_ONE_SOURCE = 'must populate the given metric source only';
const NO_SOURCE = 'must populate information for the given metric source';

/** What is let through of an object reference's apiVersion. */
interface ReferenceOptions {
  readonly isEmptyGroupAllowed: boolean;
  readonly isApiVersionUnchecked: boolean;
}

function apiVersionFault(apiVersion: string, options: ReferenceOptions): string | undefined {
  if (options.isApiVersionUnchecked) return undefined;
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/');
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  const hasGroup = parts.length === 2 && parts[0] !== '';
  return hasGroup || options.isEmptyGroupAllowed ? undefined : 'apiVersion must specify API group';
}

function pathSegmentErrors(value: string | undefined, field: string): FieldError[] {
  if (!value) return [required(field)];
  return isPathSegmentName(value).map((text) => invalid(field, value, text));
}

function referenceErrors(
  reference: Partial<Reference> | undefined,
  field: string,
  options: ReferenceOptions,
): FieldError[] {
  const apiVersion = reference?.apiVersion ?? '';
  const fault = apiVersionFault(apiVersion, options);
  return [
    ...pathSegmentErrors(reference?.kind, `${field}.kind`),
    ...pathSegmentErrors(reference?.name, `${field}.name`),
    ...(fault ? [invalid(`${field}.apiVersion`, apiVersion, fault)] : []),
  ];
}

function positiveQuantityErrors(value: unknown, field: string): FieldError[] {
  const quantity = value === undefined ? undefined : quantityAt(value);
  return quantity && quantitySign(quantity) !== 1 ? [invalid(field, formatQuantity(quantity), 'must be positive')] : [];
}

function targetErrors(target: Partial<MetricTarget> | undefined, field: string): FieldError[] {
  const { type = '', value, averageValue, averageUtilization } = target ?? {};
  const errors: FieldError[] = type ? [] : [required(`${field}.type`, 'must specify a metric target type')];
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') {
    errors.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  pushAll(errors, positiveQuantityErrors(value, `${field}.value`));
  pushAll(errors, positiveQuantityErrors(averageValue, `${field}.averageValue`));
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

const metricNameErrors = (name: string | undefined, field: string): FieldError[] =>
  name
    ? pathSegmentErrors(name, `${field}.metric.name`)
    : [required(`${field}.metric.name`, 'must specify a metric name')];

function objectErrors(
  source: NonNullable<MetricSpec['object']>,
  field: string,
  options: ReferenceOptions,
): FieldError[] {
  const { value, averageValue } = source.target ?? {};
  const isSet = value !== undefined || averageValue !== undefined;
  return [
    ...referenceErrors(source.describedObject, `${field}.describedObject`, options),
    ...metricNameErrors(source.metric?.name, field),
    ...targetErrors(source.target, `${field}.target`),
    ...(isSet ? [] : [required(`${field}.target.averageValue`, 'must set either a target value or averageValue')]),
  ];
}

function externalErrors(source: NonNullable<MetricSpec['external']>, field: string): FieldError[] {
  const { value, averageValue } = source.target ?? {};
  const errors = [...metricNameErrors(source.metric?.name, field), ...targetErrors(source.target, `${field}.target`)];
  if (value === undefined && averageValue === undefined) {
    const detail = 'must set either a target value for metric or a per-pod target';
    errors.push(required(`${field}.target.averageValue`, detail));
  }
  if (value !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target value for metric and a per-pod target';
    errors.push(forbiddenField(`${field}.target.value`, detail));
  }
  return errors;
}

const podsErrors = (source: NonNullable<MetricSpec['pods']>, field: string): FieldError[] => [
  ...metricNameErrors(source.metric?.name, field),
  ...targetErrors(source.target, `${field}.target`),
  ...(source.target?.averageValue === undefined
    ? [required(`${field}.target.averageValue`, 'must specify a positive target averageValue')]
    : []),
];

function resourceTargetErrors(target: MetricTarget | undefined, field: string): FieldError[] {
  const errors = targetErrors(target, field);
  const { averageValue, averageUtilization } = target ?? {};
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.push(required(`${field}.averageUtilization`, 'must set either a target raw value or a target utilization'));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    errors.push(
      forbiddenField(`${field}.averageValue`, 'may not set both a target raw value and a target utilization'),
    );
  }
  return errors;
}

const resourceErrors = (source: NonNullable<MetricSpec['resource']>, field: string): FieldError[] => [
  ...(source.name ? [] : [required(`${field}.name`, 'must specify a resource name')]),
  ...resourceTargetErrors(source.target, `${field}.target`),
];

const containerResourceErrors = (source: NonNullable<MetricSpec['containerResource']>, field: string): FieldError[] => [
  ...(source.name
    ? containerResourceNameErrors(source.name, `${field}.name`)
    : [required(`${field}.name`, 'must specify a resource name')]),
  ...(source.container
    ? dns1123LabelErrors(source.container, `${field}.container`)
    : [required(`${field}.container`, 'must specify a container')]),
  ...resourceTargetErrors(source.target, `${field}.target`),
];

/** Errors of the first source a metric has; upstream looks no further. */
function sourceErrors(metric: Partial<MetricSpec>, field: string, options: ReferenceOptions): FieldError[] {
  if (metric.object) return objectErrors(metric.object, `${field}.object`, options);
  if (metric.external) return externalErrors(metric.external, `${field}.external`);
  if (metric.pods) return podsErrors(metric.pods, `${field}.pods`);
  if (metric.resource) return resourceErrors(metric.resource, `${field}.resource`);
  if (metric.containerResource) return containerResourceErrors(metric.containerResource, `${field}.containerResource`);
  return [];
}

function metricErrors(metric: Partial<MetricSpec>, field: string, options: ReferenceOptions): FieldError[] {
  const { type = '' } = metric;
  const errors: FieldError[] = type ? [] : [required(`${field}.type`, 'must specify a metric source type')];
  const unsupported = METRIC_TYPES.includes(type) ? [] : [notSupported(`${field}.type`, type, METRIC_TYPES)];
  pushAll(errors, [...unsupported, ...sourceErrors(metric, field, options)]);
  const expected = SOURCE_FIELDS[type];
  if (!expected) pushAll(errors, unsupported);
  else if (!metric[expected]) errors.push(required(`${field}.${expected}`, NO_SOURCE));
  const present = Object.values(SOURCE_FIELDS).filter((name) => metric[name]);
  if (present.length === 1) return errors;
  const others = present.filter((name) => name !== expected);
  return [...errors, ...others.map((name) => forbiddenField(`${field}.${name}`, ONLY_ONE_SOURCE))];
}

function metricsErrors({ metrics = [], minReplicas }: Spec, options: ReferenceOptions): FieldError[] {
  const errors = metrics.flatMap((metric, i) => metricErrors(metric, `spec.metrics[${i}]`, options));
  const canWake = metrics.some(({ type }) => type === 'Object' || type === 'External');
  if (minReplicas !== 0 || canWake) return errors;
  const detail = 'must specify at least one Object or External metric to support scaling to zero replicas';
  return [...errors, forbiddenField('spec.metrics', detail)];
}

function policyErrors({ type = '', value = 0, periodSeconds = 0 }: Partial<PolicyLike>, field: string): FieldError[] {
  const errors: FieldError[] = POLICY_TYPES.includes(type) ? [] : [notSupported(`${field}.type`, type, POLICY_TYPES)];
  if (value <= 0) errors.push(invalid(`${field}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) errors.push(invalid(`${field}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > PERIOD_SECONDS_MAX) {
    const detail = `must be less than or equal to ${PERIOD_SECONDS_MAX}`;
    errors.push(invalid(`${field}.periodSeconds`, periodSeconds, detail));
  }
  return errors;
}

type PolicyLike = NonNullable<ScalingRules['policies']>[number];

function rulesErrors(rules: ScalingRules | undefined, field: string): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: stabilization = 0, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  const stabilizationField = `${field}.stabilizationWindowSeconds`;
  if (stabilization < 0)
    errors.push(invalid(stabilizationField, stabilization, 'must be greater than or equal to zero'));
  if (stabilization > STABILIZATION_SECONDS_MAX) {
    errors.push(
      invalid(stabilizationField, stabilization, `must be less than or equal to ${STABILIZATION_SECONDS_MAX}`),
    );
  }
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) {
    errors.push(notSupported(`${field}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  }
  if (policies.length === 0) errors.push(required(`${field}.policies`, 'must specify at least one Policy'));
  pushAll(
    errors,
    policies.flatMap((policy, i) => policyErrors(policy, `${field}.policies[${i}]`)),
  );
  if (tolerance !== undefined) pushAll(errors, nonnegativeQuantityErrors(tolerance, `${field}.tolerance`));
  return errors;
}

function replicasErrors({ minReplicas, maxReplicas = 0 }: Partial<Spec>): FieldError[] {
  const errors: FieldError[] = [];
  const maxField = 'spec.maxReplicas';
  if (minReplicas !== undefined && minReplicas < 0) {
    errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 0'));
  }
  if (maxReplicas === 0) errors.push(required(maxField));
  if (maxReplicas < 0) errors.push(invalid(maxField, maxReplicas, 'must be greater than or equal to 1'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid(maxField, maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  return errors;
}

const CHECKED: ReferenceOptions = { isEmptyGroupAllowed: false, isApiVersionUnchecked: false };
const DESCRIBED_OBJECT: ReferenceOptions = { isEmptyGroupAllowed: true, isApiVersionUnchecked: false };

function targetOptions(target: Partial<Reference> = {}, previous: Partial<Reference> | undefined): ReferenceOptions {
  const isSame = (field: 'apiVersion' | 'kind'): boolean => (previous?.[field] ?? '') === (target[field] ?? '');
  if (previous && isSame('apiVersion') && isSame('kind')) return { ...CHECKED, isApiVersionUnchecked: true };
  return { ...CHECKED, isEmptyGroupAllowed: target.kind === 'ReplicationController' };
}

/** References to objects that were already wrong may stay so. */
function objectOptions(previous: Partial<Spec> | undefined): ReferenceOptions {
  const isWrong = ({ type, object }: MetricSpec): boolean =>
    type === 'Object' && apiVersionFault(object?.describedObject?.apiVersion ?? '', DESCRIBED_OBJECT) !== undefined;
  return { ...DESCRIBED_OBJECT, isApiVersionUnchecked: previous?.metrics?.some(isWrong) ?? false };
}

export function validateAutoscaler(
  { spec }: HorizontalPodAutoscaler,
  previous?: HorizontalPodAutoscaler,
): FieldError[] {
  if (!spec) return [];
  const { scaleTargetRef, behavior } = spec;
  const before: Partial<Spec> | undefined = previous && (previous.spec ?? {});
  return [
    ...replicasErrors(spec),
    ...referenceErrors(
      scaleTargetRef,
      'spec.scaleTargetRef',
      targetOptions(scaleTargetRef, before && (before.scaleTargetRef ?? {})),
    ),
    ...metricsErrors(spec, objectOptions(before)),
    ...rulesErrors(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...rulesErrors(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

export const validateAutoscalerStatus = ({ status }: HorizontalPodAutoscaler): FieldError[] => [
  ...(status?.conditions ?? []).flatMap((condition, i) =>
    validateNonnegative(
      (condition as { observedGeneration?: number }).observedGeneration,
      `status.conditions[${i}].observedGeneration`,
    ),
  ),
  ...validateNonnegative(status?.currentReplicas, 'status.currentReplicas'),
  ...validateNonnegative(status?.desiredReplicas, 'status.desiredReplicas'),
];
