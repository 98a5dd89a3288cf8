import { describe, expect, it } from 'vitest';
import { created, rowOf, updated } from '../kind-fixture.ts';
import { storageVersionMigration } from '../storagemigration/storage-version-migration.ts';
import { csiStorageCapacity } from './csi-storage-capacity.ts';
import { volumeAttributesClass } from './volume-attributes-class.ts';

describe('a CSIStorageCapacity', () => {
  const topology = (key: string) => ({ matchLabels: { [key]: 'a' } });

  it('shows what there is', () => {
    const fields = { storageClassName: 'fast', capacity: '1024Mi' };
    const { object, errors } = created(csiStorageCapacity, fields);
    expect(errors).toEqual([]);
    expect(rowOf(csiStorageCapacity, object)).toEqual(['x', 'fast', '1Gi']);
    expect(rowOf(csiStorageCapacity, created(csiStorageCapacity, { storageClassName: 'fast' }).object)[2]).toBe(
      '<unset>',
    );
  });

  it('names each fault', () => {
    const nodeTopology = { matchExpressions: [{ key: 'zone', operator: 'In' }] };
    const { errors } = created(csiStorageCapacity, { storageClassName: 'A', capacity: '-1', nodeTopology });
    expect(errors.map((text) => text.slice(0, 70))).toEqual([
      'nodeTopology.matchExpressions[0].values: Required value: must be speci',
      'storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain m',
      'capacity: Invalid value: "-1": must be greater than or equal to 0',
    ]);
  });

  it('keeps what was asked of the driver, and not what it answered', () => {
    const { object } = created(csiStorageCapacity, { storageClassName: 'fast', nodeTopology: topology('zone') });
    const grown = updated(csiStorageCapacity, object, (next) => {
      next.capacity = '2Gi';
    });
    expect(grown.errors).toEqual([]);
    const moved = updated(csiStorageCapacity, object, (next) => {
      next.nodeTopology = topology('rack');
      next.storageClassName = 'slow';
    });
    expect(moved.errors).toEqual([
      'nodeTopology: Invalid value: {"matchLabels":{"rack":"a"}}: field is immutable',
      'storageClassName: Invalid value: "slow": field is immutable',
    ]);
  });

  it('warns of labels that have gone out of use', () => {
    const nodeTopology = topology('failure-domain.beta.kubernetes.io/zone');
    const { object } = created(csiStorageCapacity, { storageClassName: 'fast', nodeTopology });
    expect(csiStorageCapacity.update.warnings?.(object, undefined)).toEqual([
      'nodeTopology.matchLabels.failure-domain.beta.kubernetes.io/zone: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    ]);
  });
});

describe('a VolumeAttributesClass', () => {
  it.each<[string, object, readonly string[]]>([
    ['complete', { driverName: 'Example.com', parameters: { iops: '9' } }, []],
    [
      'empty',
      {},
      ['driverName: Required value', 'parameters: Required value: must contain at least one key/value pair'],
    ],
    [
      'with a nameless parameter',
      { driverName: 'example.com', parameters: { '': '9' } },
      ['parameters: Invalid value: "": field can not be empty.'],
    ],
    [
      'with too much',
      { driverName: 'example.com', parameters: { a: 'x'.repeat(256 * 1024) } },
      ['parameters: Too long: may not be more than 262144 bytes'],
    ],
  ])('%s', (_name, fields, errors) => {
    expect(created(volumeAttributesClass, fields).errors).toEqual(errors);
  });

  it('stays what it is', () => {
    const { object } = created(volumeAttributesClass, { driverName: 'example.com', parameters: { iops: '9' } });
    const changed = updated(volumeAttributesClass, object, (next) => {
      next.driverName = 'other.com';
      next.parameters = { iops: '10' };
    });
    expect(changed.errors).toEqual([
      'driverName: Forbidden: updates to driverName are forbidden.',
      'parameters: Forbidden: updates to parameters are forbidden.',
    ]);
    expect(rowOf(volumeAttributesClass, object)).toEqual(['x', 'example.com', '60m']);
  });
});

describe('a StorageVersionMigration', () => {
  const resource = { group: 'apps', resource: 'deployments' };
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'Tested',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });

  it.each<[object, readonly string[]]>([
    [resource, []],
    [{ resource: 'pods' }, []],
    [{ group: 'apps' }, ['spec.resource.resource: Required value: resource is required to be set']],
    [
      { group: 'a_b', resource: '9' },
      [
        'spec.resource.resource: Invalid value: "9": a DNS-1035 label',
        'spec.resource.group: Invalid value: "a_b": a lowercase',
      ],
    ],
  ])('of %j', (of, errors) => {
    const taken = created(storageVersionMigration, { spec: { resource: of } });
    expect(taken.errors).toEqual(errors.map((text) => expect.stringContaining(text)));
  });

  it('keeps its resource', () => {
    const { object } = created(storageVersionMigration, { spec: { resource } });
    const moved = updated(storageVersionMigration, object, (next) => {
      next.spec = { resource: { group: '', resource: 'pods' } };
    });
    expect(moved.errors).toEqual([
      'spec: Invalid value: {"Resource":{"group":"","resource":"pods"}}: field is immutable',
    ]);
    expect(rowOf(storageVersionMigration, object)).toEqual(['x', 'deployments.apps']);
  });

  it.each<[string, object, object, readonly string[]]>([
    ['runs', {}, { conditions: [condition('Running', 'True')], resourceVersion: '7' }, []],
    [
      'has no such version',
      {},
      { resourceVersion: '07' },
      ['status.resourceVersion: Invalid value: "07": resource version is not well formed: 07'],
    ],
    [
      'keeps its version',
      { resourceVersion: '7' },
      { resourceVersion: '8' },
      ['status.resourceVersion: Invalid value: "8": field is immutable'],
    ],
    [
      'ends in one way',
      {},
      { conditions: [condition('Succeeded', 'True'), condition('Failed', 'True')] },
      ['Both success and failed conditions cannot be true at the same time'],
    ],
    [
      'has ended when it runs no more',
      {},
      { conditions: [condition('Running', 'True'), condition('Failed', 'True')] },
      ['Running condition cannot be true when failed condition is true'],
    ],
    [
      'stays where it ended',
      { conditions: [condition('Succeeded', 'True')] },
      {},
      ['status.conditions: Invalid value: null: Success condition cannot be set to false once it is true'],
    ],
    [
      'says why',
      {},
      { conditions: [{ type: 'Running', status: 'Perhaps' }] },
      [
        'status.conditions[0].status: Unsupported value: "Perhaps": supported values: "False", "True", "Unknown"',
        'status.conditions[0].lastTransitionTime: Required value',
        'status.conditions[0].reason: Required value',
      ],
    ],
  ])('%s', (_name, before, status, errors) => {
    const { object } = created(storageVersionMigration, { spec: { resource } });
    object.status = before;
    const taken = updated(
      storageVersionMigration,
      object,
      (next) => {
        next.status = status;
      },
      { subresource: 'status' },
    );
    expect(taken.errors).toEqual(errors.map((text) => expect.stringContaining(text)));
  });
});
