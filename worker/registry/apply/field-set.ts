/**
 * Sets of fields, in the very form `fieldsV1` shows them: a node's members are path elements (`f:name`,
 * `k:{…}`, `v:…`), `.` marks that the node itself belongs to the set, and so does having no member at
 * all. The root stands for the object, which nobody owns. Sets are never changed once they are handed
 * out, so they may share nodes. Source: structured-merge-diff fieldpath/set.go, serialize.go.
 */
export interface FieldSet {
  [element: string]: FieldSet;
}

/** A node that belongs to the set and has nothing below it. */
export const LEAF: FieldSet = Object.freeze({}) as FieldSet;
export const EMPTY_SET: FieldSet = LEAF;

const SELF = '.';

const isBare = (node: FieldSet): boolean => {
  for (const _key in node) return false;
  return true;
};

export const isEmptySet = isBare;

/** Whether a node below the root itself belongs to the set. */
const isMember = (node: FieldSet): boolean => Object.hasOwn(node, SELF) || isBare(node);

/** The node as it is kept: none at all when nothing is in it, `{}` when only itself is. */
function normal(node: FieldSet): FieldSet | undefined {
  let isSelf = false;
  for (const key in node) {
    if (key !== SELF) return node;
    isSelf = true;
  }
  return isSelf ? LEAF : undefined;
}

/** The node with itself in the set. */
export function asMember(node: FieldSet | undefined): FieldSet {
  if (!node || isBare(node)) return LEAF;
  return Object.hasOwn(node, SELF) ? node : { [SELF]: LEAF, ...node };
}

function unionNode(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const isSelf = isMember(a) || isMember(b);
  const out: FieldSet = isSelf ? { [SELF]: LEAF } : {};
  unionMembers(out, a, b);
  return normal(out) ?? LEAF;
}

function unionMembers(out: FieldSet, a: FieldSet, b: FieldSet): void {
  for (const key in a) {
    if (key === SELF) continue;
    const below = a[key] as FieldSet;
    out[key] = Object.hasOwn(b, key) ? unionNode(below, b[key] as FieldSet) : below;
  }
  for (const key in b) if (key !== SELF && !Object.hasOwn(a, key)) out[key] = b[key] as FieldSet;
}

/** What is in one of both. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a)) return b;
  if (isBare(b)) return a;
  const out: FieldSet = {};
  unionMembers(out, a, b);
  return out;
}

function differenceMembers(out: FieldSet, a: FieldSet, b: FieldSet): void {
  for (const key in a) {
    if (key === SELF) continue;
    const below = a[key] as FieldSet;
    const kept = Object.hasOwn(b, key) ? differenceNode(below, b[key] as FieldSet) : below;
    if (kept) out[key] = kept;
  }
}

function differenceNode(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const out: FieldSet = {};
  if (isMember(a) && !isMember(b)) out[SELF] = LEAF;
  differenceMembers(out, a, b);
  return normal(out);
}

/** What is in `a` but not in `b`; a field in `b` does not take what is below it along. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a) || isBare(b)) return a;
  const out: FieldSet = {};
  differenceMembers(out, a, b);
  return out;
}

function intersectionMembers(out: FieldSet, a: FieldSet, b: FieldSet): void {
  for (const key in a) {
    if (key === SELF || !Object.hasOwn(b, key)) continue;
    const kept = intersectionNode(a[key] as FieldSet, b[key] as FieldSet);
    if (kept) out[key] = kept;
  }
}

function intersectionNode(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const out: FieldSet = {};
  if (isMember(a) && isMember(b)) out[SELF] = LEAF;
  intersectionMembers(out, a, b);
  return normal(out);
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a) || isBare(b)) return EMPTY_SET;
  const out: FieldSet = {};
  intersectionMembers(out, a, b);
  return out;
}

/** The subtree below an element of the root or of a node; undefined when nothing is below it. */
export function below(set: FieldSet, element: string): FieldSet | undefined {
  const node = Object.hasOwn(set, element) ? set[element] : undefined;
  if (!node) return undefined;
  for (const key in node) if (key !== SELF) return node;
  return undefined;
}

