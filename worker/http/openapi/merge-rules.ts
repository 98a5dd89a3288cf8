/** Strategic-merge rules by type and field, for OpenAPI's patch extensions. */
import type { MergeRule } from './type-schemas.ts';

const RULES: Readonly<Record<string, MergeRule>> = {};

export const mergeRule = (type: string, field: string): MergeRule | undefined => RULES[`${type}.${field}`];
