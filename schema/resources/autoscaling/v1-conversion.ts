/**
 * HorizontalPodAutoscalers between autoscaling/v2 (as stored) and autoscaling/v1, which has but one
 * metric and keeps everything else in annotations. Source: pkg/apis/autoscaling/v1/conversion.go.
 */
import { goJson } from '../../meta/go-format.ts';
import type { UntypedObject } from '../../meta/object-meta.ts';
import {
  compact,
  type Fields,
  fieldsOf,
  metricSpecFromV1,
  metricSpecToV1,
  metricStatusFromV1,
  metricStatusToV1,
  read,
  readInteger,
  readList,
  readQuantity,
  readText,
  UnreadableAnnotation,
} from './metric-conversion.ts';

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const ROUND_TRIP_ANNOTATIONS = [
  METRICS,
  CURRENT_METRICS,
  CONDITIONS,
  BEHAVIOR,
  'autoscaling.alpha.kubernetes.io/scale-down-tolerance',
  'autoscaling.alpha.kubernetes.io/scale-up-tolerance',
];
const DEFAULT_CPU_PERCENT = 80;

export const cpuMetric = (averageUtilization = DEFAULT_CPU_PERCENT): Fields => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

/** Annotations by which v1 keeps what it has no fields for have no place in another version. */
export function dropRoundTripAnnotations({ metadata }: UntypedObject): void {
  for (const name of ROUND_TRIP_ANNOTATIONS) delete metadata.annotations?.[name];
}

const isCpu = (metric: Fields): boolean => metric.type === 'Resource' && fieldsOf(metric.resource).name === 'cpu';

const utilizationOf = (metric: Fields, amount: 'target' | 'current'): unknown =>
  fieldsOf(fieldsOf(metric.resource)[amount]).averageUtilization;

const isCpuTarget = (metric: Fields): boolean => isCpu(metric) && utilizationOf(metric, 'target') !== undefined;

/** In the names of the internal type's fields, which is how upstream writes it. */
function rulesText(rules: unknown): Fields | null {
  if (!rules) return null;
  const { stabilizationWindowSeconds, selectPolicy, policies, tolerance } = rules as Fields;
  const printed = (policies as Fields[] | undefined)?.map(({ type, value, periodSeconds }) => ({
    Type: type ?? '',
    Value: value ?? 0,
    PeriodSeconds: periodSeconds ?? 0,
  }));
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds ?? null,
    SelectPolicy: selectPolicy ?? null,
    Policies: printed ?? null,
    Tolerance: tolerance ?? null,
  };
}

function conditionText(condition: Fields): Fields {
  const { type = '', status = '', lastTransitionTime = null, reason, message, observedGeneration } = condition;
  return compact({
    type,
    status,
    lastTransitionTime,
    reason: reason || undefined,
    message: message || undefined,
    observedGeneration,
  });
}

export function autoscalerToV1(object: UntypedObject): UntypedObject {
  dropRoundTripAnnotations(object);
  const spec = fieldsOf(object.spec);
  const status = fieldsOf(object.status);
  const metrics = (spec.metrics ?? []) as Fields[];
  const currentMetrics = (status.currentMetrics ?? []) as Fields[];
  const conditions = (status.conditions ?? []) as Fields[];
  const others = metrics.filter((metric) => !isCpuTarget(metric));
  const cpuTarget = metrics.find(isCpuTarget);
  const cpuUtilization = currentMetrics
    .filter(isCpu)
    .map((metric) => utilizationOf(metric, 'current'))
    .findLast((value) => value !== undefined);
  const behavior = spec.behavior as Fields | undefined;
  const kept = compact({
    [METRICS]: others.length > 0 ? goJson(others.map(metricSpecToV1)) : undefined,
    [CURRENT_METRICS]: currentMetrics.length > 0 ? goJson(currentMetrics.map(metricStatusToV1)) : undefined,
    [BEHAVIOR]: behavior && goJson({ ScaleUp: rulesText(behavior.scaleUp), ScaleDown: rulesText(behavior.scaleDown) }),
    [CONDITIONS]: conditions.length > 0 ? goJson(conditions.map(conditionText)) : undefined,
  }) as Record<string, string>;
  const { metadata } = object;
  if (Object.keys(kept).length > 0) metadata.annotations = { ...metadata.annotations, ...kept };
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    spec: compact({
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas ?? 0,
      targetCPUUtilizationPercentage: cpuTarget && utilizationOf(cpuTarget, 'target'),
    }),
    status: compact({
      observedGeneration: status.observedGeneration,
      lastScaleTime: status.lastScaleTime,
      currentReplicas: status.currentReplicas ?? 0,
      desiredReplicas: status.desiredReplicas ?? 0,
      currentCPUUtilizationPercentage: cpuUtilization,
    }),
  };
}

