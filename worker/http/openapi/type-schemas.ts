/** OpenAPI schemas of types, from the field table. Source: the shapes kube-openapi gives the same types. */
import { FIELD_TABLE } from '../../../schema/generated/field-table.ts';

export type JsonSchema = Record<string, unknown>;

/** What a field's list is merged by in a strategic merge patch: kubectl reads it from these extensions. */
export interface MergeRule {
  readonly mergeKey?: string;
  readonly strategy?: string;
}

export type MergeRules = (type: string, field: string) => MergeRule | undefined;

const SCALARS: Readonly<Record<string, JsonSchema>> = {
  s: { type: 'string' },
  y: { type: 'string', format: 'byte' },
  o: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  q: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  t: { type: 'string', format: 'date-time' },
  m: { type: 'string', format: 'date-time' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  d: { type: 'number', format: 'double' },
  b: { type: 'boolean' },
  a: { type: 'object' },
};

/** Types of apimachinery, which every group shares. */
const META_TYPES: ReadonlySet<string> = new Set([
  'V1ObjectMeta',
  'V1ListMeta',
  'V1OwnerReference',
  'V1ManagedFieldsEntry',
  'V1LabelSelector',
  'V1LabelSelectorRequirement',
  'V1Condition',
  'V1DeleteOptions',
  'V1Preconditions',
  'V1Status',
  'V1StatusDetails',
  'V1StatusCause',
]);

/** The name of a type's schema: `V1PodSpec` → `io.k8s.api.v1.PodSpec`, `EventsV1Event` → `io.k8s.api.events.v1.Event`. */
export function schemaName(type: string): string {
  const parts = /^([A-Z][a-z]+)?V(\d+(?:(?:alpha|beta)\d+)?)([A-Z]\w*)$/.exec(type);
  if (!parts) return `io.k8s.api.${type}`;
  const [, prefix, version, kind] = parts;
  if (META_TYPES.has(type)) return `io.k8s.apimachinery.pkg.apis.meta.v${version}.${kind}`;
  return ['io.k8s.api', ...(prefix ? [prefix.toLowerCase()] : []), `v${version}`, kind].join('.');
}

interface Field {
  readonly name: string;
  readonly isRequired: boolean;
  readonly code: string;
}

function fieldsOf(type: string): readonly Field[] {
  return (FIELD_TABLE[type] ?? '')
    .split(' ')
    .filter(Boolean)
    .map((entry) => {
      const colon = entry.indexOf(':');
      const name = entry.slice(0, colon);
      const isRequired = name.endsWith('!');
      return { name: isRequired ? name.slice(0, -1) : name, isRequired, code: entry.slice(colon + 1) };
    });
}

/** The named type within a code: `{}[]V1Foo` → `V1Foo`; undefined for scalars. */
const namedType = (code: string): string | undefined => {
  const inner = code.replace(/^(?:\[\]|\{\})+/, '');
  return Object.hasOwn(SCALARS, inner) ? undefined : inner;
};

/** The types and all that they are made of. */
export function reachableTypes(roots: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const open = [...roots];
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    if (seen.has(type) || !Object.hasOwn(FIELD_TABLE, type)) continue;
    seen.add(type);
    open.push(...fieldsOf(type).flatMap(({ code }) => namedType(code) ?? []));
  }
  return [...seen].sort();
}

function schemaOfCode(code: string, reference: string): JsonSchema {
  if (code.startsWith('[]')) return { type: 'array', items: schemaOfCode(code.slice(2), reference) };
  if (code.startsWith('{}')) return { type: 'object', additionalProperties: schemaOfCode(code.slice(2), reference) };
  return SCALARS[code] ?? { $ref: `${reference}${schemaName(code)}` };
}

/** The schema of one type; references go to `reference` and the name (`#/components/schemas/`). */
export function typeSchema(type: string, reference: string, mergeRules: MergeRules): JsonSchema {
  const fields = fieldsOf(type);
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const properties = fields.map(({ name, code }) => [
    name,
    { ...schemaOfCode(code, reference), ...mergeExtensions(mergeRules(type, name)) },
  ]);
  return {
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(properties),
  };
}

const mergeExtensions = (rule: MergeRule | undefined): JsonSchema => ({
  ...(rule?.mergeKey ? { 'x-kubernetes-patch-merge-key': rule.mergeKey } : {}),
  ...(rule?.strategy ? { 'x-kubernetes-patch-strategy': rule.strategy } : {}),
});
