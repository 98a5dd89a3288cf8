import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { defineResource } from '../../schema/meta/resource.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WatchFormat, WatchRequest } from '../../schema/protocol/shard.ts';
import { EventEncoder } from './event-encoder.ts';
import { selectionOf } from './selection.ts';
import { WATCH_BACKLOG_BYTES_MAX, WatchStream } from './watch-stream.ts';
import { openWatch, WatchFailure, type WatchSource } from './watch-server.ts';
import { eventTypeFor, type Watcher } from './watcher.ts';
import { BOOKMARK_INTERVAL_MS, SILENCE_MS_MAX, Watchers } from './watchers.ts';

const definition = defineResource<UntypedObject>({
  group: '',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  singular: 'thing',
  scope: 'Namespaced',
  schema: 'Thing',
  validateName: () => [],
  validate: () => [],
  update: { validateUpdate: () => [] },
  alsoServed: [{ group: 'other', version: 'v1', schema: 'Thing' }],
  table: {
    columns: [{ name: 'Name', type: 'string', format: 'name', description: 'Its name.' }],
    cells: ({ metadata }) => [metadata.name ?? ''],
  },
});

const text = (name: string, revision: number, labels: Record<string, string>): string =>
  JSON.stringify({
    kind: 'Thing',
    apiVersion: 'v1',
    metadata: { name, namespace: 'ns', resourceVersion: String(revision), labels },
  });

interface Made {
  readonly type: Change['type'];
  readonly color: string;
  readonly was?: string;
}

const change = (revision: number, { type, color, was }: Made, name = 'a'): Change => ({
  revision,
  type,
  resource: 'things',
  namespace: 'ns',
  name,
  text: text(name, revision, { color }),
  meta: { labels: { color }, fields: { 'metadata.name': name } },
  ...(was
    ? {
        previous: {
          text: text(name, revision - 1, { color: was }),
          meta: { labels: { color: was }, fields: { 'metadata.name': name } },
        },
      }
    : {}),
});

const added = (revision: number, name = 'a') => change(revision, { type: 'ADDED', color: 'red' }, name);

const request = (more: Partial<WatchRequest> = {}): WatchRequest => ({
  resource: 'things',
  apiVersion: 'v1',
  namespace: 'ns',
  labelSelector: '',
  fieldSelector: '',
  resourceVersion: '5',
  resourceVersionMatch: '',
  allowWatchBookmarks: false,
  sendInitialEvents: undefined,
  timeoutSeconds: 100,
  format: 'object',
  ...more,
});

const selection = (labels: string) => {
  const parsed = selectionOf(labels, '');
  if (!parsed.ok) throw new Error(parsed.status.message);
  return parsed.value;
};

/** What a sink was given, line by line. */
class Lines {
  readonly lines: string[] = [];
  isEnded = false;
  bytesMax = Number.POSITIVE_INFINITY;
  write(bytes: Uint8Array): boolean {
    if (bytes.byteLength > this.bytesMax) return false;
    this.lines.push(...new TextDecoder().decode(bytes).split('\n').slice(0, -1));
    return true;
  }
  end(): void {
    this.isEnded = true;
  }
  get events() {
    return this.lines.filter(Boolean).map((line) => JSON.parse(line) as { type: string; object: UntypedObject });
  }
}

const watcher = (sink: Lines, more: Partial<Watcher> = {}, format: WatchFormat = 'object'): Watcher => ({
  encoder: new EventEncoder(request({ format }), definition, () => 0),
  selection: selection(''),
  sink,
  wantsBookmarks: false,
  endsAt: 1_000_000,
  position: 5,
  needsHeaders: format === 'table',
  writtenAt: 0,
  bookmarkAt: BOOKMARK_INTERVAL_MS,
  ...more,
});

describe('[WA2] what a change is to a selector', () => {
  it.each<[string, Made, string | undefined]>([
    ['created and selected', { type: 'ADDED', color: 'red' }, 'ADDED'],
    ['created and not selected', { type: 'ADDED', color: 'blue' }, undefined],
    ['still selected', { type: 'MODIFIED', color: 'red', was: 'red' }, 'MODIFIED'],
    ['begins to be selected', { type: 'MODIFIED', color: 'red', was: 'blue' }, 'ADDED'],
    ['ceases to be selected', { type: 'MODIFIED', color: 'blue', was: 'red' }, 'DELETED'],
    ['never selected', { type: 'MODIFIED', color: 'blue', was: 'green' }, undefined],
    ['deleted while selected', { type: 'DELETED', color: 'red' }, 'DELETED'],
    ['deleted while not selected', { type: 'DELETED', color: 'blue' }, undefined],
  ])('%s', (_what, made, wanted) => {
    expect(eventTypeFor(change(9, made), selection('color=red'))).toBe(wanted);
  });

  it('shows what a selector lets go as it was, under the revision of the change', () => {
    const sink = new Lines();
    const watchers = new Watchers();
    watchers.add('things', watcher(sink, { selection: selection('color=red') }));
    watchers.deliver([change(9, { type: 'MODIFIED', color: 'blue', was: 'red' })], 9, 0);
    expect(sink.events).toMatchObject([
      { type: 'DELETED', object: { metadata: { resourceVersion: '9', labels: { color: 'red' } } } },
    ]);
  });
});

