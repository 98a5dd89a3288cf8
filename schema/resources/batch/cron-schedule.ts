/**
 * Schedules in Cron format: five fields (minute, hour, day of month, month, day of week), descriptors
 * such as `@daily`, and `@every 1h`. Error texts are those of the parser upstream uses.
 * Source: robfig/cron v3 (ParseStandard), pkg/util/parsers.
 */
import { goQuote } from '../../meta/go-format.ts';

/** The values of one field that match. */
export type CronField = ReadonlySet<number>;

export type CronSchedule =
  | {
      readonly kind: 'fields';
      readonly minute: CronField;
      readonly hour: CronField;
      readonly dayOfMonth: CronField;
      readonly month: CronField;
      readonly dayOfWeek: CronField;
      /** A day field given as `*` or `?`: then only the other one decides. */
      readonly isAnyDayOfMonth: boolean;
      readonly isAnyDayOfWeek: boolean;
    }
  | { readonly kind: 'every'; readonly durationMs: number };

export type ParsedSchedule =
  | { readonly ok: true; readonly value: CronSchedule }
  | { readonly ok: false; readonly error: string };

class ScheduleFault extends Error {}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const BOUNDS: readonly Bounds[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const SCHEDULE_CHARS_MAX = 4096;

/** What upstream answers for a zone with nothing after it: its parser's crash, caught. */
const NO_SPACE_AFTER_ZONE = 'invalid schedule format: runtime error: slice bounds out of range [:-1]';

function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ScheduleFault(`failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
  }
  const exact = BigInt(text.replace('+', ''));
  if (exact !== BigInt.asIntN(64, exact)) {
    throw new ScheduleFault(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: value out of range`,
    );
  }
  const value = Number(exact);
  if (value < 0) throw new ScheduleFault(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function parseValue(text: string, { min, names }: Bounds): number {
  const named = names.indexOf(text.toLowerCase());
  return named < 0 ? parseInteger(text) : named + min;
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly isAny: boolean;
}

function parseRange(text: string, bounds: Bounds): Range {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreEnds] = range.split('-');
  const isAny = low === '*' || low === '?';
  const start = isAny ? bounds.min : parseValue(low, bounds);
  if (!isAny && moreEnds.length > 0) throw new ScheduleFault(`too many hyphens: ${text}`);
  const given = isAny ? bounds.max : high === undefined ? start : parseValue(high, bounds);
  if (moreSteps.length > 0) throw new ScheduleFault(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseInteger(stepText);
  // `N/step` means from N to the end.
  const end = stepText !== undefined && !isAny && high === undefined ? bounds.max : given;
  if (start < bounds.min)
    throw new ScheduleFault(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  if (end > bounds.max) throw new ScheduleFault(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new ScheduleFault(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new ScheduleFault(`step of range should be a positive number: ${text}`);
  return { start, end, step, isAny: isAny && step === 1 };
}

function parseField(text: string, bounds: Bounds): { values: Set<number>; isAny: boolean } {
  const values = new Set<number>();
  let isAny = false;
  for (const part of text.split(',')) {
    if (part === '') continue;
    const range = parseRange(part, bounds);
    isAny ||= range.isAny;
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
  }
  return { values, isAny };
}

function parseFields(text: string): CronSchedule {
  const texts = text.split(/\s+/).filter(Boolean);
  if (texts.length !== BOUNDS.length) {
    throw new ScheduleFault(`expected exactly ${BOUNDS.length} fields, found ${texts.length}: [${texts.join(' ')}]`);
  }
  const [minute, hour, dayOfMonth, month, dayOfWeek] = texts.map((field, i) => parseField(field, BOUNDS[i] as Bounds));
  const none = { values: new Set<number>(), isAny: false };
  return {
    kind: 'fields',
    minute: (minute ?? none).values,
    hour: (hour ?? none).values,
    dayOfMonth: (dayOfMonth ?? none).values,
    month: (month ?? none).values,
    dayOfWeek: (dayOfWeek ?? none).values,
    isAnyDayOfMonth: (dayOfMonth ?? none).isAny,
    isAnyDayOfWeek: (dayOfWeek ?? none).isAny,
  };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*$/;
const SECOND_MS = 1000;

function parseEvery(text: string): CronSchedule {
  const durationText = text.slice('@every '.length);
  if (durationText !== '0' && !DURATION.test(durationText)) {
    throw new ScheduleFault(`failed to parse duration ${text}: time: invalid duration ${goQuote(durationText)}`);
  }
  let durationMs = 0;
  for (const [, amount, unit] of durationText.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    durationMs += Number(amount) * (UNIT_MS[unit as string] as number);
  }
  // Whole seconds, and one at least.
  return { kind: 'every', durationMs: Math.max(SECOND_MS, durationMs - (durationMs % SECOND_MS)) };
}

/** `TZ=<zone> ` before a schedule names its zone. */
function withoutZone(text: string): string {
  if (!/^(?:CRON_)?TZ=/.test(text)) return text;
  const space = text.indexOf(' ');
  if (space < 0) throw new ScheduleFault(NO_SPACE_AFTER_ZONE);
  const zone = text.slice(text.indexOf('=') + 1, space);
  if (!isTimeZone(zone)) throw new ScheduleFault(`provided bad location ${zone}: unknown time zone ${zone}`);
  return text.slice(space).trim();
}

function parse(text: string): CronSchedule {
  if (text === '') throw new ScheduleFault('empty spec string');
  if (text.length > SCHEDULE_CHARS_MAX) throw new ScheduleFault(`longer than ${SCHEDULE_CHARS_MAX} characters`);
  const schedule = withoutZone(text);
  if (!schedule.startsWith('@')) return parseFields(schedule);
  const known = Object.hasOwn(DESCRIPTORS, schedule) ? DESCRIPTORS[schedule] : undefined;
  if (known !== undefined) return parseFields(known);
  if (schedule.startsWith('@every ')) return parseEvery(schedule);
  throw new ScheduleFault(`unrecognized descriptor: ${schedule}`);
}

/** Reads a schedule; the error is upstream's text. */
export function parseSchedule(text: string): ParsedSchedule {
  try {
    return { ok: true, value: parse(text) };
  } catch (error) {
    if (error instanceof ScheduleFault) return { ok: false, error: error.message };
    throw error;
  }
}

/** Whether the name is that of a known time zone (IANA), or `UTC`, or empty for it. */
export function isTimeZone(name: string): boolean {
  if (name === '' || name === 'UTC') return true;
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    // Upstream looks for a file of that name, so another case is another name.
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
