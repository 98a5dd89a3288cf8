import type { UntypedObject } from './object-meta.ts';

/**
 * The canonical text of a stored object: `kind`, `apiVersion`, `metadata`, then the rest in the
 * object's own order. Lists rely on it to cut the constant prefix (list items carry neither kind
 * nor apiVersion), so every stored text must come from here.
 */
export function encodeObject(object: UntypedObject): string {
  const { kind, apiVersion, metadata, ...rest } = object;
  return JSON.stringify({ kind, apiVersion, metadata, ...rest });
}
