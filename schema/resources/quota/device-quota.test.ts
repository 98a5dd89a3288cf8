import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../meta/object-meta.ts';
import { deviceQuota } from './device-quota.ts';
import { listOf } from './quota-amounts.ts';
import type { QuotaSurroundings } from './quota-evaluator.ts';

const CLAIMS = 'resourceclaims.resource.k8s.io';
const COUNT = `count/${CLAIMS}`;
const GPU = 'gpu.deviceclass.resource.k8s.io/devices';
const TPU = 'tpu.deviceclass.resource.k8s.io/devices';
const IMPLICIT = 'requests.deviceclass.resource.kubernetes.io/gpu';
const EXPLICIT = 'requests.example.com/gpu';
const NOW = Date.parse('2026-01-01T00:00:00Z');

const exactly = (count: number, deviceClassName = 'gpu') => ({
  exactly: { deviceClassName, allocationMode: 'ExactCount', count },
});
const everything = { deviceClassName: 'gpu', allocationMode: 'All' };
const firstAvailable = (...alternatives: { exactly: object }[]) => ({
  firstAvailable: alternatives.map(({ exactly: alternative }, i) => ({ name: `a${i}`, ...alternative })),
});

const claimOf = (requests: object[], metadata: object = {}) =>
  ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name: 'claim', namespace: 'ns', uid: 'claim-uid', ...metadata },
    spec: { devices: { requests: requests.map((request, i) => ({ name: `r${i}`, ...request })) } },
  }) as UntypedObject;

interface Around {
  readonly classes?: Readonly<Record<string, object>>;
  readonly pod?: object;
  readonly claims?: readonly UntypedObject[];
}

const around = ({ classes = {}, pod, claims = [] }: Around): QuotaSurroundings => ({
  get: (resource, name) => (resource === 'pods' && name === 'pod' ? (pod as UntypedObject | undefined) : undefined),
  ownedBy: () => claims.map((object) => ({ object })),
  config: (_resource, name) => (classes[name] ? ({ metadata: { name }, spec: classes[name] } as never) : undefined),
});

const usageOf = (claim: UntypedObject, what: Around = {}) => listOf(deviceQuota.usage(claim, NOW, around(what)));

describe('the devices of a claim', () => {
  it.each([
    ['one', [exactly(1)], { [GPU]: '1' }],
    ['several requests', [exactly(1), exactly(4)], { [GPU]: '5' }],
    ['all of a class as many as can be allocated', [{ exactly: everything }], { [GPU]: '32' }],
    [
      'a way of counting that is not known as none',
      [{ exactly: { ...everything, allocationMode: 'Some' } }],
      { [GPU]: '0' },
    ],
    ['a kind of request that is not known not at all', [{}], {}],
    ['devices for administrators too', [{ exactly: { ...exactly(1).exactly, adminAccess: true } }], { [GPU]: '1' }],
    ['several classes', [exactly(1), exactly(2, 'tpu')], { [GPU]: '1', [TPU]: '2' }],
    ['of alternatives the greatest', [firstAvailable(exactly(2), exactly(1))], { [GPU]: '2' }],
    ['of alternatives the greatest, not the sum', [firstAvailable(exactly(2), exactly(5))], { [GPU]: '5' }],
    ['of alternatives all', [firstAvailable(exactly(1), { exactly: everything })], { [GPU]: '32' }],
    ['of alternatives each class', [firstAvailable(exactly(1), exactly(3, 'tpu'))], { [GPU]: '1', [TPU]: '3' }],
    ['alternatives beside others', [firstAvailable(exactly(2), exactly(1)), exactly(1)], { [GPU]: '3' }],
  ] as const)('counts %s', (_, requests, expected) => {
    expect(usageOf(claimOf([...requests]))).toEqual({ [COUNT]: '1', ...expected });
  });

  it('counts under the names of extended resources that stand for the class', () => {
    const claim = claimOf([exactly(2), exactly(1, 'tpu')]);
    const classes = { gpu: { extendedResourceName: 'example.com/gpu' }, tpu: {} };
    expect(usageOf(claim, { classes })).toEqual({
      [COUNT]: '1',
      [GPU]: '2',
      [TPU]: '1',
      [IMPLICIT]: '2',
      [EXPLICIT]: '2',
      'requests.deviceclass.resource.kubernetes.io/tpu': '1',
    });
  });
});

