/** The operations of each path, from what discovery tells of resources. Source: apiserver endpoints/installer.go. */
import type { ApiResource, ApiSubresource } from '../discovery/api-groups.ts';
import { findServedResource } from '../served/served-resources.ts';
import type { Dialect, Exchange, JsonSchema, Parameter } from './dialect.ts';
import { SCALAR_NAMES, schemaName, typeOfKind } from './schema-names.ts';

const query = (name: string, type: Parameter['type'] = 'string'): Parameter => ({ name, in: 'query', type });

const WRITE_PARAMETERS = [query('dryRun'), query('fieldManager'), query('fieldValidation')];
const PATCH_PARAMETERS = [...WRITE_PARAMETERS, query('force', 'boolean')];
const SELECT_PARAMETERS = [
  query('continue'),
  query('fieldSelector'),
  query('labelSelector'),
  query('limit', 'integer'),
  query('resourceVersion'),
  query('resourceVersionMatch'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
];
const LIST_PARAMETERS = [query('allowWatchBookmarks', 'boolean'), ...SELECT_PARAMETERS, query('watch', 'boolean')];
const DELETE_PARAMETERS = [
  query('dryRun'),
  query('gracePeriodSeconds', 'integer'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy'),
];
const LOG_PARAMETERS = [
  query('container'),
  query('follow', 'boolean'),
  query('insecureSkipTLSVerifyBackend', 'boolean'),
  query('limitBytes', 'integer'),
  query('previous', 'boolean'),
  query('sinceSeconds', 'integer'),
  query('stream'),
  query('tailLines', 'integer'),
  query('timestamps', 'boolean'),
];

const ANY_CONTENT = ['*/*'];
const ANSWER_CONTENT = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const LIST_CONTENT = [
  ...ANSWER_CONTENT,
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];
const PATCH_CONTENT = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

const STATUS = schemaName('V1Status');
const DELETE_OPTIONS = schemaName('V1DeleteOptions');

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

interface VerbFacts {
  readonly method: Method;
  /** `x-kubernetes-action`. */
  readonly action: string;
  /** What operationId begins with. */
  readonly word: string;
  readonly parameters: readonly Parameter[];
  exchange(kind: string, list: string): Exchange;
}

const body = (schema: string, isRequired = true) => ({ schema, isRequired });
const answered = (kind: string, ...codes: readonly string[]) => codes.map((code) => [code, kind] as const);

const VERBS: Readonly<Record<string, VerbFacts>> = {
  create: {
    method: 'post',
    action: 'post',
    word: 'create',
    parameters: WRITE_PARAMETERS,
    exchange: (kind) => ({
      consumes: ANY_CONTENT,
      produces: ANSWER_CONTENT,
      body: body(kind),
      answers: answered(kind, '200', '201', '202'),
    }),
  },
  list: {
    method: 'get',
    action: 'list',
    word: 'list',
    parameters: LIST_PARAMETERS,
    exchange: (_kind, list) => ({
      consumes: ANY_CONTENT,
      produces: LIST_CONTENT,
      body: undefined,
      answers: answered(list, '200'),
    }),
  },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    word: 'delete',
    parameters: [...DELETE_PARAMETERS, ...SELECT_PARAMETERS],
    exchange: () => ({
      consumes: ANY_CONTENT,
      produces: ANSWER_CONTENT,
      body: body(DELETE_OPTIONS, false),
      answers: answered(STATUS, '200'),
    }),
  },
  get: {
    method: 'get',
    action: 'get',
    word: 'read',
    parameters: [],
    exchange: (kind) => ({
      consumes: ANY_CONTENT,
      produces: ANSWER_CONTENT,
      body: undefined,
      answers: answered(kind, '200'),
    }),
  },
  update: {
    method: 'put',
    action: 'put',
    word: 'replace',
    parameters: WRITE_PARAMETERS,
    exchange: (kind) => ({
      consumes: ANY_CONTENT,
      produces: ANSWER_CONTENT,
      body: body(kind),
      answers: answered(kind, '200', '201'),
    }),
  },
  patch: {
    method: 'patch',
    action: 'patch',
    word: 'patch',
    parameters: PATCH_PARAMETERS,
    exchange: (kind) => ({
      consumes: PATCH_CONTENT,
      produces: ANSWER_CONTENT,
      body: body(SCALAR_NAMES.Patch),
      answers: answered(kind, '200', '201'),
    }),
  },
  delete: {
    method: 'delete',
    action: 'delete',
    word: 'delete',
    parameters: DELETE_PARAMETERS,
    exchange: () => ({
      consumes: ANY_CONTENT,
      produces: ANSWER_CONTENT,
      body: body(DELETE_OPTIONS, false),
      answers: answered(STATUS, '200', '202'),
    }),
  },
};

/** Kinds whose deletion answers the object as it was. */
const DELETED_OBJECT: Pick<VerbFacts, 'exchange'> = {
  exchange: (kind) => ({
    consumes: ANY_CONTENT,
    produces: ANSWER_CONTENT,
    body: body(DELETE_OPTIONS, false),
    answers: answered(kind, '200', '202'),
  }),
};

const COLLECTION_VERBS = ['list', 'create', 'deletecollection'];
const OBJECT_VERBS = ['get', 'update', 'patch', 'delete'];

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export const rootOf = ({ group, version }: GroupVersion): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** `rbac.authorization.k8s.io` and `v1` → `RbacAuthorizationV1`. */
function identifier({ group, version }: GroupVersion): string {
  const labels = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.');
  return [...labels, version].map(capitalized).join('');
}

/** `rbacAuthorization_v1` */
const tagOf = ({ group, version }: GroupVersion): string => {
  const name = identifier({ group, version: '' });
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}_${version}`;
};

interface Place {
  readonly home: GroupVersion;
  readonly resource: ApiResource;
  readonly subresource: ApiSubresource | undefined;
  /** The list over all namespaces. */
  readonly isAcross: boolean;
}

function operationId({ home, resource, subresource, isAcross }: Place, verb: string, word: string): string {
  const collection = verb === 'deletecollection' ? 'Collection' : '';
  const namespaced = resource.isNamespaced && !isAcross ? 'Namespaced' : '';
  const sub = subresource ? capitalized(subresource.name) : '';
  return `${word}${identifier(home)}${collection}${namespaced}${resource.kind}${sub}${isAcross ? 'ForAllNamespaces' : ''}`;
}

/** The kind that is read and written at a place. */
const kindAt = ({ home, resource, subresource }: Place) => subresource ?? { ...home, kind: resource.kind };

function operation(place: Place, verb: string, dialect: Dialect): readonly [Method, JsonSchema] {
  const facts = VERBS[verb] as VerbFacts;
  const { group, version, kind } = kindAt(place);
  const { returnsDeletedObject = false } = findServedResource(group, version, place.resource.plural)?.definition ?? {};
  const isLog = place.subresource?.name === 'log';
  const type = typeOfKind(group, version, kind);
  const listType = typeOfKind(group, version, `${kind}List`);
  const parameters = isLog ? LOG_PARAMETERS : facts.parameters;
  const exchange = (verb === 'delete' && returnsDeletedObject ? DELETED_OBJECT : facts).exchange(
    isLog ? 'string' : schemaName(type ?? 'RawExtension'),
    schemaName(listType ?? type ?? 'RawExtension'),
  );
  return [
    facts.method,
    {
      operationId: operationId(place, verb, facts.word),
      tags: [tagOf(place.home)],
      ...dialect.exchange(
        isLog ? { ...exchange, produces: ['text/plain', ...ANSWER_CONTENT] } : exchange,
        parameters.map(dialect.parameter),
      ),
      'x-kubernetes-action': facts.action,
      'x-kubernetes-group-version-kind': { group, version, kind },
    },
  ];
}

function pathItem(place: Place, verbs: readonly string[], names: readonly string[], dialect: Dialect): JsonSchema {
  const served = (place.subresource ?? place.resource).verbs;
  const operations = verbs.filter((verb) => served.includes(verb)).map((verb) => operation(place, verb, dialect));
  const common = [...names.map((name): Parameter => ({ name, in: 'path', type: 'string' })), query('pretty')];
  return { ...Object.fromEntries(operations), parameters: common.map(dialect.parameter) };
}

/** The paths of a resource and of what lies below it. */
export function resourcePaths(
  home: GroupVersion,
  resource: ApiResource,
  dialect: Dialect,
): readonly (readonly [path: string, item: JsonSchema])[] {
  const root = rootOf(home);
  const { plural, isNamespaced, verbs, subresources } = resource;
  const place: Place = { home, resource, subresource: undefined, isAcross: false };
  const inNamespace = isNamespaced ? ['namespace'] : [];
  const collection = isNamespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const named = ['name', ...inNamespace];
  const paths: (readonly [string, JsonSchema])[] = [];
  if (COLLECTION_VERBS.some((verb) => verbs.includes(verb)))
    paths.push([collection, pathItem(place, COLLECTION_VERBS, inNamespace, dialect)]);
  if (isNamespaced && verbs.includes('list'))
    paths.push([`${root}/${plural}`, pathItem({ ...place, isAcross: true }, ['list'], [], dialect)]);
  if (OBJECT_VERBS.some((verb) => verbs.includes(verb)))
    paths.push([`${collection}/{name}`, pathItem(place, OBJECT_VERBS, named, dialect)]);
  for (const subresource of subresources) {
    paths.push([
      `${collection}/{name}/${subresource.name}`,
      pathItem({ ...place, subresource }, ['create', ...OBJECT_VERBS], named, dialect),
    ]);
  }
  return paths;
}