/** Whether the field at a path belongs to the set. */
export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node = set;
  for (const element of path) {
    if (!Object.hasOwn(node, element)) return false;
    node = node[element] as FieldSet;
  }
  return path.length > 0 && isMember(node);
}

/** Whether an element right below the root or a node belongs to the set. */
export const hasElement = (set: FieldSet, element: string): boolean =>
  Object.hasOwn(set, element) && isMember(set[element] as FieldSet);

/** Takes fields and all below them out, each named by its path. */
export function withoutPaths(set: FieldSet, paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((rest, path) => withoutPath(rest, path) ?? EMPTY_SET, set);
}

function withoutPath(node: FieldSet, [element = '', ...rest]: readonly string[]): FieldSet | undefined {
  if (!Object.hasOwn(node, element)) return node;
  const { [element]: found, ...others } = node;
  if (rest.length === 0) return normal(others);
  const left = isBare(found as FieldSet) ? found : withoutPath(found as FieldSet, rest);
  return normal(left ? { ...others, [element]: left } : others);
}

/** The set's paths, in order: of each node first the members, then what is below them. */
export function pathsOf(set: FieldSet): string[][] {
  const paths: string[][] = [];
  collect(set, [], paths);
  return paths;
}

function collect(node: FieldSet, prefix: readonly string[], paths: string[][]): void {
  const elements = Object.keys(node)
    .filter((key) => key !== SELF)
    .sort(compareElements);
  for (const element of elements) if (isMember(node[element] as FieldSet)) paths.push([...prefix, element]);
  for (const element of elements) {
    if (!isBare(node[element] as FieldSet)) collect(node[element] as FieldSet, [...prefix, element], paths);
  }
}

/** Sets found to be in order, which most are that have been written before. */
const inOrder = new WeakSet<FieldSet>();

/** The same set with its members in the order upstream writes them. */
export function canonical(set: FieldSet): FieldSet {
  if (inOrder.has(set)) return set;
  const ordered = canonicalNode(set);
  inOrder.add(ordered);
  return ordered;
}

function canonicalNode(set: FieldSet): FieldSet {
  const keys = Object.keys(set);
  let isOrdered = true;
  for (let i = 1; i < keys.length && isOrdered; i++) {
    isOrdered = compareElements(keys[i - 1] as string, keys[i] as string) <= 0;
  }
  if (!isOrdered) keys.sort(compareElements);
  let out: FieldSet | undefined = isOrdered ? undefined : {};
  for (const [index, key] of keys.entries()) {
    const node = set[key] as FieldSet;
    const ordered = node === LEAF ? node : canonicalNode(node);
    if (!out && ordered !== node) {
      out = {};
      for (const before of keys.slice(0, index)) out[before] = set[before] as FieldSet;
    }
    if (out) out[key] = ordered;
  }
  return out ?? set;
}

const RANKS: Readonly<Record<string, number>> = { '.': 0, f: 1, k: 2, v: 3, i: 4 };

/** The order of path elements: names, keys, values, indexes. Source: fieldpath/element.go Compare. */
export function compareElements(a: string, b: string): number {
  const kind = a[0] as string;
  if (kind !== b[0]) return (RANKS[kind] ?? 5) - (RANKS[b[0] as string] ?? 5);
  if (kind === 'k') return comparePlainKeys(a, b) ?? compareKeys(parsed(a) as Members, parsed(b) as Members);
  if (kind === 'v') return compareValues(parsed(a), parsed(b));
  if (kind === 'i') return Number(a.slice(2)) - Number(b.slice(2));
  return a < b ? -1 : a > b ? 1 : 0;
}

type Members = Readonly<Record<string, unknown>>;

const parsed = (element: string): unknown => JSON.parse(element.slice(2));

