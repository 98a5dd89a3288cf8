import { encodeObject } from './encode-object.ts';
import type { UntypedObject } from './object-meta.ts';

/**
 * The text of an object's state under another resourceVersion: what a deletion shows (the last state
 * under the deletion's own revision), and what a watch shows of an object its selector has let go.
 */
export function textAtRevision(text: string, revision: number): string {
  const object = JSON.parse(text) as UntypedObject;
  object.metadata.resourceVersion = String(revision);
  return encodeObject(object);
}
