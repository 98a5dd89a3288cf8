/**
 * Server-side apply: a configuration merged into an object, and who then owns what.
 * Source: structured-merge-diff merge/update.go Apply; managedfields/internal structuredmerge.go,
 * lastappliedmanager.go, lastappliedupdater.go, skipnonapplied.go. Pure.
 */
import { withoutManagedFields } from '../../../schema/meta/clone-object.ts';
import { equalJson } from '../../../schema/meta/json-value.ts';
import type { ManagedFieldsEntry, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { badRequest, fail, ok, type Result } from '../../../schema/meta/status.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import { conflictStatus } from './conflict-status.ts';
import { covers } from './covers.ts';
import { difference, type FieldSet, intersection, isEmptySet, union } from './field-set.ts';
import { allowedByLastApplied, withLastApplied } from './last-applied.ts';
import { identityOf, type Manager, readManagers, writeManagers } from './managers.ts';
import { changesBetween, type Conflicts, findConflicts, takeOver } from './ownership.ts';
import { prune } from './prune.ts';
import { fieldFilterOf, filterSet } from './reset-fields.ts';
import { addOwn, type TrackedWrite } from './track-update.ts';
import { fieldSetOf, mergeObjects, shapeErrors, typedObject } from './typed-object.ts';
import type { StructShape } from './typed-schema.ts';
import { converted, inVersion, shapeIn } from './versions.ts';
import { withoutZeroMembers } from './zero-members.ts';

export interface ApplyInput extends TrackedWrite {
  /** The stored object; absent: the apply creates it. */
  readonly live: UntypedObject | undefined;
  /** The decoded body, unchecked, in the request's version. */
  readonly config: UntypedObject;
  readonly force: boolean;
}

export interface Applied {
  /** The object in the request's version, neither checked nor defaulted; shares parts with the input. */
  readonly object: UntypedObject;
  readonly managedFields: ManagedFieldsEntry[] | undefined;
}

/** The manager of kubectl, which alone inherits from client-side apply. */
const KUBECTL = 'kubectl';
const BEFORE_FIRST_APPLY = 'before-first-apply';

export function applyConfiguration(input: ApplyInput): Result<Applied> {
  const { definition, apiVersion, config, live } = input;
  const shape = shapeIn(definition, apiVersion);
  if (!shape) return fail(badRequest(`invalid object type: ${kindText(apiVersion, definition.kind)}`));
  const refused = configProblem(input, shape);
  if (refused !== undefined) return fail(badRequest(refused));
  const served = live ? inVersion(definition, apiVersion, live) : ({} as UntypedObject);
  const result: Attempt = isAppliedAlready(input, shape, served)
    ? { ok: true, object: served, isChanged: false, managedFields: live?.metadata.managedFields }
    : merged(input, shape, served);
  if (!result.ok) return result.conflicts ? fail(conflictStatus(result.conflicts)) : fail(UNDECODED);
  const bare = result.isChanged ? (withoutZeroMembers(shape, result.object, served) as UntypedObject) : served;
  const object = input.manager === KUBECTL ? withLastApplied(bare, config) : bare;
  return ok({
    object: live ? object : { ...object, apiVersion, kind: definition.kind },
    managedFields: result.managedFields,
  });
}

const UNDECODED = badRequest('failed to decode managed fields');

/** Whether the same manager has applied the same fields before, and all still is as the configuration says. */
function isAppliedAlready(
  { definition, live, manager, subresource, apiVersion, config }: ApplyInput,
  shape: StructShape,
  served: UntypedObject,
): boolean {
  const entries = live?.metadata.managedFields ?? [];
  const own = entries.find(
    (entry) =>
      entry.operation === 'Apply' &&
      entry.manager === manager &&
      entry.apiVersion === apiVersion &&
      (entry.subresource ?? '') === subresource,
  );
  if (!own || !covers(shape, served, config)) return false;
  if (entries.some((entry) => !shapeIn(definition, entry.apiVersion ?? ''))) return false;
  const set = filterSet(fieldFilterOf(definition, subresource), fieldSetOf(shape, config));
  return !isEmptySet(set) && equalJson(set, own.fieldsV1);
}

/** The long way. */
function merged(input: ApplyInput, shape: StructShape, served: UntypedObject): Attempt {
  const before = typedObject(shape, input.live ? withoutManagedFields(served) : {}) as UntypedObject;
  const managers = managersBefore(input, before);
  if (!managers) return { ok: false, conflicts: undefined };
  const first = attempt(input, shape, before, managers);
  return first.ok || !first.conflicts || input.manager !== KUBECTL
    ? first
    : upgraded(input, shape, before, managers, first.conflicts);
}

/** Group, version and kind as upstream shows them; none of them when the version is not well-formed. */
function kindText(apiVersion: unknown, kind: string): string {
  const parts = typeof apiVersion === 'string' ? apiVersion.split('/') : [''];
  if (parts.length > 2) return '/, Kind=';
  const [version = '', group = ''] = parts.reverse();
  return `${group}/${version}, Kind=${kind}`;
}

function configProblem(
  { definition, apiVersion, config, subresource }: ApplyInput,
  shape: StructShape,
): string | undefined {
  const kind = typeof config.kind === 'string' ? config.kind : '';
  if (config.apiVersion !== apiVersion || kind !== definition.kind) {
    return `invalid object type: ${kindText(config.apiVersion, kind)}`;
  }
  if (config.metadata?.managedFields) return 'metadata.managedFields must be nil';
  const errors = shapeErrors(shape, config);
  if (errors.length === 0 || subresource === 'scale') return undefined;
  const { namespace = '', name = '' } = config.metadata ?? {};
  const texts = errors.length === 1 ? errors[0] : ['errors:', ...errors.map((text) => `  ${text}`)].join('\n');
  return `failed to create typed patch object (${namespace}/${name}; ${kindText(apiVersion, kind)}): ${texts}`;
}

/** Who owned what, undefined when that is not understood; what an object without any owners holds belongs to an owner of its own. */
function managersBefore(input: ApplyInput, before: UntypedObject): Map<string, Manager> | undefined {
  const managers = readManagers(input.live?.metadata.managedFields, 'stored');
  if (!managers || managers.size > 0 || !input.live) return managers;
  const empty = { before: {}, after: before, view: 'typed' } as const;
  const changes = changesBetween(input, () => empty)(input.apiVersion);
  const own = changes ? union(changes.added, changes.modified) : {};
  if (!isEmptySet(own)) addOwn(managers, { ...input, manager: BEFORE_FIRST_APPLY }, own);
  return managers;
}

type Attempt =
  | {
      readonly ok: true;
      readonly object: UntypedObject;
      readonly isChanged: boolean;
      readonly managedFields: ManagedFieldsEntry[] | undefined;
    }
  /** Without conflicts: what is stored of owners is not understood. */
  | { readonly ok: false; readonly conflicts: Conflicts | undefined };

function attempt(
  input: ApplyInput,
  shape: StructShape,
  before: UntypedObject,
  owners: ReadonlyMap<string, Manager>,
): Attempt {
  const { definition, apiVersion, subresource, config } = input;
  const managers = new Map(owners);
  const own = { manager: input.manager, operation: 'Apply', apiVersion, subresource } as const;
  const id = identityOf(own);
  const last = managers.get(id);
  const applied = filterSet(fieldFilterOf(definition, subresource), fieldSetOf(shape, config));
  const isAsBefore = last?.apiVersion === apiVersion && equalJson(applied, last.set);
  const set = isAsBefore ? last.set : applied;
  managers.set(id, isAsBefore ? last : { ...own, time: last?.time, set });
  const whole = mergeObjects(shape, before, config) as UntypedObject;
  const object = last ? prune({ definition, managers, last, apiVersion, config }, whole) : whole;

  const changesIn = changesBetween(input, (version) => ({
    before: converted(definition, before, apiVersion, version),
    after: converted(definition, object, apiVersion, version),
    view: version === apiVersion ? 'plain' : 'typed',
  }));
  const conflicts = findConflicts(managers, id, changesIn);
  if (conflicts.size > 0 && !input.force) return { ok: false, conflicts };
  takeOver(managers, id, conflicts, changesIn);
  const isChanged = !equalJson(before, object);
  if (isEmptySet(set)) managers.delete(id);
  else if (isChanged) managers.set(id, { ...own, time: formatTime(input.now), set });
  return { ok: true, object, isChanged, managedFields: writeManagers(managers) };
}

/** kubectl takes over what it applied by itself before, if it still is as applied. */
function upgraded(
  input: ApplyInput,
  shape: StructShape,
  before: UntypedObject,
  managers: ReadonlyMap<string, Manager>,
  conflicts: Conflicts,
): Attempt {
  const allowed = allowedByLastApplied(shape, before, input.apiVersion);
  if (!allowed) return { ok: false, conflicts };
  const left = new Map<string, { manager: Manager; set: FieldSet }>();
  for (const [id, { manager, set }] of conflicts) {
    const others = difference(set, intersection(set, allowed));
    if (!isEmptySet(others)) left.set(id, { manager, set: others });
  }
  return left.size > 0 ? { ok: false, conflicts: left } : attempt({ ...input, force: true }, shape, before, managers);
}
