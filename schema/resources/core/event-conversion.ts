/** Events between core/v1 (as stored) and events.k8s.io/v1. Source: pkg/apis/events/v1/conversion.go. */
import type { UntypedObject } from '../../meta/object-meta.ts';

/** [name in core/v1, name in events.k8s.io/v1] of the fields whose names differ. */
const RENAMED = [
  ['involvedObject', 'regarding'],
  ['source', 'deprecatedSource'],
  ['message', 'note'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
] as const;

function rename(object: UntypedObject, apiVersion: string, from: 0 | 1): UntypedObject {
  const renamed: UntypedObject = { ...object, apiVersion };
  for (const pair of RENAMED) {
    const value = renamed[pair[from]];
    delete renamed[pair[from]];
    if (value !== undefined) renamed[pair[1 - from] as string] = value;
  }
  return renamed;
}

export const eventToEventsV1 = (object: UntypedObject): UntypedObject => rename(object, 'events.k8s.io/v1', 0);
export const eventFromEventsV1 = (object: UntypedObject): UntypedObject => rename(object, 'v1', 1);

const REGARDING = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The field labels of events.k8s.io/v1, each with the stored form's. */
export const EVENTS_V1_FIELD_LABELS: Readonly<Record<string, string>> = {
  reason: 'reason',
  ...Object.fromEntries(REGARDING.map((name) => [`regarding.${name}`, `involvedObject.${name}`])),
  reportingController: 'reportingComponent',
  type: 'type',
};
