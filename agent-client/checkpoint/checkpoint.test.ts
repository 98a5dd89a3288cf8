import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createClient } from '@libsql/client/sqlite3';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { Checkpoint, CheckpointTooNew } from './checkpoint.ts';
import { ensureKey, forgetKey, keyFile, runtimeFolder, SealedTexts } from './sealed-text.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zp-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (fill = 1): Promise<Checkpoint> =>
  Checkpoint.open(join(folder, 'agent.db'), new SealedTexts(Buffer.alloc(32, fill)));
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

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'd', uid: 's' },
  data: { a: 'TWFya2Vy' },
};
const isInFiles = (text: string): boolean =>
  readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(text));

test('Secrets are sealed; without the key they are as if never told of', async () => {
  const first = await open();
  await first.applyChanges('n1', [
    { resource: 'secrets', namespace: 'd', name: 's', uid: 's', object: secret },
    { ...key('a'), object: pod('a') },
  ]);
  expect(await first.objects('n1')).toHaveLength(2);
  expect(isInFiles('"Pod"')).toBe(true);
  expect(isInFiles('TWFya2Vy')).toBe(false);
  first.close();
  const second = await open();
  expect(await second.objects('n1')).toContainEqual({ resource: 'secrets', object: secret });
  second.close();
  const other = await open(2);
  expect(await other.objects('n1')).toEqual([{ resource: 'pods', object: pod('a') }]);
  other.close();
});

test('what an earlier agent wrote is sealed, and nothing of it stays', async () => {
  const first = await open();
  await first.saveValue('format', '1');
  first.close();
  const client = createClient({ url: `file:${join(folder, 'agent.db')}` });
  await client.execute({
    sql: 'INSERT INTO objects VALUES (?, ?, ?, ?, ?)',
    args: ['n1', 'secrets', 'd', 's', JSON.stringify(secret)],
  });
  client.close();
  expect(isInFiles('TWFya2Vy')).toBe(true);
  const second = await open();
  expect(await second.objects('n1')).toEqual([{ resource: 'secrets', object: secret }]);
  expect(isInFiles('TWFya2Vy')).toBe(false);
  second.close();
});

test('the key lies in memory where there is a place for it, each data directory’s apart', () => {
  expect(runtimeFolder({ XDG_RUNTIME_DIR: '/x' }, false)).toBe('/x/zeroplane');
  expect(runtimeFolder({}, false)).toBeUndefined();
  expect(keyFile('/data', undefined)).toBe('/data/agent.key');
  const [a, b] = ['/data/a', '/data/b'].map((dataDir) => keyFile(dataDir, folder)) as [string, string];
  expect(a).not.toBe(b);
  const made = ensureKey(a);
  expect(ensureKey(a)).toEqual(made);
  expect(ensureKey(b)).not.toEqual(made);
  expect(statSync(a).mode & 0o777).toBe(0o600);
  forgetKey(a);
  expect(ensureKey(a)).not.toEqual(made);
});
