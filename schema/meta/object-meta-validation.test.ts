import { describe, expect, test } from 'vitest';
import { nameIsDNSSubdomain } from './name-rules.ts';
import type { ObjectMeta } from './object-meta.ts';
import { type ObjectMetaRules, validateObjectMeta, validateObjectMetaUpdate } from './object-meta-validation.ts';

const RULES: ObjectMetaRules = { isNamespaced: true, validateName: nameIsDNSSubdomain };
const errorsOf = (meta: ObjectMeta, rules: Partial<ObjectMetaRules> = {}): string[] =>
  validateObjectMeta({ name: 'a', namespace: 'ns', ...meta }, { ...RULES, ...rules }).map(
    (e) => `${e.field}: ${e.body}`,
  );

describe('new objects', () => {
  test('valid metadata has no errors', () => {
    expect(
      errorsOf({ labels: { a: 'b' }, annotations: { 'X/y': 'anything' }, finalizers: ['orphan', 'a.b/c'] }),
    ).toEqual([]);
  });

  test.each<[ObjectMeta, string]>([
    [{ name: undefined }, 'metadata.name: Required value: name or generateName is required'],
    [{ namespace: undefined }, 'metadata.namespace: Required value'],
    [{ generation: -1 }, 'metadata.generation: Invalid value: -1: must be greater than or equal to 0'],
    [
      { annotations: { a: 'x'.repeat(256 * 1024) } },
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
    [
      { finalizers: ['bare'] },
      'metadata.finalizers[0]: Invalid value: "bare": name is neither a standard finalizer name nor is it fully qualified',
    ],
    [
      { finalizers: ['orphan', 'foregroundDeletion'] },
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
    [
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '' }] },
      'metadata.ownerReferences[0].uid: Required value: must not be empty',
    ],
    [
      { ownerReferences: [{ apiVersion: 'a/b/c', kind: 'Pod', name: 'a', uid: '1' }] },
      'metadata.ownerReferences[0].apiVersion: Invalid value: "a/b/c": must be <group>/<version> or <version>',
    ],
    [
      { managedFields: [{ manager: 'a\u0007', operation: 'Update' }] },
      'metadata.managedFields[0].manager: Invalid value: "a\\a": invalid character U+0007 (at position 1)',
    ],
  ])('%j', (meta, expected) => {
    expect(errorsOf(meta)).toEqual([expected]);
  });

  test('a namespace on a cluster-scoped object', () => {
    expect(errorsOf({}, { isNamespaced: false })).toEqual(['metadata.namespace: Forbidden: not allowed on this type']);
  });

  test('an Event owns nothing, and two controllers are one too many', () => {
    const owner = { apiVersion: 'v1', name: 'a', uid: '1', controller: true };
    const errors = errorsOf({
      ownerReferences: [
        { ...owner, kind: 'Event' },
        { ...owner, kind: 'Pod', uid: '2' },
      ],
    });
    expect(errors[0]).toMatch(
      /^metadata\.ownerReferences\[0\]: Invalid value: \{.*\}: \/v1, Kind=Event is disallowed from being an owner$/,
    );
    expect(errors[1]).toMatch(
      /Only one reference can have Controller set to true\. Found "true" in references for Event\/a and Pod\/a$/,
    );
  });

  test('custom resources may have bare finalizers', () => {
    expect(errorsOf({ finalizers: ['bare'] }, { isBuiltIn: false })).toEqual([]);
  });
});

describe('changed objects', () => {
  const stored: ObjectMeta = {
    name: 'a',
    namespace: 'ns',
    uid: '1',
    resourceVersion: '5',
    generation: 2,
    creationTimestamp: '2020-01-01T00:00:00Z',
  };
  const changeErrors = (change: ObjectMeta, previous = stored): string[] =>
    validateObjectMetaUpdate({ ...previous, ...change }, previous).map((e) => `${e.field}: ${e.body}`);

  test.each<[ObjectMeta, string]>([
    [{ name: 'b' }, 'metadata.name: Invalid value: "b": field is immutable'],
    [{ uid: '2' }, 'metadata.uid: Invalid value: "2": field is immutable'],
    [{ resourceVersion: '' }, 'metadata.resourceVersion: Invalid value: "": must be specified for an update'],
    [{ generation: 1 }, 'metadata.generation: Invalid value: 1: must not be decremented'],
    [
      { deletionTimestamp: '2021-01-01T00:00:00Z' },
      'metadata.deletionTimestamp: Invalid value: "2021-01-01T00:00:00Z": field is immutable',
    ],
    [{ creationTimestamp: undefined }, 'metadata.creationTimestamp: Invalid value: null: field is immutable'],
  ])('%j', (change, expected) => {
    expect(changeErrors(change)).toEqual([expected]);
  });

  test('what is being deleted takes no new finalizers, but lets go of old ones', () => {
    const deleted = { ...stored, deletionTimestamp: '2021-01-01T00:00:00Z', finalizers: ['a/b'] };
    expect(changeErrors({ finalizers: ['a/b', 'c/d'] }, deleted)).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    ]);
    expect(changeErrors({ finalizers: [] }, deleted)).toEqual([]);
  });
});
