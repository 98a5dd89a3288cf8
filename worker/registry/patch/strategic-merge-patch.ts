/**
 * Strategic merge patch: lists of objects are merged by a key where the kind says so, and
 * directives in the patch (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`,
 * `$setElementOrder/…`) delete, replace and order.
 * Source: apimachinery util/strategicpatch and its documentation. Pure; takes over both arguments.
 */
import { setMember } from '../../../schema/decode/check-fields.ts';
import { type FieldType, structTypeOf, versionAndName } from '../../../schema/decode/field-table.ts';
import { type PatchStrategy, patchStrategyOf } from '../../../schema/decode/patch-strategies.ts';
import { goText } from '../../../schema/meta/go-format.ts';

/**
 * What a wrong patch is answered with: `BadRequest` 400, `Invalid` 422, `Internal` 500 (upstream's
 * answer to what it did not foresee).
 */
export interface PatchFailure {
  readonly kind: 'BadRequest' | 'Invalid' | 'Internal';
  readonly error: string;
}

export type StrategicMergeResult =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | ({ readonly ok: false } & PatchFailure);

type Members = Record<string, unknown>;

const PATCH = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList';
const ORDER = '$setElementOrder';

const BAD_ORDER = 'invalid patch format of setElementOrder list';
const BAD_RETAIN_KEYS = 'invalid patch format of retainKeys';
const BAD_PRIMITIVE_LIST = 'invalid patch format of primitive list';

/** Carries a failure out of the recursion; never leaves this module. */
class PatchError extends Error {
  readonly failure: PatchFailure;

  constructor(kind: PatchFailure['kind'], error: string) {
    super(error);
    this.failure = { kind, error };
  }
}

const badRequest = (error: string): PatchError => new PatchError('BadRequest', error);
const internal = (error: string): PatchError => new PatchError('Internal', error);

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (members: Members, key: string): unknown => (Object.hasOwn(members, key) ? members[key] : undefined);

/** The Go type a decoded value would have, for error texts. */
function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '%!s(<nil>)';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

const wrongType = (expected: string, actual: unknown): PatchError =>
  internal(`expected a ${expected}, but received a ${goTypeOf(actual)}`);
const noMergeKey = (item: Members, key: string): PatchError =>
  internal(`map: ${goText(item)} does not contain declared merge key: ${key}`);

function asObject(value: unknown): Members {
  if (isObject(value)) return value;
  throw wrongType('map[string]interface {}', value);
}

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongType('[]interface {}', value);
}

/** A kind of value, as lists may hold only one of. */
function elementKind(...lists: readonly (readonly unknown[])[]): 'object' | 'scalar' | undefined {
  const items = lists.flat(1);
  if (items.length === 0) return undefined;
  const kinds = new Set(items.map((item) => (Array.isArray(item) ? 'list' : item === null ? 'null' : typeof item)));
  if (Array.isArray(items[0])) throw new PatchError('Invalid', 'lists of lists are not supported');
  if (kinds.size > 1 || kinds.has('null')) throw internal(`list element types are not identical: ${goText(lists)}`);
  return kinds.has('object') ? 'object' : 'scalar';
}

/** What tells one item from another: its merge key's value, or the item itself. */
function identityOf(item: unknown, mergeKey: string | undefined): unknown {
  if (mergeKey === undefined) return item;
  const members = asObject(item);
  if (!Object.hasOwn(members, mergeKey)) throw noMergeKey(members, mergeKey);
  return members[mergeKey];
}

/** Positions by identity; the first of equal ones counts. */
function positions(list: readonly unknown[], mergeKey: string | undefined): Map<unknown, number> {
  const found = new Map<unknown, number>();
  list.forEach((item, i) => {
    const identity = mergeKey === undefined ? item : isObject(item) ? own(item, mergeKey) : undefined;
    if (!found.has(identity)) found.set(identity, i);
  });
  return found;
}

/** The type below a field, or undefined where the patch goes on within what has no struct. */
interface Below {
  readonly schema: string | undefined;
  readonly strategy: PatchStrategy | undefined;
}

function fieldTypeOf(schema: string | undefined, field: string): FieldType {
  const type = schema === undefined ? undefined : structTypeOf(schema);
  if (!type) throw internal('merging an object in json but data type is not struct, instead is: map');
  const known = type.fields.get(field);
  if (known) return known;
  throw internal(
    `unable to find api field in struct ${versionAndName(type.name).name} for the json field ${JSON.stringify(field)}`,
  );
}

function below(schema: string | undefined, field: string): Below {
  const type = fieldTypeOf(schema, field);
  const inner = type.kind === 'list' ? type.item : type;
  return {
    schema: inner.kind === 'struct' ? inner.type : undefined,
    strategy: patchStrategyOf(schema as string, field),
  };
}

