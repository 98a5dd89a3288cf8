/** HorizontalPodAutoscaler. Stored as autoscaling/v2. Source: pkg/registry/autoscaling/horizontalpodautoscaler, pkg/apis/autoscaling/v2. */
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { UntypedObject } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import {
  type HorizontalPodAutoscaler,
  type MetricSpec,
  type MetricStatus,
  type ScalingRules,
  validateAutoscaler,
  validateAutoscalerStatus,
} from './horizontal-pod-autoscaler-validation.ts';
import { autoscalerFromV1, autoscalerToV1, cpuMetric, dropRoundTripAnnotations } from './v1-conversion.ts';

export type { HorizontalPodAutoscaler } from './horizontal-pod-autoscaler-validation.ts';

type Spec = HorizontalPodAutoscaler['spec'] & object;
type Status = NonNullable<HorizontalPodAutoscaler['status']>;

const SHOWN_METRICS_MAX = 2;
const UNKNOWN = '<unknown>';
/** An amount that should be there and is not. */
const NOT_SET = '<nil>';

const percentPolicy = () => ({ type: 'Percent', value: 100, periodSeconds: 15 });

const scaleUpRules = (): ScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percentPolicy()],
});
const scaleDownRules = (): ScalingRules => ({ selectPolicy: 'Max', policies: [percentPolicy()] });

/** Upstream writes metrics that were never measured as null. */
const emptyStatus = (): Status => ({ desiredReplicas: 0, currentMetrics: null }) as unknown as Status;

function defaults(autoscaler: HorizontalPodAutoscaler): void {
  dropRoundTripAnnotations(autoscaler as unknown as UntypedObject);
  const spec = (autoscaler.spec ??= {} as Spec) as Spec;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuMetric() as unknown as MetricSpec];
  if (spec.behavior) {
    spec.behavior.scaleUp = { ...scaleUpRules(), ...spec.behavior.scaleUp };
    spec.behavior.scaleDown = { ...scaleDownRules(), ...spec.behavior.scaleDown };
  }
  autoscaler.status = { ...emptyStatus(), ...autoscaler.status };
}

type Amount = string | number;

function formatAverage(current: Amount | undefined, target: Amount, name?: string): string {
  const prefix = name === undefined ? '' : `${name}: `;
  return `${prefix}${current ?? UNKNOWN}/${target}`;
}

/** A metric of objects or from outside: per pod, or as a whole. */
function formatValue(
  spec: MetricSpec['external'] | MetricSpec['object'],
  status: MetricStatus['external'] | MetricStatus['object'],
): string {
  const { averageValue, value } = spec?.target ?? {};
  if (averageValue !== undefined) return `${formatAverage(status?.current?.averageValue, averageValue)} (avg)`;
  return formatAverage(status && (status.current?.value ?? NOT_SET), value ?? NOT_SET);
}

function formatResource(spec: MetricSpec['resource'], status: MetricStatus['resource']): string {
  const { averageValue, averageUtilization: target } = spec?.target ?? {};
  if (averageValue !== undefined) {
    return formatAverage(status && (status.current?.averageValue ?? NOT_SET), averageValue, spec?.name ?? '');
  }
  const utilization = status?.current?.averageUtilization;
  const current = utilization === undefined ? undefined : `${utilization}%`;
  return formatAverage(current, target === undefined ? '<auto>' : `${target}%`, spec?.name ?? '');
}

function formatMetric(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return formatValue(spec.external, status?.external);
    case 'Object':
      return formatValue(spec.object, status?.object);
    case 'Pods':
      return formatAverage(
        status?.pods && (status.pods.current?.averageValue ?? NOT_SET),
        spec.pods?.target?.averageValue ?? NOT_SET,
      );
    case 'Resource':
      return formatResource(spec.resource, status?.resource);
    case 'ContainerResource':
      return formatResource(spec.containerResource, status?.containerResource);
    default:
      return '<unknown type>';
  }
}

function formatMetrics(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return '<none>';
  const shown = specs.slice(0, SHOWN_METRICS_MAX).map((spec, i) => formatMetric(spec, statuses[i]));
  const rest = specs.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} + ${rest} more...` : shown.join(', ');
}

export const horizontalPodAutoscaler = defineResource<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V2HorizontalPodAutoscaler',
  alsoServed: [
    {
      group: 'autoscaling',
      version: 'v1',
      schema: 'V1HorizontalPodAutoscaler',
      toStored: autoscalerFromV1,
      fromStored: autoscalerToV1,
    },
  ],
  validateName: nameIsDNSSubdomain,
  defaults,
  prepareForCreate(autoscaler) {
    autoscaler.status = emptyStatus();
  },
  validate: (autoscaler) => validateAutoscaler(autoscaler),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: validateAutoscaler,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: (next) => validateAutoscalerStatus(next),
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Reference',
        'string',
        'scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.',
      ),
      column(
        'Targets',
        'string',
        'metrics contains the specifications for which to use to calculate the desired replica count (the maximum replica count across all metrics will be used).  The desired replica count is calculated multiplying the ratio between the target value and the current value by the current number of pods.  Ergo, metrics used must decrease as the pod count is increased, and vice-versa.  See the individual metric source types for more information about how each type of metric must respond. If not set, the default metric will be set to 80% average CPU utilization.',
      ),
      column(
        'MinPods',
        'string',
        'minReplicas is the lower limit for the number of replicas to which the autoscaler can scale down.  It defaults to 1 pod.  minReplicas is allowed to be 0 if the alpha feature gate HPAScaleToZero is enabled and at least one Object or External metric is configured.  Scaling is active as long as at least one metric value is available.',
      ),
      column(
        'MaxPods',
        'string',
        'maxReplicas is the upper limit for the number of replicas to which the autoscaler can scale up. It cannot be less that minReplicas.',
      ),
      column(
        'Replicas',
        'string',
        'currentReplicas is current number of replicas of pods managed by this autoscaler, as last seen by the autoscaler.',
      ),
      ageColumn,
    ],
    cells: (autoscaler, now) => {
      const { scaleTargetRef, metrics, minReplicas, maxReplicas } = (autoscaler.spec ?? {}) as Partial<Spec>;
      const { currentMetrics, currentReplicas } = (autoscaler.status ?? {}) as Partial<Status>;
      return [
        autoscaler.metadata.name ?? '',
        `${scaleTargetRef?.kind ?? ''}/${scaleTargetRef?.name ?? ''}`,
        formatMetrics(metrics ?? [], currentMetrics ?? []),
        minReplicas === undefined ? '<unset>' : String(minReplicas),
        maxReplicas ?? 0,
        currentReplicas ?? 0,
        age(autoscaler, now),
      ];
    },
  },
});
