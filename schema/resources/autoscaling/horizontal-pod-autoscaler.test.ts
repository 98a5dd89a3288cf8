import { describe, expect, test } from 'vitest';
import type { UntypedObject } from '../../meta/object-meta.ts';
import { created, decoded, rowOf, updated } from '../kind-fixture.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { autoscalerFromV1, autoscalerToV1 } from './v1-conversion.ts';

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const with_ = (spec: object) => ({ spec: { scaleTargetRef, maxReplicas: 3, ...spec } });
const errorsOf = (spec: object): readonly string[] => created(horizontalPodAutoscaler, with_(spec)).errors;

describe('HorizontalPodAutoscaler', () => {
  test('aims at four fifths of the CPU by default', () => {
    const { object, errors } = created(
      horizontalPodAutoscaler,
      with_({ behavior: { scaleDown: { selectPolicy: 'Min' } } }),
    );
    expect(errors).toEqual([]);
    expect(object.spec).toEqual({
      scaleTargetRef,
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Pods', value: 4, periodSeconds: 15 },
            { type: 'Percent', value: 100, periodSeconds: 15 },
          ],
        },
        scaleDown: { selectPolicy: 'Min', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
      },
    });
    expect(object.status).toEqual({ desiredReplicas: 0, currentMetrics: null });
  });

  test.each<[string, object, string[]]>([
    [
      'no replicas',
      { maxReplicas: undefined },
      [
        'spec.maxReplicas: Required value',
        'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
      ],
    ],
    [
      'too few replicas',
      { minReplicas: -1, maxReplicas: -2 },
      [
        'spec.minReplicas: Invalid value: -1: must be greater than or equal to 0',
        'spec.maxReplicas: Invalid value: -2: must be greater than or equal to 1',
        'spec.maxReplicas: Invalid value: -2: must be greater than or equal to `minReplicas`',
      ],
    ],
    [
      'zero replicas without a metric that could wake',
      { minReplicas: 0 },
      [
        'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
      ],
    ],
    [
      'target without a group',
      { scaleTargetRef: { apiVersion: 'v1', kind: 'Deployment', name: 'a/b' } },
      [
        'spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\'',
        'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
      ],
    ],
    [
      'no target',
      { scaleTargetRef: { apiVersion: 'a/b/c' } },
      [
        'spec.scaleTargetRef.kind: Required value',
        'spec.scaleTargetRef.name: Required value',
        'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      ],
    ],
    [
      'metric without type',
      { metrics: [{}] },
      [
        'spec.metrics[0].type: Required value: must specify a metric source type',
        'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
        'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
      ],
    ],
    [
      'metric of two types',
      {
        metrics: [{ type: 'Pods', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0 } } }],
      },
      [
        'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
        'spec.metrics[0].pods: Required value: must populate information for the given metric source',
      ],
    ],
    [
      'both targets',
      {
        metrics: [
          {
            type: 'External',
            external: { metric: { name: 'a%' }, target: { type: 'Value', value: '0', averageValue: '1' } },
          },
        ],
      },
      [
        'spec.metrics[0].external.metric.name: Invalid value: "a%": may not contain \'%\'',
        'spec.metrics[0].external.target.value: Invalid value: "0": must be positive',
        'spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
      ],
    ],
    [
      'container metric',
      {
        metrics: [
          { type: 'ContainerResource', containerResource: { name: 'disk', container: 'A', target: { type: 'Often' } } },
        ],
      },
      [
        'spec.metrics[0].containerResource.name: Invalid value: "disk": must be a standard resource type or fully qualified',
        'spec.metrics[0].containerResource.name: Invalid value: "disk": must be a standard resource for containers',
        "spec.metrics[0].containerResource.container: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        'spec.metrics[0].containerResource.target.type: Invalid value: "Often": must be either Utilization, Value, or AverageValue',
        'spec.metrics[0].containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
      ],
    ],
    [
      'behavior',
      {
        behavior: {
          scaleUp: { stabilizationWindowSeconds: 3601, selectPolicy: 'Mean', policies: [], tolerance: '-1' },
          scaleDown: { policies: [{ type: 'Nodes', value: 0, periodSeconds: 1801 }] },
        },
      },
      [
        'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
        'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Mean": supported values: "Disabled", "Max", "Min"',
        'spec.behavior.scaleUp.policies: Required value: must specify at least one Policy',
        'spec.behavior.scaleUp.tolerance: Invalid value: "-1": must be greater than or equal to 0',
        'spec.behavior.scaleDown.policies[0].type: Unsupported value: "Nodes": supported values: "Percent", "Pods"',
        'spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero',
        'spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
      ],
    ],
  ])('refuses: %s', (_, spec, errors) => {
    expect(errorsOf(spec)).toEqual(errors);
  });

  test('lets a target without a group stay that was stored so', () => {
    const stored = decoded(
      horizontalPodAutoscaler,
      with_({ scaleTargetRef: { apiVersion: 'v1', kind: 'Deployment', name: 'web' } }),
    );
    expect(
      updated(horizontalPodAutoscaler, stored, (next) => {
        Object.assign(next.spec ?? {}, { maxReplicas: 4 });
      }).errors,
    ).toEqual([]);
  });

  test('shows two metrics and counts the rest', () => {
    const autoscaler = decoded(horizontalPodAutoscaler, {
      ...with_({
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          {
            type: 'External',
            external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '30' } },
          },
          { type: 'Pods', pods: { metric: { name: 'p' }, target: { type: 'AverageValue', averageValue: '1' } } },
        ],
      }),
      status: {
        currentReplicas: 2,
        currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 9 } } }],
      },
    });
    expect(rowOf(horizontalPodAutoscaler, autoscaler)).toEqual([
      'x',
      'Deployment/web',
      'cpu: 9%/80%, <unknown>/30 (avg) + 1 more...',
      '1',
      3,
      2,
      '60m',
    ]);
  });
});

