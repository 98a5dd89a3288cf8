/**
 * Event. Stored in its core/v1 form; served as events.k8s.io/v1 too.
 * Source: pkg/registry/core/event, pkg/apis/core/validation events.go.
 */
import type { IEvent } from 'kubernetes-models/v1/Event';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { isPathSegmentName, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import { defineResource, type StrategyContext } from '../../meta/resource.ts';
import { ageSince } from '../../meta/duration.ts';
import { canonicalMicroTime } from '../../meta/time.ts';
import { immutableStructErrors, qualifiedNameErrors } from '../field-checks.ts';
import { column, wideNameColumn } from '../printing.ts';
import { EVENTS_V1_FIELD_LABELS, eventFromEventsV1, eventToEventsV1 } from './event-conversion.ts';

/** firstTimestamp and its like are null where unset, as upstream writes them. */
export type Event = Omit<Typed<IEvent>, 'eventTime' | 'firstTimestamp' | 'lastTimestamp'> & {
  eventTime?: string | null;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
};
type Reference = Event['involvedObject'];

export const EVENTS_API_VERSION = 'events.k8s.io/v1';
const WORD_CHARS_MAX = 128;
const NOTE_CHARS_MAX = 1024;

const atMost = (value: string, field: string, max: number): FieldError[] =>
  byteLength(value) > max ? [invalid(field, '', `can have at most ${max} characters`)] : [];

const requiredAtMost = (value: string, field: string, max: number): FieldError[] =>
  value ? atMost(value, field, max) : [required(field)];

/** Events without eventTime are of the old kind, and must lie where the object they are about lies. */
function namespaceErrors({ metadata, involvedObject, eventTime }: Event): FieldError[] {
  const namespace = involvedObject?.namespace ?? '';
  const own = metadata.namespace ?? '';
  const error = invalid('involvedObject.namespace', namespace, 'does not match event.namespace');
  if (eventTime) return namespace === '' && own !== 'default' && own !== 'kube-system' ? [error] : [];
  const isMatching = namespace === '' ? own === '' || own === 'default' : own === namespace;
  return isMatching ? [] : [error];
}

function validateLegacy(event: Event, isCoreRequest: boolean): FieldError[] {
  const errors = namespaceErrors(event);
  if (!event.eventTime) return errors;
  const controllerField = isCoreRequest ? 'reportingComponent' : 'reportingController';
  const controller = event.reportingComponent ?? '';
  if (!controller) errors.push(required(controllerField));
  return [
    ...errors,
    ...qualifiedNameErrors(controller, controllerField),
    ...requiredAtMost(event.reportingInstance ?? '', 'reportingInstance', WORD_CHARS_MAX),
    ...requiredAtMost(event.action ?? '', 'action', WORD_CHARS_MAX),
    ...requiredAtMost(event.reason ?? '', 'reason', WORD_CHARS_MAX),
    ...atMost(event.message ?? '', 'message', NOTE_CHARS_MAX),
  ];
}

function seriesErrors({ series }: Event): FieldError[] {
  if (!series) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(series.lastObservedTime ? [] : [required('series.lastObservedTime')]),
  ];
}

const isStrict = (context: StrategyContext): boolean => context.apiVersion === EVENTS_API_VERSION;

const unset = (isSet: unknown, field: string): FieldError[] => (isSet ? [invalid(field, '', 'needs to be unset')] : []);

