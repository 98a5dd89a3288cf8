/**
 * Who owns which fields: `metadata.managedFields` read, written and capped.
 * Source: apimachinery util/managedfields/internal managedfields.go, capmanagers.go.
 */
import { equalJson } from '../../../schema/meta/json-value.ts';
import type { ManagedFieldsEntry } from '../../../schema/meta/object-meta.ts';
import { canonical, type FieldSet, isEmptySet, readFieldSet, union } from './field-set.ts';

export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, with seconds; absent where nobody noted it. */
  readonly time?: string | undefined;
  readonly set: FieldSet;
  /** The stored entry it was read from. */
  readonly entry?: ManagedFieldsEntry;
}

/** By identity; see `identityOf`. */
export type Managers = ReadonlyMap<string, Manager>;

const UPDATE_MANAGERS_MAX = 10;
const BUCKET = 'ancient-changes';

/** One writer's identity. Who applies keeps it over versions. Sorts as upstream's does. */
export function identityOf(of: Omit<Manager, 'set' | 'time'>): string {
  const { manager, operation, apiVersion, subresource } = of;
  return JSON.stringify({
    ...(manager ? { manager } : {}),
    operation,
    ...(operation === 'Update' ? { apiVersion } : {}),
    ...(subresource ? { subresource } : {}),
  });
}

/** The entries as managers; undefined when one of them is not understood. Trusts the sets of stored ones. */
export function readManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
  origin: 'stored' | 'client',
): Map<string, Manager> | undefined {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    const { manager = '', operation, apiVersion = '', subresource = '', fieldsType, time } = entry;
    if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '' || fieldsType !== 'FieldsV1') {
      return undefined;
    }
    const set = origin === 'stored' ? ((entry.fieldsV1 ?? {}) as FieldSet) : readFieldSet(entry.fieldsV1 ?? {});
    if (!set) return undefined;
    const read: Manager = {
      ...{ manager, operation, apiVersion, subresource, time, set },
      ...(origin === 'stored' ? { entry } : {}),
    };
    managers.set(identityOf(read), read);
  }
  return managers;
}

/** The managers as entries in upstream's order; undefined when there are none. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  const sorted = [...managers.values()];
  if (sorted.length > 1) sorted.sort(compareManagers);
  return sorted.map(entryOf);
}

function entryOf(of: Manager): ManagedFieldsEntry {
  const { manager, operation, apiVersion, subresource, time, set } = of;
  if (of.entry && of.entry.fieldsV1 === set && of.entry.time === time && of.entry.apiVersion === apiVersion) {
    return of.entry;
  }
  const entry: ManagedFieldsEntry = manager ? { manager, operation, apiVersion } : { operation, apiVersion };
  if (time) entry.time = time;
  entry.fieldsType = 'FieldsV1';
  entry.fieldsV1 = canonical(set);
  if (subresource) entry.subresource = subresource;
  return entry;
}

const ordered = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const compareManagers = (a: Manager, b: Manager): number =>
  ordered(a.operation, b.operation) ||
  ordered(a.time ?? '', b.time ?? '') ||
  ordered(a.manager, b.manager) ||
  ordered(a.apiVersion, b.apiVersion) ||
  ordered(a.subresource, b.subresource);

/** Merges the oldest updaters of one version into a bucket until no more than ten are left. */
export function capUpdaters(managers: Map<string, Manager>): void {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  let count = updaters.length;
  if (count <= UPDATE_MANAGERS_MAX) return;
  updaters.sort(([idA, a], [idB, b]) => ordered(a.time ?? '', b.time ?? '') || ordered(idA, idB));
  const firstOf = new Map<string, string>();
  for (const [id, updater] of updaters) {
    if (count <= UPDATE_MANAGERS_MAX) return;
    const { apiVersion } = updater;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, id);
      continue;
    }
    const bucket: Omit<Manager, 'set'> = {
      manager: BUCKET,
      operation: 'Update',
      apiVersion,
      subresource: '',
      time: updater.time,
    };
    const bucketId = identityOf(bucket);
    const before = managers.get(bucketId) ?? managers.get(first);
    if (!managers.has(bucketId)) managers.delete(first);
    managers.set(bucketId, { ...bucket, set: union(updater.set, before?.set ?? {}) });
    managers.delete(id);
    count -= 1;
  }
}

/** Puts a manager with another set, or takes it out when nothing is left of it. */
export function setManager(managers: Map<string, Manager>, id: string, manager: Manager, set: FieldSet): void {
  if (isEmptySet(set)) managers.delete(id);
  else if (set !== manager.set) managers.set(id, { ...manager, set });
}

/** Whether a client asks for all ownership to be forgotten: `[]` or `[{}]`. */
export const isReset = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries !== undefined &&
  (entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] as object).length === 0));

/** Whether two lists of entries say the same but for the times. */
export function sameButTimes(a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean {
  const isSame = (entry: ManagedFieldsEntry, other: ManagedFieldsEntry | undefined): boolean =>
    entry === other || (other !== undefined && equalJson({ ...entry, time: undefined }, { ...other, time: undefined }));
  return a.length === b.length && a.every((entry, index) => isSame(entry, b[index]));
}
