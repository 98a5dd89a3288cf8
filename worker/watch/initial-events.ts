/** The first part of a watch: the state as ADDED events, or the history since a revision. */
import type { Change } from '../../schema/protocol/change.ts';
import type { EventEncoder } from './event-encoder.ts';
import { bytesOf, type Watcher } from './watcher.ts';
import { eventChunks } from './watchers.ts';

/** Characters of events handed over in one piece. */
const CHUNK_LENGTH_MAX = 256 * 1024;

export interface StateOptions {
  readonly encoder: EventEncoder;
  /** As of this revision. */
  readonly revision: number;
  readonly endsWithBookmark: boolean;
  /** Tables: the first event carries the column definitions. */
  readonly headers: boolean;
}

/** ADDED events of selected objects, given by pages of stored text; then the bookmark that ends them. */
export async function* stateChunks(
  pages: AsyncIterable<readonly { readonly text: string }[]>,
  { encoder, revision, endsWithBookmark, headers }: StateOptions,
): AsyncGenerator<Uint8Array> {
  let text = '';
  let needsHeaders = headers;
  for await (const page of pages) {
    for (const object of page) {
      text += encoder.event('ADDED', object.text, needsHeaders);
      needsHeaders = false;
      if (text.length < CHUNK_LENGTH_MAX) continue;
      yield bytesOf(text);
      text = '';
    }
  }
  if (endsWithBookmark) text += encoder.bookmark(revision, true, needsHeaders);
  if (text !== '') yield bytesOf(text);
}

/** Events of changes, given by pages in revision order. */
export async function* historyChunks(
  pages: AsyncIterable<readonly Change[]>,
  watcher: Pick<Watcher, 'encoder' | 'selection' | 'needsHeaders'>,
): AsyncGenerator<Uint8Array> {
  let { needsHeaders } = watcher;
  for await (const page of pages) {
    const chunks = eventChunks({ ...watcher, needsHeaders }, page);
    if (chunks.length > 0) needsHeaders = false;
    yield* chunks;
  }
}
