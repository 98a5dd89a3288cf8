/** Lists that do not fit into one message between Durable Object and Worker arrive whole, in every form. */
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BenchClient, configMapOf, createNamespaces } from '../../benchmarks/client.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';

const OBJECT_BYTES = 700_000;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const NAMESPACES = ['one', 'two'];
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const METADATA = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

interface AnyList {
  readonly metadata: { readonly continue?: string; readonly resourceVersion: string };
  readonly items?: readonly { readonly metadata: { readonly name: string } }[];
  readonly rows?: readonly { readonly cells: readonly unknown[] }[];
}

let cluster: RunningCluster;
let client: BenchClient;

beforeAll(async () => {
  cluster = await startCluster();
  client = new BenchClient(cluster, 4);
  await createNamespaces(client, NAMESPACES);
  for (const namespace of NAMESPACES)
    for (const name of NAMES)
      await client.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, configMapOf(name, OBJECT_BYTES));
});

afterAll(async () => {
  await client?.close();
  await cluster?.remove();
});

const SELECTED = '?labelSelector=app%3Dbench';

async function names(path: string, accept: string, encoding?: string): Promise<unknown[]> {
  const headers = { accept, ...(encoding ? { 'accept-encoding': encoding } : {}) };
  const { body, encoding: sent } = await client.read(path, headers);
  expect(sent).toBe(encoding);
  const list = JSON.parse(String(encoding ? gunzipSync(body) : body)) as AnyList;
  expect(list.metadata).toEqual({ resourceVersion: expect.stringMatching(/^\d+$/) });
  return list.rows?.map(({ cells }) => cells[0]) ?? list.items?.map(({ metadata }) => metadata.name) ?? [];
}

describe.each([
  ['one namespace', `/api/v1/namespaces/one/configmaps${SELECTED}`, NAMES],
  ['all namespaces', `/api/v1/configmaps${SELECTED}`, [...NAMES, ...NAMES]],
])('a large list of %s', (_what, path, expected) => {
  it.each([
    ['JSON', 'application/json', undefined],
    ['JSON, gzip', 'application/json', 'gzip'],
    ['Table', TABLE, undefined],
    ['Table, gzip', TABLE, 'gzip'],
    ['metadata only', METADATA, undefined],
  ])('arrives whole as %s', async (_form, accept, encoding) => {
    expect(await names(path, accept, encoding)).toEqual(expected);
  });

  it('arrives whole as YAML and protobuf', async () => {
    const yaml = parse(String((await client.read(path, { accept: 'application/yaml' })).body)) as AnyList;
    expect(yaml.items?.map(({ metadata }) => metadata.name)).toEqual(expected);
    const { body } = await client.read(path, { accept: 'application/vnd.kubernetes.protobuf' });
    expect(body.subarray(0, 4).toString('latin1')).toBe('k8s\0');
    expect(body.length).toBeGreaterThan(expected.length * (OBJECT_BYTES - 1_000));
  });

  it('comes in pages of the size asked for, however large', async () => {
    const page = JSON.parse(await client.call('GET', `${path}&limit=5`)) as AnyList;
    expect(page.items).toHaveLength(5);
    expect(page.metadata.continue).toBeTruthy();
  });
});
