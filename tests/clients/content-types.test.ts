import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { type Answer, ApiCalls, type CallOptions } from './api-calls.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const ONE = `${CONFIG_MAPS}/one`;
const TYPES = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const ONLY = `only the following media types are accepted: ${TYPES}`;
/** The router's own, for what it knows no route for. */
const NO_ROUTE = `406: Not Acceptable\n\nAvailable representations: ${TYPES}`;
const UNKNOWN = `the body of the request was in an unknown format - accepted media types include: ${TYPES}`;
const NOT_ALLOWED = 'the server does not allow this method on the requested resource';
const NOT_THERE = 'the server could not find the requested resource';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  await calls.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'one' }, data: { a: '1' } } });
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

type Method = Parameters<ApiCalls['call']>[0];
type Row = readonly [what: string, method: Method, path: string, options: CallOptions, code: number, expected: unknown];

const accept = (value: string): CallOptions => ({ headers: { accept: value } });
const typed = (type: string, body: string | Buffer = '{"metadata":{"name":"two"}}'): CallOptions => ({
  headers: { 'content-type': type },
  body: String(body),
});
const DRY = `${CONFIG_MAPS}?dryRun=All`;

const TYPED: readonly Row[] = [
  ['nothing asked for', 'GET', ONE, {}, 200, 'application/json'],
  ['anything', 'GET', ONE, accept('*/*'), 200, 'application/json'],
  [
    'the best of several',
    'GET',
    ONE,
    accept('application/json;q=0.5, application/yaml;q=0.9'),
    200,
    'application/yaml',
  ],
  ['the more specific', 'GET', ONE, accept('*/*, application/yaml'), 200, 'application/yaml'],
  ['CBOR, or else YAML', 'GET', ONE, accept('application/cbor, application/yaml'), 200, 'application/yaml'],
  ['a Table in YAML', 'GET', ONE, accept(TABLE.replace('json', 'yaml')), 200, 'application/yaml'],
  [
    'a table of no such kind, or JSON',
    'GET',
    ONE,
    accept('application/json;as=Chair;v=v1;g=meta.k8s.io, */*'),
    200,
    'application/json',
  ],
  ['a body with a charset', 'POST', DRY, typed('application/json; charset=utf-8'), 201, 'application/json'],
  ['a body of YAML', 'POST', DRY, typed('Application/YAML', 'metadata: {name: two}'), 201, 'application/json'],
  [
    'a body of no type',
    'POST',
    DRY,
    { headers: { 'content-type': '' }, body: '{"metadata":{"name":"two"}}' },
    201,
    'application/json',
  ],
  ['a watch', 'GET', `${CONFIG_MAPS}?watch=1&timeoutSeconds=1&limit=1&continue=x`, {}, 200, 'application/json'],
  [
    'a watch in protobuf',
    'GET',
    `${CONFIG_MAPS}?watch=1&timeoutSeconds=1`,
    accept('application/vnd.kubernetes.protobuf'),
    200,
    'application/vnd.kubernetes.protobuf;stream=watch',
  ],
];

test.each(TYPED)('%s', async (_what, method, path, options, code, type) => {
  const answer = await calls.call(method, path, options);
  expect([answer.code, answer.headers['content-type']], answer.text).toEqual([code, type]);
});

const REFUSED: readonly Row[] = [
  ['anything of applications', 'GET', ONE, accept('application/*'), 406, NO_ROUTE],
  [
    'a list as a picture',
    'GET',
    CONFIG_MAPS,
    accept('image/png'),
    406,
    `${NO_ROUTE}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`,
  ],
  ['discovery as a picture', 'GET', '/apis', accept('image/png'), 406, NO_ROUTE],
  ['CBOR', 'GET', ONE, accept('application/cbor'), 406, NO_ROUTE],
  ['a picture', 'GET', ONE, accept('image/png'), 406, NO_ROUTE],
  ['a Table in protobuf', 'GET', ONE, accept(TABLE.replace('json', 'vnd.kubernetes.protobuf')), 406, ONLY],
  ['a Table of a later version', 'GET', ONE, accept(TABLE.replace('v1', 'v2')), 406, ONLY],
  [
    'a Table of a review',
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    { ...accept(TABLE), body: {} },
    406,
    ONLY,
  ],
  [
    'a list as one object',
    'GET',
    CONFIG_MAPS,
    accept('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'),
    406,
    /^you requested PartialObjectMetadata, but the requested object is a list/,
  ],
  ['a body of CBOR', 'POST', CONFIG_MAPS, typed('application/cbor'), 415, UNKNOWN],
  ['a body of a malformed type', 'POST', CONFIG_MAPS, typed('application/json; charset'), 415, UNKNOWN],
  ['a body of text', 'PUT', ONE, typed('text/plain'), 415, UNKNOWN],
  [
    'a patch of no type',
    'PATCH',
    ONE,
    { headers: { 'content-type': '' }, body: '{}' },
    415,
    '415: Unsupported Media Type',
  ],
  ['a patch as CBOR', 'PATCH', ONE, typed('application/apply-patch+cbor'), 415, '415: Unsupported Media Type'],
  [
    'a packed body',
    'POST',
    CONFIG_MAPS,
    { headers: { 'content-encoding': 'gzip' }, body: gzipSync('{}').toString('latin1') },
    415,
    /encoded as "gzip"/,
  ],
  ['OPTIONS', 'OPTIONS', ONE, {}, 405, NOT_ALLOWED],
  ['PUT to a collection', 'PUT', CONFIG_MAPS, { body: {} }, 405, NOT_ALLOWED],
  ['POST to an object', 'POST', ONE, { body: {} }, 405, NOT_ALLOWED],
  ['POST to discovery', 'POST', '/apis', { body: {} }, 405, NOT_ALLOWED],
  ['DELETE of the version', 'DELETE', '/version', {}, 405, NOT_ALLOWED],
  ['an unknown resource', 'GET', '/apis/apps/v1/chairs', {}, 404, NOT_THERE],
  ['an empty segment', 'GET', '/api/v1//pods', {}, 404, NOT_THERE],
];

