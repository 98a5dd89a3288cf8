/**
 * What the conformance tests of sig-api-machinery demand of discovery, versions, chunks, tables and
 * watches, over the wire. Each test carries the name of the one it covers.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiCalls } from '../clients/api-calls.ts';
import { type WatchEvent, WatchStream } from '../clients/watch-stream.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 });
  calls = new ApiCalls(cluster);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

/**
 * A resource that each group and version must have. Of upstream's list those of admissionregistration.k8s.io,
 * apiextensions.k8s.io and apiregistration.k8s.io are not served yet.
 */
const BUILT_IN: readonly (readonly [groupVersion: string, resource: string])[] = [
  ['v1', 'namespaces'],
  ['apps/v1', 'deployments'],
  ['authentication.k8s.io/v1', 'tokenreviews'],
  ['authorization.k8s.io/v1', 'selfsubjectaccessreviews'],
  ['autoscaling/v1', 'horizontalpodautoscalers'],
  ['autoscaling/v2', 'horizontalpodautoscalers'],
  ['batch/v1', 'jobs'],
  ['certificates.k8s.io/v1', 'certificatesigningrequests'],
  ['coordination.k8s.io/v1', 'leases'],
  ['discovery.k8s.io/v1', 'endpointslices'],
  ['events.k8s.io/v1', 'events'],
  ['networking.k8s.io/v1', 'ingresses'],
  ['node.k8s.io/v1', 'runtimeclasses'],
  ['policy/v1', 'poddisruptionbudgets'],
  ['scheduling.k8s.io/v1', 'priorityclasses'],
  ['storage.k8s.io/v1', 'csinodes'],
];

const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await calls.call('GET', path, { headers });
  expect(answer.code, answer.text).toBe(200);
  return answer;
};

interface AggregatedGroup {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly { readonly version: string; readonly resources: readonly { resource: string }[] }[];
}

describe('AggregatedDiscovery', () => {
  const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const OLD = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

  const resourcesOf = async (path: string, accept: string): Promise<string[]> => {
    const { json } = await get(path, { accept });
    expect(json).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
    return (json.items as AggregatedGroup[]).flatMap(({ metadata: { name }, versions }) =>
      versions.flatMap(({ version, resources }) =>
        resources.map(({ resource }) => `${name ? `${name}/` : ''}${version} ${resource}`),
      ),
    );
  };

  test('should support raw aggregated discovery endpoint Accept headers', async () => {
    const all = [...(await resourcesOf('/apis', AGGREGATED)), ...(await resourcesOf('/api', AGGREGATED))];
    expect(all).toEqual(expect.arrayContaining(BUILT_IN.map((pair) => pair.join(' '))));
  });

  test('should support aggregated discovery interface', async () => {
    // The header of client-go's discovery client.
    const accept = `${AGGREGATED},${OLD},application/json`;
    const all = [...(await resourcesOf('/api', accept)), ...(await resourcesOf('/apis', accept))];
    expect(all).toEqual(expect.arrayContaining(BUILT_IN.map((pair) => pair.join(' '))));
  });

  test('is sent again only when it has changed, and only to those who know it', async () => {
    const first = await get('/apis', { accept: AGGREGATED });
    const { etag } = first.headers as { etag: string };
    expect(etag).toMatch(/^"[0-9A-F]{128}"$/);
    expect(first.headers).toMatchObject({ 'content-type': AGGREGATED, vary: 'Accept', 'cache-control': 'public' });
    const again = await calls.call('GET', '/apis', { headers: { accept: AGGREGATED, 'if-none-match': etag } });
    expect([again.code, again.text, again.headers['etag']]).toEqual([304, '', etag]);
    expect((await get('/apis', { accept: AGGREGATED, 'if-none-match': '"0"' })).text).toBe(first.text);
    expect((await get('/apis', { accept: `application/json, ${AGGREGATED}` })).json.kind).toBe('APIGroupDiscoveryList');
    expect((await get('/apis', { accept: `${OLD}, application/json` })).json.kind).toBe('APIGroupList');
    expect((await calls.call('GET', '/apis', { headers: { accept: OLD } })).code).toBe(406);
  });
});

