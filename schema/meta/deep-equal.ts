/**
 * Equality of decoded API objects by meaning, as far as JSON can tell.
 * Source: apimachinery api/equality Semantic, on objects that upstream would have decoded into Go
 * structs: there a field that is absent, null, empty, false, 0 or "" is one and the same (but for
 * pointers, which JSON cannot show and defaulting mostly fills).
 */

/** Fields that are maps of strings, in which an empty value is a value. */
const STRING_MAPS: ReadonlySet<string> = new Set([
  'annotations',
  'binaryData',
  'data',
  'labels',
  'matchLabels',
  'nodeSelector',
  'parameters',
  'selector',
  'stringData',
  'volumeAttributes',
]);

type Fields = Record<string, unknown>;

/** True for what upstream would not tell from an absent field. */
function isZero(value: unknown): boolean {
  if (!value) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  return Object.entries(value).every(([key, item]) => (STRING_MAPS.has(key) ? isEmptyMap(item) : isZero(item)));
}

const isEmptyMap = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

const ownValue = (fields: Fields, key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined);

const listsEqual = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => semanticEqual(item, b[i]));

function mapsEqual(a: unknown, b: unknown): boolean {
  if (isEmptyMap(a) || isEmptyMap(b)) return isEmptyMap(a) && isEmptyMap(b);
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  const [left, right] = [a as Fields, b as Fields];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && semanticEqual(left[key], right[key]))
  );
}

function structsEqual(a: Fields, b: Fields): boolean {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [ownValue(a, key), ownValue(b, key)];
    if (!(STRING_MAPS.has(key) ? mapsEqual(left, right) : semanticEqual(left, right))) return false;
  }
  return true;
}

/** Whether two decoded values mean the same. Quantities compare as they are written: normalise first. */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isZero(a) || isZero(b)) return isZero(a) && isZero(b);
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && listsEqual(a, b);
  return structsEqual(a as Fields, b as Fields);
}