const PLAIN_KEY = /^k:\{"([^"\\]+)":"([^"\\]*)"\}$/;

/** The common case of keys, by one text each, unparsed; undefined for others. */
function comparePlainKeys(a: string, b: string): number | undefined {
  const [, name = '', value = ''] = PLAIN_KEY.exec(a) ?? [];
  const [, otherName, otherValue = ''] = PLAIN_KEY.exec(b) ?? [];
  if (name === '' || name !== otherName) return undefined;
  return value < otherValue ? -1 : value > otherValue ? 1 : 0;
}

function compareKeys(a: Members, b: Members): number {
  const names = Object.keys(a).sort();
  const others = Object.keys(b).sort();
  for (let i = 0; i < names.length && i < others.length; i++) {
    const name = names[i] as string;
    const other = others[i] as string;
    if (name !== other) return name < other ? -1 : 1;
    const order = compareValues(a[name], b[name]);
    if (order !== 0) return order;
  }
  return names.length - others.length;
}

const VALUE_RANKS: Readonly<Record<string, number>> = { number: 0, string: 1, boolean: 2, object: 3 };

function compareValues(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) return (VALUE_RANKS[typeof a] ?? 4) - (VALUE_RANKS[typeof b] ?? 4);
  if (typeof a === 'number') return a - (b as number);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  const left = String(a);
  const right = String(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** One path as errors show it: `.spec.containers[name="a"].image`. Source: fieldpath/path.go String. */
export const pathText = (path: readonly string[]): string => path.map(elementText).join('');

function elementText(element: string): string {
  const kind = element[0];
  const rest = element.slice(2);
  if (kind === 'f') return `.${rest}`;
  if (kind === 'k') {
    const key = parsed(element) as Members;
    return `[${Object.keys(key)
      .sort()
      .map((name) => `${name}=${valueText(key[name])}`)
      .join(',')}]`;
  }
  return kind === 'v' ? `[=${valueText(parsed(element))}]` : `[${rest}]`;
}

const valueText = (value: unknown): string => JSON.stringify(value);

/** Go's encoder hides what HTML and old JavaScript would stumble over. */
const ESCAPED = /[<>&\u2028\u2029]/g;

/** Anything that JSON or Go would not write as it is. */
const UNUSUAL = /[^ !#-%'-;=?-[\]-~]/;

/** A scalar's JSON text as path elements carry it. */
export function scalarText(value: unknown): string {
  if (typeof value === 'string' && !UNUSUAL.test(value)) return `"${value}"`;
  const text = JSON.stringify(value) as string;
  return typeof value === 'string'
    ? text.replace(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
}

const FIELDS_NODES_MAX = 50_000;

/** A client's `fieldsV1` as a set; undefined when it is none. Elements of unknown kinds are dropped. */
export function readFieldSet(value: unknown): FieldSet | undefined {
  const budget = { nodes: FIELDS_NODES_MAX };
  const node = readNode(value, budget);
  if (!node) return undefined;
  const { [SELF]: _self, ...set } = node;
  return set;
}

function readNode(value: unknown, budget: { nodes: number }): FieldSet | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  budget.nodes -= 1;
  if (budget.nodes < 0) return undefined;
  const node: FieldSet = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === SELF) {
      node[SELF] = LEAF;
      continue;
    }
    if (key.length < 2 || key[1] !== ':') return undefined;
    if (!'fkvi'.includes(key[0] as string)) continue;
    const element = readElement(key);
    const read = element === undefined ? undefined : readNode(member, budget);
    if (element === undefined || !read) return undefined;
    node[element] = read;
  }
  return node;
}

function readElement(key: string): string | undefined {
  if (key[0] === 'f') return key;
  if (key[0] === 'i') return /^i:-?\d+$/.test(key) ? key : undefined;
  try {
    const value = parsed(key);
    if (key[0] === 'v') return `v:${scalarText(value)}`;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? keyElement(value as Members)
      : undefined;
  } catch {
    return undefined;
  }
}

/** `k:{"containerPort":80,"protocol":"TCP"}`; the names in order. */
export function keyElement(key: Members): string {
  const names = Object.keys(key);
  if (names.length > 1) names.sort();
  return `k:{${names.map((name) => `"${name}":${scalarText(key[name])}`).join(',')}}`;
}
