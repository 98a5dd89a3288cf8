import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';
import { servedResources } from '../served/served-resources.ts';
import { documentNames } from './documents.ts';
import { schemaName } from './schema-names.ts';

let server: TestServer;
beforeEach(() => {
  server = new TestServer();
});

const fetchJson = async <T>(path: string): Promise<T> => (await server.request(`GET ${path}`)).json() as Promise<T>;

interface Schema {
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
  readonly 'x-kubernetes-group-version-kind'?: readonly { kind: string }[];
}

interface V3 {
  readonly paths: Record<string, Record<string, { operationId?: string }>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

interface V2 {
  readonly swagger: string;
  readonly paths: V3['paths'];
  readonly definitions: Record<string, Schema>;
}

/** Names that are referred to and not there. */
function dangling(document: unknown, prefix: string, known: Record<string, unknown>): string[] {
  const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
  return [...new Set([...references].map(([, reference = '']) => reference))].filter(
    (reference) => !reference.startsWith(prefix) || !Object.hasOwn(known, reference.slice(prefix.length)),
  );
}

const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

describe('OpenAPI v3', () => {
  it.each(documentNames())('%s refers to nothing that it does not define', async (name) => {
    const document = await fetchJson<V3>(`/openapi/v3/${name}`);
    expect(dangling(document, '#/components/schemas/', document.components.schemas)).toEqual([]);
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).flatMap(({ operationId }) => operationId ?? []),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every served kind, with its description', async () => {
    for (const { group, version, schema, definition } of servedResources) {
      const name = group ? `apis/${group}/${version}` : `api/${version}`;
      const { components } = await fetchJson<V3>(`/openapi/v3/${name}`);
      const found = components.schemas[schemaName(schema)];
      expect(found?.['x-kubernetes-group-version-kind'], definition.key).toEqual([
        { group, version, kind: definition.kind },
      ]);
      expect(found?.description, definition.key).toBeTruthy();
    }
  });

  it('describes fields, with their values and how they are patched', async () => {
    const { components } = await fetchJson<V3>('/openapi/v3/apis/apps/v1');
    const spec = components.schemas['io.k8s.api.core.v1.PodSpec']?.properties ?? {};
    expect(spec['restartPolicy']).toMatchObject({
      type: 'string',
      enum: ['Always', 'Never', 'OnFailure'],
      description: expect.stringContaining('Restart policy for all containers'),
    });
    expect(spec['containers']).toMatchObject({
      type: 'array',
      items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    });
    expect(spec['tolerations']).toMatchObject({ 'x-kubernetes-list-type': 'atomic' });
    expect(spec['nodeSelector']).toMatchObject({ 'x-kubernetes-map-type': 'atomic' });
    const labelSelector = components.schemas['io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector'];
    expect(labelSelector).toMatchObject({ 'x-kubernetes-map-type': 'atomic' });
    expect(spec['volumes']).toMatchObject({ 'x-kubernetes-patch-strategy': 'merge,retainKeys' });
    expect(spec['securityContext']).toMatchObject({
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSecurityContext' }],
    });
  });

  it('tells documents apart by their hash, so that they are fetched once', async () => {
    const { paths } = await fetchJson<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3');
    const url = paths['apis/batch/v1']?.serverRelativeURL ?? '';
    const first = await server.request(`GET ${url}`);
    expect(first.headers.get('cache-control')).toContain('public, immutable');
    const etag = first.headers.get('etag') ?? '';
    expect(url).toBe(`/openapi/v3/apis/batch/v1?hash=${etag.replaceAll('"', '')}`);
    const again = await server.request(`GET /openapi/v3/apis/batch/v1`, { headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.get('cache-control'), await again.text()]).toEqual([
      304,
      'no-cache, private',
      '',
    ]);
    const old = await server.request('GET /openapi/v3/apis/batch/v1?hash=OLD');
    expect([old.status, old.headers.get('location')]).toEqual([301, url]);
  });

  it('is JSON for those who take it, and 406 or 404 else', async () => {
    const status = async (path: string, accept: string) =>
      (await server.request(`GET ${path}`, { headers: { accept } })).status;
    const protobuf = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';
    expect(await status('/openapi/v3/api/v1', `${protobuf}, application/json`)).toBe(200);
    expect(await status('/openapi/v3/api/v1', protobuf)).toBe(406);
    expect(await status('/openapi/v3/apis/none/v1', '*/*')).toBe(404);
    expect(await status('/openapi/v2/more', '*/*')).toBe(404);
  });

  it('is compressed for those who take that', async () => {
    const response = await server.request('GET /openapi/v3/api/v1', { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const text = await new Response(response.body?.pipeThrough(new DecompressionStream('gzip'))).text();
    expect(Object.keys(JSON.parse(text))).toEqual(['openapi', 'info', 'paths', 'components']);
  });
});

/** Field numbers and contents of a message. */
function fieldsOf(bytes: Uint8Array): [number, Uint8Array][] {
  const reader = new BinaryReader(bytes);
  const fields: [number, Uint8Array][] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) fields.push([number, reader.bytes()]);
    else reader.skip(wireType, number);
  }
  return fields;
}

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const field = (bytes: Uint8Array, number: number): Uint8Array | undefined =>
  fieldsOf(bytes).find(([found]) => found === number)?.[1];
const namesIn = (bytes: Uint8Array, number: number): string[] =>
  fieldsOf(bytes).flatMap(([found, entry]) => (found === number ? textOf(field(entry, 1)) : []));

describe('OpenAPI v2', () => {
  it('refers to nothing that it does not define', async () => {
    const document = await fetchJson<V2>('/openapi/v2');
    expect(document.swagger).toBe('2.0');
    expect(dangling(document, '#/definitions/', document.definitions)).toEqual([]);
  });

  it('says the same in protobuf, under both names of its media type', async () => {
    const document = await fetchJson<V2>('/openapi/v2');
    for (const accept of [V2_PROTOBUF, V2_PROTOBUF.replace('.v2.', '.v2@')]) {
      const response = await server.request('GET /openapi/v2', { headers: { accept } });
      expect(response.headers.get('content-type')).toBe(V2_PROTOBUF);
      const bytes = new Uint8Array(await response.arrayBuffer());
      expect(textOf(field(bytes, 1))).toBe('2.0');
      expect(namesIn(field(bytes, 8) as Uint8Array, 2)).toEqual(Object.keys(document.paths));
      expect(namesIn(field(bytes, 9) as Uint8Array, 1)).toEqual(Object.keys(document.definitions));
    }
  });
});
