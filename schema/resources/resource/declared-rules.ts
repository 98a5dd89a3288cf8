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

const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Equality by meaning: absent, empty text and empty list are one; every other value is itself. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b || (isUnset(a) && isUnset(b))) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameValue(memberOf(a as Fields, key), memberOf(b as Fields, key)));
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
      if (previous !== undefined && sameValue(value, old)) return [];
      return rule(value, old, field === '' ? name : `${field}.${name}`);
    });
}

/** Rules for a value that may be absent. */
export const optional =
  <T>(...rules: readonly Rule<T>[]): FieldRule<T> =>
  (next, previous, field) =>
    isUnset(next) ? [] : rules.flatMap((rule) => rule(next as T, previous, field));

/** Rules for a value that must be there; an empty text or map counts as absent. */
export const needed =
  <T>(...rules: readonly Rule<T>[]): FieldRule<T> =>
  (next, previous, field) => {
    const isMissing = isUnset(next) || (typeof next === 'object' && Object.keys(next as object).length === 0);
    return isMissing ? [required(field)] : rules.flatMap((rule) => rule(next as T, previous, field));
  };

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
    const repeats = next.flatMap((item, i) =>
      keys.indexOf(keys[i] as string) < i && key ? [duplicate(`${field}[${i}]`, print(item))] : [],
    );
    if (!each) return repeats;
    const before = key ? new Map(previous.map((item) => [key(item), item] as const)) : undefined;
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
