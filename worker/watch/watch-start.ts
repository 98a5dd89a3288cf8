/**
 * What a watch's parameters ask for. Source: apiserver storage/cacher (Watch, getAllEventsSinceLocked,
 * getWatchCacheResourceVersion).
 */
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import { ok, type Result } from '../../schema/meta/status.ts';
import type { WatchRequest } from '../../schema/protocol/shard.ts';
import { EventEncoder } from './event-encoder.ts';
import { type Selection, selectionOf } from './selection.ts';

export type WatchBeginning =
  /** The state as ADDED events, not older than `notOlderThan` (undefined: as of now), then what follows. */
  | { readonly kind: 'state'; readonly notOlderThan: number | undefined; readonly endsWithBookmark: boolean }
  /** What follows that revision. */
  | { readonly kind: 'after'; readonly revision: number }
  /** What follows from now on. */
  | { readonly kind: 'now' };

/** `revision`: the parsed resourceVersion. */
export function watchBeginning(request: WatchRequest, revision: number): WatchBeginning {
  const isUnset = request.resourceVersion === '';
  if (request.sendInitialEvents === true) {
    return {
      kind: 'state',
      notOlderThan: isUnset ? undefined : revision,
      endsWithBookmark: request.allowWatchBookmarks,
    };
  }
  if (request.sendInitialEvents === false && revision === 0) return { kind: 'now' };
  if (revision > 0) return { kind: 'after', revision };
  return { kind: 'state', notOlderThan: isUnset ? undefined : 0, endsWithBookmark: false };
}

export interface WatchForm {
  readonly encoder: EventEncoder;
  readonly selection: Selection;
}

/** How the watch's events are selected and written. */
export function watchForm(request: WatchRequest, definition: ResourceDefinition, now: () => number): Result<WatchForm> {
  const selection = selectionOf(request.labelSelector, request.fieldSelector);
  if (!selection.ok) return selection;
  return ok({ encoder: new EventEncoder(request, definition, now), selection: selection.value });
}
