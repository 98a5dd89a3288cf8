import { describe, expect, it } from 'vitest';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import type { Node } from './node-info.ts';
import { isWaiting, podInfo } from './pod-info.ts';
import { byPriority, schedule } from './schedule.ts';
import { Snapshot } from './snapshot.ts';

interface NodeOptions {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly labels?: Record<string, string>;
  readonly taints?: { key: string; value?: string; effect: string }[];
  readonly unschedulable?: boolean;
  readonly extended?: Record<string, string>;
}

const node = (
  name: string,
  { cpu = '4', memory = '8Gi', pods = '110', labels, taints, unschedulable, extended }: NodeOptions = {},
): Node =>
  ({
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { taints, unschedulable },
    status: { allocatable: { cpu, memory, pods, 'ephemeral-storage': '10Gi', ...extended } },
  }) as Node;

let serial = 0;

const pod = (spec: Record<string, unknown> = {}, requests: Record<string, string> = {}): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: `p${++serial}`, namespace: 'default', uid: `u${serial}` },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...spec },
});

function cluster(...nodes: readonly Node[]): Snapshot {
  const snapshot = new Snapshot();
  for (const each of nodes) snapshot.setNode(each);
  return snapshot;
}

function place(snapshot: Snapshot, ...pods: readonly Pod[]): readonly string[] {
  return schedule(snapshot, pods.map(podInfo)).map((decision) =>
    decision.kind === 'bind' ? decision.nodeName : decision.message,
  );
}

