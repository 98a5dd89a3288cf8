import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';

const parsed = new WeakMap<Change, UntypedObject>();
const parsedPrevious = new WeakMap<Change, UntypedObject>();

/** A change's object. Parsed once however many consumers ask; shared, so read-only. */
export const objectOf = <T extends KubeObject>(change: Change): T =>
  parseOnce(parsed, change, change.text) as KubeObject as T;

/** The object before the change, where the change brings it. */
export const previousOf = <T extends KubeObject>(change: Change): T | undefined =>
  change.previous && (parseOnce(parsedPrevious, change, change.previous.text) as KubeObject as T);

function parseOnce(known: WeakMap<Change, UntypedObject>, change: Change, text: string): UntypedObject {
  let object = known.get(change);
  if (!object) {
    object = JSON.parse(text) as UntypedObject;
    known.set(change, object);
  }
  return object;
}
