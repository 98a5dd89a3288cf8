/**
 * A Durable Object's SQLite over node:sqlite, in memory: what is written is lost in a crash unless it was
 * made durable before.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SqlHost } from '../../worker/storage/sql-host.ts';

type Row = Record<string, unknown>;

class Cursor {
  readonly #statement: StatementSync;
  readonly #bindings: never[];

  constructor(statement: StatementSync, bindings: never[]) {
    this.#statement = statement;
    this.#bindings = bindings;
  }

  toArray(): Row[] {
    return this.#statement.all(...this.#bindings);
  }

  one(): Row {
    return this.toArray()[0] as Row;
  }

  next(): { done: boolean; value: Row | undefined } {
    const value = this.toArray()[0];
    return { done: value === undefined, value };
  }

  raw(): { toArray(): unknown[][] } {
    return { toArray: () => this.toArray().map((row) => Object.values(row)) };
  }
}

export class SqliteHost {
  readonly #database = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  #hasWrites = false;

  constructor() {
    this.#database.exec('BEGIN');
  }

  /** What the stores are given. */
  readonly host = {
    sql: { exec: (query: string, ...bindings: unknown[]) => this.#exec(query, bindings) },
    transactionSync: <T>(body: () => T): T => this.#transact(body),
  } as unknown as SqlHost;

  /** Everything written so far survives from now on. */
  makeDurable(): void {
    if (!this.#hasWrites) return;
    this.#database.exec('COMMIT');
    this.#database.exec('BEGIN');
    this.#hasWrites = false;
  }

  /** What was not made durable is gone. */
  lose(): void {
    this.#database.exec('ROLLBACK');
    this.#database.exec('BEGIN');
    this.#depth = 0;
    this.#hasWrites = false;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #exec(query: string, bindings: unknown[]) {
    const isRead = /^\s*select/i.test(query);
    if (!isRead) this.#hasWrites = true;
    let statement = this.#statements.get(query);
    if (!statement) {
      statement = this.#database.prepare(query);
      this.#statements.set(query, statement);
    }
    const cursor = new Cursor(statement, bindings as never[]);
    if (!isRead) statement.run(...(bindings as never[]));
    return cursor;
  }

  #transact<T>(body: () => T): T {
    const savepoint = `nested_${this.#depth++}`;
    this.#database.exec(`SAVEPOINT ${savepoint}`);
    try {
      const result = body();
      this.#database.exec(`RELEASE ${savepoint}`);
      return result;
    } catch (error) {
      this.#database.exec(`ROLLBACK TO ${savepoint}`);
      this.#database.exec(`RELEASE ${savepoint}`);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }
}
