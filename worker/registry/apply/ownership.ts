/** How a write changes who owns what. Source: structured-merge-diff merge/update.go. */
import { type Comparison, compareObjects, type View } from './compare.ts';
import { difference, type FieldSet, intersection, isEmptySet, union } from './field-set.ts';
import { type Manager, setManager } from './managers.ts';
import { fieldFilterOf, filterComparison } from './reset-fields.ts';
import { shapeIn, type TrackedKind } from './versions.ts';

/** What a write changed, in the version a manager used; undefined for versions that are gone. */
export type ChangesIn = (apiVersion: string) => Comparison | undefined;

export type Conflicts = ReadonlyMap<string, { readonly manager: Manager; readonly set: FieldSet }>;

/** Which managers other than the writer own what it adds or modifies. Managers of gone versions are dropped. */
export function findConflicts(managers: Map<string, Manager>, writer: string, changesIn: ChangesIn): Conflicts {
  const conflicts = new Map<string, { manager: Manager; set: FieldSet }>();
  for (const [id, manager] of managers) {
    if (id === writer) continue;
    const changes = changesIn(manager.apiVersion);
    if (!changes) {
      managers.delete(id);
      continue;
    }
    const { added, modified } = changes;
    const set = union(intersection(manager.set, added), intersection(manager.set, modified));
    if (!isEmptySet(set)) conflicts.set(id, { manager, set });
  }
  return conflicts;
}

/** Takes from the others what the writer took over and what is gone. */
export function takeOver(
  managers: Map<string, Manager>,
  writer: string,
  conflicts: Conflicts,
  changesIn: ChangesIn,
): void {
  for (const [id, manager] of managers) {
    if (id === writer) continue;
    const removed = changesIn(manager.apiVersion)?.removed ?? {};
    const kept = difference(difference(manager.set, conflicts.get(id)?.set ?? {}), removed);
    setManager(managers, id, manager, kept);
  }
}

export interface Sides {
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
  readonly view: View;
}

/** The changes of a write in any version, compared when first asked for, without what the write puts back. */
export function changesBetween(
  { definition, subresource }: { readonly definition: TrackedKind; readonly subresource: string },
  sidesIn: (apiVersion: string) => Sides,
): ChangesIn {
  const known = new Map<string, Comparison | undefined>();
  return (apiVersion) => {
    if (known.has(apiVersion)) return known.get(apiVersion);
    const shape = shapeIn(definition, apiVersion);
    let changes: Comparison | undefined;
    if (shape) {
      const { before, after, view } = sidesIn(apiVersion);
      changes = filterComparison(fieldFilterOf(definition, subresource), compareObjects(shape, before, after, view));
    }
    known.set(apiVersion, changes);
    return changes;
  };
}
