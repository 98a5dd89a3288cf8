import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../meta/object-meta.ts';
import { created, rowOf, updated } from '../kind-fixture.ts';
import { eventFromEventsV1, eventToEventsV1 } from './event-conversion.ts';
import { EVENTS_API_VERSION, event } from './event.ts';

const ABOUT = { kind: 'Pod', namespace: 'shop', name: 'web' };
const NEW = {
  involvedObject: ABOUT,
  eventTime: '2026-01-01T00:30:00.000000Z',
  reportingComponent: 'example.com/ctl',
  reportingInstance: 'ctl-1',
  action: 'Start',
  reason: 'Started',
  type: 'Normal',
};

describe('Event', () => {
  it.each<[string, object, string[]]>([
    ['old, in its own namespace', { involvedObject: ABOUT }, []],
    [
      'old, elsewhere',
      { involvedObject: { ...ABOUT, namespace: 'other' } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [
      'old, about the cluster',
      { involvedObject: {} },
      ['involvedObject.namespace: Invalid value: "": does not match event.namespace'],
    ],
    ['old, about the cluster, in default', { metadata: { namespace: 'default' }, involvedObject: {} }, []],
    ['new', NEW, []],
    [
      'new, with nothing said',
      { involvedObject: ABOUT, eventTime: NEW.eventTime },
      [
        'reportingComponent: Required value',
        'reportingComponent: Invalid value: "": name part must be non-empty',
        "reportingComponent: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Required value',
      ],
    ],
    [
      'new, too long',
      { ...NEW, message: 'x'.repeat(1025), reason: 'x'.repeat(129) },
      [
        'reason: Invalid value: "": can have at most 128 characters',
        'message: Invalid value: "": can have at most 1024 characters',
      ],
    ],
  ])('takes or refuses one: %s', (_, fields, errors) => {
    expect(created(event, fields).errors).toEqual(errors);
  });

  it('is held to more in events.k8s.io/v1', () => {
    const { errors } = created(
      event,
      {
        ...NEW,
        type: 'Odd',
        count: 1,
        source: { component: 'c' },
        firstTimestamp: '2026-01-01T00:00:00Z',
        series: { count: 1 },
      },
      EVENTS_API_VERSION,
    );
    expect(errors).toEqual([
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
      'type: Invalid value: "": has invalid value: Odd',
      'firstTimestamp: Invalid value: "": needs to be unset',
      'count: Invalid value: "": needs to be unset',
      'source: Invalid value: "": needs to be unset',
    ]);
  });

  it('changes only its series in events.k8s.io/v1', () => {
    const { object } = created(event, NEW, EVENTS_API_VERSION);
    const change = (next: typeof object): void => {
      next.series = { count: 2, lastObservedTime: NEW.eventTime };
      next.message = 'else';
    };
    expect(updated(event, object, change).errors).toEqual([]);
    expect(updated(event, object, change, { apiVersion: EVENTS_API_VERSION }).errors).toEqual([
      'message: Invalid value: "else": field is immutable',
    ]);
  });

  it('is one object in two versions', () => {
    const { object } = created(event, { ...NEW, message: 'hello', count: 3, source: { component: 'c' } });
    const stored = object as unknown as UntypedObject;
    const served = eventToEventsV1(structuredClone(stored));
    expect(served).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: ABOUT,
      note: 'hello',
      deprecatedCount: 3,
      deprecatedSource: { component: 'c' },
      reportingController: 'example.com/ctl',
    });
    expect(served).not.toHaveProperty('message');
    expect(eventFromEventsV1(served)).toEqual(stored);
  });

  it('can be found by what it is about', () => {
    expect(event.selectableFields?.(created(event, NEW).object)).toMatchObject({
      'involvedObject.kind': 'Pod',
      'involvedObject.name': 'web',
      reason: 'Started',
      source: 'example.com/ctl',
      type: 'Normal',
    });
    const labels = event.alsoServed[0]?.fieldLabels ?? {};
    for (const name of Object.values(labels)) expect(event.selectableFieldNames).toContain(name);
  });

  it('shows when, what and who', () => {
    const { object } = created(event, {
      ...NEW,
      involvedObject: { ...ABOUT, fieldPath: 'spec' },
      message: ' up\n',
      series: { count: 4, lastObservedTime: '2026-01-01T00:59:00.000000Z' },
    });
    expect(rowOf(event, object)).toEqual([
      '60s',
      'Normal',
      'Started',
      'pod/web',
      'spec',
      'example.com/ctl, ctl-1',
      'up',
      '30m',
      4,
      'x',
    ]);
  });
});
