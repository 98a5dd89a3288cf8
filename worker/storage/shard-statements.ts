/** The SQL of a shard, prepared once. What is stored and read by it is in shard-store.ts. */
import { and, asc, count, desc, eq, gt, isNotNull, lte, max, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/durable-sqlite';
import { changes, effects, facts, moments, objects, timers } from '../../schema/tables/shard.ts';
import type { SqlHost } from './sql-host.ts';

const at = sql.placeholder;

export function shardStatements(host: SqlHost) {
  const db = drizzle(host as DurableObjectStorage);
  const objectKey = and(eq(objects.resource, at('resource')), eq(objects.name, at('name')));
  const head = {
    revision: changes.revision,
    type: changes.type,
    resource: changes.resource,
    name: changes.name,
  };
  return {
    objectHeads: db
      .select({
        resource: objects.resource,
        name: objects.name,
        revision: objects.revision,
        uid: objects.uid,
        owners: objects.owners,
      })
      .from(objects)
      .orderBy(asc(objects.resource), asc(objects.name))
      .prepare(),
    object: db.select().from(objects).where(objectKey).prepare(),
    objectPage: db
      .select()
      .from(objects)
      .where(and(eq(objects.resource, at('resource')), gt(objects.name, at('after'))))
      .orderBy(asc(objects.name))
      .limit(at('limit'))
      .prepare(),
    objectCount: db
      .select({ count: count() })
      .from(objects)
      .where(and(eq(objects.resource, at('resource')), gt(objects.name, at('after'))))
      .prepare(),
    objectsUntil: db
      .select({ name: objects.name })
      .from(objects)
      .where(and(eq(objects.resource, at('resource')), lte(objects.revision, at('revision'))))
      .limit(at('limit'))
      .prepare(),
    putObject: db
      .insert(objects)
      .values({
        resource: at('resource'),
        name: at('name'),
        revision: at('revision'),
        uid: at('uid'),
        owners: at('owners'),
        meta: at('meta'),
        text: at('text'),
        seal: at('seal'),
      })
      .onConflictDoUpdate({
        target: [objects.resource, objects.name],
        set: {
          revision: sql`excluded.revision`,
          uid: sql`excluded.uid`,
          owners: sql`excluded.owners`,
          meta: sql`excluded.meta`,
          text: sql`excluded.text`,
          seal: sql`excluded.seal`,
        },
      })
      .prepare(),
    removeObject: db.delete(objects).where(objectKey).prepare(),

    appendChange: db
      .insert(changes)
      .values({
        revision: at('revision'),
        type: at('type'),
        resource: at('resource'),
        name: at('name'),
        previousMeta: at('previousMeta'),
        previousText: at('previousText'),
        seal: at('seal'),
      })
      .prepare(),
    replaceChange: db
      .update(changes)
      .set({
        previousMeta: at('previousMeta') as unknown as string,
        previousText: at('previousText') as unknown as string,
        seal: at('seal') as unknown as string,
      })
      .where(eq(changes.revision, at('revision')))
      .prepare(),
    objectSeals: db
      .select({ seal: objects.seal, rows: count() })
      .from(objects)
      .where(eq(objects.resource, at('resource')))
      .groupBy(objects.seal)
      .prepare(),
    changeSeals: db
      .select({ seal: changes.seal, rows: count() })
      .from(changes)
      .where(and(eq(changes.resource, at('resource')), isNotNull(changes.previousText)))
      .groupBy(changes.seal)
      .prepare(),
    objectsSealedOtherwise: db
      .select({ name: objects.name })
      .from(objects)
      .where(
        and(
          eq(objects.resource, at('resource')),
          gt(objects.name, at('after')),
          sql`${objects.seal} IS NOT ${at('seal')}`,
        ),
      )
      .orderBy(asc(objects.name))
      .limit(at('limit'))
      .prepare(),
    change: db
      .select()
      .from(changes)
      .where(eq(changes.revision, at('revision')))
      .prepare(),
    changeHeads: db
      .select(head)
      .from(changes)
      .where(gt(changes.revision, at('after')))
      .orderBy(asc(changes.revision))
      .prepare(),
    changeHeadsOf: db
      .select(head)
      .from(changes)
      .where(and(gt(changes.revision, at('after')), eq(changes.resource, at('resource'))))
      .orderBy(asc(changes.revision))
      .prepare(),
    hasChangeOf: db
      .select({ revision: changes.revision })
      .from(changes)
      .where(and(gt(changes.revision, at('after')), eq(changes.resource, at('resource'))))
      .limit(1)
      .prepare(),
    changesSealedOtherwise: db
      .select({ revision: changes.revision })
      .from(changes)
      .where(
        and(
          gt(changes.revision, at('after')),
          eq(changes.resource, at('resource')),
          isNotNull(changes.previousText),
          sql`${changes.seal} IS NOT ${at('seal')}`,
        ),
      )
      .orderBy(asc(changes.revision))
      .limit(at('limit'))
      .prepare(),
    firstChange: db
      .select({ revision: changes.revision })
      .from(changes)
      .orderBy(asc(changes.revision))
      .limit(1)
      .prepare(),
    lastChangeUpTo: db
      .select({ revision: max(changes.revision) })
      .from(changes)
      .where(lte(changes.revision, at('through')))
      .prepare(),
    compact: db
      .delete(changes)
      .where(lte(changes.revision, at('through')))
      .prepare(),

    putTimer: db
      .insert(timers)
      .values({ controller: at('controller'), key: at('key'), at: at('at'), failures: at('failures') })
      .onConflictDoUpdate({
        target: [timers.controller, timers.key],
        set: { at: sql`excluded.at`, failures: sql`excluded.failures` },
      })
      .prepare(),
    removeTimer: db
      .delete(timers)
      .where(and(eq(timers.controller, at('controller')), eq(timers.key, at('key'))))
      .prepare(),
    dueTimers: db
      .select()
      .from(timers)
      .where(lte(timers.at, at('now')))
      .orderBy(asc(timers.at))
      .limit(at('limit'))
      .prepare(),
    nextTimer: db.select({ at: timers.at }).from(timers).orderBy(asc(timers.at)).limit(1).prepare(),

    putMoment: db
      .insert(moments)
      .values({ at: at('at'), revision: at('revision') })
      .onConflictDoUpdate({ target: moments.at, set: { revision: sql`excluded.revision` } })
      .prepare(),
    momentUpTo: db
      .select()
      .from(moments)
      .where(lte(moments.at, at('at')))
      .orderBy(desc(moments.at))
      .limit(1)
      .prepare(),
    removeMoments: db
      .delete(moments)
      .where(sql`${moments.at} < ${at('at')}`)
      .prepare(),

    putEffect: db
      .insert(effects)
      .values({ kind: at('kind'), key: at('key'), uid: at('uid'), at: at('at'), attempts: at('attempts') })
      .onConflictDoUpdate({
        target: [effects.kind, effects.key],
        set: { uid: sql`excluded.uid`, at: sql`excluded.at`, attempts: sql`excluded.attempts` },
      })
      .prepare(),
    removeEffect: db
      .delete(effects)
      .where(and(eq(effects.kind, at('kind')), eq(effects.key, at('key')), eq(effects.uid, at('uid'))))
      .prepare(),
    allEffects: db.select().from(effects).orderBy(asc(effects.at)).prepare(),

    putFact: db
      .insert(facts)
      .values({ name: at('name'), value: at('value') })
      .onConflictDoUpdate({ target: facts.name, set: { value: sql`excluded.value` } })
      .prepare(),
    allFacts: db.select().from(facts).prepare(),
  };
}
