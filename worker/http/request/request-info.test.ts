import { expect, test } from 'vitest';
import { requestInfo } from './request-info.ts';

type Row = readonly [
  request: string,
  verb: string,
  group: string,
  namespace: string,
  resource: string,
  name: string,
  subresource: string,
];

const rows: readonly Row[] = [
  ['GET /api/v1/pods', 'list', '', '', 'pods', '', ''],
  ['GET /api/v1/pods?watch=true', 'watch', '', '', 'pods', '', ''],
  ['GET /api/v1/pods?watch=false', 'list', '', '', 'pods', '', ''],
  ['GET /api/v1/pods?watch=1', 'watch', '', '', 'pods', '', ''],
  ['GET /api/v1/namespaces/shop/pods', 'list', '', 'shop', 'pods', '', ''],
  ['GET /api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Dweb', 'list', '', 'shop', 'pods', 'web', ''],
  ['GET /api/v1/namespaces/shop/pods/web', 'get', '', 'shop', 'pods', 'web', ''],
  ['HEAD /api/v1/namespaces/shop/pods/web', 'get', '', 'shop', 'pods', 'web', ''],
  ['GET /api/v1/namespaces/shop/pods/web?watch=1', 'get', '', 'shop', 'pods', 'web', ''],
  ['GET /api/v1/watch/namespaces/shop/pods/web', 'watch', '', 'shop', 'pods', 'web', ''],
  ['POST /api/v1/namespaces/shop/pods', 'create', '', 'shop', 'pods', '', ''],
  ['POST /api/v1/namespaces/shop/pods/web/binding', 'create', '', 'shop', 'pods', 'web', 'binding'],
  ['PUT /apis/apps/v1/namespaces/shop/deployments/web/scale', 'update', 'apps', 'shop', 'deployments', 'web', 'scale'],
  ['PATCH /apis/apps/v1/namespaces/shop/deployments/web', 'patch', 'apps', 'shop', 'deployments', 'web', ''],
  ['DELETE /apis/apps/v1/namespaces/shop/deployments/web', 'delete', 'apps', 'shop', 'deployments', 'web', ''],
  ['DELETE /apis/apps/v1/namespaces/shop/deployments', 'deletecollection', 'apps', 'shop', 'deployments', '', ''],
  ['GET /api/v1/namespaces', 'list', '', '', 'namespaces', '', ''],
  ['GET /api/v1/namespaces/shop', 'get', '', 'shop', 'namespaces', 'shop', ''],
  ['PUT /api/v1/namespaces/shop/finalize', 'update', '', 'shop', 'namespaces', 'shop', 'finalize'],
  ['PUT /api/v1/namespaces/shop/status', 'update', '', 'shop', 'namespaces', 'shop', 'status'],
  ['GET /api/v1/nodes/n1/proxy/metrics', 'get', '', '', 'nodes', 'n1', 'proxy'],
  ['OPTIONS /api/v1/pods', '', '', '', 'pods', '', ''],
  ['GET /api/v1/namespaces/shop/pods/', 'list', '', 'shop', 'pods', '', ''],
  ['GET /api/v1/namespaces/shop/pods/web%2Flog', 'get', '', 'shop', 'pods', 'web', 'log'],
  ['GET /api/v1/namespaces/shop/pods/w%65b', 'get', '', 'shop', 'pods', 'web', ''],
];

function infoOf(request: string) {
  const [method = '', target = ''] = request.split(' ');
  const url = new URL(target, 'https://zeroplane');
  return requestInfo(method, url.pathname, url.searchParams);
}

test.each(rows)('%s', (request, verb, apiGroup, namespace, resource, name, subresource) => {
  expect(infoOf(request)).toMatchObject({
    isResourceRequest: true,
    verb,
    apiGroup,
    namespace,
    resource,
    name,
    subresource,
  });
});

test.each([
  'GET /',
  'GET /version',
  'GET /api',
  'GET /api/v1',
  'GET /apis/apps/v1',
  'GET /healthz/ping',
  'GET /openapi/v3/apis/apps/v1',
])('%s is no resource request', (request) => {
  expect(infoOf(request)).toMatchObject({ isResourceRequest: false, verb: 'get' });
});

test('a path verb without a resource and broken escapes are refused', () => {
  expect(infoOf('GET /api/v1/watch')).toBeUndefined();
  expect(requestInfo('GET', '/api/v1/namespaces/%zz/pods', new URLSearchParams())).toBeUndefined();
});