describe('Discovery', () => {
  test('should validate PreferredVersion for each APIGroup', async () => {
    const { groups } = (await get('/apis/')).json;
    expect(groups).not.toEqual([]);
    for (const { name } of groups) {
      const group = (await get(`/apis/${name}/`)).json;
      expect(group).toMatchObject({ kind: 'APIGroup', apiVersion: 'v1', name });
      expect(group.versions).toContainEqual(group.preferredVersion);
    }
  });

  test.each(BUILT_IN)(
    'should locate the groupVersion and a resource within each APIGroup: %s %s',
    async (groupVersion, resource) => {
      const list = (await get(groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`)).json;
      expect(list).toMatchObject({ kind: 'APIResourceList', groupVersion });
      expect(list.resources.map(({ name }: { name: string }) => name)).toContain(resource);
    },
  );

  test('should accurately determine present and missing resources', async () => {
    const { resources } = (await get('/apis/apps/v1')).json;
    expect(resources.map(({ name }: { name: string }) => name)).not.toContain('please-dont-ever-create-this');
    const missing = await calls.call('GET', '/apis/not-these-apps/v1');
    expect([missing.code, missing.text]).toEqual([404, '404 page not found\n']);
  });
});

test('server version should find the server version', async () => {
  const { major, minor, gitVersion } = (await get('/version')).json;
  expect(major).toMatch(/^\d+$/);
  expect(minor.replace(/[^\d]/g, '')).toMatch(/^\d+$/);
  expect(gitVersion).toMatch(/^v1\.\d+\.\d+/);
});

const namespace = async (name: string): Promise<string> => {
  expect((await calls.call('POST', '/api/v1/namespaces', { body: { metadata: { name } } })).code).toBe(201);
  return `/api/v1/namespaces/${name}`;
};

const template = (index: number) => ({
  metadata: { name: `template-${String(index).padStart(4, '0')}` },
  template: { spec: { containers: [{ name: 'test', image: 'test2' }] } },
});

describe('Servers with support for API chunking', () => {
  const TOTAL = 400;
  let templates: string;
  beforeAll(async () => {
    templates = `${await namespace('chunking')}/podtemplates`;
    const made = Array.from({ length: TOTAL }, (_, i) => calls.call('POST', templates, { body: template(i) }));
    expect(new Set((await Promise.all(made)).map(({ code }) => code))).toEqual(new Set([201]));
  });

  /** Every page has its own limit. */
  test.each([[[1, 40, 7]], [[40]], [[33, 2]]])('should return chunks of results for list calls: %j', async (limits) => {
    const names: string[] = [];
    let revision: string | undefined;
    let token = '';
    for (let page = 0; ; page += 1) {
      const limit = limits[page % limits.length] as number;
      const { items, metadata } = (await get(`${templates}?limit=${limit}&continue=${encodeURIComponent(token)}`)).json;
      expect(items.length).toBeLessThanOrEqual(limit);
      names.push(...items.map((item: { metadata: { name: string } }) => item.metadata.name));
      revision ??= metadata.resourceVersion;
      expect(metadata.resourceVersion).toBe(revision);
      if (!metadata.continue) {
        expect(metadata).not.toHaveProperty('remainingItemCount');
        break;
      }
      expect(metadata.remainingItemCount + names.length).toBe(TOTAL);
      token = metadata.continue;
    }
    expect(names).toEqual(Array.from({ length: TOTAL }, (_, i) => template(i).metadata.name));
  });

  test('should return chunks of results for list calls: all at once', async () => {
    const { items, metadata } = (await get(`${templates}?limit=${TOTAL + 1}`)).json;
    expect(items).toHaveLength(TOTAL);
    expect(metadata).not.toHaveProperty('continue');
  });

  test('should return chunks of table results for list calls', async () => {
    const accept = 'application/json;as=Table;v=v1beta1;g=meta.k8s.io';
    const first = (await get(`${templates}?limit=2`, { accept })).json;
    expect(first).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1beta1' });
    expect(first.rows.map(({ cells }: { cells: unknown[] }) => cells[0])).toEqual(['template-0000', 'template-0001']);
    const next = (await get(`${templates}?continue=${encodeURIComponent(first.metadata.continue)}`, { accept })).json;
    expect(next.rows[0].cells[0]).toBe('template-0002');
  });
});

describe('Servers with support for Table transformation', () => {
  const V1 = 'application/json;as=Table;v=v1;g=meta.k8s.io';

  test('should return a 406 for a backend which does not implement metadata', async () => {
    const body = { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const answer = await calls.call('POST', path, { body, headers: { accept: V1 } });
    expect([answer.code, answer.json.reason]).toEqual([406, 'NotAcceptable']);
  });

  test('should return generic metadata details across all namespaces for nodes', async () => {
    const table = (await get('/api/v1/nodes', { accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io' })).json;
    expect(table.columnDefinitions.length).toBeGreaterThanOrEqual(2);
    expect(table.columnDefinitions[0].name).toBe('Name');
    expect(table.rows).not.toEqual([]);
    expect(table.rows[0].cells).toHaveLength(table.columnDefinitions.length);
    expect(table.metadata.resourceVersion).not.toBe('');
  });
});

describe('Watchers', () => {
  const LABEL = 'watch-this-configmap';
  let configMaps: string;
  beforeAll(async () => {
    configMaps = `${await namespace('watchers')}/configmaps`;
  });

  const watch = (labels: readonly string[], resourceVersion = '') =>
    WatchStream.open(
      cluster,
      `${configMaps}?watch=true&resourceVersion=${resourceVersion}&labelSelector=${encodeURIComponent(`${LABEL} in (${labels.join(',')})`)}`,
    );

  const write = async (method: 'POST' | 'PATCH', name: string, body: object): Promise<string> => {
    const answer = await calls.call(method, method === 'POST' ? configMaps : `${configMaps}/${name}`, {
      body: { metadata: { name }, ...body },
      headers: method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {},
    });
    expect(answer.code, answer.text).toBeLessThan(300);
    return answer.json.metadata.resourceVersion;
  };
  const create = (name: string, label: string) =>
    write('POST', name, { metadata: { name, labels: { [LABEL]: label } } });
  const mutate = (name: string, mutation: string) => write('PATCH', name, { data: { mutation } });
  const relabel = (name: string, label: string) => write('PATCH', name, { metadata: { labels: { [LABEL]: label } } });
  const remove = (name: string) => calls.call('DELETE', `${configMaps}/${name}`);

  const shown = ({ type, object }: WatchEvent): string =>
    [type, object.metadata.name, object.data?.mutation].filter(Boolean).join(' ');
  /** Whatever a watcher sees up to the end of an object that all see. */
  const seenUntilDeleted = async (stream: WatchStream, name: string): Promise<string[]> =>
    (await stream.until(({ type, object }) => type === 'DELETED' && object.metadata.name === name)).map(shown);

  test('should observe add, update, and delete watch notifications on configmaps', async () => {
    const streams = await Promise.all([
      watch(['multi-a', 'end']),
      watch(['multi-b', 'end']),
      watch(['multi-a', 'multi-b', 'end']),
    ]);
    await create('a', 'multi-a');
    await mutate('a', '1');
    await mutate('a', '2');
    await remove('a');
    await create('b', 'multi-b');
    await remove('b');
    await create('end', 'end');
    await remove('end');
    const a = ['ADDED a', 'MODIFIED a 1', 'MODIFIED a 2', 'DELETED a 2'];
    const b = ['ADDED b', 'DELETED b'];
    const end = ['ADDED end', 'DELETED end'];
    const seen = await Promise.all(streams.map((stream) => seenUntilDeleted(stream, 'end')));
    expect(seen).toEqual([
      [...a, ...end],
      [...b, ...end],
      [...a, ...b, ...end],
    ]);
    for (const stream of streams) stream.stop();
  });

  test('should be able to start watching from a specific resource version', async () => {
    await create('from', 'from-version');
    const revision = await mutate('from', '1');
    await mutate('from', '2');
    await remove('from');
    const stream = await watch(['from-version'], revision);
    expect(await seenUntilDeleted(stream, 'from')).toEqual(['MODIFIED from 2', 'DELETED from 2']);
    stream.stop();
  });

  test('should be able to restart watching from the last resource version observed by the previous watch', async () => {
    const broken = await watch(['restarted']);
    await create('restarted', 'restarted');
    await mutate('restarted', '1');
    const [, last] = [await broken.next(), await broken.next()];
    broken.stop();
    await mutate('restarted', '2');
    const stream = await watch(['restarted'], last.object.metadata.resourceVersion);
    await remove('restarted');
    expect(await seenUntilDeleted(stream, 'restarted')).toEqual(['MODIFIED restarted 2', 'DELETED restarted 2']);
    stream.stop();
  });

  test('should observe an object deletion if it stops meeting the requirements of the selector', async () => {
    const stream = await watch(['label-changed']);
    await create('changed', 'label-changed');
    await mutate('changed', '1');
    await relabel('changed', 'wrong-value');
    await mutate('changed', '2');
    await relabel('changed', 'label-changed');
    await mutate('changed', '3');
    await remove('changed');
    const events = [...(await seenUntilDeleted(stream, 'changed')), ...(await seenUntilDeleted(stream, 'changed'))];
    expect(events).toEqual([
      'ADDED changed',
      'MODIFIED changed 1',
      'DELETED changed 1',
      'ADDED changed 2',
      'MODIFIED changed 3',
      'DELETED changed 3',
    ]);
    stream.stop();
  });

  test('should receive events on concurrent watches in same order', async () => {
    const WATCHES = 50;
    const collection = `${await namespace('same-order')}/configmaps`;
    let revision = (await get(collection)).json.metadata.resourceVersion as string;
    let isOver = false;
    const producer = (async () => {
      for (let i = 0; !isOver; i += 1) {
        const name = `cm-${i % 7}`;
        const gone = await calls.call('DELETE', `${collection}/${name}`);
        if (gone.code === 404 || i % 2 === 0) await calls.call('POST', collection, { body: { metadata: { name } } });
      }
    })();
    const streams: WatchStream[] = [];
    try {
      for (let i = 0; i < WATCHES; i += 1) {
        streams.push(await WatchStream.open(cluster, `${collection}?watch=true&resourceVersion=${revision}`));
        const next = await Promise.all(streams.map((stream) => stream.next()));
        const revisions = next.map(({ object }) => object.metadata.resourceVersion as string);
        expect(new Set(revisions).size, revisions.join()).toBe(1);
        revision = revisions[0] as string;
      }
    } finally {
      isOver = true;
      for (const stream of streams) stream.stop();
      await producer;
    }
  });
});
