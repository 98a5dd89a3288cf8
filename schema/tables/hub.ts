/** The tables of the `Hub` Durable Object: very few rows, written rarely. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Every shard that ever reserved revisions. */
export const shards = sqliteTable('shards', {
  namespace: text('namespace').primaryKey(),
  /** It may hold a reservation: a new epoch must ask it before anything is released. */
  active: integer('active', { mode: 'boolean' }).notNull(),
});

/** Single numbers: see `HubCounter`. */
export const counters = sqliteTable('counters', {
  name: text('name').primaryKey(),
  value: integer('value').notNull(),
});
