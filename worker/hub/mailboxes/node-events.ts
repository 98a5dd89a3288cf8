/**
 * Records what agents tell as Events: a repeat raises the count of the first. Many messages of one
 * reason about one object become one Event, as client-go's correlator makes of them.
 * Source: client-go tools/record/events_cache.go.
 */
import {
  type EventContent,
  eventName,
  eventNamespace,
  newEvent,
} from '../../../schema/meta/event-record.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import type { NodeEvent } from '../../../schema/protocol/agent.ts';
import type { Answer, WriteRequest } from '../../../schema/protocol/shard.ts';
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

/** An event's write, and what becomes known once it was taken. */
export interface EventWrite {
  readonly write: WriteRequest;
  taken(answer: Answer): void;
}

export class NodeEvents {
  /** Counts by namespace and name. */
  readonly #remembered = new Map<string, number>();
  readonly #similar = new Map<string, SimilarEvents>();

  write(node: string, event: NodeEvent, now: number): EventWrite {
    const { content, name } = this.#aggregated(contentOf(node, event), now);
    const namespace = eventNamespace(content.subject);
    const key = `${namespace}/${name}`;
    const known = this.#remembered.get(key);
    const base = {
      resource: 'events',
      apiVersion: 'v1',
      namespace,
      name,
      user: nodeUser(node),
      dryRun: false,
      fieldManager: 'kubelet',
    } as const;
    if (known === undefined) {
      return {
        write: { ...base, verb: 'create', body: JSON.stringify(newEvent(content, now, name)) },
        taken: ({ code }) => {
          // 409: of the time before this hub's memory began. The next repeat counts on from two.
          if (code === 201 || code === 409) remember(this.#remembered, key, 1);
        },
      };
    }
    const count = known + 1;
    const repeat = { count, lastTimestamp: formatTime(now), message: content.message };
    return {
      write: {
        ...base,
        verb: 'patch',
        patchType: 'merge',
        body: JSON.stringify(repeat),
        force: false,
        fieldValidation: 'Ignore',
      },
      taken: ({ code }) => {
        if (code === 200) remember(this.#remembered, key, count);
        // It has expired or was deleted: the next one begins anew.
        else if (code === 404) this.#remembered.delete(key);
      },
    };
  }

  /** The content to record and the name it goes by, which stays the same once messages are combined. */
  #aggregated(content: EventContent, now: number): { content: EventContent; name: string } {
    const name = eventName(content);
    const group = eventName({ ...content, message: '' });
    const known = this.#similar.get(group);
    const similar = known !== undefined && now - known.lastAt <= SIMILAR_EVENTS_WINDOW_MS ? known : { names: new Set<string>(), lastAt: now };
    similar.lastAt = now;
    if (similar.names.size < SIMILAR_EVENTS_MAX) similar.names.add(name);
    remember(this.#similar, group, similar);
    if (similar.names.size < SIMILAR_EVENTS_MAX || this.#remembered.has(`${eventNamespace(content.subject)}/${name}`)) {
      return { content, name };
    }
    return { content: { ...content, message: `${COMBINED}${content.message}` }, name: group };
  }
}
