/** Patches that aim at JavaScript's own members, and directives that make no sense. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiCalls } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const members = (value: string): string => `{${NAMES.map((name) => `"${name}":"${value}"`).join(',')}}`;

/** What of the data comes back, by the text: a parsed object could not tell. */
function expectAll(text: string, value: string): void {
  for (const name of NAMES) expect(text).toContain(`"${name}":"${value}"`);
}

describe('[W2] members of every object are keys like any other', () => {
  beforeAll(async () => {
    const made = await calls.call('POST', CONFIG_MAPS, {
      body: `{"metadata":{"name":"keys"},"data":${members('created')}}`,
    });
    expect(made.code, made.text).toBe(201);
    expectAll(made.text, 'created');
  });

  const rows: readonly (readonly [string, string, string])[] = [
    ['a merge patch', 'merge-patch+json', `{"data":${members('a')}}`],
    ['a strategic merge patch', 'strategic-merge-patch+json', `{"data":${members('b')}}`],
    [
      'a JSON patch',
      'json-patch+json',
      JSON.stringify(NAMES.map((name) => ({ op: 'replace', path: `/data/${name}`, value: 'c' }))),
    ],
    [
      'an apply',
      'apply-patch+yaml',
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"keys"},"data":${members('d')}}`,
    ],
  ];
  test.each(rows)('in %s', async (_what, type, body) => {
    const query = type.startsWith('apply') ? '?fieldManager=m&force=true' : '';
    const answer = await calls.call('PATCH', `${CONFIG_MAPS}/keys${query}`, {
      body,
      headers: { 'content-type': `application/${type}` },
    });
    expect(answer.code, answer.text).toBe(200);
    const value = rows.findIndex(([, other]) => other === type);
    expectAll(answer.text, 'abcd'[value] as string);
    const read = await calls.call('GET', `${CONFIG_MAPS}/keys`);
    expectAll(read.text, 'abcd'[value] as string);
  });

  test('in annotations, where they are qualified names, and in YAML', async () => {
    const body = 'metadata:\n  name: in-yaml\n  annotations: {constructor: x, toString: "y"}\ndata: {__proto__: z}\n';
    const answer = await calls.call('POST', CONFIG_MAPS, { body, headers: { 'content-type': 'application/yaml' } });
    expect(answer.code, answer.text).toBe(201);
    expect(answer.text).toContain('"__proto__":"z"');
    expect(answer.json.metadata.annotations).toMatchObject({ constructor: 'x', toString: 'y' });
  });

  test('and are taken away like any other', async () => {
    const body = `{"data":{${NAMES.map((name) => `"${name}":null`).join(',')}}}`;
    const answer = await calls.call('PATCH', `${CONFIG_MAPS}/keys`, {
      body,
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(answer.code, answer.text).toBe(200);
    for (const name of NAMES) expect(answer.text).not.toContain(`"${name}":`);
  });
});

describe('nothing outside the object is reached', () => {
  beforeAll(() => calls.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'outside' }, data: { a: 'b' } } }));

  const rows: readonly (readonly [string, string, number])[] = [
    ['json-patch+json', '[{"op":"add","path":"/__proto__/polluted","value":"x"}]', 422],
    ['json-patch+json', '[{"op":"add","path":"/constructor/prototype/polluted","value":"x"}]', 422],
    ['json-patch+json', '[{"op":"add","path":"/metadata/__proto__/polluted","value":"x"}]', 422],
    ['json-patch+json', '[{"op":"copy","from":"/constructor","path":"/data/a"}]', 200],
    ['json-patch+json', '[{"op":"test","path":"/toString/length","value":0}]', 422],
    ['json-patch+json', '[{"op":"remove","path":"/toString"}]', 422],
    ['merge-patch+json', '{"__proto__":{"polluted":"x"},"metadata":{"__proto__":{"polluted":"x"}}}', 200],
    ['merge-patch+json', '{"constructor":{"prototype":{"polluted":"x"}}}', 200],
    [
      'strategic-merge-patch+json',
      '{"__proto__":{"polluted":"x"},"metadata":{"constructor":{"prototype":{"polluted":"x"}}}}',
      200,
    ],
    ['strategic-merge-patch+json', '{"$setElementOrder/__proto__":["a"]}', 400],
    ['strategic-merge-patch+json', '{"metadata":{"$deleteFromPrimitiveList/constructor":["a"]}}', 200],
  ];
  test.each(rows)('%s %s', async (type, body, code) => {
    const answer = await calls.call('PATCH', `${CONFIG_MAPS}/outside`, {
      body,
      headers: { 'content-type': `application/${type}` },
    });
    expect(answer.code, answer.text).toBe(code);
    const next = await calls.call('POST', CONFIG_MAPS, { body: { metadata: { generateName: 'after-' } } });
    expect(next.text).not.toContain('polluted');
    expect((await calls.call('GET', `${CONFIG_MAPS}/outside`)).text).not.toContain('polluted');
  });
});

describe('directives that make no sense are told', () => {
  beforeAll(() =>
    calls.call('POST', CONFIG_MAPS, {
      body: { metadata: { name: 'directed', finalizers: ['example.com/a'], labels: { a: 'b' } }, data: { a: 'b' } },
    }),
  );

  const rows: readonly (readonly [string, number, string?])[] = [
    ['{"$patch":"increase"}', 400, 'unknown patch type: increase in map: map[$patch:increase]'],
    ['{"$patch":5}', 400, 'unknown patch type: 5 in map: map[$patch:5]'],
    ['{"metadata":{"$patch":"delete"}}', 400, 'name must be provided'],
    ['{"$patch":"replace"}', 400, 'name must be provided'],
    ['{"metadata":{"labels":{"$patch":null}}}', 400],
    ['{"metadata":{"$setElementOrder/finalizers":5}}', 400, 'expected a []interface {}'],
    [
      '{"metadata":{"$setElementOrder/finalizers":["x"],"finalizers":["example.com/b"]}}',
      400,
      "doesn't match $setElementOrder list",
    ],
    ['{"metadata":{"$setElementOrder":["x"]}}', 400, 'invalid patch format of setElementOrder list'],
    ['{"metadata":{"$deleteFromPrimitiveList":["x"]}}', 400, 'invalid patch format of primitive list'],
    ['{"metadata":{"$deleteFromPrimitiveList/finalizers":[{"a":1}]}}', 400],
    ['{"$retainKeys":5}', 400, 'invalid patch format of retainKeys'],
    ['{"data":{"$retainKeys":["a"],"b":"c"}}', 400, 'invalid patch format of retainKeys'],
    ['{"metadata":{"finalizers":[["x"]]}}', 400],
    ['{"metadata":{"finalizers":["example.com/b",5]}}', 400],
    ['{"metadata":{"ownerReferences":[{"$patch":"delete"}]}}', 200],
    ['[]', 400],
    ['5', 400],
    ['', 400],
  ];
  test.each(rows)('%s', async (body, code, message) => {
    const answer = await calls.call('PATCH', `${CONFIG_MAPS}/directed`, {
      body,
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
    });
    expect(answer.code, answer.text).toBe(code);
    if (message) expect(answer.json.message).toContain(message);
    expect((await calls.call('GET', `${CONFIG_MAPS}/directed`)).json.data).toEqual({ a: 'b' });
  });
});
