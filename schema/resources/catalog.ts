import type { ResourceDefinition } from '../meta/resource.ts';

/** Every built-in kind. Routes, discovery, tables and the generic tests derive from this list. */
export const catalog: readonly ResourceDefinition[] = [];
