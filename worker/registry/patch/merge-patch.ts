/**
 * JSON Merge Patch (RFC 7386) as the apiserver applies it: nulls are also dropped from objects
 * within lists. Source: gopkg.in/evanphx/json-patch.v4. Pure; takes over both arguments.
 */
import { setMember } from '../../../schema/decode/check-fields.ts';

type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Drops members that are null from an object, and from all objects within. */
function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === null) delete value[key];
      else dropNulls(value[key]);
    }
  }
  return value;
}

/** Merges `patch` into `document`. A patch that is no object takes the document's place. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(document)) return dropNulls(patch);
  if (!isObject(patch)) return patch;
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    const current = Object.hasOwn(document, key) ? document[key] : null;
    if (value === null) delete document[key];
    else setMember(document, key, current === null ? dropNulls(value) : applyMergePatch(current, value));
  }
  return document;
}
