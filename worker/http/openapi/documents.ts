/**
 * OpenAPI documents in pieces of text, derived from discovery and the field table. A document is never
 * whole in memory: the pieces are small and go straight into compression.
 */
import { type ApiGroup, type ApiResource, apiGroups } from '../discovery/api-groups.ts';
import { SERVER_VERSION } from '../version.ts';
import { type Dialect, type JsonSchema, openApiV3, swagger2 } from './dialect.ts';
import { type GroupVersion, resourcePaths } from './operations.ts';
import { schemaName, typeOfKind } from './schema-names.ts';
import type { OpenApiTexts } from './texts.ts';
import { reachableTypes, typeSchema } from './type-schemas.ts';

const INFO = { title: 'Kubernetes', version: SERVER_VERSION.gitVersion };

interface Part {
  readonly home: GroupVersion;
  readonly resources: readonly ApiResource[];
}

let served: readonly ApiGroup[] | undefined;

const allParts = (): readonly Part[] => {
  served ??= apiGroups();
  return served.flatMap(({ name: group, versions }) =>
    versions.map(({ version, resources }) => ({ home: { group, version }, resources })),
  );
};

/** `api/v1`, `apis/apps/v1`: how OpenAPI v3 names a group and version. */
const nameOf = ({ home: { group, version } }: Part): string => (group ? `apis/${group}/${version}` : `api/${version}`);

/** The names of all v3 documents. */
export const documentNames = (): readonly string[] => allParts().map(nameOf);

/** Kinds of each type: what `x-kubernetes-group-version-kind` says. */
type KindsOfTypes = ReadonlyMap<string, readonly (GroupVersion & { readonly kind: string })[]>;

function kindsOf(parts: readonly Part[]): KindsOfTypes {
  const kinds = new Map<string, (GroupVersion & { kind: string })[]>();
  const add = ({ group, version }: GroupVersion, kind: string): void => {
    const type = typeOfKind(group, version, kind);
    if (type) kinds.set(type, [{ group, version, kind }]);
  };
  for (const { home, resources } of parts) {
    for (const { kind, verbs, subresources } of resources) {
      add(home, kind);
      if (verbs.includes('list')) add(home, `${kind}List`);
      for (const subresource of subresources) add(subresource, subresource.kind);
    }
  }
  kinds.set('V1Status', [{ group: '', version: 'v1', kind: 'Status' }]);
  kinds.set(
    'V1DeleteOptions',
    allParts().map(({ home }) => ({ ...home, kind: 'DeleteOptions' })),
  );
  return kinds;
}

export type Entry = readonly [name: string, value: JsonSchema];

/** A document's content: entries are made one by one. */
export interface Content {
  paths(): Iterable<Entry>;
  schemas(): Iterable<Entry>;
}

function contentOf(parts: readonly Part[], dialect: Dialect, texts: OpenApiTexts): Content {
  const kinds = kindsOf(parts);
  return {
    *paths() {
      for (const { home, resources } of parts) {
        for (const resource of resources) yield* resourcePaths(home, resource, dialect);
      }
    },
    *schemas() {
      for (const type of reachableTypes([...kinds.keys(), 'Patch'])) {
        const kind = kinds.get(type);
        const schema = typeSchema(type, { dialect, texts });
        yield [schemaName(type), kind ? { ...schema, 'x-kubernetes-group-version-kind': kind } : schema];
      }
    },
  };
}

function* members(entries: Iterable<Entry>): Generator<string> {
  let separator = '';
  for (const [name, value] of entries) {
    yield `${separator}${JSON.stringify(name)}:${JSON.stringify(value)}`;
    separator = ',';
  }
}

const SECURITY_SCHEME = { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } };

/** What a Swagger document says beside its content. */
export const SWAGGER_HEAD = {
  swagger: '2.0',
  info: INFO,
  securityDefinitions: SECURITY_SCHEME,
  security: [{ BearerToken: [] }],
} as const;

/** The v3 document of one group and version; undefined for unknown names. */
export function openApiV3Document(name: string, texts: OpenApiTexts): Generator<string> | undefined {
  const part = allParts().find((candidate) => nameOf(candidate) === name);
  return part && v3Pieces(contentOf([part], openApiV3, texts));
}

function* v3Pieces(content: Content): Generator<string> {
  yield `{"openapi":"3.0.0","info":${JSON.stringify(INFO)},"paths":{`;
  yield* members(content.paths());
  yield '},"components":{"schemas":{';
  yield* members(content.schemas());
  yield `},"securitySchemes":${JSON.stringify(SECURITY_SCHEME)}}}`;
}

/** The content of the one v2 document. */
export const swaggerContent = (texts: OpenApiTexts): Content => contentOf(allParts(), swagger2, texts);

/** The v2 document as JSON. */
export function* swaggerDocument(texts: OpenApiTexts): Generator<string> {
  const content = swaggerContent(texts);
  yield `${JSON.stringify(SWAGGER_HEAD).slice(0, -1)},"paths":{`;
  yield* members(content.paths());
  yield '},"definitions":{';
  yield* members(content.schemas());
  yield '}}';
}
