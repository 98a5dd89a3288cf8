/**
 * Resource quantities: fixed-point numbers with a suffix, exact at any size.
 * Source: apimachinery resource.Quantity (its quirks included: clients see them in what they read back).
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** `unscaled × 10^scale`. Never changed in place. */
export interface Quantity {
  readonly unscaled: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  /** The text it was written in, where that counts as canonical; it is printed unchanged. */
  readonly text?: string;
}

export type ParsedQuantity =
  | { readonly ok: true; readonly value: Quantity }
  | { readonly ok: false; readonly error: string };

export const QUANTITY_FORMAT_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
export const QUANTITY_NUMERIC_ERROR = 'unable to parse numeric part of quantity';
export const QUANTITY_SUFFIX_ERROR = "unable to parse quantity's suffix";

/** Longer texts are refused, so that no big-number work grows with the input. */
const QUANTITY_TEXT_CHARS_MAX = 256;
/** Exponents beyond are refused for the same reason. */
const QUANTITY_EXPONENT_MAX = 512;
/** Digits an int64 always holds; upstream's fast path ends here. */
const INT64_DIGITS = 18;
const NANO = -9;
const INT64_MAX = 2n ** 63n - 1n;

const DECIMAL_SUFFIXES: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const BINARY_SUFFIXES: ReadonlyMap<string, number> = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);
const invert = (map: ReadonlyMap<string, number>): ReadonlyMap<number, string> =>
  new Map([...map].map(([suffix, exponent]) => [exponent, suffix]));
const DECIMAL_SUFFIX_OF = invert(DECIMAL_SUFFIXES);
const BINARY_SUFFIX_OF = invert(BINARY_SUFFIXES);

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

function interpretSuffix(suffix: string): Suffix | undefined {
  const decimal = DECIMAL_SUFFIXES.get(suffix);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = BINARY_SUFFIXES.get(suffix);
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' };
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix);
  if (!exponent) return undefined;
  const value = Number(exponent[1]);
  return Math.abs(value) <= QUANTITY_EXPONENT_MAX
    ? { base: 10, exponent: value, format: 'DecimalExponent' }
    : undefined;
}

const abs = (n: bigint): bigint => (n < 0n ? -n : n);

/** Divides, rounding away from zero. */
function divideUp(n: bigint, divisor: bigint): bigint {
  const quotient = n / divisor;
  return n % divisor === 0n ? quotient : n < 0n ? quotient - 1n : quotient + 1n;
}

/** The value in units of 10^scale, rounded away from zero. */
function rescale(q: Quantity, scale: number): bigint {
  return q.scale >= scale
    ? q.unscaled * 10n ** BigInt(q.scale - scale)
    : divideUp(q.unscaled, 10n ** BigInt(scale - q.scale));
}

/** True where upstream's parser reads the number as an int64, and so may keep the text it came in. */
function isShort(suffix: Suffix, digits: number, decimals: number): boolean {
  if (suffix.format !== 'BinarySI') return digits + decimals <= INT64_DIGITS && suffix.exponent - decimals >= NANO;
  return decimals === 0 && digits + Math.trunc((suffix.exponent * 3) / 10) <= 14;
}

function keepsText(suffix: Suffix, digits: string, value: bigint, scale: number): boolean {
  if (suffix.format === 'BinarySI') return (value & 7n) !== 0n;
  return scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/** Rounds up to nano, and caps binary amounts at an int64, as upstream does to long numbers. */
function settle(unscaled: bigint, scale: number, format: QuantityFormat): Quantity {
  let q: Quantity = { unscaled, scale, format };
  if (scale < NANO) q = { unscaled: rescale(q, NANO), scale: NANO, format };
  if (format !== 'BinarySI') return q;
  const size: Quantity = { ...q, unscaled: abs(q.unscaled) };
  if (compareQuantities(size, newQuantity(INT64_MAX, format)) > 0) {
    return { unscaled: q.unscaled < 0n ? -INT64_MAX : INT64_MAX, scale: 0, format };
  }
  const isFraction = size.unscaled > 0n && compareQuantities(size, newQuantity(1, format)) < 0;
  return isFraction ? { ...q, format: 'DecimalSI' } : q;
}

/** Reads a quantity. The error is upstream's text; nothing is thrown. */
export function parseQuantity(text: string): ParsedQuantity {
  if (text === '' || text.length > QUANTITY_TEXT_CHARS_MAX) return { ok: false, error: QUANTITY_FORMAT_ERROR };
  if (text === '0') return { ok: true, value: { unscaled: 0n, scale: 0, format: 'DecimalSI', text } };
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[+-]?\d*)$/.exec(text);
  if (!parts) return { ok: false, error: QUANTITY_FORMAT_ERROR };
  const [, sign, whole = '', decimals = '', suffixText = ''] = parts;
  const suffix = interpretSuffix(suffixText);
  if (!suffix) return { ok: false, error: QUANTITY_SUFFIX_ERROR };
  const numerator = whole.replace(/^0+/, '') || '0';
  const digits = numerator + decimals;
  const magnitude = BigInt(digits);
  const signed = sign === '-' ? -magnitude : magnitude;
  const scale = (suffix.base === 10 ? suffix.exponent : 0) - decimals.length;
  const unscaled = suffix.base === 2 ? signed << BigInt(suffix.exponent) : signed;
  if (!isShort(suffix, numerator.length, decimals.length)) {
    if (whole + decimals === '') return { ok: false, error: QUANTITY_NUMERIC_ERROR };
    return { ok: true, value: settle(unscaled, scale, suffix.format) };
  }
  const kept = keepsText(suffix, digits, magnitude, scale) ? { text } : {};
  return { ok: true, value: { unscaled, scale, format: suffix.format, ...kept } };
}

