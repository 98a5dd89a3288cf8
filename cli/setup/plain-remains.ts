/**
 * Versions before this one stored Secrets in plain text. Shards seal those rows when they wake, but SQLite
 * leaves what it has replaced in its files until it needs the room: once all is sealed, the files are
 * written anew at the next start, while nothing has them open.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { DataDir } from './data-dir.ts';

const marker = (dataDir: DataDir): string => join(dataDir.secrets, 'plain-remains');

const databases = (dataDir: DataDir): readonly string[] =>
  readdirSync(dataDir.state, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => join(dataDir.state, name));

/** To be called before the first keys are made: remembers whether there is anything from before. */
export function notePlainRemains(dataDir: DataDir): void {
  if (databases(dataDir).length > 0) writeFileSync(marker(dataDir), '', { mode: 0o600 });
}

/** Rows that are still plain, in the tables of a shard; none in other databases. */
function hasPlainSecrets(database: DatabaseSync): boolean {
  const isShard = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'changes'").all().length > 0;
  if (!isShard) return false;
  const hasSeals = database.prepare("SELECT 1 FROM pragma_table_info('objects') WHERE name = 'seal'").all().length > 0;
  const plain = hasSeals ? 'AND seal IS NULL' : '';
  return (
    database.prepare(`SELECT 1 FROM objects WHERE resource = 'secrets' ${plain} LIMIT 1`).all().length > 0 ||
    database
      .prepare(`SELECT 1 FROM changes WHERE resource = 'secrets' AND previous_text IS NOT NULL ${plain} LIMIT 1`)
      .all().length > 0
  );
}

/**
 * Writes the files anew once nothing plain is left in them; true when that was done. Killed in the middle,
 * it is done again at the next start.
 */
export async function clearPlainRemains(dataDir: DataDir): Promise<boolean> {
  if (!existsSync(marker(dataDir))) return false;
  // Only here: Node.js warns of it, and older ones have none.
  const { DatabaseSync: Database } = await import('node:sqlite');
  const within = <T>(file: string, task: (database: DatabaseSync) => T): T => {
    const database = new Database(file);
    try {
      return task(database);
    } finally {
      database.close();
    }
  };
  const files = databases(dataDir);
  if (files.some((file) => within(file, hasPlainSecrets))) return false;
  for (const file of files) within(file, (database) => database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'));
  rmSync(marker(dataDir));
  return true;
}