describe('a claim for extended resources of a pod', () => {
  const classes = { gpu: { extendedResourceName: 'example.com/gpu' } };
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'pod', uid: 'pod-uid', controller: true };
  const made = (metadata: object = {}) => ({
    annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
    ownerReferences: [owner],
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...metadata,
  });
  const podWith = (requests: object, status: object = {}) => ({
    metadata: { name: 'pod', uid: 'pod-uid' },
    spec: { containers: [{ name: 'c', resources: { requests } }] },
    status,
  });
  const byClass = { 'deviceclass.resource.kubernetes.io/gpu': '1' };
  const byName = { 'example.com/gpu': '1' };
  const theirs = { extendedResourceClaimStatus: { resourceClaimName: 'claim' } };
  const full = { [IMPLICIT]: '2', [EXPLICIT]: '2' };

  it.each([
    ['asked for by class', 1, podWith(byClass, theirs), {}, { [EXPLICIT]: '1' }],
    ['asked for by name', 1, podWith(byName, theirs), {}, { [IMPLICIT]: '1' }],
    ['asked for by both', 2, podWith({ ...byClass, ...byName }, theirs), {}, { [IMPLICIT]: '1', [EXPLICIT]: '1' }],
    ['before the pod names its claim', 2, podWith({ ...byClass, ...byName }), {}, { [IMPLICIT]: '1', [EXPLICIT]: '1' }],
    ['of a pod that is not there', 2, undefined, {}, full],
    ['of a pod of the same name', 2, { ...podWith(byClass, theirs), metadata: { uid: 'other' } }, {}, full],
    [
      'of a pod with another claim',
      2,
      podWith(byClass, { extendedResourceClaimStatus: { resourceClaimName: 'x' } }),
      {},
      full,
    ],
    ['without the annotation', 2, podWith(byClass, theirs), { annotations: {} }, full],
    ['with another annotation', 2, podWith(byClass, theirs), { annotations: { a: 'true' } }, full],
    ['without an owner', 2, podWith(byClass, theirs), { ownerReferences: [] }, full],
    ['not controlled', 2, podWith(byClass, theirs), { ownerReferences: [{ ...owner, controller: false }] }, full],
    ['of another kind', 2, podWith(byClass, theirs), { ownerReferences: [{ ...owner, kind: 'Job' }] }, full],
  ])('counts what the pod does not: %s', (_, count, pod, metadata, expected) => {
    const claim = claimOf([exactly(count)], made(metadata));
    expect(usageOf(claim, { classes, ...(pod ? { pod } : {}), claims: [claim] })).toEqual({
      [COUNT]: '1',
      [GPU]: String(count),
      ...expected,
    });
  });

  it.each([
    ['later', made({ name: 'a', creationTimestamp: '2026-01-01T00:00:01Z' }), '1'],
    ['at the same time, by name after it', made({ name: 'd' }), '1'],
    ['at the same time, by name before it', made({ name: 'a' }), '2'],
    ['earlier', made({ name: 'd', creationTimestamp: '2025-12-31T23:59:59Z' }), '2'],
    [
      'earlier, but not for extended resources',
      made({ creationTimestamp: '2025-01-01T00:00:00Z', annotations: {} }),
      '1',
    ],
  ])('only the first of the pod: the other is made %s', (_, metadata, expected) => {
    const claim = claimOf([exactly(2)], made());
    const claims = [claimOf([exactly(1)], metadata), claim];
    expect(usageOf(claim, { classes, pod: podWith({ ...byClass, ...byName }), claims })).toMatchObject({
      [IMPLICIT]: expected,
      [EXPLICIT]: expected,
    });
  });
});

describe('the names in quotas', () => {
  it.each([
    [COUNT, true],
    [GPU, true],
    [EXPLICIT, true],
    [IMPLICIT, true],
    ['resourceclaims', false],
    ['storage', false],
    ['requests.storage', false],
    ['requests.cpu', false],
    ['bronze.deviceclass.resource.k8s.io/storage', false],
    ['gpu.storage.k8s.io/requests.storage', false],
  ])('%s: %s', (name, expected) => {
    expect(deviceQuota.measures(name)).toBe(expected);
  });
});
