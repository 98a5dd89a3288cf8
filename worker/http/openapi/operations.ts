/** OpenAPI v3 path items of a served resource, from its verbs. */
import type { Verb } from '../../../schema/meta/resource.ts';
import type { ServedResource } from '../served-resources.ts';
import { type JsonSchema, schemaName } from './type-schemas.ts';

const query = (name: string, type: 'string' | 'integer' | 'boolean' = 'string') => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
});

const WRITE_PARAMETERS = [query('dryRun'), query('fieldManager'), query('fieldValidation')];
const LIST_PARAMETERS = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue'),
  query('fieldSelector'),
  query('labelSelector'),
  query('limit', 'integer'),
  query('resourceVersion'),
  query('resourceVersionMatch'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
];
const DELETE_PARAMETERS = [
  query('dryRun'),
  query('gracePeriodSeconds', 'integer'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy'),
];

const PATCH_MEDIA_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly action: string;
  readonly parameters: readonly unknown[];
}

const OPERATIONS: Readonly<Partial<Record<Verb, Operation>>> = {
  create: { method: 'post', action: 'post', parameters: WRITE_PARAMETERS },
  list: { method: 'get', action: 'list', parameters: LIST_PARAMETERS },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    parameters: [...DELETE_PARAMETERS, ...LIST_PARAMETERS],
  },
  get: { method: 'get', action: 'get', parameters: [] },
  update: { method: 'put', action: 'put', parameters: WRITE_PARAMETERS },
  patch: { method: 'patch', action: 'patch', parameters: [...WRITE_PARAMETERS, query('force', 'boolean')] },
  delete: { method: 'delete', action: 'delete', parameters: DELETE_PARAMETERS },
};

const COLLECTION_VERBS: readonly Verb[] = ['list', 'create', 'deletecollection'];
const OBJECT_VERBS: readonly Verb[] = ['get', 'update', 'patch', 'delete'];

/** The paths of the resource itself. */
export function resourcePaths(resource: ServedResource): Record<string, unknown> {
  const { definition, group, version } = resource;
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const isNamespaced = definition.scope === 'Namespaced';
  const collection = isNamespaced
    ? `${root}/namespaces/{namespace}/${definition.plural}`
    : `${root}/${definition.plural}`;
  const paths: Record<string, unknown> = {
    [collection]: pathItem(resource, COLLECTION_VERBS, isNamespaced ? ['namespace'] : []),
    [`${collection}/{name}`]: pathItem(resource, OBJECT_VERBS, isNamespaced ? ['name', 'namespace'] : ['name']),
  };
  if (isNamespaced) paths[`${root}/${definition.plural}`] = pathItem(resource, ['list'], []);
  return paths;
}

function pathItem(resource: ServedResource, verbs: readonly Verb[], names: readonly string[]): JsonSchema {
  const served = verbs.filter((verb) => resource.definition.verbs.includes(verb));
  return {
    ...Object.fromEntries(served.map((verb) => [(OPERATIONS[verb] as Operation).method, operation(resource, verb)])),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string', uniqueItems: true } })),
      query('pretty'),
    ],
  };
}

function operation(resource: ServedResource, verb: Verb): JsonSchema {
  const { action, parameters } = OPERATIONS[verb] as Operation;
  const { definition, group, version, schema } = resource;
  const reference = { $ref: `#/components/schemas/${schemaName(schema)}` };
  const content = verb === 'patch' ? PATCH_MEDIA_TYPES : ['application/json', 'application/yaml'];
  const takesBody = verb === 'create' || verb === 'update' || verb === 'patch';
  const bodySchema = verb === 'patch' ? { type: 'object' } : reference;
  return {
    parameters,
    ...(takesBody
      ? {
          requestBody: {
            content: Object.fromEntries(content.map((type) => [type, { schema: bodySchema }])),
            required: true,
          },
        }
      : {}),
    responses: {
      [verb === 'create' ? '201' : '200']: {
        description: 'OK',
        content: { 'application/json': { schema: reference } },
      },
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: definition.kind },
  };
}