function validateCreate(event: Event, context: StrategyContext): FieldError[] {
  const legacyErrors = validateLegacy(event, !isStrict(context));
  if (!isStrict(context)) return legacyErrors;
  const { metadata, type, source } = event;
  const name = metadata.name ?? '';
  return [
    ...legacyErrors,
    ...nameIsDNSSubdomain(name, false).map((text) => invalid('metadata.name', name, text)),
    ...seriesErrors(event),
    ...(event.eventTime ? [] : [required('eventTime')]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type ?? ''}`)]),
    ...unset(event.firstTimestamp, 'firstTimestamp'),
    ...unset(event.lastTimestamp, 'lastTimestamp'),
    ...unset(event.count, 'count'),
    ...unset(source?.component || source?.host, 'source'),
  ];
}

const printReference = (reference: Reference | undefined): unknown =>
  reference
    ? {
        Kind: reference.kind ?? '',
        Namespace: reference.namespace ?? '',
        Name: reference.name ?? '',
        UID: reference.uid ?? '',
        APIVersion: reference.apiVersion ?? '',
        ResourceVersion: reference.resourceVersion ?? '',
        FieldPath: reference.fieldPath ?? '',
      }
    : null;

/** How fields print that are not set. */
const UNSET: Readonly<Partial<Record<keyof Event, unknown>>> = {
  reason: '',
  message: '',
  type: '',
  action: '',
  count: 0,
  reportingComponent: '',
  reportingInstance: '',
};

const toMicroseconds = (time: string | null | undefined): string | undefined =>
  time ? canonicalMicroTime(time) : undefined;

function validateUpdate(next: Event, previous: Event, context: StrategyContext): FieldError[] {
  const legacyErrors = validateLegacy(next, !isStrict(context));
  if (!isStrict(context)) return legacyErrors;
  const isSeriesSame = validateImmutableField(next.series, previous.series, '').length === 0;
  const same = (field: keyof Event, name: string = field): FieldError[] =>
    validateImmutableField(next[field] ?? UNSET[field], previous[field] ?? UNSET[field], name);
  const { involvedObject, related, source } = next;
  const printedSource = { Component: source?.component ?? '', Host: source?.host ?? '' };
  return [
    ...legacyErrors,
    ...(isSeriesSame ? [] : seriesErrors(next)),
    ...immutableStructErrors(involvedObject, previous.involvedObject, 'involvedObject', printReference(involvedObject)),
    ...same('reason'),
    ...same('message'),
    ...immutableStructErrors(source, previous.source, 'source', printedSource),
    ...same('firstTimestamp'),
    ...same('lastTimestamp'),
    ...same('count'),
    ...same('reason'),
    ...same('type'),
    ...(toMicroseconds(next.eventTime) === toMicroseconds(previous.eventTime) ? [] : same('eventTime')),
    ...same('action'),
    ...immutableStructErrors(related, previous.related, 'related', printReference(related)),
    ...same('reportingComponent', 'reportingController'),
    ...same('reportingInstance'),
  ];
}

/** Fields upstream always writes. */
function defaults(event: Event): void {
  event.involvedObject ??= {};
  event.source ??= {};
  event.firstTimestamp ??= null;
  event.lastTimestamp ??= null;
  event.eventTime ??= null;
  event.reportingComponent ??= '';
  event.reportingInstance ??= '';
}

function selectableFields(event: Partial<Event>): Record<string, string> {
  const { involvedObject: about = {} } = event;
  return {
    'involvedObject.kind': about.kind ?? '',
    'involvedObject.namespace': about.namespace ?? '',
    'involvedObject.name': about.name ?? '',
    'involvedObject.uid': about.uid ?? '',
    'involvedObject.apiVersion': about.apiVersion ?? '',
    'involvedObject.resourceVersion': about.resourceVersion ?? '',
    'involvedObject.fieldPath': about.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: event.source?.component || event.reportingComponent || '',
    type: event.type ?? '',
  };
}

function formatSource({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || '';
  const instance = source?.host || reportingInstance || '';
  return instance ? `${component}, ${instance}` : component;
}

function formatTimes(event: Event, now: number): { first: string; last: string; count: number } {
  const first = ageSince(event.firstTimestamp || event.eventTime, now);
  if (event.series) {
    return { first, last: ageSince(event.series.lastObservedTime, now), count: event.series.count ?? 0 };
  }
  return { first, last: event.lastTimestamp ? ageSince(event.lastTimestamp, now) : first, count: event.count || 1 };
}

export const event = defineResource<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  scope: 'Namespaced',
  schema: 'CoreV1Event',
  alsoServed: [
    {
      group: 'events.k8s.io',
      version: 'v1',
      schema: 'EventsV1Event',
      toStored: eventFromEventsV1,
      fromStored: eventToEventsV1,
      fieldLabels: EVENTS_V1_FIELD_LABELS,
    },
  ],
  validateName: isPathSegmentName,
  defaults,
  validate: validateCreate,
  update: { validateUpdate },
  allowCreateOnUpdate: true,
  selectableFieldNames: Object.keys(
    selectableFields({ apiVersion: 'v1', kind: 'Event', metadata: {}, involvedObject: {} }),
  ),
  selectableFields,
  table: {
    columns: [
      column('Last Seen', 'string', 'The time at which the most recent occurrence of this event was recorded.'),
      column('Type', 'string', 'Type of this event (Normal, Warning), new types could be added in the future'),
      column(
        'Reason',
        'string',
        "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
      ),
      column('Object', 'string', 'The object that this event is about.'),
      column(
        'Subobject',
        'string',
        'If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: "spec.containers{name}" (where "name" refers to the name of the container that triggered the event) or if no container name is specified "spec.containers[2]" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.',
        1,
      ),
      column(
        'Source',
        'string',
        'The component reporting this event. Should be a short machine understandable string.',
        1,
      ),
      column('Message', 'string', 'A human-readable description of the status of this operation.'),
      column(
        'First Seen',
        'string',
        'The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)',
        1,
      ),
      column('Count', 'string', 'The number of times this event has occurred.', 1),
      wideNameColumn,
    ],
    cells(event, now) {
      const { involvedObject } = event;
      const kind = (involvedObject?.kind ?? '').toLowerCase();
      const { first, last, count } = formatTimes(event, now);
      return [
        last,
        event.type ?? '',
        event.reason ?? '',
        involvedObject?.name ? `${kind}/${involvedObject.name}` : kind,
        involvedObject?.fieldPath ?? '',
        formatSource(event),
        (event.message ?? '').trim(),
        first,
        count,
        event.metadata.name ?? '',
      ];
    },
  },
});
