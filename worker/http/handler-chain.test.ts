import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import { REQUEST_BODY_BYTES_MAX } from './request/body.ts';
import { TestServer } from './testing/test-server.ts';

let server: TestServer;
beforeEach(() => {
  server = new TestServer();
});

const CONFIGMAPS = '/api/v1/namespaces/shop/configmaps';
const box = (name: string, data: Record<string, string> = { a: '1' }) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name },
  data,
});
const create = (name: string) => server.request(`POST ${CONFIGMAPS}`, { body: box(name) });

interface Row {
  readonly title: string;
  readonly line: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

const NOT_THERE = 'the server could not find the requested resource';
const NOT_ALLOWED = 'the server does not allow this method on the requested resource';

const refusals: readonly Row[] = [
  {
    title: 'no token',
    line: `GET ${CONFIGMAPS}`,
    headers: { authorization: '' },
    code: 403,
    reason: 'Forbidden',
    message:
      'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "shop"',
  },
  {
    title: 'no token on a path of no resource',
    line: 'GET /',
    headers: { authorization: '' },
    code: 403,
    reason: 'Forbidden',
    message: 'forbidden: User "system:anonymous" cannot get path "/"',
  },
  {
    title: 'a wrong token',
    line: `GET ${CONFIGMAPS}`,
    headers: { authorization: 'Bearer x' },
    code: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
  },
  {
    title: 'an unknown resource of a known version',
    line: 'GET /api/v1/unicorns',
    code: 404,
    reason: 'NotFound',
    message: NOT_THERE,
  },
  {
    title: 'an unknown subresource',
    line: `GET ${CONFIGMAPS}/a/status`,
    code: 404,
    reason: 'NotFound',
    message: NOT_THERE,
  },
  { title: 'too long a path', line: `GET ${CONFIGMAPS}/a/b/c/d`, code: 404, reason: 'NotFound', message: NOT_THERE },
  {
    title: 'a namespaced name without namespace',
    line: 'GET /api/v1/configmaps/a',
    code: 404,
    reason: 'NotFound',
    message: NOT_THERE,
  },
  {
    title: 'a cluster-scoped kind within a namespace',
    line: 'GET /api/v1/namespaces/shop/nodes',
    code: 404,
    reason: 'NotFound',
    message: NOT_THERE,
  },
  {
    title: 'a create without namespace',
    line: 'POST /api/v1/configmaps',
    body: box('a'),
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'a create with a name in the path',
    line: `POST ${CONFIGMAPS}/a`,
    body: box('a'),
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'an update of the collection',
    line: `PUT ${CONFIGMAPS}`,
    body: box('a'),
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'a verb the kind does not serve',
    line: 'DELETE /api/v1/namespaces',
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'an unknown method',
    line: 'OPTIONS /api/v1/nodes',
    code: 405,
    reason: 'MethodNotAllowed',
    message: NOT_ALLOWED,
  },
  {
    title: 'an answer in a form nobody writes',
    line: `GET ${CONFIGMAPS}`,
    headers: { accept: 'image/png' },
    code: 406,
    reason: 'NotAcceptable',
    message:
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  },
  {
    title: 'a body in a form nobody reads',
    line: `POST ${CONFIGMAPS}`,
    body: 'x',
    headers: { 'content-type': 'application/x-tar' },
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  },
  {
    title: 'a patch of no known kind',
    line: `PATCH ${CONFIGMAPS}/a`,
    body: '{}',
    code: 415,
    reason: 'UnsupportedMediaType',
    message: '415: Unsupported Media Type',
  },
  {
    title: 'a body that is too large',
    line: `POST ${CONFIGMAPS}`,
    body: 'x'.repeat(REQUEST_BODY_BYTES_MAX + 1),
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: 'Request entity is too large: limit is 3145728',
  },
  {
    title: 'a body that is no JSON',
    line: `POST ${CONFIGMAPS}`,
    body: '{"a',
    code: 400,
    reason: 'BadRequest',
    message: `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"a)`,
  },
  {
    title: 'an object of another kind',
    line: `POST ${CONFIGMAPS}`,
    body: { kind: 'Unicorn', apiVersion: 'v1' },
    code: 400,
    reason: 'BadRequest',
    message:
      'Unicorn in version "v1" cannot be handled as a ConfigMap: no kind "Unicorn" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  },
  {
    title: 'an object of another version',
    line: `POST ${CONFIGMAPS}`,
    body: { ...box('a'), apiVersion: 'v2' },
    code: 400,
    reason: 'BadRequest',
    message:
      'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  },
  {
    title: 'a field of the wrong type',
    line: `POST ${CONFIGMAPS}`,
    body: { ...box('a'), data: { a: 1 } },
    code: 400,
    reason: 'BadRequest',
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  },
  {
    title: 'an unknown field, strictly',
    line: `POST ${CONFIGMAPS}?fieldValidation=Strict`,
    body: { ...box('a'), colour: 'red' },
    code: 400,
    reason: 'BadRequest',
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "colour"',
  },
  {
    title: 'delete options that contradict each other',
    line: `DELETE ${CONFIGMAPS}/a`,
    body: { orphanDependents: true, propagationPolicy: 'Orphan' },
    code: 422,
    reason: 'Invalid',
    message:
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  },
  {
    title: 'a propagation policy that is none',
    line: `DELETE ${CONFIGMAPS}/a?propagationPolicy=Away`,
    code: 422,
    reason: 'Invalid',
    message:
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Away": supported values: "Foreground", "Background", "Orphan", "nil"',
  },
];

describe('refusals', () => {
  for (const row of refusals) {
    it(`answers ${row.code} to ${row.title}`, async () => {
      const response = await server.request(row.line, { body: row.body, headers: row.headers ?? {} });
      const status = (await response.json()) as Status;
      expect({ code: response.status, reason: status.reason, message: status.message }).toEqual({
        code: row.code,
        reason: row.reason,
        message: row.message,
      });
      expect(status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: row.code });
    });
  }

  it('answers 404 in plain text where no API is', async () => {
    for (const path of ['/nonsense', '/apis/example.com/v1/things', '/apis/apps/v9/deployments']) {
      const response = await server.request(`GET ${path}`);
      expect([response.status, await response.text()]).toEqual([404, '404 page not found\n']);
    }
  });

  it('writes a Status in YAML for those who want it', async () => {
    const response = await server.request('GET /api/v1/unicorns', { headers: { accept: 'application/yaml' } });
    expect(response.headers.get('content-type')).toBe('application/yaml');
    expect(await response.text()).toContain(`message: ${NOT_THERE}\n`);
  });
});

describe('objects', () => {
  it('are created from JSON and YAML', async () => {
    const response = await create('a');
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'shop', uid: 'uid-1' },
    });
    const yaml = await server.request(`POST ${CONFIGMAPS}`, {
      body: 'metadata: {name: b}\ndata: {a: "0644"}\n',
      headers: { 'content-type': 'application/yaml' },
    });
    expect(await yaml.json()).toMatchObject({ metadata: { name: 'b' }, data: { a: '0644' } });
  });

