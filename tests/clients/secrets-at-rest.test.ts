/** What lies on disk: Secrets only sealed, whatever was done with them; and what happens without the key. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, eventually } from './api-calls.ts';

const root = new URL('../..', import.meta.url).pathname;
const NAMESPACES = ['default', 'other'];

/** The marker as it is, and every run of base64 characters that must occur wherever it is encoded. */
function traces(marker: string): readonly string[] {
  return [
    marker,
    ...[0, 1, 2].map((shift) => {
      const encoded = Buffer.from(`${'_'.repeat(shift)}${marker}`).toString('base64');
      // The first characters depend on what stands before, the last on what comes after.
      return encoded
        .slice(shift === 0 ? 0 : shift + 1)
        .replace(/.?=*$/, '')
        .slice(0, -1);
    }),
  ];
}

function everyFile(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Files under `folder` that hold a trace of the marker. */
const filesWith = (folder: string, marker: string): string[] =>
  everyFile(folder).filter((file) => {
    const bytes = readFileSync(file);
    return traces(marker).some((trace) => bytes.includes(trace));
  });

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secrets = (namespace: string, name = ''): string =>
  `/api/v1/namespaces/${namespace}/secrets${name ? `/${name}` : ''}`;
const secret = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, labels: { found: value.slice(0, 40) } },
  data: { key: base64(value) },
});

const newMarker = (): string => `Marker${randomBytes(12).toString('hex')}`;

