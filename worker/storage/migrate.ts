/** Applies drizzle-kit's migrations, whose texts the bundle carries. */
import { type SqlHost, transact } from './sql-host.ts';

/** What drizzle-kit writes as `migrations.js` for Durable Objects. */
export interface Migrations {
  readonly journal: { readonly entries: readonly { readonly idx: number; readonly tag: string }[] };
  readonly migrations: Readonly<Record<string, string>>;
}

/** The storage was written by a newer release: it must not be touched. */
export class NewerStorageError extends Error {}

const BREAKPOINT = '--> statement-breakpoint';

/**
 * Brings the storage to the newest schema, all in one transaction. Throws `NewerStorageError` when it
 * is newer than this program, and an error that names the migration when one fails.
 */
export function migrate(host: SqlHost, { journal, migrations }: Migrations): void {
  host.sql.exec('CREATE TABLE IF NOT EXISTS applied_migrations (idx INTEGER PRIMARY KEY, tag TEXT NOT NULL)');
  const applied = Number(host.sql.exec('SELECT coalesce(max(idx), -1) AS idx FROM applied_migrations').one().idx);
  const newest = journal.entries.at(-1)?.idx ?? -1;
  if (applied > newest) {
    throw new NewerStorageError(
      `the storage has migration ${applied}, this version knows ${newest}: start a newer version`,
    );
  }
  if (applied === newest) return;
  transact(host, () => {
    for (const { idx, tag } of journal.entries) {
      if (idx > applied) apply(host, idx, tag, migrations[`m${String(idx).padStart(4, '0')}`]);
    }
  });
}

function apply(host: SqlHost, idx: number, tag: string, text: string | undefined): void {
  if (text === undefined) throw new Error(`migration ${tag} is missing from the bundle`);
  try {
    for (const statement of text.split(BREAKPOINT)) host.sql.exec(statement);
    host.sql.exec('INSERT INTO applied_migrations (idx, tag) VALUES (?, ?)', idx, tag);
  } catch (cause) {
    throw new Error(`migration ${tag} failed: ${String(cause)}`, { cause });
  }
}
