import { expect, test } from 'vitest';
import { type BackOff, goDuration, heldUntil, nextBackOff } from './crash-back-off.ts';

test('delays double from 10 s to 5 min', () => {
  let backOff: BackOff | undefined;
  const delays = Array.from({ length: 7 }, (_, i) => {
    backOff = nextBackOff(backOff, i * 1000);
    return backOff.delayMs / 1000;
  });
  expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300]);
});

test('ten minutes of peace are a new beginning', () => {
  const old = { delayMs: 300_000, updatedAt: 0 };
  expect(nextBackOff(old, 600_000).delayMs).toBe(300_000);
  expect(nextBackOff(old, 600_001).delayMs).toBe(10_000);
  expect(heldUntil(old, 600_001, 600_002)).toBeUndefined();
});

test('the wait begins when the container ended', () => {
  const backOff = { delayMs: 10_000, updatedAt: 0 };
  expect(heldUntil(backOff, 5_000, 6_000)).toBe(15_000);
  expect(heldUntil(backOff, 5_000, 15_000)).toBeUndefined();
  expect(heldUntil(undefined, 5_000, 6_000)).toBeUndefined();
});

test.each([
  [10_000, '10s'],
  [80_000, '1m20s'],
  [300_000, '5m0s'],
  [393, '393ms'],
  [1_234, '1.234s'],
  [3_660_000, '1h1m0s'],
])('%i ms are %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});
