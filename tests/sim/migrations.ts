/** drizzle-kit's migrations, read from disk: outside workerd nothing imports `.sql`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Migrations } from '../../worker/storage/migrate.ts';

function read(name: 'shard' | 'hub'): Migrations {
  const folder = fileURLToPath(new URL(`../../migrations/${name}/`, import.meta.url).href);
  const journal = JSON.parse(
    readFileSync(`${folder}meta/_journal.json`, { encoding: 'utf8' }),
  ) as Migrations['journal'];
  const migrations = journal.entries.map(({ idx, tag }) => [
    `m${String(idx).padStart(4, '0')}`,
    readFileSync(`${folder}${tag}.sql`, { encoding: 'utf8' }),
  ]);
  return { journal, migrations: Object.fromEntries(migrations) };
}

export const shardMigrations = read('shard');
export const hubMigrations = read('hub');
