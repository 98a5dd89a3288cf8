import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, eventually } from './api-calls.ts';
import { WatchStream } from './watch-stream.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const NEW_WATCHES = `${CONFIG_MAPS}?watch=true&labelSelector=test%3Dws`;

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

interface Opened {
  readonly socket: WebSocket;
  readonly messages: (Buffer | string)[];
}

/** Connects; rejects with the HTTP status when there is no WebSocket. */
async function connect(
  path: string,
  { protocols = [], headers = {} }: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<Opened> {
  const socket = new WebSocket(`${cluster.server.replace('https', 'wss')}${path}`, protocols, {
    ca: cluster.ca,
    headers: { authorization: `Bearer ${cluster.adminToken}`, ...headers },
  });
  const messages: (Buffer | string)[] = [];
  socket.on('message', (data: Buffer, isBinary: boolean) => messages.push(isBinary ? data : data.toString()));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
  });
  return { socket, messages };
}

const create = (name: string, namespace = 'default') =>
  calls.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
    body: { metadata: { name, labels: { test: 'ws' } }, data: { name } },
  });

const seen = ({ messages }: Opened): string[] =>
  messages.map((message) => {
    const { type, object } = JSON.parse(String(message));
    return `${type} ${object.metadata.namespace}/${object.metadata.name}`;
  });

const sees = (watch: Opened, events: readonly string[]) =>
  eventually(`${events}`, async () => (seen(watch).length >= events.length ? true : undefined)).then(() =>
    expect(seen(watch)).toEqual(events),
  );

const closing = async ({ socket }: Opened): Promise<number> => {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
};

describe('[WA3] a watch over WebSocket', () => {
  test('of a namespace gives a text message per event', async () => {
    await create('first');
    const watch = await connect(NEW_WATCHES);
    await sees(watch, ['ADDED default/first']);
    await create('second');
    await calls.call('DELETE', `${CONFIG_MAPS}/second`);
    await sees(watch, ['ADDED default/first', 'ADDED default/second', 'DELETED default/second']);
    watch.socket.close(1000);
    expect(await closing(watch)).toBe(1000);
  });

  test('of all namespaces goes through the hub', async () => {
    const revision = (await calls.call('GET', CONFIG_MAPS)).json.metadata.resourceVersion;
    const watch = await connect(`/api/v1/configmaps?watch=true&labelSelector=test%3Dws&resourceVersion=${revision}`);
    await create('third');
    await create('third', 'kube-system');
    await sees(watch, ['ADDED default/third', 'ADDED kube-system/third']);
    watch.socket.terminate();
  });

  test('gives protobuf as binary messages', async () => {
    const watch = await connect(NEW_WATCHES, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
    await eventually('events', async () => (watch.messages.length >= 1 ? true : undefined));
    const [message] = watch.messages as [Buffer];
    expect(Buffer.isBuffer(message)).toBe(true);
    // Field 1 of the event is its type; the object within is in the envelope of all protobuf bodies.
    expect(message.subarray(0, 7).toString('latin1')).toBe('\n\u0005ADDED');
    expect(message.includes('k8s\0')).toBe(true);
    watch.socket.terminate();
  });

  test('gives tables, and bookmarks', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const watch = await connect(
      `${NEW_WATCHES}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
      { headers: { accept } },
    );
    await eventually('the bookmark', async () =>
      watch.messages.find((message) => String(message).includes('BOOKMARK')),
    );
    expect(JSON.parse(String(watch.messages[0]))).toMatchObject({ type: 'ADDED', object: { kind: 'Table' } });
    watch.socket.terminate();
  });

  test('ends in good order when its time is over', async () => {
    const watch = await connect(`${NEW_WATCHES}&timeoutSeconds=1`);
    expect(await closing(watch)).toBe(1000);
  });

  test('takes the one subprotocol that it is offered, and a token as another', async () => {
    const plain = await connect(NEW_WATCHES, { protocols: ['base64.binary.k8s.io'] });
    expect(plain.socket.protocol).toBe('base64.binary.k8s.io');
    plain.socket.terminate();
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from(cluster.adminToken).toString('base64url')}`;
    const carried = await connect(NEW_WATCHES, { protocols: [token, 'x.k8s.io'], headers: { authorization: '' } });
    expect(carried.socket.protocol).toBe('x.k8s.io');
    carried.socket.terminate();
    await expect(connect(NEW_WATCHES, { protocols: ['a', 'b'] })).rejects.toThrow('HTTP 400');
  });

  test('is refused as any watch would be', async () => {
    await expect(connect(NEW_WATCHES, { headers: { authorization: '' } })).rejects.toThrow('HTTP 403');
    await expect(connect(NEW_WATCHES, { headers: { authorization: 'Bearer x' } })).rejects.toThrow('HTTP 401');
    await expect(connect(`${CONFIG_MAPS}?watch=true&labelSelector=a%20in`)).rejects.toThrow('HTTP 400');
    await expect(connect('/api/v1/unicorns?watch=true')).rejects.toThrow('HTTP 404');
    await expect(connect(NEW_WATCHES, { headers: { accept: 'application/yaml' } })).rejects.toThrow('HTTP 406');
  });

  test('ends when its user is no longer known, as any watch does', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await calls.call('POST', accounts, { body: { metadata: { name: 'watcher' } } });
    await calls.call('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      body: {
        metadata: { name: 'watcher' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace: 'default' }],
      },
    });
    const { token } = (await calls.call('POST', `${accounts}/watcher/token`, { body: {} })).json.status;
    const watch = await connect(NEW_WATCHES, { headers: { authorization: `Bearer ${token}` } });
    const plain = await WatchStream.open(cluster, NEW_WATCHES, token);
    const ended = plain.until(() => false).catch((error: Error) => error);
    const closed = closing(watch);
    await calls.call('DELETE', `${accounts}/watcher`);
    expect(await closed).not.toBe(1000);
    expect(await ended).toBeInstanceOf(Error);
    await expect(connect(NEW_WATCHES, { headers: { authorization: `Bearer ${token}` } })).rejects.toThrow('HTTP 401');
  });

  test('does not mind what the client says', async () => {
    const watch = await connect(NEW_WATCHES);
    watch.socket.send('hello');
    watch.socket.send(Buffer.alloc(1000));
    await create('after');
    await eventually('the event', async () => seen(watch).find((event) => event === 'ADDED default/after'));
    watch.socket.terminate();
  });
});