describe('the formats of events', () => {
  const first = (format: WatchFormat, more: Partial<WatchRequest> = {}) =>
    JSON.parse(
      new EventEncoder(request({ format, ...more }), definition, () => 0).event(
        'ADDED',
        text('a', 7, {}),
        format === 'table',
      ),
    );

  it('is the stored text for objects, in the version asked for', () => {
    expect(first('object').object.apiVersion).toBe('v1');
    expect(first('object', { apiVersion: 'other/v1' }).object.apiVersion).toBe('other/v1');
  });

  it('is metadata alone for partial objects', () => {
    expect(first('partial').object).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'a', namespace: 'ns', resourceVersion: '7', labels: {} },
    });
  });

  it('is a row for tables, with the columns only once', () => {
    const sink = new Lines();
    const watchers = new Watchers();
    watchers.add('things', watcher(sink, {}, 'table'));
    watchers.deliver([added(6), added(7, 'b')], 7, 0);
    const [one, two] = sink.events.map(
      ({ object }) => object as unknown as { columnDefinitions: unknown; rows: { cells: unknown[] }[] },
    );
    expect(one).toMatchObject({
      columnDefinitions: [{ name: 'Name' }],
      rows: [{ cells: ['a'], object: { kind: 'PartialObjectMetadata' } }],
    });
    expect(two).toMatchObject({ columnDefinitions: null, rows: [{ cells: ['b'] }] });
  });

  it('[WA1] marks the bookmark that ends the initial events', () => {
    const encoder = new EventEncoder(request(), definition, () => 0);
    expect(JSON.parse(encoder.bookmark(9, true, false))).toEqual({
      type: 'BOOKMARK',
      object: {
        kind: 'Thing',
        apiVersion: 'v1',
        metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
      },
    });
  });
});

