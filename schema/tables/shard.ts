/** The tables of the `Shard` Durable Object: one namespace's objects, their history, and what is due. */
import { customType, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** A text column that holds bytes where the row is sealed; SQLite keeps each value's own type. */
const textOrBytes = customType<{ data: string | Uint8Array; driverData: string | Uint8Array | ArrayBuffer }>({
  dataType: () => 'text',
  fromDriver: (value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value),
});

/** Live objects. `text` comes last, so that scans of the other columns do not touch its pages. */
export const objects = sqliteTable(
  'objects',
  {
    resource: text('resource').notNull(),
    name: text('name').notNull(),
    /** Of the last change; also in the text as metadata.resourceVersion. */
    revision: integer('revision').notNull(),
    uid: text('uid').notNull(),
    /** Empty without ownerReferences; else a JSON array: the controlling owner's uid or an empty string, then every owner's uid. */
    owners: text('owners').notNull(),
    /** JSON of SelectableMeta; empty where the row is sealed. */
    meta: text('meta').notNull(),
    /** Canonical JSON of the object in its stored version; of a sealed row the bytes that hold meta and text. */
    text: textOrBytes('text').notNull(),
    /** Name and fingerprint of the key under which the row is sealed; null: it is plain. */
    seal: text('seal'),
  },
  (table) => [primaryKey({ columns: [table.resource, table.name] })],
);

/**
 * The undo log: outbox and history. A row holds what its change replaced; what the change made is what
 * the object's next change replaced, or the object's live row.
 */
export const changes = sqliteTable('changes', {
  revision: integer('revision').primaryKey(),
  type: text('type', { enum: ['ADDED', 'MODIFIED', 'DELETED'] }).notNull(),
  resource: text('resource').notNull(),
  name: text('name').notNull(),
  /** Both absent for ADDED. */
  previousMeta: text('previous_meta'),
  previousText: textOrBytes('previous_text'),
  /** As of `objects`. */
  seal: text('seal'),
});

/** Keys that controllers want to look at again. */
export const timers = sqliteTable(
  'timers',
  {
    controller: text('controller').notNull(),
    key: text('key').notNull(),
    /** ms since the epoch. */
    at: integer('at').notNull(),
    failures: integer('failures').notNull(),
  },
  (table) => [primaryKey({ columns: [table.controller, table.key] }), index('timers_at').on(table.at)],
);

/** Which revision was the latest at a time: what history compaction and time to live go by. */
export const moments = sqliteTable('moments', {
  /** ms since the epoch. */
  at: integer('at').primaryKey(),
  revision: integer('revision').notNull(),
});

/** What is still to be done elsewhere after a commit (cluster shard: activate and drain namespaces). */
export const effects = sqliteTable(
  'effects',
  {
    kind: text('kind', { enum: ['activate', 'drain', 'ownerDeleted'] }).notNull(),
    /** The namespace's name, or `namespace uid` of a deleted owner. */
    key: text('key').notNull(),
    /** The namespace's or owner's uid. */
    uid: text('uid').notNull(),
    /** ms since the epoch: not before. */
    at: integer('at').notNull(),
    attempts: integer('attempts').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

/** Single values: see `ShardFact`, and the Durable Object's own `name`. */
export const facts = sqliteTable('facts', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});
