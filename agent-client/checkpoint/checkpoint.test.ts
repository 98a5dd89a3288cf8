import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { Checkpoint, CheckpointTooNew } from './checkpoint.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zp-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Promise<Checkpoint> => Checkpoint.open(join(folder, 'agent.db'));
const pod = (name: string): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'd', uid: name },
});
const key = (name: string) => ({ resource: 'pods', namespace: 'd', name, uid: name });

test('what was written is there after the process', async () => {
  const first = await open();
  await first.saveCredential('n1', 't1');
  await first.applyChanges('n1', [
    { ...key('a'), object: pod('a') },
    { ...key('b'), object: pod('b') },
  ]);
  await first.applyChanges('n1', [key('a')]);
  await first.saveStatuses(
    'n1',
    new Map([
      ['a', '{"phase":"Running"}'],
      ['b', '{}'],
    ]),
  );
  await first.saveStatuses('n1', new Map([['b', undefined]]));
  await first.saveValue('k', 'v');
  first.close();
  const second = await open();
  expect(await second.credential('n1')).toBe('t1');
  expect(await second.credential('n2')).toBeUndefined();
  expect(await second.objects('n1')).toEqual([{ resource: 'pods', object: pod('b') }]);
  expect(await second.objects('n2')).toEqual([]);
  expect(await second.statuses('n1')).toEqual(new Map([['a', { phase: 'Running' }]]));
  expect(await second.value('k')).toBe('v');
  second.close();
});

test('no one else reads it', async () => {
  (await open()).close();
  expect(statSync(join(folder, 'agent.db')).mode & 0o077).toBe(0);
});

test('a file of a newer agent is refused', async () => {
  const first = await open();
  await first.saveValue('format', '99');
  first.close();
  await expect(open()).rejects.toThrow(CheckpointTooNew);
});