describe('autoscaling/v1', () => {
  const metrics = [
    {
      type: 'Object',
      object: {
        describedObject: { kind: 'Ingress', name: 'in', apiVersion: 'networking.k8s.io/v1' },
        target: { type: 'Value', value: '2k' },
        metric: { name: 'hits' },
      },
    },
    {
      type: 'Pods',
      pods: {
        metric: { name: 'p', selector: { matchLabels: { a: 'b' } } },
        target: { type: 'AverageValue', averageValue: '1' },
      },
    },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 70 } } },
    {
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: 'c', target: { type: 'AverageValue', averageValue: '100m' } },
    },
    { type: 'External', external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '30' } } },
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  ];
  const status = {
    observedGeneration: 1,
    currentReplicas: 2,
    desiredReplicas: 3,
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 9, averageValue: '10m' } } },
    ],
    conditions: [
      { type: 'AbleToScale', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'R', message: 'a<b' },
    ],
  };
  const behavior = {
    scaleDown: { selectPolicy: 'Min', policies: [{ type: 'Percent', value: 10, periodSeconds: 15 }] },
  };
  const full = () =>
    decoded(horizontalPodAutoscaler, {
      metadata: { annotations: { a: 'b' } },
      ...with_({ metrics, behavior }),
      status,
    }) as unknown as UntypedObject;

  test('keeps in annotations what it has no fields for', () => {
    const v1 = autoscalerToV1(full());
    expect(v1.spec).toEqual({ scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 });
    expect(v1.status).toEqual({
      observedGeneration: 1,
      currentReplicas: 2,
      desiredReplicas: 3,
      currentCPUUtilizationPercentage: 9,
    });
    expect(v1.metadata.annotations).toEqual({
      a: 'b',
      'autoscaling.alpha.kubernetes.io/metrics':
        '[{"type":"Object","object":{"target":{"kind":"Ingress","name":"in","apiVersion":"networking.k8s.io/v1"},"metricName":"hits","targetValue":"2k"}},' +
        '{"type":"Pods","pods":{"metricName":"p","targetAverageValue":"1","selector":{"matchLabels":{"a":"b"}}}},' +
        '{"type":"Resource","resource":{"name":"memory","targetAverageUtilization":70}},' +
        '{"type":"ContainerResource","containerResource":{"name":"cpu","targetAverageValue":"100m","container":"c"}},' +
        '{"type":"External","external":{"metricName":"q","targetAverageValue":"30"}}]',
      'autoscaling.alpha.kubernetes.io/current-metrics':
        '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":9,"currentAverageValue":"10m"}}]',
      'autoscaling.alpha.kubernetes.io/behavior':
        '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15},{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null},' +
        '"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Min","Policies":[{"Type":"Percent","Value":10,"PeriodSeconds":15}],"Tolerance":null}}',
      'autoscaling.alpha.kubernetes.io/conditions':
        '[{"type":"AbleToScale","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z","reason":"R","message":"a\\u003cb"}]',
    });
  });

  test('gives everything back', () => {
    expect(autoscalerFromV1(autoscalerToV1(full()))).toEqual(full());
  });

  test('passes over annotations it cannot read, and aims at the CPU', () => {
    const v1 = {
      ...decoded(horizontalPodAutoscaler),
      metadata: {
        name: 'x',
        annotations: {
          'autoscaling.alpha.kubernetes.io/metrics': '[{"type":1}]',
          'autoscaling.alpha.kubernetes.io/behavior': '{',
          'autoscaling.alpha.kubernetes.io/conditions': '{}',
        },
      },
      spec: { scaleTargetRef, maxReplicas: 3 },
      status: {},
    } as unknown as UntypedObject;
    expect(autoscalerFromV1(v1)).toMatchObject({
      apiVersion: 'autoscaling/v2',
      metadata: { name: 'x', annotations: {} },
      spec: { metrics: [{ resource: { target: { averageUtilization: 80 } } }] },
      status: {},
    });
  });
});