test.each(REFUSED)('%s is refused', async (_what, method, path, options, code, message) => {
  const answer = await calls.call(method, path, options);
  expect([answer.code, answer.json?.kind, answer.json?.code], answer.text).toEqual([code, 'Status', code]);
  if (typeof message === 'string') expect(answer.json.message).toBe(message);
  else expect(answer.json.message).toMatch(message as RegExp);
});

test('a watch in YAML is refused in YAML', async () => {
  const { code, text } = await calls.call('GET', `${CONFIG_MAPS}?watch=1`, accept('application/yaml'));
  expect(code).toBe(406);
  expect(text).toContain(
    'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  );
});

test.each([
  '/apis/none.example',
  '/apis/apps/v9',
  '/api/v2/pods',
  '/apis/apps/v9/deployments',
  '//api/v1/pods',
  '/api//v1/pods',
  '/nowhere',
])('%s is a plain 404', async (path) => {
  const answer = await calls.call('GET', path);
  expect([answer.code, answer.text, answer.headers['content-type']]).toEqual([
    404,
    '404 page not found\n',
    'text/plain; charset=utf-8',
  ]);
});

test('objects have no HEAD, as upstream has it; what is no resource has', async () => {
  expect((await calls.call('HEAD', ONE)).code).toBe(405);
  expect(await calls.call('HEAD', '/healthz')).toMatchObject({ code: 200, text: '' });
});

test.each([
  `${ONE}/`,
  ONE.replace('one', '%6Fne'),
  ONE.replace('maps/', 'maps%2F'),
  '/api/v1/namespaces/default/configmaps/one?',
])('%s is the object', async (path) => {
  expect((await calls.call('GET', path)).json?.metadata.name).toBe('one');
});

describe('answers are indented', () => {
  const isIndented = ({ text }: Answer): boolean => text.startsWith('{\n  "');
  test.each<[string, string, CallOptions, boolean]>([
    ['when asked', `${ONE}?pretty=true`, {}, true],
    ['when asked by a parameter of the type', ONE, accept('application/json;pretty=1'), true],
    ['for curl', ONE, { headers: { 'user-agent': 'curl/8.5.0' } }, true],
    ['but not when curl wants none of it', `${ONE}?pretty=false`, { headers: { 'user-agent': 'curl/8.5.0' } }, false],
    ['when they are refusals', `${CONFIG_MAPS}/none?pretty=1`, {}, true],
    ['when they are discovery', '/apis/apps/v1?pretty=1', {}, true],
    ['but not otherwise', ONE, {}, false],
  ])('%s', async (_when, path, options, expected) => {
    expect(isIndented(await calls.call('GET', path, options))).toBe(expected);
  });
});

test('/metrics counts what was asked, for those who may know', async () => {
  await calls.call('GET', `${ONE}/chair`);
  const { code, text, headers } = await calls.call('GET', '/metrics');
  expect([code, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(text).toMatch(
    /^apiserver_request_total\{code="200",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="GET",version="v1"\} \d+$/m,
  );
  expect(text).toMatch(/^apiserver_request_duration_seconds_bucket\{.*,le="\+Inf"\} \d+$/m);
  expect(text).not.toContain('chair');
  expect((await calls.call('GET', '/metrics', { token: null })).code).toBe(403);
  const asMonitor = { 'impersonate-user': 'prometheus', 'impersonate-group': 'system:monitoring' };
  expect((await calls.call('GET', '/metrics', { headers: asMonitor })).code).toBe(200);
});

describe('answers are packed', () => {
  const LARGE = `${CONFIG_MAPS}/large`;
  beforeAll(async () => {
    await calls.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'large' }, data: { a: 'x'.repeat(200_000) } } });
  });
  test.each<[string, string, string, string | undefined]>([
    ['when they are large', LARGE, 'gzip', 'gzip'],
    ['when gzip is one of several', LARGE, 'br, gzip', 'gzip'],
    ['but not when small', ONE, 'gzip', undefined],
    ['but not for other encodings', LARGE, 'br, deflate', undefined],
    ['but not for gzip with a parameter, as upstream has it', LARGE, 'gzip;q=1', undefined],
  ])('%s', async (_when, path, encoding, expected) => {
    const answer = await calls.call('GET', path, { headers: { 'accept-encoding': encoding } });
    expect([answer.code, answer.headers['content-encoding']]).toEqual([200, expected]);
  });
});
