/**
 * What an agent must not forget: credentials, the objects it was told of, the statuses it computed. One
 * libSQL file per process (a simulated process keeps all its nodes in one).
 */
import { closeSync, openSync } from 'node:fs';
import { type Client, createClient, type InStatement } from '@libsql/client/sqlite3';
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { CacheChange } from '../control-plane/object-cache.ts';
import { isSealed, type SealedTexts } from './sealed-text.ts';

/** Raised when the tables change; a file of a newer agent is refused. */
const FORMAT = 2;

const TABLES = [
  'CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS credentials (node TEXT PRIMARY KEY, token TEXT NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS objects (node TEXT NOT NULL, resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (node, resource, namespace, name)) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS statuses (node TEXT NOT NULL, uid TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (node, uid)) WITHOUT ROWID',
];

const SECRETS: GroupResource = 'secrets';
const PUT_OBJECT = 'INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)';

/** What a sealed row is bound to: its primary key. */
const placeOf = (key: readonly string[]): string => JSON.stringify(key);

export class CheckpointTooNew extends Error {}

export class Checkpoint {
  readonly #client: Client;
  readonly #sealed: SealedTexts;

  private constructor(client: Client, sealed: SealedTexts) {
    this.#client = client;
    this.#sealed = sealed;
  }

  /** Opens or makes the file. Throws CheckpointTooNew for one written by a newer agent. */
  static async open(file: string, sealed: SealedTexts): Promise<Checkpoint> {
    // It holds the node's credential: no one else reads it. SQLite gives its other files the same mode.
    closeSync(openSync(file, 'a', 0o600));
    const client = createClient({ url: `file:${file}` });
    await client.execute('PRAGMA journal_mode = WAL');
    await client.execute('PRAGMA synchronous = FULL');
    await client.execute('PRAGMA secure_delete = ON');
    await client.batch(TABLES, 'write');
    const found = await client.execute("SELECT value FROM meta WHERE key = 'format'");
    const format = Number(found.rows[0]?.['value'] ?? FORMAT);
    if (format > FORMAT) {
      client.close();
      throw new CheckpointTooNew(`${file} was written by a newer version (format ${format}, this one reads ${FORMAT})`);
    }
    await client.execute({ sql: "INSERT OR REPLACE INTO meta VALUES ('format', ?)", args: [String(FORMAT)] });
    const checkpoint = new Checkpoint(client, sealed);
    await checkpoint.#sealPlainSecrets();
    return checkpoint;
  }

  /** What earlier agents wrote; nothing of it stays in the file. */
  async #sealPlainSecrets(): Promise<void> {
    const found = await this.#client.execute(
      `SELECT node, namespace, name, text FROM objects WHERE resource = '${SECRETS}' AND text LIKE '{%'`,
    );
    if (found.rows.length === 0) return;
    await this.#client.batch(
      found.rows.map(({ node, namespace, name, text }): InStatement => {
        const key = [String(node), SECRETS, String(namespace), String(name)];
        return { sql: PUT_OBJECT, args: [...key, this.#sealed.seal(placeOf(key), String(text))] };
      }),
      'write',
    );
    await this.#client.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  async value(key: string): Promise<string | undefined> {
    const found = await this.#client.execute({ sql: 'SELECT value FROM meta WHERE key = ?', args: [key] });
    return found.rows[0] ? String(found.rows[0]['value']) : undefined;
  }

  async saveValue(key: string, value: string): Promise<void> {
    await this.#client.execute({ sql: 'INSERT OR REPLACE INTO meta VALUES (?, ?)', args: [key, value] });
  }

  async credential(node: string): Promise<string | undefined> {
    const found = await this.#client.execute({ sql: 'SELECT token FROM credentials WHERE node = ?', args: [node] });
    return found.rows[0] ? String(found.rows[0]['token']) : undefined;
  }

  async saveCredential(node: string, token: string): Promise<void> {
    await this.#client.execute({ sql: 'INSERT OR REPLACE INTO credentials VALUES (?, ?)', args: [node, token] });
  }

  /** Without the Secrets that were sealed under a key that is gone: the control plane tells of them again. */
  async objects(node: string): Promise<{ resource: GroupResource; object: UntypedObject }[]> {
    const found = await this.#client.execute({
      sql: 'SELECT resource, namespace, name, text FROM objects WHERE node = ?',
      args: [node],
    });
    return found.rows.flatMap((row) => {
      const resource = String(row['resource']);
      const stored = String(row['text']);
      const place = placeOf([node, resource, String(row['namespace']), String(row['name'])]);
      const text = isSealed(stored) ? this.#sealed.open(place, stored) : stored;
      return text === undefined ? [] : [{ resource, object: JSON.parse(text) as UntypedObject }];
    });
  }

  async applyChanges(node: string, changes: readonly CacheChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#client.batch(
      changes.map((change): InStatement => {
        const key = [node, change.resource, change.namespace, change.name];
        return change.object
          ? { sql: PUT_OBJECT, args: [...key, this.#stored(key, change.object)] }
          : { sql: 'DELETE FROM objects WHERE node = ? AND resource = ? AND namespace = ? AND name = ?', args: key };
      }),
      'write',
    );
  }

  #stored(key: readonly string[], object: UntypedObject): string {
    const text = JSON.stringify(object);
    return key[1] === SECRETS ? this.#sealed.seal(placeOf(key), text) : text;
  }

  async statuses(node: string): Promise<Map<string, unknown>> {
    const found = await this.#client.execute({ sql: 'SELECT uid, text FROM statuses WHERE node = ?', args: [node] });
    return new Map(found.rows.map((row) => [String(row['uid']), JSON.parse(String(row['text'])) as unknown]));
  }

  /** Absent text: the pod is gone. */
  async saveStatuses(node: string, statuses: ReadonlyMap<string, string | undefined>): Promise<void> {
    if (statuses.size === 0) return;
    await this.#client.batch(
      [...statuses].map(
        ([uid, text]): InStatement =>
          text === undefined
            ? { sql: 'DELETE FROM statuses WHERE node = ? AND uid = ?', args: [node, uid] }
            : { sql: 'INSERT OR REPLACE INTO statuses VALUES (?, ?, ?)', args: [node, uid, text] },
      ),
      'write',
    );
  }

  close(): void {
    this.#client.close();
  }
}
