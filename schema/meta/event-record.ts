/**
 * Events as client-go's recorder and correlator write them, for the parts of the control plane.
 * An event's name is derived from what it says, so a repeat finds the first one by name.
 * Source: client-go tools/record (event.go makeEvent, events_cache.go).
 */
import type { UntypedObject } from './object-meta.ts';
import { formatTime } from './time.ts';

export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for cluster-scoped objects, whose events live in `default`. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

export interface EventContent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `source.component` and `reportingComponent`. */
  readonly component: string;
  /** `source.host`: the node an agent speaks for. */
  readonly host?: string;
  readonly subject: EventSubject;
}

/** Longer messages are cut, as upstream's validation would refuse them (events.k8s.io: 1 KiB note). */
export const EVENT_MESSAGE_CHARS_MAX = 1024;

export const subjectOf = (object: UntypedObject): EventSubject => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name ?? '',
  uid: object.metadata.uid ?? '',
  ...(object.metadata.resourceVersion ? { resourceVersion: object.metadata.resourceVersion } : {}),
});

/** Where an event about the subject is kept. */
export const eventNamespace = (subject: EventSubject): string => subject.namespace || 'default';

/** `web-5d.1f0c…`: the subject's name and 16 hex digits of what the event says. */
export function eventName(content: EventContent): string {
  const { subject } = content;
  const said = [
    content.component,
    content.host ?? '',
    subject.apiVersion,
    subject.kind,
    subject.namespace,
    subject.uid,
    subject.fieldPath ?? '',
    content.type,
    content.reason,
    content.message,
  ].join('\n');
  return `${subject.name.slice(0, 236)}.${fnv1a(said, 0x811c9dc5)}${fnv1a(said, 0x2a3b4c5d)}`;
}

/** The Event's first occurrence, complete but for what the server sets. `now` in ms since the epoch. */
export function newEvent(content: EventContent, now: number, name = eventName(content)): UntypedObject {
  const { subject, component, host } = content;
  const at = formatTime(now);
  return {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name, namespace: eventNamespace(subject) },
    involvedObject: {
      kind: subject.kind,
      ...(subject.namespace ? { namespace: subject.namespace } : {}),
      name: subject.name,
      ...(subject.uid ? { uid: subject.uid } : {}),
      apiVersion: subject.apiVersion,
      ...(subject.resourceVersion ? { resourceVersion: subject.resourceVersion } : {}),
      ...(subject.fieldPath ? { fieldPath: subject.fieldPath } : {}),
    },
    reason: content.reason,
    message: content.message.slice(0, EVENT_MESSAGE_CHARS_MAX),
    source: { component, ...(host ? { host } : {}) },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    type: content.type,
    eventTime: null,
    reportingComponent: component,
    reportingInstance: host ?? '',
  };
}

/** The same Event once more, saying `content` now; a private copy. */
export function repeatedEvent(event: UntypedObject, content: EventContent, now: number): UntypedObject {
  const copy = structuredClone(event);
  copy.message = content.message.slice(0, EVENT_MESSAGE_CHARS_MAX);
  copy.count = (typeof event.count === 'number' ? event.count : 1) + 1;
  copy.lastTimestamp = formatTime(now);
  return copy;
}

function fnv1a(text: string, seed: number): string {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
