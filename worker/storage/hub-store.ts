/** The SQL of the hub: which shards there are, the epoch, and the ceiling of handed-out revisions. */
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/durable-sqlite';
import { counters, shards } from '../../schema/tables/hub.ts';
import { type Migrations, migrate } from './migrate.ts';
import type { SqlHost } from './sql-host.ts';

export interface ShardRow {
  readonly namespace: string;
  readonly active: boolean;
}

export type HubCounter =
  | 'epoch'
  /** No revision above it was ever handed out. */
  | 'ceiling'
  /** Stands for the key under which every shard's rows lie; see `sealNumber`. */
  | 'sealedUnder';

export class HubStore {
  readonly #db: ReturnType<typeof drizzle>;

  /** Migrates the storage; throws when it is of a newer version. */
  constructor(host: SqlHost, migrations: Migrations) {
    migrate(host, migrations);
    this.#db = drizzle(host as DurableObjectStorage);
  }

  /** 0 when it was never set. */
  counter(name: HubCounter): number {
    return this.#db.select().from(counters).where(eq(counters.name, name)).get()?.value ?? 0;
  }

  setCounter(name: HubCounter, value: number): void {
    this.#db
      .insert(counters)
      .values({ name, value })
      .onConflictDoUpdate({ target: counters.name, set: { value: sql`excluded.value` } })
      .run();
  }

  shards(): readonly ShardRow[] {
    return this.#db.select().from(shards).all();
  }

  putShard({ namespace, active }: ShardRow): void {
    this.#db
      .insert(shards)
      .values({ namespace, active })
      .onConflictDoUpdate({ target: shards.namespace, set: { active: sql`excluded.active` } })
      .run();
  }

  removeShard(namespace: string): void {
    this.#db.delete(shards).where(eq(shards.namespace, namespace)).run();
  }
}
