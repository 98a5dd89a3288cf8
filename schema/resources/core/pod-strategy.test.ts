import { describe, expect, it } from 'vitest';
import { assignPod, type Binding, validateBinding } from './pod-binding.ts';
import { imageTag } from './pod-image-reference.ts';
import { pod } from './pod.ts';
import type { Pod, PodSpec } from './pod-types.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const CONTEXT = { now: NOW, user: { username: 'test', groups: [] } };

function podOf(spec: Partial<PodSpec> = {}, more: Partial<Pod> = {}): Pod {
  const plain: PodSpec = { containers: [{ name: 'c', image: 'nginx' }], ...spec };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: plain, ...more };
}

function created(object: Pod): Pod {
  pod.defaults?.(object);
  pod.prepareForCreate?.(object, CONTEXT);
  return object;
}

describe('a new pod', () => {
  it('is pending, whatever its client says', () => {
    const { status } = created(podOf({}, { status: { phase: 'Running', podIP: '1.2.3.4' } }));
    expect(status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('says that gates hold it', () => {
    expect(created(podOf({ schedulingGates: [{ name: 'a' }] })).status?.conditions).toEqual([
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
        lastProbeTime: null,
        lastTransitionTime: '2026-01-02T03:04:05Z',
      },
    ]);
  });

  it('has the times of its conditions written, set or not', () => {
    const object = podOf({}, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    pod.defaults?.(object);
    expect(object.status?.conditions).toEqual([
      { type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null },
    ]);
  });

  it('turns label keys into requirements', () => {
    const constraint = {
      maxSkew: 1,
      topologyKey: 'z',
      whenUnsatisfiable: 'DoNotSchedule' as const,
      labelSelector: { matchLabels: { a: 'b' } },
      matchLabelKeys: ['rev', 'none'],
    };
    const object = podOf({ topologySpreadConstraints: [constraint] });
    object.metadata.labels = { rev: '7' };
    expect(created(object).spec?.topologySpreadConstraints?.[0]?.labelSelector).toEqual({
      matchLabels: { a: 'b' },
      matchExpressions: [{ key: 'rev', operator: 'In', values: ['7'] }],
    });
  });

  it('loses fields of features that are off', () => {
    const lifecycle = { stopSignal: 'SIGTERM' as const };
    const containers = [{ name: 'c', image: 'x', lifecycle }];
    const { spec } = created(podOf({ containers, schedulingGroup: { podGroupName: 'g' } }));
    expect(spec?.schedulingGroup).toBeUndefined();
    expect(spec?.containers[0]?.lifecycle).toBeUndefined();
  });

  it('gets the profile its old annotation names', () => {
    const object = podOf();
    object.metadata.annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/p' };
    const profile = { type: 'Localhost', localhostProfile: 'p' };
    expect(created(object).spec?.containers[0]?.securityContext?.appArmorProfile).toEqual(profile);
  });

  it('takes requests from limits and host ports from ports', () => {
    const ports = [{ containerPort: 80 }];
    const resources = { limits: { cpu: '1000m', memory: '0.5Gi' } };
    const { spec } = created(podOf({ hostNetwork: true, containers: [{ name: 'c', image: 'x', ports, resources }] }));
    expect(spec?.containers[0]).toMatchObject({
      ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
      resources: { requests: { cpu: '1', memory: '512Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    });
  });
});

describe('graceful deletion', () => {
  const period = (object: Pod, requested?: number): number | undefined =>
    pod.gracefulDeletion?.gracePeriodSeconds(object, requested);
  const bound = { nodeName: 'n', terminationGracePeriodSeconds: 30 };

  it.each([
    ['the pod’s own period', podOf(bound), undefined, 30],
    ['what is asked for', podOf(bound), 5, 5],
    ['none without a node', podOf(), 5, 0],
    ['none after the end', podOf(bound, { status: { phase: 'Failed' } }), 5, 0],
    ['a second for negative periods', podOf(bound), -3, 1],
  ] as [string, Pod, number | undefined, number][])('gives %s', (_, object, requested, expected) => {
    expect(period(object, requested)).toBe(expected);
  });
});

describe('binding', () => {
  const binding = (metadata: Binding['metadata'] = {}): Binding => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'web', ...metadata },
    target: { kind: 'Node', name: 'n1' },
  });

  it('sets the node, annotations, labels and the condition', () => {
    const before = podOf({}, { status: { phase: 'Pending', nominatedNodeName: 'n9' } });
    const result = assignPod(before, binding({ annotations: { a: 'b' }, labels: { zone: 'z' } }), NOW);
    expect(result).toMatchObject({
      ok: true,
      value: {
        metadata: { annotations: { a: 'b' }, labels: { zone: 'z' } },
        spec: { nodeName: 'n1' },
        status: { conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }] },
      },
    });
    expect(result.ok && result.value.status?.nominatedNodeName).toBeUndefined();
    expect(before.spec?.nodeName).toBeUndefined();
  });

  const head = 'Operation cannot be fulfilled on pods/binding "web": ';
  it.each([
    ['bound', podOf({ nodeName: 'n2' }), `${head}pod web is already assigned to node "n2"`],
    ['gated', podOf({ schedulingGates: [{ name: 'a' }] }), `${head}pod web has non-empty .spec.schedulingGates`],
    [
      'being deleted',
      podOf({}, { metadata: { name: 'web', deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      `${head}pod web is being deleted, cannot be assigned to a host`,
    ],
  ] as [string, Pod, string][])('refuses a pod that is %s', (_, object, message) => {
    expect(assignPod(object, binding(), NOW)).toMatchObject({ ok: false, status: { code: 409, message } });
  });

  it('refuses another uid', () => {
    const object = podOf({}, { metadata: { name: 'web', uid: 'u1' } });
    expect(assignPod(object, binding({ uid: 'u2' }), NOW)).toMatchObject({ ok: false, status: { code: 409 } });
  });

  it('checks the target', () => {
    const errors = validateBinding({ target: { kind: 'Pod', name: '' } });
    expect(errors.map(({ field, body }) => `${field}: ${body}`)).toEqual([
      'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
      'target.name: Required value',
    ]);
  });
});

describe('image tags', () => {
  it.each([
    ['nginx', 'latest'],
    ['nginx:1.2', '1.2'],
    ['reg.example.com:5000/a/b', 'latest'],
    ['reg.example.com:5000/a/b:v1', 'v1'],
    [`nginx@sha256:${'a'.repeat(64)}`, ''],
    [`nginx:1@sha256:${'a'.repeat(64)}`, '1'],
    ['Upper/case', 'latest'],
    ['UPPER', ''],
    ['a b', ''],
    ['', ''],
  ])('reads %s', (image, tag) => {
    expect(imageTag(image)).toBe(tag);
  });
});

describe('field selectors', () => {
  it('know pods by their fields', () => {
    const object = podOf(
      { nodeName: 'n', hostNetwork: true },
      { status: { phase: 'Running', podIPs: [{ ip: '1.2.3.4' }] } },
    );
    expect(pod.selectableFields?.(object)).toMatchObject({
      'spec.nodeName': 'n',
      'spec.hostNetwork': 'true',
      'status.phase': 'Running',
      'status.podIP': '1.2.3.4',
    });
    expect(Object.keys(pod.selectableFields?.(object) ?? {}).sort()).toEqual([...pod.selectableFieldNames].sort());
  });
});
