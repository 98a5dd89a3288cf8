/** Reads configuration files: what is not known is an error, as in upstream's strict decoding. */

/** What a field holds. */
export type FieldShape =
  | 'string'
  | 'boolean'
  | { readonly listOf: FieldShape }
  | { readonly fields: Readonly<Record<string, FieldShape>> };

const typeName = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

const nameOf = (shape: FieldShape): string => {
  if (typeof shape === 'string') return shape;
  return 'listOf' in shape ? 'array' : 'object';
};

/** Every unknown field and every value of another type, by path. An absent or null value is none. */
export function shapeErrors(value: unknown, shape: FieldShape, path = ''): string[] {
  if (value === undefined || value === null) return [];
  if (typeName(value) !== nameOf(shape)) {
    return [`${path || 'the document'} is of type ${typeName(value)}, not ${nameOf(shape)}`];
  }
  if (typeof shape === 'string') return [];
  if ('listOf' in shape) {
    return (value as readonly unknown[]).flatMap((item, i) => shapeErrors(item, shape.listOf, `${path}[${i}]`));
  }
  return Object.entries(value as object).flatMap(([key, member]) => {
    const at = path ? `${path}.${key}` : key;
    return Object.hasOwn(shape.fields, key)
      ? shapeErrors(member, shape.fields[key] as FieldShape, at)
      : [`unknown field ${JSON.stringify(at)}`];
  });
}
