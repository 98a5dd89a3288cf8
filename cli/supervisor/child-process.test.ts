import { expect, test } from 'vitest';
import { restartDelay } from './child-process.ts';

test('a process that dies young is restarted ever later, up to ten seconds', () => {
  const delays = [0, 0, 0, 0, 0, 0, 0, 0].reduce<number[]>((all) => [...all, restartDelay(all.at(-1) ?? 0, 100)], []);
  expect(delays).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test('one that ran for half a minute starts again at once', () => {
  expect(restartDelay(6400, 30_000)).toBe(200);
});
