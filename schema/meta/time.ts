/**
 * Times on the wire: RFC 3339 in UTC, with seconds (Time) or microseconds (MicroTime).
 * Source: meta/v1 Time and MicroTime. Instants are in ms since the epoch.
 */

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

interface Instant {
  /** ms since the epoch of the whole second. */
  readonly secondMs: number;
  readonly microseconds: number;
}

function isRealDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] as number);
}

function parseInstant(text: string): Instant | undefined {
  const parts = RFC3339.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [zoneHour, zoneMinute] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (!isRealDate(year, month, day) || hour > 23 || minute > 59 || second > 59 || zoneHour > 24 || zoneMinute > 60)
    return undefined;
  const utc = new Date(0);
  utc.setUTCFullYear(year, month - 1, day);
  utc.setUTCHours(hour, minute, second);
  const offsetMs = (zoneHour * 60 + zoneMinute) * 60_000 * (parts[8] === '-' ? 1 : -1);
  return { secondMs: utc.getTime() + offsetMs, microseconds: Number((parts[7] ?? '').slice(0, 6).padEnd(6, '0')) };
}

const FIRST_MS = Date.UTC(-1, 12);
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** RFC 3339 has years of four digits: what lies beyond (periods of seconds may be of 64 bits) is its first or last instant. */
const withinYears = (ms: number): Date => new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS));

/** `2006-01-02T15:04:05Z`. Fractions of a second are cut off. */
export const formatTime = (ms: number): string => `${withinYears(ms).toISOString().slice(0, -5)}Z`;

/** `2006-01-02T15:04:05.000000Z`. `microseconds`: what comes on top of whole ms, less than 1,000. */
export const formatMicroTime = (ms: number, microseconds = 0): string =>
  `${withinYears(ms).toISOString().slice(0, -1)}${String(microseconds).padStart(3, '0')}Z`;

/** ms since the epoch, fractions included, or undefined when the text is no RFC 3339 time. */
export function parseTime(text: string): number | undefined {
  const instant = parseInstant(text);
  return instant && instant.secondMs + Math.floor(instant.microseconds / 1000);
}

/** Whole seconds since the epoch and the microseconds on top; undefined: no time. */
export function timeParts(text: string): { readonly seconds: number; readonly microseconds: number } | undefined {
  const instant = parseInstant(text);
  return instant && { seconds: Math.floor(instant.secondMs / 1000), microseconds: instant.microseconds };
}

/** A Time as upstream reads and writes it back: UTC, whole seconds. Undefined: no time. */
export function canonicalTime(text: string): string | undefined {
  const instant = parseInstant(text);
  return instant && formatWithinYears(instant, '');
}

/** A MicroTime as upstream reads and writes it back: UTC, six decimals. Undefined: no time. */
export function canonicalMicroTime(text: string): string | undefined {
  const instant = parseInstant(text);
  return instant && formatWithinYears(instant, `.${String(instant.microseconds).padStart(6, '0')}`);
}

/** Undefined where a time zone takes the year out of four digits. */
function formatWithinYears({ secondMs }: Instant, fraction: string): string | undefined {
  const text = new Date(secondMs).toISOString();
  return text.length === 24 ? `${text.slice(0, -5)}${fraction}Z` : undefined;
}
