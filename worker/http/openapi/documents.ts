/** OpenAPI documents, derived from the catalog and the field table. */
import { type ServedResource, servedResources } from '../served-resources.ts';
import { SERVER_VERSION } from '../version.ts';
import { mergeRule } from './merge-rules.ts';
import { resourcePaths } from './operations.ts';
import { type JsonSchema, reachableTypes, schemaName, typeSchema } from './type-schemas.ts';

/** `api/v1`, `apis/apps/v1`: how OpenAPI v3 names a group and version. */
const documentName = ({ group, version }: ServedResource): string =>
  group ? `apis/${group}/${version}` : `api/${version}`;

/** The names of all documents. */
export const documentNames = (): readonly string[] => [...new Set(servedResources.map(documentName))];

/** The v3 document of one group and version; undefined for unknown names. */
export function openApiV3(name: string): JsonSchema | undefined {
  const resources = servedResources.filter((resource) => documentName(resource) === name);
  if (resources.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: SERVER_VERSION.gitVersion },
    paths: Object.assign({}, ...resources.map(resourcePaths)),
    components: { schemas: componentSchemas(resources, '#/components/schemas/') },
  };
}

function componentSchemas(resources: readonly ServedResource[], reference: string): JsonSchema {
  const kinds = new Map<string, { group: string; version: string; kind: string }[]>();
  for (const { schema, group, version, definition } of resources) {
    kinds.set(schema, [{ group, version, kind: definition.kind }]);
    kinds.set(`${schema}List`, [{ group, version, kind: definition.listKind }]);
  }
  const types = reachableTypes([...kinds.keys(), 'V1DeleteOptions', 'V1Status']);
  return Object.fromEntries(
    types.map((type) => {
      const schema = typeSchema(type, reference, mergeRule);
      const kind = kinds.get(type);
      return [schemaName(type), kind ? { ...schema, 'x-kubernetes-group-version-kind': kind } : schema];
    }),
  );
}
