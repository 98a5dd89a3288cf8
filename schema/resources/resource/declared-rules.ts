/**
 * Rules as upstream declares them on its types (the `+k8s:` tags of k8s.io/api 0.37), and how they run:
 * what an update leaves as it was is not looked at again. Source: apimachinery api/validate. Only those
 * that a 1.37 server enforces by default count; their texts replace those of the older validation.
 */
import { duplicate, type FieldError, notSupported, required, tooMany } from '../../meta/field-error.ts';

/** `previous` is undefined on create, and where the value has no counterpart in the old object. */
export type Rule<T> = (next: T, previous: T | undefined, field: string) => FieldError[];

/** A rule for one field's value, which may be absent. */
type FieldRule<T> = Rule<T | undefined>;

type FieldRules<T> = { readonly [Key in keyof T & string]?: FieldRule<NonNullable<T[Key]>> };

type Fields = Readonly<Record<string, unknown>>;

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Texts that are pointers in Go: an empty one is there. */
const POINTERS: ReadonlySet<string> = new Set([
  'distinctAttribute',
  'extendedResourceName',
  'matchAttribute',
  'nodeName',
  'shareID',
  'string',
  'version',
]);

/** Maps, of which an empty one is as good as none; structs are there even when nothing is in them. */
const MAPS: ReadonlySet<string> = new Set(['attributes', 'capacity', 'counters', 'requests']);

const isEmptyMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** Equality by meaning: absent, empty text, empty list and empty map are one; every other value is itself. */
export function sameValue(a: unknown, b: unknown): boolean {
  return sameMember(a, b, '');
}

function sameMember(a: unknown, b: unknown, name: string): boolean {
  if (a === b) return true;
  const isMap = MAPS.has(name);
  const isNothing = (value: unknown): boolean => isUnset(value) || (isMap && isEmptyMap(value));
  if (isNothing(a) && isNothing(b)) return !POINTERS.has(name) || (isAbsent(a) && isAbsent(b));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameMember(memberOf(a as Fields, key), memberOf(b as Fields, key), key));
}

const memberOf = (fields: Fields | undefined, key: string): unknown =>
  fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined;

/** The fields of a struct, in the order of the type; a field that an update does not change is passed over. */
export function struct<T extends object>(rules: FieldRules<NoInfer<T>>): Rule<T> {
  const entries = Object.entries(rules) as [string, FieldRule<unknown>][];
  return (next, previous, field) =>
    entries.flatMap(([name, rule]) => {
      const value = memberOf(next as Fields, name) ?? undefined;
      const old = memberOf(previous as Fields | undefined, name) ?? undefined;
      if (previous !== undefined && sameMember(value, old, name)) return [];
      return rule(value, old, field === '' ? name : `${field}.${name}`);
    });
}

/** Rules for a value that may be absent. */
export const optional =
  <T>(...rules: readonly Rule<T>[]): FieldRule<T> =>
  (next, previous, field) =>
    isUnset(next) ? [] : rules.flatMap((rule) => rule(next as T, previous, field));

/** The same for a text that is a pointer in Go. */
export const pointer =
  (...rules: readonly Rule<string>[]): FieldRule<string> =>
  (next, previous, field) =>
    next === undefined ? [] : rules.flatMap((rule) => rule(next, previous, field));

/** Rules for a value that must be there; an empty text or map counts as absent. */
export const needed =
  <T>(...rules: readonly Rule<T>[]): FieldRule<T> =>
  (next, previous, field) => {
    return isUnset(next) || isEmptyMap(next)
      ? [required(field)]
      : rules.flatMap((rule) => rule(next as T, previous, field));
  };

/** Where a text stands again, in order. */
export function repeatsIn(texts: readonly string[]): number[] {
  const seen = new Set<string>();
  return texts.flatMap((text, i) => {
    if (seen.has(text)) return [i];
    seen.add(text);
    return [];
  });
}

interface ListRules<T> {
  readonly max?: number;
  /** What tells items apart: two with the same key are one too many. */
  readonly key?: (item: T) => string;
  /** The item as upstream prints it. */
  readonly print?: (item: T) => unknown;
  readonly each?: Rule<T>;
}

/** The items of a list. Without a key no item has a counterpart in the old list. */
export function list<T>({ max, key, print = (item) => item, each }: ListRules<T>): FieldRule<T[]> {
  return (next = [], previous = [], field) => {
    if (max !== undefined && next.length > max) return [tooMany(field, next.length, max)];
    const keys = key ? next.map(key) : [];
    const repeats = repeatsIn(keys).map((i) => duplicate(`${field}[${i}]`, print(next[i] as T)));
    if (!each) return repeats;
    // Of old items with one key the first counts.
    const before = key ? new Map(previous.map((item) => [key(item), item] as const).reverse()) : undefined;
    const errors = next.flatMap((item, i) => {
      const old = before?.get(keys[i] as string);
      return old !== undefined && sameValue(item, old) ? [] : each(item, old, `${field}[${i}]`);
    });
    return [...repeats, ...errors];
  };
}

/** A list of texts in which none stands twice. */
export const textSet = (max: number): FieldRule<string[]> => list<string>({ max, key: (text) => text });

/** The values of a map, each at `field[key]`, in key order. */
export const mapValues =
  <T>(each: Rule<T>): Rule<Readonly<Record<string, T>>> =>
  (next, previous, field) =>
    Object.keys(next)
      .sort()
      .flatMap((key) => {
        const [value, old] = [next[key] as T, memberOf(previous, key) as T | undefined];
        return old !== undefined && sameValue(value, old) ? [] : each(value, old, `${field}[${key}]`);
      });

/** The keys of a map, all at `field`, in key order; those the old map had are passed over. */
export const mapKeys =
  (each: Rule<string>): Rule<object> =>
  (next, previous, field) =>
    Object.keys(next)
      .sort()
      .filter((key) => !previous || !Object.hasOwn(previous, key))
      .flatMap((key) => each(key, undefined, field));

/** One of a few words. `supported` in order, as upstream prints it. */
export const oneOf =
  (...supported: readonly string[]): Rule<string> =>
  (next, _previous, field) =>
    supported.includes(next) ? [] : [notSupported(field, next, supported)];