describe('schedule', () => {
  it.each<[string, Node[], Pod, string]>([
    [
      'resources',
      [node('a', { cpu: '1' }), node('b', { cpu: '1', memory: '1Gi' })],
      pod({}, { cpu: '2', memory: '2Gi' }),
      '0/2 nodes are available: 1 Insufficient memory, 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    ],
    [
      'taints, each node by its first failing filter',
      [
        node('a', { cpu: '1' }),
        node('b', { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
        node('c', { taints: [{ key: 'k', effect: 'NoExecute' }] }),
      ],
      pod({}, { cpu: '2' }),
      '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    ],
    [
      'cordoned nodes',
      [node('a', { unschedulable: true })],
      pod(),
      '0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    ],
    [
      'selectors',
      [node('a')],
      pod({ nodeSelector: { disk: 'ssd' } }),
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    ],
    [
      'the number of pods',
      [node('a', { pods: '0' })],
      pod(),
      '0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'extended resources',
      [node('a', { extended: { 'example.com/gpu': '1' } }), node('b')],
      pod({}, { 'example.com/gpu': '2' }),
      '0/2 nodes are available: 2 Insufficient example.com/gpu. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    ],
    ['an empty cluster', [], pod(), 'no nodes available to schedule pods'],
    [
      'pods that never preempt',
      [node('a', { cpu: '1' })],
      pod({ preemptionPolicy: 'Never' }, { cpu: '2' }),
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    ],
    [
      'nodes that the affinity does not name',
      [node('a', { unschedulable: true }), node('b')],
      pod({
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
            },
          },
        },
      }),
      "0/2 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity], 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    ],
  ])('explains what stands against %s', (_case, nodes, waiting, message) => {
    expect(place(cluster(...nodes), waiting)).toEqual([message]);
  });

  it('counts what it placed before', () => {
    const snapshot = cluster(node('a', { cpu: '1' }));
    const [first, second] = place(snapshot, pod({}, { cpu: '600m' }), pod({}, { cpu: '600m' }));
    expect(first).toBe('a');
    expect(second).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
  });

  it('gives room back when a pod goes', () => {
    const snapshot = cluster(node('a', { cpu: '1' }));
    const first = pod({}, { cpu: '600m' });
    place(snapshot, first);
    snapshot.removePod(first.metadata.uid as string);
    expect(place(snapshot, pod({}, { cpu: '600m' }))).toEqual(['a']);
  });

  it('keeps host ports apart', () => {
    const ports = [{ hostPort: 80, containerPort: 80 }];
    const withPort = (hostIP?: string) =>
      pod({ containers: [{ name: 'c', image: 'i', ports: ports.map((port) => ({ ...port, hostIP })) }] });
    const snapshot = cluster(node('a'), node('b'));
    const [first, second, third] = place(snapshot, withPort(), withPort(), withPort('192.0.2.1'));
    expect(new Set([first, second])).toEqual(new Set(['a', 'b']));
    expect(third).toContain("2 node(s) didn't have free ports for the requested pod ports");
  });

  it('prefers the emptier node', () => {
    const snapshot = cluster(node('a'), node('b'));
    const busy = pod({ nodeName: 'a' }, { cpu: '3', memory: '6Gi' });
    snapshot.addPod(podInfo(busy));
    expect(place(snapshot, pod({}, { cpu: '100m', memory: '100Mi' }))).toEqual(['b']);
  });

  it('prefers nodes by affinity weights and avoids PreferNoSchedule', () => {
    const preference = {
      weight: 50,
      preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
    };
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] } };
    expect(place(cluster(node('a'), node('b', { labels: { disk: 'ssd' } }), node('c')), pod({ affinity }))).toEqual([
      'b',
    ]);
    const taints = [{ key: 'k', effect: 'PreferNoSchedule' }];
    expect(place(cluster(node('a', { taints }), node('b'), node('c', { taints })), pod())).toEqual(['b']);
  });

  it('tolerates what the pod tolerates', () => {
    const taints = [{ key: 'k', value: 'v', effect: 'NoSchedule' }];
    const on = (toleration: object) =>
      place(cluster(node('a', { taints })), pod({ tolerations: [toleration] }))[0] === 'a';
    expect(on({ operator: 'Exists' })).toBe(true);
    expect(on({ key: 'k', operator: 'Exists', effect: 'NoSchedule' })).toBe(true);
    expect(on({ key: 'k', value: 'v' })).toBe(true);
    expect(on({ key: 'k', value: 'w' })).toBe(false);
    expect(on({ key: 'k', operator: 'Exists', effect: 'NoExecute' })).toBe(false);
  });

  it.each([
    ['In', ['x', 'y'], true],
    ['In', ['x'], false],
    ['NotIn', ['x'], true],
    ['Exists', undefined, true],
    ['DoesNotExist', undefined, false],
    ['Gt', ['5'], false],
  ])('matches node affinity by %s %s', (operator, values, matches) => {
    const nodeSelectorTerms = [{ matchExpressions: [{ key: 'zone', operator, values }] }];
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
    expect(place(cluster(node('a', { labels: { zone: 'y' } })), pod({ affinity }))[0] === 'a').toBe(matches);
  });

  it('spreads a thousand equal pods evenly over a hundred nodes', () => {
    const snapshot = cluster(...Array.from({ length: 100 }, (_, i) => node(`n${i}`)));
    const placed = place(snapshot, ...Array.from({ length: 1000 }, () => pod({}, { cpu: '100m', memory: '64Mi' })));
    const counts = new Map<string, number>();
    for (const name of placed) counts.set(name, (counts.get(name) ?? 0) + 1);
    expect([...counts.values()].every((count) => count === 10)).toBe(true);
    expect(counts.size).toBe(100);
  });

  it('spreads pods that ask for nothing', () => {
    const snapshot = cluster(node('a'), node('b'), node('c'));
    expect(new Set(place(snapshot, pod(), pod(), pod())).size).toBe(3);
  });
});

describe('pods with regard to each other', () => {
  const zones = () =>
    cluster(
      node('a1', { labels: { zone: 'a' } }),
      node('a2', { labels: { zone: 'a' } }),
      node('b1', { labels: { zone: 'b' } }),
      node('none'),
    );
  const labelled = (app: string, spec: Record<string, unknown> = {}): Pod => {
    const each = pod(spec);
    each.metadata.labels = { app };
    return each;
  };
  const term = (app: string, topologyKey = 'zone') => ({ topologyKey, labelSelector: { matchLabels: { app } } });
  const shuns = (app: string, key?: string) => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, key)] } },
  });
  const seeks = (app: string, key?: string) => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, key)] } },
  });

  it('keep one replica per host where they shun their like', () => {
    const snapshot = cluster(node('a'), node('b'));
    const placed = place(
      snapshot,
      ...Array.from({ length: 3 }, () => labelled('web', shuns('web', 'kubernetes.io/hostname'))),
    );
    expect(new Set(placed.slice(0, 2))).toEqual(new Set(['a', 'b']));
    expect(placed[2]).toBe(
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    );
  });

  it('keep away from those who shun them', () => {
    const snapshot = cluster(node('a', { labels: { zone: 'a' } }));
    expect(place(snapshot, labelled('hermit', shuns('web')), labelled('web'))[1]).toContain(
      "1 node(s) didn't satisfy existing pods anti-affinity rules",
    );
  });

  it('follow those they seek, and found the first place themselves', () => {
    const snapshot = zones();
    const [first, second, third] = place(
      snapshot,
      labelled('web', seeks('web')),
      labelled('web', seeks('web')),
      labelled('x', seeks('nobody')),
    );
    const zoneOf = (name: string | undefined) => snapshot.node(name ?? '')?.labels.zone;
    expect(zoneOf(first)).toBeDefined();
    expect(zoneOf(second)).toBe(zoneOf(first));
    expect(third).toContain("4 node(s) didn't match pod affinity rules");
  });

  it('look into other namespaces only when told to', () => {
    const snapshot = cluster(node('a', { labels: { zone: 'a' } }));
    snapshot.namespaceLabels.set('other', { team: 'x' });
    const elsewhere = labelled('web');
    elsewhere.metadata.namespace = 'other';
    const toldTo = { ...term('web'), namespaceSelector: { matchLabels: { team: 'x' } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [toldTo] } };
    const [, local, told] = place(snapshot, elsewhere, labelled('y', shuns('web')), labelled('z', { affinity }));
    expect(local).toBe('a');
    expect(told).toContain("didn't match pod anti-affinity rules");
  });

  it('prefer the neighbours they like', () => {
    const snapshot = cluster(
      node('a', { labels: { zone: 'a' } }),
      node('b', { labels: { zone: 'b' } }),
      node('c', { labels: { zone: 'c' } }),
    );
    snapshot.addPod(podInfo(labelled('web', { nodeName: 'b' })));
    const preferred = (side: string) => ({
      affinity: {
        [side]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term('web') }] },
      },
    });
    expect(place(snapshot, labelled('x', preferred('podAffinity')))).toEqual(['b']);
    expect(place(snapshot, labelled('y', preferred('podAntiAffinity')))).not.toEqual(['b']);
  });

  it('spread evenly over domains', () => {
    const constraint = (over: object) => ({
      topologySpreadConstraints: [
        {
          topologyKey: 'zone',
          maxSkew: 1,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'web' } },
          ...over,
        },
      ],
    });
    const snapshot = zones();
    const placed = place(snapshot, ...Array.from({ length: 4 }, () => labelled('web', constraint({}))));
    const inB = placed.filter((name) => name === 'b1').length;
    expect(inB).toBe(2);
    expect(placed).not.toContain('none');
    snapshot.removeNode('b1');
    snapshot.setNode(node('b1', { labels: { zone: 'b' }, unschedulable: true }));
    expect(place(snapshot, labelled('web', constraint({})), labelled('web', constraint({})))[1]).toContain(
      "1 node(s) didn't match pod topology spread constraints (missing required label), 1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints",
    );
  });

  it('spread where they can when they merely should', () => {
    const snapshot = cluster(
      node('a1', { labels: { zone: 'a' } }),
      node('a2', { labels: { zone: 'a' } }),
      node('b1', { labels: { zone: 'b' } }),
    );
    const spread = {
      topologySpreadConstraints: [
        {
          topologyKey: 'zone',
          maxSkew: 1,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { app: 'web' } },
        },
      ],
    };
    const placed = place(snapshot, ...Array.from({ length: 4 }, () => labelled('web', spread)));
    expect(placed.filter((name) => name === 'b1')).toHaveLength(2);
  });
});