describe('Secrets at rest', () => {
  let cluster: RunningCluster;
  let calls: ApiCalls;
  const marker = newMarker();
  const negative = newMarker();

  const restart = async (): Promise<void> => {
    await calls.close();
    await cluster.stop();
    cluster = await startCluster({ dataDir: cluster.dataDir, port: cluster.port });
    calls = new ApiCalls(cluster);
  };
  const keyFile = (): string => join(cluster.dataDir, 'secrets', 'secrets-encryption-keys');
  const zeroplane = (...args: string[]) =>
    promisify(execFile)(process.execPath, [join(root, 'dist', 'cli.mjs'), ...args, '--data-dir', cluster.dataDir], {
      env: { ...process.env, ZEROPLANE_ROOT: root },
    });

  beforeAll(async () => {
    cluster = await startCluster();
    calls = new ApiCalls(cluster);
  });
  afterAll(async () => {
    await calls?.close();
    await cluster?.remove();
  });

  test('[S1] every trace of a Secret is sealed: created, updated, applied, deleted, listed and watched', async () => {
    expect(
      (await calls.call('POST', '/api/v1/namespaces', { body: { kind: 'Namespace', metadata: { name: 'other' } } }))
        .code,
    ).toBe(201);
    for (const namespace of NAMESPACES) {
      for (const name of ['kept', 'updated', 'deleted']) {
        const created = await calls.call('POST', secrets(namespace), { body: secret(name, `${marker}-${name}`) });
        expect(created.code, created.text).toBe(201);
      }
      const updated = await calls.call('PUT', secrets(namespace, 'updated'), {
        body: secret('updated', `${marker}-2`),
      });
      expect(updated.code, updated.text).toBe(200);
      expect((await calls.call('DELETE', secrets(namespace, 'deleted'))).code).toBe(200);
      const applied = await calls.call('PATCH', `${secrets(namespace, 'applied')}?fieldManager=tests`, {
        body: JSON.stringify(secret('applied', `${marker}-3`)),
        headers: { 'content-type': 'application/apply-patch+yaml' },
      });
      expect([200, 201], applied.text).toContain(applied.code);
      const typed = await calls.call('POST', secrets(namespace), {
        body: {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'text', annotations: { note: `${marker}-note` } },
          stringData: { a: `${marker}-text` },
        },
      });
      expect(typed.code).toBe(201);
    }
    const listed = await calls.call('GET', '/api/v1/secrets?limit=3');
    expect(listed.json.items).toHaveLength(3);
    const all = await calls.call('GET', '/api/v1/secrets');
    expect(all.text.split(base64(marker).slice(0, 20)).length).toBeGreaterThan(6);
    const watched = await calls.call('GET', `${secrets('default')}?watch=true&timeoutSeconds=1`);
    expect(watched.text).toContain(marker);
    const fieldSelected = await calls.call(
      'GET',
      `${secrets('default')}?fieldSelector=type%3DOpaque&labelSelector=found`,
    );
    expect(fieldSelected.json.items.length).toBe(3);
    const control = await calls.call('POST', '/api/v1/namespaces/default/configmaps', {
      body: { kind: 'ConfigMap', metadata: { name: 'plain' }, data: { a: negative } },
    });
    expect(control.code).toBe(201);

    await calls.close();
    await cluster.stop();
    expect(filesWith(cluster.dataDir, marker)).toEqual([]);
    expect(filesWith(cluster.dataDir, negative).length).toBeGreaterThan(0);
    // A sealed row is there at all.
    expect(filesWith(join(cluster.dataDir, 'state'), 'key1/').length).toBeGreaterThan(0);
    cluster = await startCluster({ dataDir: cluster.dataDir, port: cluster.port });
    calls = new ApiCalls(cluster);
    const kept = await calls.call('GET', secrets('default', 'kept'));
    expect(kept.json.data.key).toBe(base64(`${marker}-kept`));
  });

  test('the key lies in one file that only its owner reads, and in no process’s arguments', () => {
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    const key = readFileSync(keyFile(), 'utf8').trim().split(':')[1] as string;
    expect(everyFile(cluster.dataDir).filter((file) => readFileSync(file).includes(key))).toEqual([keyFile()]);
    const { controlPlane, supervisor } = cluster.pids();
    for (const pid of [controlPlane, supervisor]) {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(key);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(key);
    }
  });

  test('[S3] rotation stores everything under the new key, also when it is killed in the middle', async () => {
    const before = readFileSync(keyFile(), 'utf8').trim();
    for (let n = 0; n < 150; n += 1) {
      expect(
        (await calls.call('POST', secrets('other'), { body: secret(`many-${n}`, `${marker}-many-${n}`) })).code,
      ).toBe(201);
    }
    const first = zeroplane('secrets', 'rotate');
    await eventually('the new key is there', async () =>
      readFileSync(keyFile(), 'utf8').trim().split('\n').length === 2 ? true : undefined,
    );
    first.child.kill('SIGKILL');
    await first.catch(() => undefined);
    try {
      process.kill(cluster.pids().controlPlane, 'SIGKILL');
    } catch {
      // The command had ended it already.
    }
    await eventually('it answers again', async () => {
      const answer = await calls.call('GET', '/readyz').catch(() => undefined);
      return answer?.code === 200 ? true : undefined;
    });
    const { stdout } = await zeroplane('secrets', 'rotate');
    expect(stdout).toContain('dropped key1');
    const after = readFileSync(keyFile(), 'utf8').trim();
    expect(after).toMatch(/^key2:\S+$/);
    expect(after).not.toContain(before);
    const summary = await calls.call('GET', '/internal/secrets-encryption');
    expect(summary.json).toMatchObject({ pendingShards: 0, unreadable: 0 });
    expect(summary.json.rows.map(({ seal }: { seal: string }) => seal.split('/')[0])).toEqual(['key2']);
    const list = await calls.call('GET', secrets('other'));
    expect(
      list.json.items.filter(({ metadata }: { metadata: { name: string } }) => metadata.name.startsWith('many-')),
    ).toHaveLength(150);
    expect((await calls.call('GET', secrets('default', 'kept'))).json.data.key).toBe(base64(`${marker}-kept`));
  });

  test('[S2] with a wrong key Secrets answer 500 and nothing else is touched; with the right one all is back', async () => {
    const right = readFileSync(keyFile(), 'utf8');
    await calls.close();
    await cluster.stop();
    writeFileSync(keyFile(), `key2:${randomBytes(32).toString('base64')}\n`);
    cluster = await startCluster({ dataDir: cluster.dataDir, port: cluster.port });
    calls = new ApiCalls(cluster);
    const got = await calls.call('GET', secrets('default', 'kept'));
    expect(got.code).toBe(500);
    expect(got.json).toMatchObject({ kind: 'Status', reason: 'InternalError' });
    expect(got.json.message).toMatch(
      /^Internal error occurred: unable to transform key "\/registry\/secrets\/default\/kept": no key "key2\/[0-9a-f]{12}" among/,
    );
    for (const path of [secrets('default'), '/api/v1/secrets']) expect((await calls.call('GET', path)).code).toBe(500);
    const watched = await calls.call('GET', `${secrets('default')}?watch=true&timeoutSeconds=2`);
    expect(watched.text).toContain('unable to transform key');
    for (const [method, body] of [
      ['PUT', secret('kept', 'overwritten')],
      ['DELETE', undefined],
    ] as const) {
      const answer = await calls.call(method, secrets('default', 'kept'), { body });
      expect(answer.code, answer.text).toBe(500);
    }
    const ready = await calls.call('GET', '/readyz');
    expect(ready.code).toBe(500);
    expect(ready.text).toContain('[-]secrets-encryption failed');
    expect((await calls.call('GET', '/readyz/secrets-encryption')).text).toContain('cannot be opened');
    const config = await calls.call('PUT', '/api/v1/namespaces/default/configmaps/plain', {
      body: { kind: 'ConfigMap', metadata: { name: 'plain' }, data: { a: 'b' } },
    });
    expect(config.code).toBe(200);
    expect((await calls.call('POST', secrets('default'), { body: secret('new', 'x') })).code).toBe(201);
    const wrong = readFileSync(keyFile(), 'utf8').trim();
    writeFileSync(keyFile(), `${right.trim()}\n${wrong.replace('key2', 'wrong')}\n`);
    await restart();
    expect((await calls.call('GET', secrets('default', 'kept'))).json.data.key).toBe(base64(`${marker}-kept`));
    expect((await calls.call('GET', secrets('default', 'new'))).json.data.key).toBe(base64('x'));
    expect((await calls.call('GET', '/readyz')).code).toBe(200);
  });

  test('[S2] a row that was altered or moved is not given out, and stays', async () => {
    await calls.call('POST', secrets('default'), { body: secret('altered', 'a') });
    await calls.call('POST', secrets('default'), { body: secret('swapped', 'b') });
    await calls.close();
    await cluster.stop();
    const file = everyFile(join(cluster.dataDir, 'state')).find((path) => {
      if (!path.endsWith('.sqlite')) return false;
      const database = new DatabaseSync(path);
      const tables = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'objects'").all();
      const rows = tables.length && database.prepare("SELECT 1 FROM objects WHERE name = 'altered'").all().length;
      database.close();
      return rows;
    }) as string;
    const database = new DatabaseSync(file);
    const row = (name: string) =>
      database.prepare("SELECT text, revision FROM objects WHERE resource = 'secrets' AND name = ?").get(name) as {
        text: Uint8Array;
        revision: number;
      };
    const text = Uint8Array.from(row('altered').text);
    text[text.length - 20] = (text[text.length - 20] as number) ^ 1;
    database.prepare("UPDATE objects SET text = ? WHERE name = 'altered'").run(text);
    const kept = row('kept');
    database.prepare("UPDATE objects SET text = ?, revision = ? WHERE name = 'swapped'").run(kept.text, kept.revision);
    database.close();
    cluster = await startCluster({ dataDir: cluster.dataDir, port: cluster.port });
    calls = new ApiCalls(cluster);
    for (const name of ['altered', 'swapped']) {
      const answer = await calls.call('GET', secrets('default', name));
      expect(answer.code).toBe(500);
      expect(answer.json.message).toContain('message authentication failed');
    }
    expect((await calls.call('GET', secrets('default', 'kept'))).code).toBe(200);
    await eventually('readyz says so', async () =>
      (await calls.call('GET', '/readyz')).text.includes('[-]secrets-encryption failed') ? true : undefined,
    );
  });
});

