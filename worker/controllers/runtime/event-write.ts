import { type EventContent, eventName, newEvent, repeatedEvent, subjectOf } from '../../../schema/meta/event-record.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import type { EventRecord } from '../controller.ts';
import type { AppliedWrite } from './controller-run.ts';

/** So many events of one reason about one object differ in their message; the next are combined. */
export const SIMILAR_EVENTS_MAX = 10;
/** Events about one object in one batch; more are dropped (client-go's spam filter's burst). */
export const EVENTS_PER_OBJECT_MAX = 25;

/**
 * Turns events into writes: a new Event, or the count of the one that says the same. A flood about one
 * object is combined, then cut off. Lives as long as a batch.
 * Source: client-go tools/record/events_cache.go (eventLogger, EventAggregator, EventSourceObjectSpamFilter).
 */
export class EventWriter {
  readonly #similar = new Map<string, Set<string>>();
  readonly #perObject = new Map<string, number>();

  /** Undefined: the event is dropped. `now` in ms since the epoch. */
  write(record: EventRecord, view: StoreReader, now: number): AppliedWrite | undefined {
    const subject = subjectOf(record.regarding);
    const about = `${record.component}\n${subject.kind}\n${subject.uid}`;
    const written = (this.#perObject.get(about) ?? 0) + 1;
    if (written > EVENTS_PER_OBJECT_MAX) return undefined;
    this.#perObject.set(about, written);
    const similar = this.#isOneOfMany(`${about}\n${record.type}\n${record.reason}`, record.message);
    const content: EventContent = similar
      ? { ...record, subject, message: `(combined from similar events): ${record.message}` }
      : { ...record, subject };
    const name = eventName(similar ? { ...content, message: '' } : content);
    const known = view.get('events', name);
    return known
      ? { op: 'update', resource: 'events', object: repeatedEvent(known, content, now) }
      : { op: 'create', resource: 'events', object: newEvent(content, now, name) };
  }

  #isOneOfMany(key: string, message: string): boolean {
    const messages = this.#similar.get(key) ?? new Set();
    this.#similar.set(key, messages);
    messages.add(message);
    return messages.size >= SIMILAR_EVENTS_MAX;
  }
}
