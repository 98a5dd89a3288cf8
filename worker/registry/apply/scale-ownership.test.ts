import { describe, expect, it } from 'vitest';
import type { ManagedFieldsEntry } from '../../../schema/meta/object-meta.ts';
import { definitionOf } from '../../../schema/resources/lookup.ts';
import type { TrackedKind } from './versions.ts';
import { ownersAfterScale, scaleOwners } from './scale-ownership.ts';

type Owner = readonly [
  manager: string,
  operation: 'Apply' | 'Update',
  fields: object,
  more?: Partial<ManagedFieldsEntry>,
];

const deployments = definitionOf('deployments.apps') as TrackedKind;
const REPLICAS = { 'f:spec': { 'f:replicas': {} } };
const SELECTOR = { 'f:spec': { 'f:selector': {} } };
const BOTH = { 'f:spec': { 'f:replicas': {}, 'f:selector': {} } };
const IN_SCALE = { apiVersion: 'autoscaling/v1', subresource: 'scale' } as const;
const TIME = '2026-01-02T03:04:05Z';

const entries = (...owners: readonly Owner[]): ManagedFieldsEntry[] =>
  owners.map(([manager, operation, fieldsV1, more]) => ({
    manager,
    operation,
    apiVersion: 'apps/v1',
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...more,
  }));

const after = (parent: ManagedFieldsEntry[], scale: ManagedFieldsEntry[]) =>
  ownersAfterScale(deployments, 'apps/v1', parent, scale);

describe('[SSA6] the owners of a Scale', () => {
  it('are those who own the replicas', () => {
    const parent = entries(['a', 'Apply', BOTH, { time: TIME }], ['b', 'Apply', SELECTOR], ['c', 'Update', REPLICAS]);
    expect(scaleOwners(deployments, parent)).toEqual(
      entries(
        ['a', 'Apply', REPLICAS, { apiVersion: 'autoscaling/v1', time: TIME }],
        ['c', 'Update', REPLICAS, { apiVersion: 'autoscaling/v1' }],
      ).sort((x, y) => (x.operation === y.operation ? 0 : x.operation === 'Apply' ? -1 : 1)),
    );
  });

  it('are none where nobody owns the replicas, or in a version that is not served', () => {
    expect(scaleOwners(deployments, entries(['a', 'Apply', SELECTOR]))).toBeUndefined();
    expect(scaleOwners(deployments, entries(['a', 'Apply', BOTH, { apiVersion: 'apps/v9' }]))).toBeUndefined();
    expect(scaleOwners(deployments, undefined)).toBeUndefined();
  });
});

describe('the owners of an object whose Scale was written', () => {
  it('lose the replicas to who took them', () => {
    const taken = after(entries(['a', 'Apply', BOTH, { time: TIME }]), entries(['b', 'Update', REPLICAS, IN_SCALE]));
    expect(taken).toEqual(
      entries(['a', 'Apply', SELECTOR, { time: TIME }], ['b', 'Update', REPLICAS, { subresource: 'scale' }]),
    );
  });

  it('go when the replicas were all they had, or when their version is not served', () => {
    const parent = entries(['a', 'Apply', REPLICAS], ['old', 'Apply', SELECTOR, { apiVersion: 'apps/v9' }]);
    expect(after(parent, entries(['b', 'Apply', REPLICAS, IN_SCALE]))).toEqual(
      entries(['b', 'Apply', REPLICAS, { subresource: 'scale' }]),
    );
  });

  it('share the replicas with who applied the same number', () => {
    const parent = entries(['a', 'Apply', BOTH]);
    const scale = entries(
      ['a', 'Apply', REPLICAS, { apiVersion: 'autoscaling/v1' }],
      ['b', 'Apply', REPLICAS, IN_SCALE],
    );
    expect(after(parent, scale)).toEqual(
      entries(['a', 'Apply', BOTH], ['b', 'Apply', REPLICAS, { subresource: 'scale' }]),
    );
  });

  it('stay as they are when nobody took anything', () => {
    const parent = entries(['a', 'Apply', SELECTOR], ['b', 'Update', BOTH, { time: TIME }]);
    expect(after(parent, scaleOwners(deployments, parent) ?? [])).toEqual(parent);
    expect(after(parent, entries(['b', 'Update', { 'f:status': { 'f:replicas': {} } }, IN_SCALE]))).toEqual(
      entries(['a', 'Apply', SELECTOR], ['b', 'Update', SELECTOR, { time: TIME }]),
    );
  });
});
