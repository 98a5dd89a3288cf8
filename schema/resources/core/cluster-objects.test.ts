import { describe, expect, it } from 'vitest';
import { priorityClass } from '../scheduling/priority-class.ts';
import { created, rowOf, updated } from '../kind-fixture.ts';
import { namespace } from './namespace.ts';
import { node } from './node.ts';

describe('Namespace', () => {
  it('starts active, labelled with its name and held by its finalizer', () => {
    const { object, errors } = created(namespace, {
      metadata: { name: 'shop' },
      spec: { finalizers: ['example.com/a'] },
      status: { phase: 'Terminating' },
    });
    expect(errors).toEqual([]);
    expect(object.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'shop' });
    expect(object.spec).toEqual({ finalizers: ['example.com/a', 'kubernetes'] });
    expect(object.status).toEqual({ phase: 'Active' });
    expect(namespace.heldDeletion?.isHeld(object)).toBe(true);
    expect(rowOf(namespace, object)).toEqual(['shop', 'Active', '60m']);
  });

  it('refuses finalizers it does not know', () => {
    expect(created(namespace, { spec: { finalizers: ['mine'] } }).errors).toEqual([
      'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ]);
  });

  it('gives its finalizers up through finalize only', () => {
    const { object } = created(namespace);
    const clear = (next: typeof object): void => {
      next.spec = { finalizers: [] };
    };
    expect(updated(namespace, object, clear).object.spec).toEqual({ finalizers: ['kubernetes'] });
    expect(updated(namespace, object, clear, { subresource: 'finalize' }).object.spec).toEqual({ finalizers: [] });
    const bad = updated(
      namespace,
      object,
      (next) => {
        next.spec = { finalizers: ['kubernetes', 'mine'] };
      },
      { subresource: 'finalize' },
    );
    expect(bad.errors).toEqual([
      'spec.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ]);
  });

  it('is terminating if and only if it is being deleted', () => {
    const { object } = created(namespace);
    const errors = updated(
      namespace,
      object,
      (next) => {
        next.status = { phase: 'Terminating' };
      },
      { subresource: 'status' },
    ).errors;
    expect(errors).toEqual([
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ]);
  });
});

describe('Node', () => {
  it('offers what it has', () => {
    const { object } = created(node, {
      spec: { podCIDR: '10.1.0.0/24' },
      status: { capacity: { cpu: '2000m', memory: '1Gi' } },
    });
    expect(object.status?.allocatable).toEqual({ cpu: '2', memory: '1Gi' });
    expect(object.spec).toEqual({ podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] });
  });

  it.each<[string, object, string[]]>([
    ['a taint without effect', { spec: { taints: [{ key: 'a' }] } }, ['metadata.taints[0].effect: Required value']],
    [
      'an unknown effect',
      { spec: { taints: [{ key: 'a', effect: 'Leave' }] } },
      [
        'metadata.taints[0].effect: Unsupported value: "Leave": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
    [
      'the same taint twice',
      {
        spec: {
          taints: [
            { key: 'a', effect: 'NoSchedule' },
            { key: 'a', value: 'b', effect: 'NoSchedule' },
          ],
        },
      },
      [
        'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
      ],
    ],
    [
      'a negative amount',
      { status: { capacity: { cpu: '-1' }, allocatable: { pods: '1500m' } } },
      [
        'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
        'status.allocatable.pods: Invalid value: "1500m": must be an integer',
      ],
    ],
    [
      'a bad network',
      { spec: { podCIDR: '10.1.0.1/24' } },
      ['spec.podCIDRs[0]: Invalid value: "10.1.0.1/24": must not have bits set beyond the prefix length'],
    ],
    [
      'two networks of one family',
      { spec: { podCIDRs: ['10.1.0.0/24', '10.2.0.0/24'] } },
      [
        'spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family',
      ],
    ],
    [
      'unsorted features',
      { status: { declaredFeatures: ['B', 'A'] } },
      ['status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically'],
    ],
  ])('refuses %s', (_, fields, errors) => {
    expect(created(node, fields).errors).toEqual(errors);
  });

  it('keeps its networks and provider', () => {
    const { object } = created(node, { spec: { podCIDR: '10.1.0.0/24', providerID: 'a' } });
    const { errors } = updated(node, object, (next) => {
      next.spec = { podCIDR: '10.2.0.0/24', podCIDRs: ['10.2.0.0/24'], providerID: 'b' };
    });
    expect(errors).toEqual([
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      'spec.providerID: Invalid value: null: field cannot be modified once set',
    ]);
  });

  it('writes spec and status apart', () => {
    const { object } = created(node);
    const change = (next: typeof object): void => {
      next.spec = { unschedulable: true };
      next.status = {
        addresses: [
          { type: 'InternalIP', address: '10.0.0.1' },
          { type: 'InternalIP', address: '10.0.0.1' },
        ],
      };
    };
    expect(updated(node, object, change).object.status).toEqual(object.status);
    const status = updated(node, object, change, { subresource: 'status' });
    expect(status.object.spec).toEqual(object.spec);
    expect(status.errors).toEqual(['status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}']);
  });

  it('shows its state, roles and system', () => {
    const { object } = created(node, {
      metadata: { labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge', other: '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'Unknown' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        nodeInfo: { kubeletVersion: 'v1.37.0', kernelVersion: '6.1', architecture: 'amd64' },
      },
    });
    expect(rowOf(node, object)).toEqual([
      'x',
      'NotReady,SchedulingDisabled',
      'edge,worker',
      '60m',
      'v1.37.0',
      '10.0.0.1',
      '<none>',
      '<unknown>',
      '6.1 (amd64)',
      '<unknown>',
    ]);
    expect(rowOf(node, created(node).object).slice(1, 3)).toEqual(['Unknown', '<none>']);
    expect(node.selectableFields?.(object)).toEqual({ 'spec.unschedulable': 'true' });
  });
});

describe('PriorityClass', () => {
  it('bounds what users may define', () => {
    expect(created(priorityClass, { value: 1_000_000_001 }).errors).toEqual([
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ]);
    expect(created(priorityClass, { metadata: { name: 'system-mine' }, value: 1 }).errors).toEqual([
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
    ]);
    expect(created(priorityClass, { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 }).errors).toEqual(
      [],
    );
  });

  it('keeps value and policy', () => {
    const { object } = created(priorityClass, { value: 5 });
    expect(
      updated(priorityClass, object, (next) => {
        next.value = 6;
        next.preemptionPolicy = 'Never';
      }).errors,
    ).toEqual([
      'value: Forbidden: may not be changed in an update.',
      'preemptionPolicy: Invalid value: "Never": field is immutable',
    ]);
    expect(rowOf(priorityClass, object)).toEqual(['x', 5, false, '60m', 'PreemptLowerPriority']);
    expect(object.metadata.generation).toBe(1);
  });
});