  it('warn about unknown fields', async () => {
    const response = await server.request(`POST ${CONFIGMAPS}`, { body: { ...box('a'), colour: 'red' } });
    expect(response.headers.get('warning')).toBe('299 - "unknown field \\"colour\\""');
    expect(await response.json()).not.toHaveProperty('colour');
  });

  it('come as YAML, pretty, as table and as metadata', async () => {
    await create('a');
    const yaml = await server.request(`GET ${CONFIGMAPS}/a`, { headers: { accept: 'application/yaml' } });
    expect(await yaml.text()).toMatch(/^apiVersion: v1\ndata:\n {2}a: "1"\nkind: ConfigMap\n/);
    const pretty = await server.request(`GET ${CONFIGMAPS}/a?pretty=true`);
    expect(await pretty.text()).toContain('\n  "kind": "ConfigMap"');
    const table = await server.request(`GET ${CONFIGMAPS}`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    });
    expect(await table.json()).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '9' },
      columnDefinitions: [{ name: 'Name', format: 'name' }, { name: 'Data' }, { name: 'Age' }],
      rows: [{ cells: ['a', 1, '0s'], object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } }],
    });
    const metadata = await server.request(`GET ${CONFIGMAPS}`, {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
    });
    expect(await metadata.json()).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }],
    });
    const one = await server.request(`GET ${CONFIGMAPS}/a`, {
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    });
    const partial = (await one.json()) as UntypedObject;
    expect(partial).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
    expect(partial).not.toHaveProperty('data');
  });

  it('of all namespaces are asked of the hub', async () => {
    await create('a');
    await server.request('POST /api/v1/namespaces/other/configmaps', { body: box('b') });
    const list = (await (await server.request('GET /api/v1/configmaps')).json()) as { items: UntypedObject[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  it('are deleted by options in the body or the query', async () => {
    await create('a');
    const kept = await server.request(`DELETE ${CONFIGMAPS}/a?dryRun=All`);
    expect(kept.status).toBe(200);
    expect((await server.request(`GET ${CONFIGMAPS}/a`)).status).toBe(200);
    const gone = await server.request(`DELETE ${CONFIGMAPS}/a`, {
      body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
    });
    expect(await gone.json()).toMatchObject({
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: 'uid-1' },
    });
    expect((await server.request(`GET ${CONFIGMAPS}/a`)).status).toBe(404);
  });

  it('are compressed when large, for clients that take it', async () => {
    await server.request(`POST ${CONFIGMAPS}`, { body: box('a', { text: 'x'.repeat(200_000) }) });
    const response = await server.request(`GET ${CONFIGMAPS}/a`, { headers: { 'accept-encoding': 'gzip, deflate' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const text = await new Response(response.body?.pipeThrough(new DecompressionStream('gzip'))).json();
    expect(text).toMatchObject({ metadata: { name: 'a' } });
  });
});

describe('watches', () => {
  it('go to the shard of one namespace and to the hub for all', async () => {
    await server.request(`GET ${CONFIGMAPS}?watch=1&resourceVersion=5&timeoutSeconds=7`);
    await server.request('GET /api/v1/configmaps?watch=1', {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    });
    expect(server.watches).toMatchObject([
      {
        namespace: 'shop',
        request: {
          resource: 'configmaps',
          namespace: 'shop',
          resourceVersion: '5',
          timeoutSeconds: 7,
          format: 'object',
        },
      },
      { namespace: '*', request: { namespace: '', format: 'table', includeObject: 'Metadata', timeoutSeconds: 2700 } },
    ]);
  });

  it('of one object select its name', async () => {
    await server.request(`GET ${CONFIGMAPS.replace('/api/v1', '/api/v1/watch')}/a`);
    expect(server.watches).toMatchObject([{ request: { fieldSelector: 'metadata.name=a' } }]);
  });
});

describe('impersonation', () => {
  const as = (headers: Record<string, string>) => server.request(`GET ${CONFIGMAPS}`, { headers });

  it('takes the rights of the other user', async () => {
    const status = (await (await as({ 'impersonate-user': 'jane' })).json()) as Status;
    expect(status.message).toBe(
      'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "shop"',
    );
    expect((await as({ 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' })).status).toBe(200);
  });

  it('needs a user', async () => {
    expect((await as({ 'impersonate-group': 'system:masters' })).status).toBe(400);
  });
});

describe('discovery', () => {
  it('tells groups, versions and resources', async () => {
    expect(await (await server.request('GET /api')).json()).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const core = (await (await server.request('GET /api/v1')).json()) as { resources: { name: string }[] };
    expect(core.resources.find(({ name }) => name === 'configmaps')).toEqual({
      name: 'configmaps',
      singularName: 'configmap',
      namespaced: true,
      kind: 'ConfigMap',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['cm'],
      storageVersionHash: 'qFsyl6wFWjQ=',
    });
    expect(await (await server.request('GET /apis/coordination.k8s.io')).json()).toMatchObject({
      kind: 'APIGroup',
      name: 'coordination.k8s.io',
      preferredVersion: { groupVersion: 'coordination.k8s.io/v1', version: 'v1' },
    });
  });

  it('is aggregated for clients that know it, and not sent twice', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const response = await server.request('GET /apis', { headers: { accept } });
    expect(response.headers.get('content-type')).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    expect(await response.json()).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
    });
    const etag = response.headers.get('etag') ?? '';
    const again = await server.request('GET /apis', { headers: { accept, 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });
});

describe('OpenAPI', () => {
  it('lists a document per group and version', async () => {
    const index = (await (await server.request('GET /openapi/v3')).json()) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const url = index.paths['api/v1']?.serverRelativeURL ?? '';
    expect(url).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/);
    const document = (await (await server.request(`GET ${url}`)).json()) as {
      paths: Record<string, { patch?: Record<string, unknown> }>;
    };
    expect(document.paths['/api/v1/namespaces/{namespace}/configmaps/{name}']?.patch).toMatchObject({
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'ConfigMap' },
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'fieldValidation', in: 'query' })]),
    });
  });
});

describe('health', () => {
  it('tells its checks', async () => {
    server.shard('').put('namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'default' } });
    server.shard('default').put('services', { kind: 'Service', apiVersion: 'v1', metadata: { name: 'kubernetes' } });
    const response = await server.request('GET /readyz?verbose&exclude=hub');
    expect(await response.text()).toBe(
      '[+]ping ok\n[+]hub excluded: ok\n[+]poststarthook/bootstrap ok\n[+]secrets-encryption ok\nreadyz check passed\n',
    );
    expect(await (await server.request('GET /livez/ping')).text()).toBe('ok');
  });

  it('says which check fails', async () => {
    const response = await server.request('GET /readyz');
    expect([response.status, await response.text()]).toEqual([
      500,
      '[+]ping ok\n[+]hub ok\n[-]poststarthook/bootstrap failed: reason withheld\n[+]secrets-encryption ok\nreadyz check failed\n',
    ]);
  });
});
