/**
 * How server-side apply owns lists and maps, as OpenAPI's topology extensions tell it to clients.
 * Source: kube-openapi generators/extension.go.
 */
import { isAtomicField, isAtomicType, listRelationOf } from '../../../schema/decode/list-types.ts';
import type { JsonSchema } from './dialect.ts';

const ATOMIC_MAP: JsonSchema = { 'x-kubernetes-map-type': 'atomic' };

/** `code` is the field's in the field table. */
export function fieldTopology(type: string, field: string, code: string): JsonSchema {
  if (!code.startsWith('[]')) return isAtomicField(type, field) ? ATOMIC_MAP : {};
  if (field === 'items' && type.endsWith('List')) return {};
  const relation = listRelationOf(type, field);
  return typeof relation === 'string'
    ? { 'x-kubernetes-list-type': relation }
    : { 'x-kubernetes-list-map-keys': relation.keys, 'x-kubernetes-list-type': 'map' };
}

export const typeTopology = (type: string): JsonSchema => (isAtomicType(type) ? ATOMIC_MAP : {});
