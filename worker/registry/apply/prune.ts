/**
 * Takes out what an applier applied last time, does not this time, and nobody else claims.
 * Source: structured-merge-diff merge/update.go prune, addBackOwnedItems, addBackDanglingItems.
 */
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { difference, type FieldSet, intersection, isEmptySet, union } from './field-set.ts';
import type { Manager, Managers } from './managers.ts';
import { fieldSetOf, removeFields, withNamedFields } from './typed-object.ts';
import type { StructShape } from './typed-schema.ts';
import { converted, shapeIn, type TrackedKind } from './versions.ts';

export interface PruneInput {
  readonly definition: TrackedKind;
  /** With the applier's new set. */
  readonly managers: Managers;
  /** The applier as of its last apply. */
  readonly last: Manager;
  /** The version of `merged`, of the configuration and of the result. */
  readonly apiVersion: string;
  /** What is applied. It names the object, which nobody owns and yet must not be taken out. */
  readonly config: UntypedObject;
}

export function prune(input: PruneInput, merged: UntypedObject): UntypedObject {
  const { definition, last, apiVersion } = input;
  const version = last.apiVersion;
  const shape = shapeIn(definition, version);
  if (!shape || isEmptySet(difference(last.set, claimedIn(input, version)))) return merged;
  const whole = converted(definition, merged, apiVersion, version);
  const lastFields = withNamedFields(shape, last.set);
  const cut = removeFields(shape, whole, lastFields) as UntypedObject;
  const pruned = keepOwned(input, shape, whole, cut);
  const lost = difference(namedFields(shape, whole), namedFields(shape, pruned));
  const left = removeFields(shape, whole, intersection(lost, lastFields)) as UntypedObject;
  return converted(definition, left, version, apiVersion);
}

const namedFields = (shape: StructShape, object: UntypedObject): FieldSet =>
  withNamedFields(shape, fieldSetOf(shape, object, 'all'));

/** What all managers own in one version: as long as all the applier had is among it, nothing is to be taken out. */
const claimedIn = ({ managers }: PruneInput, version: string): FieldSet =>
  [...managers.values()]
    .filter(({ apiVersion }) => apiVersion === version)
    .reduce<FieldSet>((all, { set }) => union(all, set), {});

/** The fields that name an object, as far as a configuration has them. */
function identityFields(definition: TrackedKind, apiVersion: string, config: UntypedObject): FieldSet {
  const shape = shapeIn(definition, apiVersion);
  return shape ? difference(fieldSetOf(shape, config, 'all'), fieldSetOf(shape, config)) : {};
}

/** Puts back what any manager owns, in the version each wrote it in; the applier's own version first. */
function keepOwned(
  { definition, managers, last, apiVersion: current, config }: PruneInput,
  shape: StructShape,
  whole: UntypedObject,
  cut: UntypedObject,
) {
  const version = last.apiVersion;
  const owned = new Map<string, FieldSet>([[version, {}]]);
  const own = (apiVersion: string, set: FieldSet) => owned.set(apiVersion, union(owned.get(apiVersion) ?? {}, set));
  for (const { apiVersion, set } of managers.values()) own(apiVersion, set);
  own(current, identityFields(definition, current, config));
  let pruned = cut;
  for (const [each, set] of owned) {
    const eachShape = each === version ? shape : shapeIn(definition, each);
    if (!eachShape) continue;
    const all = converted(definition, whole, version, each);
    const kept = namedFields(eachShape, converted(definition, pruned, version, each));
    const gone = difference(namedFields(eachShape, all), union(kept, withNamedFields(eachShape, set)));
    pruned = converted(definition, removeFields(eachShape, all, gone) as UntypedObject, each, version);
  }
  return pruned;
}