/** What an annotation holds, read by `take`; undefined when it is not there or not readable. */
function fromAnnotation<T>({ metadata }: UntypedObject, name: string, take: (value: unknown) => T): T | undefined {
  const text = metadata.annotations?.[name];
  if (text === undefined) return undefined;
  try {
    return take(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof UnreadableAnnotation) return undefined;
    throw error;
  }
}

function rulesFrom(value: unknown): Fields | undefined {
  if (value === undefined) return undefined;
  const from = fieldsOf(value);
  const policies = read(from, 'Policies');
  return compact({
    stabilizationWindowSeconds: readInteger(from, 'StabilizationWindowSeconds'),
    selectPolicy: readText(from, 'SelectPolicy'),
    policies:
      policies === undefined
        ? undefined
        : readList(policies)
            .map(fieldsOf)
            .map((policy) => ({
              type: readText(policy, 'Type') ?? '',
              value: readInteger(policy, 'Value') ?? 0,
              periodSeconds: readInteger(policy, 'PeriodSeconds') ?? 0,
            })),
    tolerance: readQuantity(from, 'Tolerance'),
  });
}

function behaviorFrom(value: unknown): Fields | undefined {
  const from = fieldsOf(value);
  const behavior = compact({
    scaleUp: rulesFrom(read(from, 'ScaleUp')),
    scaleDown: rulesFrom(read(from, 'ScaleDown')),
  });
  return Object.keys(behavior).length > 0 ? behavior : undefined;
}

function conditionFrom(value: unknown): Fields {
  const from = fieldsOf(value);
  return compact({
    type: readText(from, 'type') ?? '',
    status: readText(from, 'status') ?? '',
    lastTransitionTime: readText(from, 'lastTransitionTime'),
    reason: readText(from, 'reason'),
    message: readText(from, 'message'),
    observedGeneration: readInteger(from, 'observedGeneration'),
  });
}

const listOf =
  (take: (item: unknown) => Fields) =>
  (value: unknown): Fields[] =>
    readList(value).map(take);

export function autoscalerFromV1(object: UntypedObject): UntypedObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = fieldsOf(object.spec);
  const { currentCPUUtilizationPercentage: current, ...status } = fieldsOf(object.status);
  const metrics = [
    ...(fromAnnotation(object, METRICS, listOf(metricSpecFromV1)) ?? []),
    ...(target === undefined ? [] : [cpuMetric(target as number)]),
  ];
  const cpuStatus = { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } };
  const currentMetrics =
    fromAnnotation(object, CURRENT_METRICS, listOf(metricStatusFromV1)) ??
    (current === undefined ? undefined : [cpuStatus]);
  const converted = {
    ...object,
    apiVersion: 'autoscaling/v2',
    spec: compact({
      ...spec,
      metrics: metrics.length > 0 ? metrics : [cpuMetric()],
      behavior: fromAnnotation(object, BEHAVIOR, behaviorFrom),
    }),
    status: compact({
      ...status,
      currentMetrics,
      conditions: fromAnnotation(object, CONDITIONS, listOf(conditionFrom)),
    }),
  };
  dropRoundTripAnnotations(converted);
  return converted;
}
