import { describe, expect, it } from 'vitest';
import { shardMigrations } from '../../tests/sim/migrations.ts';
import { SqliteHost } from '../../tests/sim/sqlite-host.ts';
import { parseEncryptionKeys } from '../sealing/encryption-keys.ts';
import { sealedRows } from '../sealing/sealed-rows.ts';
import { snapshot } from '../storage/history.ts';
import { migrate } from '../storage/migrate.ts';
import { ShardStore } from '../storage/shard-store.ts';
import { RESEALED_ROWS_MAX, Resealing } from './resealing.ts';

const keyText = (name: string, fill: number): string => `${name}:${btoa(String.fromCharCode(fill).repeat(32))}`;
const ONE = keyText('one', 1);
const TWO = keyText('two', 2);

function open(host: SqliteHost, keys: string, sleep: () => Promise<void> = async () => {}) {
  const found: number[] = [];
  const codec = sealedRows({
    keys: parseEncryptionKeys(keys),
    cluster: 'c',
    namespace: () => 'ns',
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    unreadable: (key) => resealing.note(key),
  });
  const store = new ShardStore(host.host, shardMigrations, codec);
  const resealing: Resealing = new Resealing({ store, codec, sleep, unreadable: (count) => found.push(count) });
  return { store, resealing, found };
}

const meta = '{"labels":{},"fields":{}}';
const text = (name: string): string => JSON.stringify({ metadata: { name }, data: { a: name } });
const secret = (name: string, revision: number) => ({
  resource: 'secrets',
  name,
  revision,
  uid: `uid-${name}`,
  owners: '',
  meta,
  text: text(name),
});

function fill(store: ShardStore, count: number): void {
  for (let n = 1; n <= count; n += 1) {
    const name = `s${String(n).padStart(4, '0')}`;
    store.putObject(secret(name, n + count));
    const change = { resource: 'secrets', name, previousMeta: meta, previousText: text(name) };
    store.appendChange({ ...change, revision: n, type: 'ADDED', previousMeta: null, previousText: null });
    store.appendChange({ ...change, revision: n + count, type: 'MODIFIED' });
  }
  store.putObject({ ...secret('config', 5_000), resource: 'configmaps' });
}

const seals = (store: ShardStore): readonly string[] => [
  ...new Set(store.sealCounts('secrets').map(({ seal }) => (seal === null ? 'plain' : (seal.split('/')[0] as string)))),
];

const listed = (store: ShardStore): number =>
  snapshot(store, { resource: 'secrets', revision: 9_999, afterName: '', limit: 0, lengthMax: 1e9 }).items.filter(
    (item) => item.text === text(item.name) && item.metaText === meta,
  ).length;

describe('resealing', () => {
  it('brings plain rows, live and in the history, under the key', async () => {
    const host = new SqliteHost();
    const before = open(host, 'identity');
    fill(before.store, 3);
    expect(seals(before.store)).toEqual(['plain']);
    const { store, resealing } = open(host, ONE);
    expect(resealing.report().done).toBe(false);
    await resealing.run();
    expect(seals(store)).toEqual(['one']);
    expect(resealing.report()).toMatchObject({ done: true, unreadable: 0, rows: [{ rows: 6 }] });
    expect(listed(store)).toBe(3);
    expect(store.change(5)?.previousText).toBe(text('s0002'));
    expect(store.object('configmaps', 'config')?.text).toBe(text('config'));
  });

  it('reads a storage from before there were seals', async () => {
    const host = new SqliteHost();
    const { journal, migrations } = shardMigrations;
    migrate(host.host, { journal: { entries: journal.entries.slice(0, 1) }, migrations });
    host.host.sql.exec(
      'INSERT INTO objects (resource, name, revision, uid, owners, meta, text) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...['secrets', 'old', 4, 'uid', '', meta, text('old')],
    );
    const { store, resealing } = open(host, ONE);
    expect(store.object('secrets', 'old')?.text).toBe(text('old'));
    await resealing.run();
    expect(seals(store)).toEqual(['one']);
    expect(store.object('secrets', 'old')).toMatchObject({ revision: 4, uid: 'uid', text: text('old') });
  });

  it('[S3] goes on after a crash anywhere, and both keys open everything meanwhile', async () => {
    const count = RESEALED_ROWS_MAX + 20;
    for (let crashAfter = 1; crashAfter <= 3; crashAfter += 1) {
      const host = new SqliteHost();
      const first = open(host, ONE);
      fill(first.store, count);
      await first.resealing.run();
      host.makeDurable();
      let steps = 0;
      const never = new Promise<void>(() => {});
      const crashing = open(host, `${TWO},${ONE}`, () => {
        host.makeDurable();
        steps += 1;
        return steps === crashAfter ? never : Promise.resolve();
      });
      void crashing.resealing.run();
      await new Promise((resolve) => setTimeout(resolve, 0));
      host.lose();
      // Back to the old key first: what the fact said before the crash must not count any more.
      const back = open(host, `${ONE},${TWO}`);
      expect(listed(back.store)).toBe(count);
      if (crashAfter < 3) expect(back.resealing.report().done).toBe(false);
      const again = open(host, `${TWO},${ONE}`);
      await again.resealing.run();
      expect(seals(again.store)).toEqual(['two']);
      const alone = open(host, TWO);
      expect(listed(alone.store)).toBe(count);
      expect(alone.resealing.report().done).toBe(true);
      host.close();
    }
  });

  it('[S2] leaves what it cannot open as it is, tells of it, and is not done', async () => {
    const host = new SqliteHost();
    fill(open(host, ONE).store, 2);
    const { store, resealing, found } = open(host, TWO);
    store.putObject(secret('new', 100));
    await resealing.run();
    expect(resealing.report()).toMatchObject({ done: false, unreadable: 2 });
    expect(found.at(-1)).toBe(2);
    expect(() => store.object('secrets', 's0001')).toThrow('unable to transform key "/registry/secrets/ns/s0001"');
    expect(store.object('secrets', 'new')?.text).toBe(text('new'));
    const both = open(host, `${ONE},${TWO}`);
    await both.resealing.run();
    expect(listed(both.store)).toBe(3);
    expect(seals(both.store)).toEqual(['one']);
  });

  it('tells of many rows that cannot be opened in one go', async () => {
    const sqlite = new SqliteHost();
    fill(open(sqlite, TWO).store, 50);
    const { resealing, found } = open(sqlite, ONE);
    await resealing.run();
    expect(found).toEqual([50]);
  });

  it('does not write to a shard that never stored anything', async () => {
    const { store, resealing } = open(new SqliteHost(), ONE);
    await resealing.run();
    expect(store.fact('sealedUnder')).toBe(0);
    expect(resealing.report().done).toBe(true);
  });
});
