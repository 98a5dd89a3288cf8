import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRunning, restartDelay, startChild, stopChild } from './children.ts';

test('a process that dies young is restarted ever later, up to ten seconds', () => {
  const delays = Array.from({ length: 8 }).reduce<number[]>((all) => [...all, restartDelay(all.at(-1) ?? 0, 100)], []);
  expect(delays).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test('one that ran for half a minute starts again at once', () => {
  expect(restartDelay(6400, 30_000)).toBe(200);
});

test('a child is stopped by SIGTERM, or by SIGKILL when it does not heed it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zp-children-'));
  const staleFile = join(folder, 'stale');
  writeFileSync(staleFile, '');
  const { child } = startChild(
    {
      name: 'deaf',
      argv: ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'],
      logFile: join(folder, 'log'),
      staleFile,
      stopTimeoutMs: 200,
    },
    0,
    Date.now(),
  );
  expect(existsSync(staleFile)).toBe(false);
  expect(isRunning(child)).toBe(true);
  await stopChild(child);
  expect(isRunning(child)).toBe(false);
  rmSync(folder, { recursive: true });
});

test('the watcher wakes the supervisor when a process has ended', () => {
  const script = new URL('./watch.sh', import.meta.url).pathname;
  const result = spawnSync('sh', ['-c', `sleep 0.3 & exec sh ${script} $! echo woken`], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(result.stdout).toBe('woken --because ended\n');
});

test('the watcher wakes the supervisor when it is to stop', () => {
  const script = new URL('./watch.sh', import.meta.url).pathname;
  const result = spawnSync('sh', ['-c', `(sleep 0.5; kill -TERM $$) & exec sh ${script} $$ echo woken`], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(result.stdout).toBe('woken --because stop\n');
});
