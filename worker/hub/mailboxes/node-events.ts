/**
 * Records what agents tell as Events: a repeat raises the count of the first. Many messages of one
 * reason about one object become one Event, as client-go's correlator makes of them.
 * Source: client-go tools/record/events_cache.go.
 */
import { type EventContent, eventName, eventNamespace, newEvent } from '../../../schema/meta/event-record.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import type { NodeEvent } from '../../../schema/protocol/agent.ts';
import type { Answer, ReadRequest, WriteRequest } from '../../../schema/protocol/shard.ts';
import { nodeUser } from './status-report.ts';

/** How many Events' counts are remembered; the least lately used is forgotten first. */
export const EVENTS_REMEMBERED_MAX = 4096;

/** From this many different messages within the window on, they are told as one. */
export const SIMILAR_EVENTS_MAX = 10;
export const SIMILAR_EVENTS_WINDOW_MS = 600_000;

interface SimilarEvents {
  readonly names: Set<string>;
  lastAt: number;
}

export const contentOf = (node: string, event: NodeEvent): EventContent => ({
  type: event.type,
  reason: event.reason,
  message: event.message,
  component: 'kubelet',
  host: node,
  subject: event.regarding,
});

const COMBINED = '(combined from similar events): ';

/** A map that forgets its oldest entry beyond a limit. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > EVENTS_REMEMBERED_MAX) map.delete(map.keys().next().value as string);
}

/** An event told later than this counts as told just now. */
const EVENT_AGE_MS_MAX = 3_600_000;

/** When the event happened: the node's word, as far as it can be. */
const happenedAt = ({ at }: NodeEvent, now: number): number => (at > now || at < now - EVENT_AGE_MS_MAX ? now : at);

/** An event's write, and what becomes known once it was taken. */
export interface EventWrite {
  readonly write: WriteRequest;
  taken(answer: Answer): void;
  /**
   * For a create that met an Event from before this hub's memory began (409): reads it, and what to
   * write once it is read; undefined if it has gone.
   */
  readonly read: ReadRequest;
  repeat(existing: Answer): WriteRequest | undefined;
}

export class NodeEvents {
  /** Counts by namespace and name. */
  readonly #remembered = new Map<string, number>();
  readonly #similar = new Map<string, SimilarEvents>();

  write(node: string, event: NodeEvent, now: number): EventWrite {
    const at = happenedAt(event, now);
    const { content, name } = this.#aggregated(contentOf(node, event), now);
    const namespace = eventNamespace(content.subject);
    const key = `${namespace}/${name}`;
    const target = { resource: 'events', apiVersion: 'v1', namespace, name, user: nodeUser(node) } as const;
    const base = { ...target, dryRun: false, fieldManager: 'kubelet' } as const;
    const counted = (count: number): WriteRequest => ({
      ...base,
      verb: 'patch',
      patchType: 'merge',
      body: JSON.stringify({ count, lastTimestamp: formatTime(at), message: content.message }),
      force: false,
      fieldValidation: 'Ignore',
    });
    const known = this.#remembered.get(key);
    const count = (known ?? 0) + 1;
    return {
      write:
        known === undefined
          ? { ...base, verb: 'create', body: JSON.stringify(newEvent(content, at, name)) }
          : counted(count),
      taken: ({ code }) => {
        if (code === 200 || code === 201) remember(this.#remembered, key, count);
        // It has expired or was deleted: the next one begins anew.
        else if (code === 404) this.#remembered.delete(key);
      },
      read: { ...target, verb: 'get', resourceVersion: '' },
      repeat: ({ code, body }) => {
        if (code !== 200) return undefined;
        const next = ((JSON.parse(body) as { count?: number }).count ?? 1) + 1;
        remember(this.#remembered, key, next);
        return counted(next);
      },
    };
  }

  /** The content to record and the name it goes by, which stays the same once messages are combined. */
  #aggregated(content: EventContent, now: number): { content: EventContent; name: string } {
    const name = eventName(content);
    const group = eventName({ ...content, message: '' });
    const known = this.#similar.get(group);
    const similar =
      known !== undefined && now - known.lastAt <= SIMILAR_EVENTS_WINDOW_MS
        ? known
        : { names: new Set<string>(), lastAt: now };
    similar.lastAt = now;
    if (similar.names.size < SIMILAR_EVENTS_MAX) similar.names.add(name);
    remember(this.#similar, group, similar);
    if (similar.names.size < SIMILAR_EVENTS_MAX || this.#remembered.has(`${eventNamespace(content.subject)}/${name}`)) {
      return { content, name };
    }
    return { content: { ...content, message: `${COMBINED}${content.message}` }, name: group };
  }
}
