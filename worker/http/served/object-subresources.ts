import type { ServedResource } from './served-resources.ts';

/** Subresources that are the object itself (or its Scale) under other rules. */
export function isObjectSubresource({ definition }: ServedResource, subresource: string): boolean {
  if (subresource === 'status') return definition.status !== undefined;
  if (subresource === 'scale') return definition.scale !== undefined;
  return Object.hasOwn(definition.updateSubresources, subresource);
}

/** `finalize` is only ever written. */
export const objectSubresourceVerbs = (subresource: string): readonly string[] =>
  subresource === 'finalize' ? ['update'] : ['get', 'patch', 'update'];