/** Drops objects that carry a directive, and members that are such objects. Undefined: the value itself goes. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, PATCH)) return undefined;
  for (const key of Object.keys(value)) {
    const kept = withoutDirectives(value[key]);
    if (kept === undefined) delete value[key];
    else setMember(value, key, kept);
  }
  return value;
}

function dropNulls(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === null) delete value[key];
      else dropNulls(value[key]);
    }
  }
}

/** Sets what the patch brings where nothing comparable was. */
function setNew(original: Members, key: string, value: unknown): void {
  dropNulls(value);
  const kept = withoutDirectives(value);
  if (kept === undefined) delete original[key];
  else setMember(original, key, kept);
}

function keyOfDirective(directive: string, prefix: string): string {
  const slash = directive.indexOf('/');
  if (slash >= 0 && directive.slice(0, slash) === prefix) return directive.slice(slash + 1);
  throw badRequest(prefix === DELETE_FROM ? BAD_PRIMITIVE_LIST : BAD_ORDER);
}

/** `$retainKeys`: of the original's members only those listed stay, and the patch may set no others. */
function retainKeys(original: Members, patch: Members): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const keys = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  if (!Array.isArray(keys)) throw badRequest(BAD_RETAIN_KEYS);
  const retained = new Set<unknown>(keys);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(DELETE_FROM) || key.startsWith(ORDER)) continue;
    if (!retained.has(key)) throw badRequest(BAD_RETAIN_KEYS);
  }
  for (const key of Object.keys(original)) if (!retained.has(key)) delete original[key];
}

