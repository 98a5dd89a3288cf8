import { expect, test } from 'vitest';
import { ageSince, humanDuration, shortHumanDuration } from './duration.ts';
import { canonicalMicroTime, canonicalTime, formatMicroTime, formatTime, parseTime } from './time.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

test('times are written with seconds, micro times with microseconds', () => {
  expect(formatTime(AT)).toBe('2026-01-02T03:04:05Z');
  expect(formatMicroTime(AT)).toBe('2026-01-02T03:04:05.678000Z');
  expect(formatMicroTime(AT, 9)).toBe('2026-01-02T03:04:05.678009Z');
  expect(parseTime('2026-01-02T03:04:05.678Z')).toBe(AT);
});

test.each([
  ['2020-01-01T02:00:00+02:00', '2020-01-01T00:00:00Z'],
  ['2020-01-01T00:00:00.999999Z', '2020-01-01T00:00:00Z'],
  ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
])('%s is kept as %s', (text, expected) => {
  expect(canonicalTime(text)).toBe(expected);
});

test('micro times keep their decimals', () => {
  expect(canonicalMicroTime('2020-01-01T01:00:00.123456+01:00')).toBe('2020-01-01T00:00:00.123456Z');
});

test.each([
  [''],
  ['x'],
  ['2020-01-01'],
  ['2020-13-01T00:00:00Z'],
  ['2023-02-29T00:00:00Z'],
  ['2020-01-01T24:00:00Z'],
  ['2020-01-01t00:00:00z'],
])('%s is no time', (text) => {
  expect(canonicalTime(text)).toBeUndefined();
});

test.each([
  [-3, '<invalid>'],
  [-1, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [192, '3m12s'],
  [600, '10m'],
  [179 * 60, '179m'],
  [3 * 3600, '3h'],
  [5 * 3600 + 180, '5h3m'],
  [8 * 3600 + 60, '8h'],
  [47 * 3600, '47h'],
  [48 * 3600, '2d'],
  [76 * 3600, '3d4h'],
  [8 * 86400, '8d'],
  [2 * 365 * 86400, '2y'],
  [(2 * 365 + 45) * 86400, '2y45d'],
  [9 * 365 * 86400, '9y'],
])('%d seconds are shown as %s', (seconds, expected) => {
  expect(humanDuration(seconds * 1000)).toBe(expected);
});

test('short durations have one figure', () => {
  expect([59, 60, 3600, 86400, 365 * 86400].map((s) => shortHumanDuration(s * 1000))).toEqual([
    '59s',
    '1m',
    '1h',
    '1d',
    '1y',
  ]);
});

test('an age without a beginning is unknown', () => {
  expect(ageSince(undefined, AT)).toBe('<unknown>');
  expect(ageSince('2026-01-02T03:03:05Z', AT)).toBe('60s');
});

test('writes instants beyond the years of four digits as the last or first of them', () => {
  expect(formatTime(1e21)).toBe('9999-12-31T23:59:59Z');
  expect(formatTime(Number.POSITIVE_INFINITY)).toBe('9999-12-31T23:59:59Z');
  expect(formatTime(-1e21)).toBe('0000-01-01T00:00:00Z');
  expect(formatMicroTime(1e21)).toBe('9999-12-31T23:59:59.999000Z');
});
