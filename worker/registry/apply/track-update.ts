/**
 * managedFields after a write that is not an apply: the writer owns what it added or modified.
 * Source: apimachinery util/managedfields/internal fieldmanager.go Update, managedfieldsupdater.go.
 */
import { equalJson } from '../../../schema/meta/json-value.ts';
import type { ManagedFieldsEntry, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import type { Comparison } from './compare.ts';
import { canonical, difference, type FieldSet, isEmptySet, union } from './field-set.ts';
import { capUpdaters, identityOf, isReset, type Manager, readManagers, writeManagers } from './managers.ts';
import { changesBetween, findConflicts, takeOver } from './ownership.ts';
import { fieldFilterOf, filterSet } from './reset-fields.ts';
import { inVersion, type TrackedKind } from './versions.ts';

export interface TrackedWrite {
  readonly definition: TrackedKind;
  /** The version the request speaks. */
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  readonly manager: string;
  /** ms since the epoch. */
  readonly now: number;
}

/** The `managedFields` that `next` is to have; both objects in stored form, `live` absent on create. */
export function trackedUpdate(
  write: TrackedWrite,
  live: UntypedObject | undefined,
  next: UntypedObject,
): ManagedFieldsEntry[] | undefined {
  const stored = live?.metadata.managedFields;
  const given = givenManagers(write, stored, next.metadata.managedFields);
  if (live && (given === 'none' || (given === 'stored' && !stored?.length))) return undefined;

  const changesIn = changesBetween(write, (apiVersion) => ({
    before: live ? inVersion(write.definition, apiVersion, live) : {},
    after: inVersion(write.definition, apiVersion, next),
    view: 'typed',
  }));
  const changes = changesIn(write.apiVersion);
  if (!changes) return stored;
  if (given === 'stored' && isSame(changes) && !hasOtherVersions(write, stored)) return stored;

  const managers = typeof given === 'string' ? (readManagers(stored, 'stored') ?? new Map()) : given;
  const filter = fieldFilterOf(write.definition, write.subresource);
  takeOver(managers, '', findConflicts(managers, '', changesIn), changesIn);
  const own = filterSet(filter, union(difference(changes.modified, changes.removed), changes.added));
  if (!isEmptySet(own)) addOwn(managers, write, live ? own : alike(write, own));
  capUpdaters(managers);
  return writeManagers(managers);
}

const CREATED_SETS_MAX = 256;
const createdSets = new Map<string, FieldSet>();

/** Objects made one after the other own the same fields, as the pods of a template do: they share the set. */
function alike({ definition, manager }: TrackedWrite, own: FieldSet): FieldSet {
  const key = `${definition.key} ${manager}`;
  const last = createdSets.get(key);
  if (last && equalJson(last, own)) return last;
  if (createdSets.size >= CREATED_SETS_MAX) createdSets.clear();
  const set = canonical(own);
  createdSets.set(key, set);
  return set;
}

/** Whose entries count: the stored ones, the client's own, or none any more. */
function givenManagers(
  { subresource }: TrackedWrite,
  stored: readonly ManagedFieldsEntry[] | undefined,
  entries: readonly ManagedFieldsEntry[] | undefined,
): 'stored' | 'none' | Map<string, Manager> {
  if (subresource !== '' || entries === undefined || entries === stored) return 'stored';
  if (isReset(entries)) return 'none';
  if (equalJson(entries, stored)) return 'stored';
  const managers = readManagers(entries, 'client');
  return managers?.size ? managers : 'stored';
}

const isSame = ({ added, modified, removed }: Comparison): boolean =>
  isEmptySet(added) && isEmptySet(modified) && isEmptySet(removed);

const hasOtherVersions = ({ apiVersion }: TrackedWrite, entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  (entries ?? []).some((entry) => entry.apiVersion !== apiVersion);

/** Joins what a write took to what its manager has from before. */
export function addOwn(managers: Map<string, Manager>, write: TrackedWrite, set: FieldSet): void {
  const { apiVersion, subresource } = write;
  const own = { manager: write.manager || 'unknown', operation: 'Update', apiVersion, subresource } as const;
  const id = identityOf(own);
  const before = managers.get(id);
  managers.set(id, { ...own, time: formatTime(write.now), set: before ? union(set, before.set) : set });
}
