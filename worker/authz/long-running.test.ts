import { expect, it } from 'vitest';
import { isLongRunning } from './long-running.ts';

it.each([
  ['watch', '', true],
  ['get', 'log', true],
  ['create', 'exec', true],
  ['list', '', false],
  ['update', 'status', false],
])('%s of subresource %j lasts: %s', (verb, subresource, lasts) => {
  expect(isLongRunning({ resourceRequest: true, verb, subresource })).toBe(lasts);
  expect(isLongRunning({ resourceRequest: false, verb, subresource })).toBe(false);
});