test('a data directory of before is read, and sealed on the way', async () => {
  let cluster = await startCluster();
  let calls = new ApiCalls(cluster);
  const marker = newMarker();
  try {
    expect((await calls.call('POST', secrets('default'), { body: secret('old', marker) })).code).toBe(201);
    await calls.close();
    await cluster.stop();
    // An earlier version had no key, and stored in plain text.
    expect(plainCopy(join(cluster.dataDir, 'state'), 'old', marker)).toBe(1);
    forgetSealed(join(cluster.dataDir, 'state'));
    rmSync(join(cluster.dataDir, 'secrets', 'secrets-encryption-keys'));
    expect(filesWith(cluster.dataDir, marker).length).toBeGreaterThan(0);
    cluster = await startCluster({ dataDir: cluster.dataDir, port: cluster.port });
    calls = new ApiCalls(cluster);
    expect((await calls.call('GET', secrets('default', 'old'))).json.data.key).toBe(base64(marker));
    await eventually('everything is sealed', async () => {
      const { json } = await calls.call('GET', '/internal/secrets-encryption');
      const isSealed =
        json.pendingShards === 0 && json.rows.every(({ seal }: { seal: string | null }) => seal !== null);
      return isSealed ? true : undefined;
    });
    expect((await calls.call('GET', secrets('default', 'old'))).json.data.key).toBe(base64(marker));
    // At the next start nothing of it is left, not even where SQLite had put it.
    await calls.close();
    await cluster.stop();
    cluster = await startCluster({ dataDir: cluster.dataDir, port: cluster.port });
    calls = new ApiCalls(cluster);
    expect(cluster.output()).toContain('wrote the state anew');
    expect(filesWith(cluster.dataDir, marker)).toEqual([]);
    expect((await calls.call('GET', secrets('default', 'old'))).json.data.key).toBe(base64(marker));
  } finally {
    await calls.close();
    await cluster.remove();
  }
});

