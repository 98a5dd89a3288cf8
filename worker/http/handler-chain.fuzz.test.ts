import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { servedResources } from './served/served-resources.ts';
import { TestServer } from './testing/test-server.ts';

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);

const kinds = servedResources.map(({ group, version, definition }) => {
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  return {
    definition,
    collection:
      definition.scope === 'Namespaced'
        ? `${root}/namespaces/shop/${definition.plural}`
        : `${root}/${definition.plural}`,
  };
});

const word = oneOf(
  'a',
  'web',
  'status',
  'scale',
  'finalize',
  'binding',
  'eviction',
  'log',
  'token',
  'watch',
  '..',
  '%2e',
  'é',
  'x'.repeat(300),
  '__proto__',
);
const path = fc.oneof(
  fc
    .tuple(oneOf(...kinds.map(({ collection }) => collection)), fc.array(word, { maxLength: 3 }))
    .map(([root, rest]) => [root, ...rest].join('/')),
  fc
    .array(
      oneOf(
        'api',
        'apis',
        'apps',
        'v1',
        'openapi',
        'v3',
        'version',
        'healthz',
        'agent',
        'namespaces',
        'shop',
        'pods',
        '',
      ),
      { maxLength: 7 },
    )
    .map((parts) => `/${parts.join('/')}`),
);
const parameter = fc.tuple(
  oneOf(
    'watch',
    'limit',
    'continue',
    'labelSelector',
    'fieldSelector',
    'resourceVersion',
    'resourceVersionMatch',
    'sendInitialEvents',
    'timeoutSeconds',
    'dryRun',
    'fieldManager',
    'fieldValidation',
    'force',
    'pretty',
    'gracePeriodSeconds',
    'propagationPolicy',
    'orphanDependents',
    'includeObject',
    'x',
  ),
  fc.oneof(
    oneOf(
      '',
      '0',
      '1',
      '-1',
      'true',
      'All',
      'Strict',
      'Exact',
      'NotOlderThan',
      'a=b',
      'a in (b',
      'metadata.name=a',
      '99999999999999999999',
    ),
    fc.string({ maxLength: 20 }),
  ),
);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, -1, 1e21, 0.5, '', 'a', '100m', '2026-01-02T03:04:05Z', 'not a time'),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(
      oneOf(
        'metadata',
        'name',
        'namespace',
        'labels',
        'annotations',
        'finalizers',
        'ownerReferences',
        'uid',
        'resourceVersion',
        'spec',
        'status',
        'data',
        'template',
        'containers',
        'image',
        'selector',
        'matchLabels',
        'replicas',
        'ports',
        'kind',
        'apiVersion',
        'type',
        'rules',
        'roleRef',
        'subjects',
        'endpoints',
        'op',
        'path',
        'value',
        '$patch',
        '__proto__',
        'constructor',
      ),
      tie('node'),
      { maxKeys: 5 },
    ),
  ),
})).node;
const body = fc.oneof(
  { weight: 6, arbitrary: value.map((node) => JSON.stringify(node)) },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: oneOf(
      '[{"op":"add","path":"/a/b","value":1}]',
      '[{"op":"copy","from":"","path":"/x"}]',
      'a: &a [*a]',
      '- {',
      'k8s\u0000\n',
      '{"metadata":{"name":"a"}}',
    ),
  },
);
const request = fc.record({
  method: oneOf('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
  path,
  query: fc.array(parameter, { maxLength: 3 }),
  body,
  type: oneOf(
    'application/json',
    'application/yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
    'application/vnd.kubernetes.protobuf',
    'text/html',
    '',
  ),
  accept: oneOf(
    'application/json',
    'application/yaml',
    'application/json;as=Table;v=v1;g=meta.k8s.io',
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    'image/png',
    ';;=,',
    '*/*;q=x',
  ),
});

/** What the double of the hub does not have. */
const IS_HUBS = /^\/agent\//;

test('no request is answered with a server error or changes what it should not', { timeout: 60_000 }, async () => {
  const server = new TestServer({ isWhole: true });
  for (const { definition, collection } of kinds) {
    await server.request(`POST ${collection}`, {
      body: {
        metadata: { name: 'a' },
        ...(definition.key === 'pods' ? { spec: { containers: [{ name: 'c', image: 'i' }] } } : {}),
      },
    });
  }
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path: where, query, body: text, type, accept }) => {
      if (IS_HUBS.test(where)) return;
      const search = new URLSearchParams(query.map(([key, held]): [string, string] => [key, held])).toString();
      const hasBody = method !== 'GET' && method !== 'HEAD';
      const response = await server.request(`${method} ${where.replaceAll(' ', '%20')}?${search}`, {
        ...(hasBody ? { body: text } : {}),
        headers: { accept, ...(type ? { 'content-type': type } : {}) },
      });
      const answer = await response.text();
      const isHealth = /^\/(?:healthz|livez|readyz)/.test(where);
      expect(response.status, `${method} ${where}?${search} ${type} ${text}\n${answer}`).toBeLessThan(
        isHealth ? 501 : 500,
      );
    }),
    { numRuns: 3_000, seed: 20_261_121 },
  );
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
