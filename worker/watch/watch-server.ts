/**
 * Opens watches over what a Durable Object knows: the shard of a namespace, or the hub for all of them.
 * The source says what its past and present are; everything clients see is decided here.
 */
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import { badRequest, type Status, tooManyRequests } from '../../schema/meta/status.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WatchRequest } from '../../schema/protocol/shard.ts';
import { parseResourceVersion } from '../storage/list-plan.ts';
import { errorEvent } from './event-encoder.ts';
import { historyChunks, stateChunks } from './initial-events.ts';
import { type WatchBeginning, watchBeginning, type WatchForm, watchForm } from './watch-start.ts';
import { WatchStream } from './watch-stream.ts';
import { bytesOf, type Watcher, type WatchSink } from './watcher.ts';
import { BOOKMARK_INTERVAL_MS, type Watchers, WATCHERS_MAX } from './watchers.ts';

export interface SelectedObject {
  readonly text: string;
}

/** Past and present of a Durable Object's content. */
export interface WatchSource {
  definition(resource: string): ResourceDefinition | undefined;
  /** A revision not older than the call (`now`), or than the given one; a Status when it lies in the future. */
  reach(revision: number | 'now'): Promise<Status | number>;
  /** The revision whose events have all been delivered to the watchers. */
  delivered(): number;
  /** Selected objects as of exactly that revision, by pages. Throws `WatchFailure` when it is too old. */
  state(request: WatchRequest, revision: number): AsyncIterable<readonly SelectedObject[]>;
  /** Changes of the resource with `after < revision <= through`, by pages. Throws `WatchFailure` when too old. */
  history(resource: string, after: number, through: number): AsyncIterable<readonly Change[]>;
  /** 410 when the history does not reach back to that revision. */
  tooOld(revision: number): Status | undefined;
  now(): number;
}

/** Ends a watch's initial part; the status goes out as an ERROR event. */
export class WatchFailure extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

/** A watch that is ready to be read, or why there is none. */
export type OpenedWatch =
  | { readonly ok: true; readonly body: ReadableStream<Uint8Array> }
  | { readonly ok: false; readonly status: Status };

/** Makes where a watch's bytes go; the stream of an HTTP answer, or the simulator's record. */
export type SinkFactory = (
  initial: AsyncIterator<Uint8Array>,
  closed: () => void,
) => WatchSink & { readonly body?: ReadableStream<Uint8Array> };

const httpSink: SinkFactory = (initial, closed) => new WatchStream(initial, closed);

/** Opens a watch and registers it. `closed` is called when its reader has gone. */
export async function openWatch(
  source: WatchSource,
  watchers: Watchers,
  request: WatchRequest,
  makeSink: SinkFactory = httpSink,
): Promise<OpenedWatch> {
  const definition = source.definition(request.resource);
  if (!definition) return { ok: false, status: badRequest('the server does not know this resource') };
  if (watchers.count >= WATCHERS_MAX)
    return { ok: false, status: tooManyRequests('too many watches, please try again later', 10) };
  const revision = parseResourceVersion(request.resourceVersion);
  if (!revision.ok) return revision;
  const form = watchForm(request, definition, source.now);
  if (!form.ok) return form;
  const beginning = watchBeginning(request, revision.value);
  const start = await startOf(source, beginning);
  if (typeof start !== 'number') return opened(failedSink(makeSink, start));
  // From here to the registration nothing awaits: no change falls between the two.
  const refusal = beginning.kind === 'after' ? source.tooOld(beginning.revision) : undefined;
  if (refusal) return opened(failedSink(makeSink, refusal));
  return opened(register({ source, watchers, request, form: form.value, beginning, start, makeSink }));
}

const opened = (sink: WatchSink & { readonly body?: ReadableStream<Uint8Array> }): OpenedWatch => ({
  ok: true,
  body: sink.body ?? new ReadableStream(),
});

/** The revision from which live events are delivered; a Status when the watch cannot begin. */
async function startOf(source: WatchSource, beginning: WatchBeginning): Promise<number | Status> {
  switch (beginning.kind) {
    case 'state':
      return source.reach(beginning.notOlderThan ?? 'now');
    case 'now':
      return source.delivered();
    case 'after':
      return beginning.revision;
  }
}

interface Registration {
  readonly source: WatchSource;
  readonly watchers: Watchers;
  readonly request: WatchRequest;
  readonly form: WatchForm;
  readonly beginning: WatchBeginning;
  readonly start: number;
  readonly makeSink: SinkFactory;
}

function register({ source, watchers, request, form, beginning, start, makeSink }: Registration) {
  const now = source.now();
  // What was delivered before the registration will not be delivered again: the initial part covers it.
  const through = Math.max(start, source.delivered());
  const end = (): void => {
    watchers.remove(request.resource, watcher);
    sink.end();
  };
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of initialPart({ source, request, form, beginning, start, through })) {
        watcher.needsHeaders = false;
        yield chunk;
      }
    } catch (error) {
      if (!(error instanceof WatchFailure)) throw error;
      end();
      yield bytesOf(errorEvent(error.status));
    }
  }
  const sink = makeSink(chunks(), () => watchers.remove(request.resource, watcher));
  const watcher: Watcher = {
    ...form,
    sink,
    wantsBookmarks: request.allowWatchBookmarks,
    endsAt: now + request.timeoutSeconds * 1000,
    position: through,
    needsHeaders: request.format === 'table',
    writtenAt: now,
    bookmarkAt: now + BOOKMARK_INTERVAL_MS,
  };
  watchers.add(request.resource, watcher);
  return sink;
}

async function* initialPart(part: {
  source: WatchSource;
  request: WatchRequest;
  form: WatchForm;
  beginning: WatchBeginning;
  start: number;
  through: number;
}): AsyncGenerator<Uint8Array> {
  const { source, request, form, beginning, start, through } = part;
  let headers = request.format === 'table';
  if (beginning.kind === 'state') {
    const { endsWithBookmark } = beginning;
    const options = { encoder: form.encoder, revision: start, endsWithBookmark, headers };
    for await (const chunk of stateChunks(source.state(request, start), options)) {
      headers = false;
      yield chunk;
    }
  }
  if (through > start)
    yield* historyChunks(source.history(request.resource, start, through), { ...form, needsHeaders: headers });
}

function failedSink(makeSink: SinkFactory, status: Status) {
  const chunks = (async function* () {
    yield bytesOf(errorEvent(status));
  })();
  const sink = makeSink(chunks, () => {});
  sink.end();
  return sink;
}