/** Takes away every sealed row: as if they had never been written. */
function forgetSealed(state: string): void {
  for (const file of everyFile(state).filter((path) => path.endsWith('.sqlite'))) {
    const database = new DatabaseSync(file);
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'changes'").all().length > 0) {
      database.exec('DELETE FROM objects WHERE seal IS NOT NULL');
      database.exec("DELETE FROM changes WHERE resource = 'secrets'");
    }
    database.close();
  }
}

/** Makes a sealed row what an earlier version would have stored; how many rows there were. */
function plainCopy(state: string, name: string, value: string): number {
  let found = 0;
  for (const file of everyFile(state).filter((path) => path.endsWith('.sqlite'))) {
    const database = new DatabaseSync(file);
    const hasObjects = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'objects'").all().length > 0;
    const row = hasObjects
      ? (database.prepare("SELECT * FROM objects WHERE resource = 'secrets' AND name = ?").get(name) as
          | { revision: number; uid: string }
          | undefined)
      : undefined;
    if (row) {
      found += 1;
      const object = {
        ...secret(name, value),
        metadata: {
          name,
          namespace: 'default',
          uid: row.uid,
          resourceVersion: String(row.revision),
          creationTimestamp: '2026-01-01T00:00:00Z',
        },
        type: 'Opaque',
      };
      const meta = { labels: {}, fields: { 'metadata.name': name, 'metadata.namespace': 'default', type: 'Opaque' } };
      database
        .prepare("UPDATE objects SET seal = NULL, meta = ?, text = ? WHERE resource = 'secrets' AND name = ?")
        .run(JSON.stringify(meta), JSON.stringify(object), name);
      database.exec("UPDATE facts SET value = '0' WHERE name = 'sealedUnder'");
    }
    database.close();
  }
  return found;
}
