import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { requestEntityTooLarge } from '../../schema/meta/status.ts';
import { shardMigrations } from '../../tests/sim/migrations.ts';
import { SqliteHost } from '../../tests/sim/sqlite-host.ts';
import { changesBetween, snapshot } from '../storage/history.ts';
import { ShardStore } from '../storage/shard-store.ts';
import { SpanExhausted, WorkingSet, WriteRefused } from './working-set.ts';

const object = (name: string, more: Partial<UntypedObject['metadata']> = {}, value = 0): UntypedObject => ({
  kind: 'Thing',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, ...more },
  value,
});

const owned = (name: string, ...owners: { uid: string; controller?: boolean }[]): UntypedObject =>
  object(name, { ownerReferences: owners.map((owner) => ({ apiVersion: 'v1', kind: 'Thing', name: 'o', ...owner })) });

function setUp() {
  const { host } = new SqliteHost();
  const store = new ShardStore(host, shardMigrations);
  const open = () =>
    new WorkingSet({
      namespace: 'ns',
      store,
      selectable: (_resource, { metadata }) => ({
        labels: metadata.labels ?? {},
        fields: { 'metadata.name': metadata.name ?? '' },
      }),
      config: () => undefined,
    });
  const tx = open();
  let next = 1;
  /** One batch. */
  const batch = (body: (set: WorkingSet) => void): void => {
    tx.begin(next, next + 99);
    body(tx);
    store.transact(() => {
      tx.flush();
      return undefined;
    });
    tx.end();
    next += 100;
  };
  return { store, tx, batch, open };
}

const names = (objects: readonly UntypedObject[]) => objects.map(({ metadata }) => metadata.name);

describe('the working set', () => {
  it('lets go of owners where an object would else be too large, unless they are what is written', () => {
    const { tx, batch } = setUp();
    const large = () => {
      const made = object('large', { managedFields: [{ manager: 'm'.repeat(1_000_000) }] });
      return { ...made, text: 'x'.repeat(1_000_000) };
    };
    batch(() => {
      expect(() => tx.put('things', large(), true)).toThrow(WriteRefused);
      expect(tx.put('things', large()).metadata).not.toHaveProperty('managedFields');
      expect(() => tx.put('things', { ...large(), text: 'x'.repeat(2_000_000) })).toThrow(WriteRefused);
    });
  });

  it('refuses what no row can hold, as a row holds labels and owners beside the text', () => {
    const { batch } = setUp();
    const many = Array.from({ length: 12_000 }, (_, n) => `${'n'.repeat(40)}${n}`);
    batch((tx) => {
      const labels = Object.fromEntries(many.map((key) => [key, 'v'.repeat(60)]));
      expect(() => tx.put('things', object('labelled', { labels }))).toThrow(
        new WriteRefused(requestEntityTooLarge('Request entity too large: limit is 1983616')),
      );
      const owners = many.slice(0, 9_000).map((uid) => ({ uid: uid.repeat(2) }));
      expect(() => tx.put('things', owned('owned', ...owners))).toThrow(WriteRefused);
      expect(() => tx.put('things', { ...object('plain'), text: 'x'.repeat(1_500_000) })).not.toThrow();
    });
  });

  it('shows a batch its own writes and storage only what is flushed', () => {
    const { store, batch } = setUp();
    batch((tx) => {
      tx.put('things', object('b'));
      tx.put('things', object('a'));
      expect(names(tx.list('things'))).toEqual(['a', 'b']);
      expect(store.object('things', 'a')).toBeUndefined();
    });
    expect(store.object('things', 'a')?.text).toBe(
      '{"kind":"Thing","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","uid":"uid-a","resourceVersion":"2"},"value":0}',
    );
  });

  it('undoes one request and leaves the others', () => {
    const { store, tx, batch } = setUp();
    batch((set) => {
      set.put('things', object('kept'));
      set.put('things', owned('changed', { uid: 'x' }));
    });
    batch((set) => {
      const mark = set.mark();
      set.remove('things', 'kept');
      set.put('things', owned('changed', { uid: 'y', controller: true }));
      set.put('things', object('new'));
      set.remove('things', 'new');
      set.put('things', object('kept', { uid: 'another' }));
      set.rollback(mark);
      expect(set.changes()).toEqual([]);
      expect(names(set.list('things'))).toEqual(['changed', 'kept']);
      expect(set.get('things', 'kept')?.metadata.uid).toBe('uid-kept');
      expect(set.byUid('another')).toBeUndefined();
      expect(set.ownedBy('y')).toEqual([]);
      expect(set.ownedBy('x')).toHaveLength(1);
      set.put('things', object('after'));
    });
    expect(store.objectHeads().map(({ name }) => name)).toEqual(['after', 'changed', 'kept']);
    expect(tx.changes()).toEqual([]);
  });

  it('finds objects by uid, owner and the lack of a controller, also after a restart', () => {
    const { batch, open } = setUp();
    batch((tx) => {
      tx.put('things', owned('controlled', { uid: 'o1', controller: true }, { uid: 'o2' }));
      tx.put('things', owned('merely-owned', { uid: 'o2' }));
      tx.put('others', owned('other', { uid: 'o2' }));
    });
    for (const tx of [open()]) {
      expect(tx.byUid('uid-other')?.resource).toBe('others');
      expect(tx.ownedBy('o2').map(({ object: { metadata } }) => metadata.name)).toEqual([
        'other',
        'controlled',
        'merely-owned',
      ]);
      expect(names(tx.ownedBy('o2', 'things').map(({ object: found }) => found))).toEqual([
        'controlled',
        'merely-owned',
      ]);
      expect(names(tx.unowned('things'))).toEqual(['merely-owned']);
    }
  });

  it('writes an object that changes several times in a batch once, and logs each change', () => {
    const { store, batch } = setUp();
    batch((tx) => {
      tx.put('things', object('a', {}, 1));
      tx.put('things', object('a', {}, 2));
      tx.remove('things', 'a');
      tx.put('things', object('a', { uid: 'second' }, 3));
    });
    const { changes } = changesBetween(store, 'ns', { resource: 'things', after: 0, through: 99, lengthMax: 1e9 });
    expect(
      changes.map(({ type, text, previous }) => [
        type,
        JSON.parse(text).value,
        previous && JSON.parse(previous.text).value,
      ]),
    ).toEqual([
      ['ADDED', 1, undefined],
      ['MODIFIED', 2, 1],
      ['DELETED', 2, undefined],
      ['ADDED', 3, undefined],
    ]);
    expect(JSON.parse(changes[2]?.text ?? '').metadata.resourceVersion).toBe('3');
    expect(store.object('things', 'a')?.revision).toBe(4);
  });

  it('says when the span is used up, and refuses what no row can hold', () => {
    const { tx } = setUp();
    tx.begin(1, 1);
    tx.put('things', object('a'));
    expect(() => tx.put('things', object('b'))).toThrow(SpanExhausted);
    tx.begin(2, 9);
    expect(() => tx.put('things', { ...object('big'), text: 'ü'.repeat(800_000) })).toThrow(WriteRefused);
  });
});

