import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSources } from './imports.ts';

const root = new URL('../..', import.meta.url).pathname;
const SPREAD_PUSH = /\.push\(\s*\.\.\.[^\n]*\);/;
/** Lists that no request makes long. */
const SHORT = new Set([
  'worker/http/testing/test-server.ts',
  'worker/controllers/runtime/test-shard.ts',
  'worker/hub/node-lifecycle.ts',
]);

test('no list is passed as arguments: some hundred thousand run out of stack', () => {
  const found = readSources(root, ['schema', 'worker'])
    .map(({ path }) => path)
    .filter((path) => !SHORT.has(path) && path !== 'schema/meta/push-all.ts')
    .filter((path) => SPREAD_PUSH.test(readFileSync(join(root, path), 'utf8')));
  expect(found, 'use pushAll of schema/meta/push-all.ts').toEqual([]);
});