describe('watches of one object', () => {
  it('[R2] get each change after their start once, whatever their groups', () => {
    const watchers = new Watchers();
    const early = new Lines();
    const late = new Lines();
    watchers.add('things', watcher(early));
    watchers.add('things', watcher(late, { position: 6 }));
    watchers.deliver([added(6), added(7)], 7, 0);
    watchers.deliver([added(8)], 9, 0);
    expect(early.events.map(({ object }) => object.metadata.resourceVersion)).toEqual(['6', '7', '8']);
    expect(late.events.map(({ object }) => object.metadata.resourceVersion)).toEqual(['7', '8']);
  });

  it('[R6] are cut off one by one when they lag', () => {
    const watchers = new Watchers();
    const slow = new Lines();
    slow.bytesMax = 0;
    const good = new Lines();
    watchers.add('things', watcher(slow));
    watchers.add('things', watcher(good));
    watchers.deliver([added(6)], 6, 0);
    expect(watchers.count).toBe(1);
    expect(good.events).toHaveLength(1);
  });

  it('hear a newline in silence, bookmarks in time, and one more at their end', () => {
    const watchers = new Watchers();
    const sink = new Lines();
    watchers.add('things', watcher(sink, { wantsBookmarks: true, endsAt: 100_000 }));
    watchers.tick(8, SILENCE_MS_MAX - 1);
    expect(sink.lines).toEqual([]);
    watchers.tick(8, SILENCE_MS_MAX);
    expect(sink.lines).toEqual(['']);
    watchers.tick(11, BOOKMARK_INTERVAL_MS);
    watchers.tick(12, 100_000);
    expect(sink.events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`)).toEqual([
      'BOOKMARK 11',
      'BOOKMARK 12',
    ]);
    expect(sink.isEnded).toBe(true);
    expect(watchers.count).toBe(0);
  });
});

describe('the stream of a watch', () => {
  const bytes = (length: number) => new Uint8Array(length);

  it('gives the initial part first and keeps what comes meanwhile behind it', async () => {
    const stream = new WatchStream([bytes(1), bytes(2)].values(), () => {});
    expect(stream.write(bytes(3))).toBe(true);
    const reader = stream.body.getReader();
    const lengths = [];
    // First of all a newline, so that the headers go out.
    expect((await reader.read()).value).toEqual(new TextEncoder().encode('\n'));
    for (let i = 0; i < 3; i++) lengths.push((await reader.read()).value?.byteLength);
    stream.write(bytes(4));
    stream.end();
    lengths.push((await reader.read()).value?.byteLength);
    expect(lengths).toEqual([1, 2, 3, 4]);
    expect((await reader.read()).done).toBe(true);
  });

  it('[R6] cuts off a reader that does not read', () => {
    let closed = 0;
    const stream = new WatchStream([].values(), () => closed++);
    let written = 0;
    while (stream.write(bytes(1024 * 1024))) written++;
    expect(written).toBeLessThanOrEqual(WATCH_BACKLOG_BYTES_MAX / 1024 / 1024);
    expect(closed).toBe(1);
    expect(stream.write(bytes(1))).toBe(false);
  });

  it('notices that its reader has gone', async () => {
    let closed = 0;
    const stream = new WatchStream([].values(), () => closed++);
    await stream.body.cancel();
    expect(closed).toBe(1);
    expect(stream.write(bytes(1))).toBe(false);
  });
});

describe('opening a watch', () => {
  const source = (more: Partial<WatchSource> = {}): WatchSource => ({
    definition: (resource) => (resource === 'things' ? definition : undefined),
    reach: async () => 9,
    delivered: () => 9,
    async *state() {
      yield [{ text: text('s', 3, {}) }];
    },
    async *history(_resource, after, through) {
      yield [added(after + 1, 'h'), added(through, 'i')];
    },
    tooOld: () => undefined,
    now: () => 0,
    ...more,
  });

  async function seen(more: Partial<WatchRequest>, from: WatchSource = source()): Promise<string[]> {
    const watchers = new Watchers();
    const opened = await openWatch(from, watchers, request(more));
    if (!opened.ok) return [`${opened.status.code} ${opened.status.message}`];
    // Before the initial part is read: the order must hold all the same.
    watchers.deliver([added(10, 'live')], 10, 0);
    const whole = new Response(opened.body).text();
    await new Promise((resolve) => setImmediate(resolve));
    watchers.tick(10, 100_000);
    const lines = (await whole).split('\n').filter(Boolean);
    return lines
      .map((line) => JSON.parse(line) as { type: string; object: UntypedObject & { code?: number } })
      .map(({ type, object }) => `${type} ${object.metadata.name ?? object.code ?? object.metadata.resourceVersion}`);
  }

  it.each<[string, Partial<WatchRequest>, string[]]>([
    ['a revision', { resourceVersion: '5' }, ['ADDED h', 'ADDED i', 'ADDED live']],
    ['the newest revision', { resourceVersion: '9' }, ['ADDED live']],
    ['a revision from the future', { resourceVersion: '10' }, []],
    ['no revision', { resourceVersion: '' }, ['ADDED s', 'ADDED live']],
    ['revision 0', { resourceVersion: '0' }, ['ADDED s', 'ADDED live']],
    [
      'now',
      { resourceVersion: '0', sendInitialEvents: false, allowWatchBookmarks: true },
      ['ADDED live', 'BOOKMARK 10'],
    ],
    [
      'the state with a bookmark',
      { resourceVersion: '', sendInitialEvents: true, allowWatchBookmarks: true },
      ['ADDED s', 'BOOKMARK 9', 'ADDED live', 'BOOKMARK 10'],
    ],
  ])('from %s', async (_what, more, wanted) => {
    expect(await seen(more)).toEqual(wanted);
  });

  it('fails inside the stream when the revision is too old or from the future', async () => {
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      code: 410,
      reason: 'Expired',
    } as const;
    expect(await seen({}, source({ tooOld: () => status }))).toEqual(['ERROR 410']);
    expect(await seen({ resourceVersion: '' }, source({ reach: async () => ({ ...status, code: 504 }) }))).toEqual([
      'ERROR 504',
    ]);
    const broken = source({
      history: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new WatchFailure(status)) }) }),
    });
    expect(await seen({}, broken)).toEqual(['ERROR 410']);
  });

  it('is refused with 400 for a malformed revision or selector', async () => {
    expect((await seen({ resourceVersion: 'x' }))[0]).toMatch(/^400 invalid resource version/);
    expect((await seen({ labelSelector: 'a in (' }))[0]).toMatch(/^400 unable to parse requirement/);
  });
});
