/**
 * Who owns the replicas of an object, as its Scale shows it, and back.
 * Source: apimachinery util/managedfields/scalehandler.go.
 *
 * Upstream tells an updater of the object from the same updater of its Scale, as their versions differ,
 * and gives it two entries of one identity when a Scale is written that changes nothing. Here it keeps its one.
 */
import type { ManagedFieldsEntry } from '../../../schema/meta/object-meta.ts';
import { difference, type FieldSet, hasPath, LEAF } from './field-set.ts';
import { identityOf, type Manager, readManagers, setManager, writeManagers } from './managers.ts';
import { shapeIn, type TrackedKind } from './versions.ts';

const SCALE_VERSION = 'autoscaling/v1';
/** A Scale as field management sees it: a kind without a status of its own to be reset. */
export const SCALE_KIND: TrackedKind = {
  key: 'scales.autoscaling',
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  schema: 'V1Scale',
  alsoServed: [],
};
/** Where the object and its Scale both keep them. */
const REPLICAS_PATH = ['f:spec', 'f:replicas'];
const REPLICAS: FieldSet = { 'f:spec': { 'f:replicas': LEAF } };

type Entries = readonly ManagedFieldsEntry[] | undefined;

const ownsReplicas = ({ set }: Manager): boolean => hasPath(set, REPLICAS_PATH);
const inScale = (manager: Manager): Manager => ({ ...manager, apiVersion: SCALE_VERSION, set: REPLICAS });

/** The `managedFields` of an object's Scale. */
export function scaleOwners(definition: TrackedKind, entries: Entries): ManagedFieldsEntry[] | undefined {
  const owners = [...(readManagers(entries, 'stored')?.values() ?? [])]
    .filter((manager) => shapeIn(definition, manager.apiVersion) && ownsReplicas(manager))
    .map(inScale);
  return writeManagers(new Map(owners.map((owner) => [identityOf(owner), owner])));
}

/** The object's `managedFields` after its Scale came to have `scaleEntries`; `apiVersion` is that of the request. */
export function ownersAfterScale(
  definition: TrackedKind,
  apiVersion: string,
  entries: Entries,
  scaleEntries: Entries,
): ManagedFieldsEntry[] | undefined {
  const owners = readManagers(entries, 'stored') ?? new Map<string, Manager>();
  const scaling = readManagers(scaleEntries, 'stored') ?? new Map<string, Manager>();
  const kept = new Set<string>();
  for (const [id, owner] of owners) {
    if (!shapeIn(definition, owner.apiVersion)) {
      owners.delete(id);
      continue;
    }
    if (!ownsReplicas(owner)) continue;
    const scalerId = identityOf(inScale(owner));
    if (scaling.has(scalerId)) kept.add(scalerId);
    else setManager(owners, id, owner, difference(owner.set, REPLICAS));
  }
  for (const [id, scaler] of scaling) {
    if (kept.has(id) || !ownsReplicas(scaler)) continue;
    const owner: Manager = { ...scaler, apiVersion, time: undefined, set: REPLICAS };
    owners.set(identityOf(owner), owner);
  }
  return writeManagers(owners);
}