describe('preemption', () => {
  const running = (name: string, nodeName: string, priority: number, cpu: string): Pod => {
    const each = pod({ nodeName, priority }, { cpu });
    each.metadata.name = name;
    return each;
  };
  const important = (cpu: string, over: Record<string, unknown> = {}) => pod({ priority: 100, ...over }, { cpu });

  function decide(snapshot: Snapshot, ...waiting: readonly Pod[]) {
    return schedule(snapshot, waiting.map(podInfo)).map((decision) =>
      decision.kind === 'bind'
        ? decision.nodeName
        : {
            on: decision.preemption?.nodeName,
            victims: decision.preemption?.victims.map(({ name }) => name),
            message: decision.message,
          },
    );
  }

  function busy(...pods: readonly Pod[]): Snapshot {
    const snapshot = cluster(node('a', { cpu: '4' }), node('b', { cpu: '4' }));
    for (const each of pods) snapshot.addPod(podInfo(each));
    return snapshot;
  }

  it('evicts as few and as unimportant pods as will do', () => {
    const snapshot = busy(running('a1', 'a', 5, '2'), running('a2', 'a', 1, '2'), running('b1', 'b', 50, '4'));
    expect(decide(snapshot, important('2'))).toEqual([
      {
        on: 'a',
        victims: ['a2'],
        message:
          '0/2 nodes are available: 2 Insufficient cpu. preemption: found a potential placement for pod on node a, preempting 1 victims',
      },
    ]);
    expect(snapshot.node('a')?.pods.size).toBe(2);
  });

  it('spares pods of the same and of higher priority', () => {
    const snapshot = busy(running('a1', 'a', 100, '4'), running('b1', 'b', 200, '4'));
    expect(decide(snapshot, important('2'))).toEqual([
      {
        message:
          '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
      },
    ]);
  });

  it('evicts nobody where that would not help', () => {
    const snapshot = busy(running('a1', 'a', 200, '3'), running('a2', 'a', 1, '1'), running('b1', 'b', 200, '4'));
    expect(decide(snapshot, important('2'))[0]).toMatchObject({
      message: expect.stringContaining(
        'preemption: 0/2 nodes are available: 1 Insufficient cpu, 1 No preemption victims found for incoming pod.',
      ),
    });
  });

  it('keeps the room it made from pods of no higher priority', () => {
    const snapshot = busy(running('a1', 'a', 1, '4'), running('b1', 'b', 200, '4'));
    const waiting = important('4');
    expect(decide(snapshot, waiting)[0]).toMatchObject({ on: 'a', victims: ['a1'] });
    snapshot.removePod(podInfo(running('a1', 'a', 1, '4')).uid);
    for (const { uid } of snapshot.node('a')?.pods.values() ?? []) snapshot.removePod(uid);
    expect(decide(snapshot, pod({ priority: 0 }, { cpu: '1' }))[0]).toMatchObject({
      message: expect.stringContaining('Insufficient cpu'),
    });
    expect(decide(snapshot, waiting)).toEqual(['a']);
  });

  it('waits for those who are on their way out', () => {
    const leaving = running('a1', 'a', 1, '4');
    leaving.metadata.deletionTimestamp = 't';
    const waiting = important('4');
    waiting.status = { nominatedNodeName: 'a' };
    expect(decide(busy(leaving, running('b1', 'b', 200, '4')), waiting)[0]).toMatchObject({
      message: expect.stringContaining('preemption: not eligible due to a terminating pod on the nominated node.'),
    });
  });
});

describe('the order of waiting pods', () => {
  it('is by priority, then by age', () => {
    const info = (name: string, priority: number, created: string) =>
      podInfo({ ...pod({ priority }), metadata: { name, creationTimestamp: created } });
    const waiting = [
      info('old', 0, '2026-01-01T00:00:00Z'),
      info('high', 9, '2026-01-02T00:00:00Z'),
      info('new', 0, '2026-01-03T00:00:00Z'),
    ];
    expect(waiting.sort(byPriority).map(({ name }) => name)).toEqual(['high', 'old', 'new']);
  });
});

describe('isWaiting', () => {
  it.each([
    ['a plain pod', {}, true],
    ['an assigned pod', { nodeName: 'a' }, false],
    ["another scheduler's pod", { schedulerName: 'mine' }, false],
    ['a gated pod', { schedulingGates: [{ name: 'g' }] }, false],
  ])('%s: %o is %s', (_case, spec, expected) => {
    expect(isWaiting(pod(spec), 'default-scheduler')).toBe(expected);
  });
});
