/** One watch: what it selects, how far it has come, and where its events go. */
import { textAtRevision } from '../../schema/meta/text-at-revision.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { EventEncoder } from './event-encoder.ts';
import type { Selection } from './selection.ts';

/** Where a watch's bytes go. Nothing may be written after `end` or after `write` has said false. */
export interface WatchSink {
  /** False: the reader lags too far behind and has been cut off. */
  write(bytes: Uint8Array): boolean;
  end(): void;
}

export interface Watcher {
  readonly encoder: EventEncoder;
  readonly selection: Selection;
  readonly sink: WatchSink;
  readonly wantsBookmarks: boolean;
  /** ms since the epoch at which the watch ends. */
  readonly endsAt: number;
  /** Events up to this revision were delivered, or precede the watch. */
  position: number;
  /** Tables: the next event carries the column definitions. */
  needsHeaders: boolean;
  /** ms since the epoch. */
  writtenAt: number;
  bookmarkAt: number;
}

const encodeUtf8 = new TextEncoder();
/** A bare newline: no event to any client's decoder. */
export const NEWLINE = new TextEncoder().encode('\n');

export const bytesOf = (text: string): Uint8Array => encodeUtf8.encode(text);

/**
 * What one change is to a selection: the event's type, or undefined when it is of no concern. Source:
 * apiserver storage/cacher/cache_watcher.go convertToWatchEvent.
 */
export function eventTypeFor(change: Change, { matches }: Selection): Change['type'] | undefined {
  if (!matches) return change.type;
  if (change.type === 'DELETED') return matches(change.meta) ? 'DELETED' : undefined;
  const isSelected = matches(change.meta);
  const wasSelected = change.previous !== undefined && matches(change.previous.meta);
  if (isSelected) return wasSelected ? 'MODIFIED' : 'ADDED';
  return wasSelected ? 'DELETED' : undefined;
}

/** The event's text. An object that a selector no longer selects is shown as it was, under the change's revision. */
export function eventText(encoder: EventEncoder, change: Change, type: Change['type'], headers: boolean): string {
  const text =
    type === 'DELETED' && change.type !== 'DELETED' && change.previous
      ? textAtRevision(change.previous.text, change.revision)
      : change.text;
  return encoder.event(type, text, headers);
}