describe('the past', () => {
  /** a and b at 1, 2; then a changes (101), b goes (201), c comes (301), b comes again (401). */
  function history() {
    const { store, batch } = setUp();
    batch((tx) => {
      tx.put('things', object('a', {}, 1));
      tx.put('things', object('b', {}, 1));
    });
    batch((tx) => tx.put('things', object('a', {}, 2)));
    batch((tx) => tx.remove('things', 'b'));
    batch((tx) => tx.put('things', object('c', {}, 4)));
    batch((tx) => tx.put('things', object('b', { uid: 'new' }, 5)));
    return store;
  }

  const at = (
    store: ShardStore,
    revision: number,
    more: { limit?: number; afterName?: string; onlyName?: string } = {},
  ) => snapshot(store, { resource: 'things', revision, afterName: '', limit: 0, lengthMax: 1e9, ...more });

  it.each([
    [0, []],
    [1, ['a1']],
    [2, ['a1', 'b1']],
    [101, ['a2', 'b1']],
    [250, ['a2']],
    [301, ['a2', 'c4']],
    [401, ['a2', 'b5', 'c4']],
  ])('as of %i is %j', (revision, wanted) => {
    expect(at(history(), revision).items.map(({ name, text }) => `${name}${JSON.parse(text).value}`)).toEqual(wanted);
  });

  it('comes in pages that count what is left', () => {
    const store = history();
    expect(at(store, 150, { limit: 1 })).toMatchObject({
      items: [{ name: 'a' }],
      more: true,
      lastName: 'a',
      remaining: 1,
    });
    expect(at(store, 150, { limit: 1, afterName: 'a' })).toMatchObject({ items: [{ name: 'b' }], more: false });
    expect(at(store, 250, { limit: 1 })).toMatchObject({ items: [{ name: 'a' }], more: false });
    expect(at(store, 401, { limit: 1 })).toMatchObject({ more: true, remaining: 2 });
  });

  it.each([
    [2, 'b', ['b1']],
    [250, 'b', []],
    [401, 'b', ['b5']],
    [101, 'a', ['a2']],
    [401, 'none', []],
  ])('as of %i of the one name %s is %j', (revision, onlyName, wanted) => {
    const { items, more } = at(history(), revision, { onlyName });
    expect(items.map(({ name, text }) => `${name}${JSON.parse(text).value}`)).toEqual(wanted);
    expect(more).toBe(false);
  });

  it('is forgotten up to a revision, and what is left stays whole', () => {
    const store = history();
    store.compact(250);
    expect(store.fact('compactedThrough')).toBe(201);
    expect(store.lastRevision).toBe(401);
    const { changes, through } = changesBetween(store, 'ns', {
      resource: undefined,
      after: 201,
      through: 500,
      lengthMax: 1e9,
    });
    expect(changes.map(({ revision }) => revision)).toEqual([301, 401]);
    expect(through).toBe(500);
    expect(at(store, 301).items.map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it('ends a page of changes where it is full', () => {
    const page = changesBetween(history(), 'ns', { resource: 'things', after: 0, through: 500, lengthMax: 1 });
    expect(page).toMatchObject({ changes: [{ revision: 1 }], through: 1 });
  });
});
