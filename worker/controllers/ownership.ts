/** Adoption and release of dependents. Source: pkg/controller controller_ref_manager.go. */
import { type LabelSelector, labelsMatch } from '../../schema/meta/label-selector.ts';
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { GroupResource, KubeObject, OwnerReference, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { ControllerWrite } from './controller.ts';

export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true);

export const isControlledBy = (object: KubeObject, owner: KubeObject): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid;

/** The reference that makes `owner` the controller, as NewControllerRef writes it. */
export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name ?? '',
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

export interface Claim<T> {
  /** Controlled by the owner and selected. */
  readonly owned: readonly T[];
  /** Adoptions and releases. If there are any, let them happen first: the next pass sees their effect. */
  readonly writes: readonly ControllerWrite[];
}

export interface ClaimOptions<T> {
  readonly view: StoreReader;
  readonly owner: KubeObject;
  readonly selector: LabelSelector;
  readonly resource: GroupResource;
  /** Others are left alone: neither owned, nor adopted, nor released. */
  concerns?(object: T): boolean;
}

/** Which objects belong to `owner`: adopts selected orphans and releases what it no longer selects. */
export function claim<T extends KubeObject>({ view, owner, selector, resource, concerns }: ClaimOptions<T>): Claim<T> {
  const owned: T[] = [];
  const writes: ControllerWrite[] = [];
  const dying = owner.metadata.deletionTimestamp !== undefined;
  for (const { object } of view.ownedBy(owner.metadata.uid ?? '', resource)) {
    if (!isControlledBy(object, owner) || concerns?.(asKind<T>(object)) === false) continue;
    if (labelsMatch(selector, object.metadata.labels)) owned.push(asKind<T>(object));
    else if (!dying) writes.push({ op: 'update', resource, object: released(object, owner) });
  }
  if (dying || selector === 'nothing' || selector.length === 0) return { owned, writes };
  for (const object of unownedIn(view, resource)) {
    if (object.metadata.deletionTimestamp || concerns?.(asKind<T>(object)) === false) continue;
    if (labelsMatch(selector, object.metadata.labels))
      writes.push({ op: 'update', resource, object: adopted(object, owner) });
  }
  return { owned, writes };
}

/** Objects of a resource that nobody controls. */
export const unownedIn = (view: StoreReader, resource: GroupResource): readonly UntypedObject[] =>
  view.unowned?.(resource) ?? view.list(resource).filter((object) => !controllerOf(object));

const asKind = <T extends KubeObject>(object: UntypedObject): T => object as KubeObject as T;

function adopted(object: UntypedObject, owner: KubeObject): UntypedObject {
  const copy = cloneJson(object);
  const others = (copy.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);
  copy.metadata.ownerReferences = [...others, controllerReference(owner)];
  return copy;
}

function released(object: UntypedObject, owner: KubeObject): UntypedObject {
  const copy = cloneJson(object);
  const others = (copy.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);
  if (others.length > 0) copy.metadata.ownerReferences = others;
  else delete copy.metadata.ownerReferences;
  return copy;
}
