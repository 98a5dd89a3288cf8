import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';

/**
 * How many parsed objects are kept: enough for one release of changes. The log keeps changes for
 * minutes, so what is parsed must not live as long as they do.
 */
export const PARSED_OBJECTS_MAX = 1024;

const parsed = new Map<Change, UntypedObject>();
const parsedPrevious = new Map<Change, UntypedObject>();

/** A change's object. Parsed once however many consumers ask; shared, so read-only. */
export const objectOf = <T extends KubeObject>(change: Change): T =>
  parseOnce(parsed, change, change.text) as KubeObject as T;

/** The object before the change, where the change brings it. */
export const previousOf = <T extends KubeObject>(change: Change): T | undefined =>
  change.previous && (parseOnce(parsedPrevious, change, change.previous.text) as KubeObject as T);

function parseOnce(known: Map<Change, UntypedObject>, change: Change, text: string): UntypedObject {
  const earlier = known.get(change);
  if (earlier !== undefined) return earlier;
  if (known.size >= PARSED_OBJECTS_MAX) known.clear();
  const object = JSON.parse(text) as UntypedObject;
  known.set(change, object);
  return object;
}