/**
 * Reads a quantity from a decoded field: a string or a JSON number, blanks around it allowed.
 * Absent is zero. What validation must refuse comes back as the error.
 */
export function quantityFromJson(value: unknown): ParsedQuantity {
  if (value === undefined || value === null) return { ok: true, value: ZERO_QUANTITY };
  if (typeof value === 'number') return parseQuantity(String(value));
  return typeof value === 'string' ? parseQuantity(value.trim()) : { ok: false, error: QUANTITY_FORMAT_ERROR };
}

/** Reads a quantity that is known to be valid (a constant, a stored object's field); absent is zero. */
export function quantityOf(value: unknown): Quantity {
  const parsed = quantityFromJson(value);
  if (!parsed.ok) throw new Error(`cannot parse quantity ${String(value)}: ${parsed.error}`);
  return parsed.value;
}

export const ZERO_QUANTITY: Quantity = { unscaled: 0n, scale: 0, format: 'DecimalSI' };

/** A whole number. */
export const newQuantity = (value: number | bigint, format: QuantityFormat): Quantity => ({
  unscaled: BigInt(value),
  scale: 0,
  format,
});

/** A number of thousandths. */
export const newMilliQuantity = (value: number | bigint, format: QuantityFormat): Quantity => ({
  unscaled: BigInt(value),
  scale: -3,
  format,
});

/** -1, 0 or 1 as `a` is less than, equal to or greater than `b`. Formats do not count. */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  const scale = Math.min(a.scale, b.scale);
  const left = rescale(a, scale);
  const right = rescale(b, scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

export const quantitySign = (q: Quantity): -1 | 0 | 1 => (q.unscaled < 0n ? -1 : q.unscaled > 0n ? 1 : 0);

/** The sum, in the format of `a`, or of `b` when `a` is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const scale = Math.min(a.scale, b.scale);
  const format = a.unscaled === 0n ? b.format : a.format;
  return { unscaled: rescale(a, scale) + rescale(b, scale), scale, format };
}

export const negateQuantity = (q: Quantity): Quantity => ({ unscaled: -q.unscaled, scale: q.scale, format: q.format });

/** The difference, in the format of `a`, or of `b` when `a` is zero. */
export const subtractQuantities = (a: Quantity, b: Quantity): Quantity => addQuantities(a, negateQuantity(b));

/** The value in whole units, rounded away from zero. Exact up to 2^53. */
export const quantityValue = (q: Quantity): number => Number(rescale(q, 0));

/** The value in thousandths, rounded away from zero. Exact up to 2^53. */
export const quantityMilliValue = (q: Quantity): number => Number(rescale(q, -3));

function removeFactors(n: bigint, base: bigint): { mantissa: bigint; times: number } {
  let mantissa = n;
  let times = 0;
  while (abs(mantissa) >= base && mantissa % base === 0n) {
    mantissa /= base;
    times++;
  }
  return { mantissa, times };
}

function formatDecimal(q: Quantity): string {
  const { mantissa, times } = removeFactors(q.unscaled, 10n);
  const exponent = q.scale + times;
  const excess = ((exponent % 3) + 3) % 3;
  const number = mantissa * 10n ** BigInt(excess);
  const thousands = exponent - excess;
  if (q.format === 'DecimalExponent') return thousands === 0 ? `${number}` : `${number}e${thousands}`;
  // Upstream prints no suffix beyond n and E, although the number is then another one.
  return `${number}${DECIMAL_SUFFIX_OF.get(thousands) ?? ''}`;
}

function formatBinary(q: Quantity): string {
  const { mantissa, times } = removeFactors(rescale(q, 0), 1024n);
  return `${mantissa}${times === 0 ? '' : (BINARY_SUFFIX_OF.get(times * 10) ?? '')}`;
}

const isWhole = (q: Quantity): boolean => q.scale >= 0 || q.unscaled % 10n ** BigInt(-q.scale) === 0n;

/** The canonical text: the largest suffix without a fraction; binary only where that is exact and at least 1Ki. */
export function formatQuantity(q: Quantity): string {
  if (q.text !== undefined) return q.text;
  if (q.unscaled === 0n) return '0';
  if (q.format !== 'BinarySI') return formatDecimal(q);
  const isSmall = compareQuantities({ ...q, unscaled: abs(q.unscaled) }, newQuantity(1024, 'BinarySI')) < 0;
  return isSmall || !isWhole(q) ? formatDecimal({ ...q, format: 'DecimalSI' }) : formatBinary(q);
}
