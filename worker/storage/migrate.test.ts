import { describe, expect, it } from 'vitest';
import { SqliteHost } from '../../tests/sim/sqlite-host.ts';
import { migrate, type Migrations, NewerStorageError } from './migrate.ts';
import { transact } from './sql-host.ts';

const two: Migrations = {
  journal: {
    entries: [
      { idx: 0, tag: '0000_a' },
      { idx: 1, tag: '0001_b' },
    ],
  },
  migrations: {
    m0000: 'CREATE TABLE a (x)',
    m0001: 'CREATE TABLE b (x);\n--> statement-breakpoint\nCREATE TABLE c (x)',
  },
};

const tables = (host: SqliteHost['host']) =>
  host.sql
    .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'applied_migrations' ORDER BY name")
    .toArray()
    .map(({ name }) => name);

describe('migrations', () => {
  it('are applied once, in order', () => {
    const { host } = new SqliteHost();
    migrate(host, { ...two, journal: { entries: two.journal.entries.slice(0, 1) } });
    expect(tables(host)).toEqual(['a']);
    migrate(host, two);
    migrate(host, two);
    expect(tables(host)).toEqual(['a', 'b', 'c']);
  });

  it('leave nothing behind when one fails, and say which', () => {
    const { host } = new SqliteHost();
    const broken = {
      ...two,
      migrations: { ...two.migrations, m0001: 'CREATE TABLE b (x);\n--> statement-breakpoint\nCREATE TABLE a (x)' },
    };
    expect(() => migrate(host, broken)).toThrow(/migration 0001_b failed: .*already exists/);
    expect(tables(host)).toEqual([]);
  });

  it('refuse a storage that a newer version has written', () => {
    const { host } = new SqliteHost();
    migrate(host, two);
    expect(() => migrate(host, { ...two, journal: { entries: two.journal.entries.slice(0, 1) } })).toThrow(
      NewerStorageError,
    );
  });
});

describe('a transaction', () => {
  it('cannot be asynchronous', () => {
    const { host } = new SqliteHost();
    migrate(host, two);
    const asynchronous = (async () => {
      host.sql.exec('INSERT INTO a VALUES (1)');
    }) as unknown as () => undefined;
    expect(() => transact(host, asynchronous)).toThrow('must be synchronous');
    expect(host.sql.exec('SELECT * FROM a').toArray()).toEqual([]);
  });
});