/** Sorts items by their place in `order`; all of them have one. */
function sortedBy(items: readonly unknown[], order: Map<unknown, number>, mergeKey: string | undefined): unknown[] {
  const place = (item: unknown): number => order.get(identityOf(item, mergeKey)) ?? -1;
  return items
    .map((item) => ({ item, at: place(item) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

interface Ordering {
  readonly merged: readonly unknown[];
  /** The order the patch asks for. */
  readonly patchOrder: readonly unknown[];
  /** The order the stored list had. */
  readonly serverOrder: readonly unknown[];
  readonly mergeKey: string | undefined;
}

/**
 * Puts a merged list in order: what the patch names stands in the patch's order, what it does not
 * name in the stored order, and between the two the stored order decides where it knows both.
 */
function inOrder({ merged, patchOrder, serverOrder, mergeKey }: Ordering): unknown[] {
  const named = positions(patchOrder, mergeKey);
  const stored = positions(serverOrder, mergeKey);
  const isNamed = (item: unknown): boolean => named.has(identityOf(item, mergeKey));
  const patchItems = sortedBy(merged.filter(isNamed), named, mergeKey);
  const serverItems = sortedBy(
    merged.filter((item) => !isNamed(item)),
    stored,
    mergeKey,
  );
  const result: unknown[] = [];
  let server = 0;
  for (const item of patchItems) {
    const at = stored.get(identityOf(item, mergeKey)) ?? -1;
    const standsBefore = (other: unknown): boolean => (stored.get(identityOf(other, mergeKey)) ?? Infinity) < at;
    while (server < serverItems.length && standsBefore(serverItems[server])) result.push(serverItems[server++]);
    result.push(item);
  }
  return [...result, ...serverItems.slice(server)];
}

interface ListMerge {
  readonly original: unknown[];
  readonly patch: unknown[];
  readonly schema: string | undefined;
  readonly mergeKey: string | undefined;
}

/** Takes the directives out of a list's patch: deletes what it names, and tells whether it replaces all. */
function applyItemDirectives({ original, patch, mergeKey }: ListMerge & { mergeKey: string }): {
  original: unknown[];
  patch: unknown[];
} {
  const deleted = new Set<unknown>();
  const rest: unknown[] = [];
  let replaces = false;
  for (const item of patch) {
    const members = asObject(item);
    if (!Object.hasOwn(members, PATCH)) {
      rest.push(members);
      continue;
    }
    const directive = members[PATCH];
    if (directive === 'delete') deleted.add(identityOf(members, mergeKey));
    else if (directive === 'replace') replaces = true;
    else if (directive === 'merge') throw internal('merging lists cannot yet be specified in the patch');
    else throw internal(`unknown patch type: ${goText(directive)} in map: ${goText(members)}`);
  }
  if (replaces) return { original: rest, patch: [] };
  return { original: original.filter((item) => !deleted.has(own(asObject(item), mergeKey))), patch: rest };
}

function mergeItems(
  original: unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  schema: string | undefined,
): unknown[] {
  const merged = [...original];
  const places = positions(merged, mergeKey);
  for (const item of patch) {
    const members = asObject(item);
    const identity = identityOf(members, mergeKey);
    const place = places.get(identity);
    if (place === undefined) {
      places.set(identity, merged.length);
      merged.push(members);
    } else {
      merged[place] = mergeObjects(asObject(merged[place]), members, schema);
    }
  }
  return merged;
}

function mergeLists(merge: ListMerge): unknown[] {
  const { schema, mergeKey } = merge;
  const kind = elementKind(merge.original, merge.patch);
  if (kind === undefined) return merge.original;
  if (kind === 'scalar') {
    const merged = [...new Set([...merge.original, ...merge.patch])];
    return inOrder({ merged, patchOrder: merge.patch, serverOrder: merge.original, mergeKey: undefined });
  }
  if (mergeKey === undefined) throw internal('cannot merge lists without merge key for struct');
  const { original, patch } = applyItemDirectives({ ...merge, mergeKey });
  const merged = mergeItems(original, patch, mergeKey, schema);
  return inOrder({ merged, patchOrder: patch, serverOrder: original, mergeKey });
}

/** The patch's items must come in the order its `$setElementOrder` gives. */
function checkOrder(patchList: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  if (order.length === 0 || patchList.length === 0) return;
  const isDeletion = (item: unknown): boolean => mergeKey !== undefined && asObject(item)[PATCH] === 'delete';
  const items = patchList.filter((item) => !isDeletion(item));
  let at = 0;
  let place = 0;
  while (at < items.length && place < order.length) {
    const item = items[at];
    if (isObject(item) && Object.hasOwn(item, PATCH)) {
      at++;
      continue;
    }
    if (identityOf(item, mergeKey) === identityOf(order[place], mergeKey)) at++;
    place++;
  }
  if (at >= items.length) return;
  throw internal(`The order in patch list:\n${goText(patchList)}\n doesn't match ${ORDER} list:\n${goText(order)}\n`);
}

/** Applies one `$setElementOrder/…` together with the list it orders, and takes both out of the patch. */
function applyOrder(directive: string, original: Members, patch: Members, schema: string | undefined): void {
  const order = asList(patch[directive]);
  delete patch[directive];
  const key = keyOfDirective(directive, ORDER);
  const stored = own(original, key);
  const brought = own(patch, key);
  const storedList = stored === undefined ? undefined : asList(stored);
  const broughtList = brought === undefined ? undefined : asList(brought);
  const field = below(schema, key);
  const mergeKey = field.strategy?.mergeKey;
  if (broughtList) checkOrder(broughtList, order, mergeKey);
  let merged: unknown[];
  if (storedList && broughtList) {
    const merges = field.strategy?.strategy === 'merge';
    merged = merges
      ? mergeLists({ original: storedList, patch: broughtList, schema: field.schema, mergeKey })
      : broughtList;
  } else if (broughtList) {
    merged = withoutDirectives(broughtList) as unknown[];
  } else if (storedList) {
    merged = storedList;
  } else {
    return;
  }
  if (elementKind(storedList ?? [], broughtList ?? []) === undefined)
    throw internal('no elements in any of the given slices');
  setMember(original, key, inOrder({ merged, patchOrder: order, serverOrder: storedList ?? [], mergeKey }));
  delete patch[key];
}

function mergeField(original: Members, key: string, value: unknown, schema: string | undefined): void {
  const current = own(original, key);
  if (isObject(current) && isObject(value)) {
    const field = below(schema, key);
    setMember(
      original,
      key,
      field.strategy?.strategy === 'replace' ? value : mergeObjects(current, value, field.schema),
    );
  } else if (Array.isArray(current) && Array.isArray(value)) {
    const field = below(schema, key);
    const merges = field.strategy?.strategy === 'merge';
    const merge = { original: current, patch: value, schema: field.schema, mergeKey: field.strategy?.mergeKey };
    setMember(original, key, merges ? mergeLists(merge) : value);
  } else {
    setNew(original, key, value);
  }
}

function deleteFromList(original: Members, key: string, value: unknown): void {
  const current = own(original, key);
  if (value === null) delete original[key];
  if (!Array.isArray(current) || !Array.isArray(value)) return;
  elementKind(current, value);
  const deleted = new Set(value);
  setMember(
    original,
    key,
    current.filter((item) => !deleted.has(item)),
  );
}

function mergeObjects(original: Members, patch: Members, schema: string | undefined): Members {
  if (Object.hasOwn(patch, PATCH)) {
    const directive = patch[PATCH];
    if (directive === 'delete') return {};
    if (directive !== 'replace') throw internal(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
    delete patch[PATCH];
    return patch;
  }
  retainKeys(original, patch);
  for (const key of Object.keys(patch)) {
    if (key.startsWith(ORDER) && Object.hasOwn(patch, key)) applyOrder(key, original, patch, schema);
  }
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (key.startsWith(DELETE_FROM)) deleteFromList(original, keyOfDirective(key, DELETE_FROM), value);
    else if (value === null) delete original[key];
    else mergeField(original, key, value, schema);
  }
  return original;
}

/** Merges `patch` into `original`, an object of the named type (`V1Pod`). */
export function applyStrategicMergePatch(original: Members, patch: Members, schema: string): StrategicMergeResult {
  try {
    return { ok: true, value: mergeObjects(original, patch, schema) };
  } catch (error) {
    if (error instanceof PatchError) return { ok: false, ...error.failure };
    throw error;
  }
}
