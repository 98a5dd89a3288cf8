import { abortAllDurableObjects } from 'cloudflare:test';
import { exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import {
  type JoinReply,
  type PollReply,
  STREAM_WINDOW_BYTES,
  type StatusReply,
  type StreamRequest,
} from '../../../schema/protocol/agent.ts';

const BASE = 'https://api.test';
const ADMIN = 'admin-token-of-the-tests';

async function call(token: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await exports.default.fetch(`${BASE}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { code: response.status, text: await response.text() };
}

async function expectJson<T>(answer: Promise<{ code: number; text: string }>, code: number): Promise<T> {
  const got = await answer;
  expect(got.code, got.text).toBe(code);
  return JSON.parse(got.text) as T;
}

const admin = (method: string, path: string, body?: object) => call(ADMIN, method, path, body);

const encoded = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, btoa(value)]));

async function ready(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { code } = await admin('GET', '/readyz');
    if (code === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('never ready');
}

let joinToken: string;

beforeAll(async () => {
  await ready();
  joinToken = 'abcdef.0123456789abcdef';
  await expectJson(
    admin('POST', '/api/v1/namespaces/kube-system/secrets', {
      metadata: { name: 'bootstrap-token-abcdef' },
      type: 'bootstrap.kubernetes.io/token',
      data: encoded({
        'token-id': 'abcdef',
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-authentication': 'true',
      }),
    }),
    201,
  );
});

async function joinNode(name: string): Promise<string> {
  const joined = await expectJson<JoinReply>(call(joinToken, 'POST', '/agent/v1/join', { nodeName: name }), 201);
  expect(joined).toMatchObject({ nodeName: name, cluster: 'default' });
  await expectJson(
    call(joined.token, 'POST', '/api/v1/nodes', { metadata: { name }, status: { conditions: [] } }),
    201,
  );
  return joined.token;
}

const poll = (token: string, node: string, since: number, session = 's1') =>
  expectJson<PollReply>(call(token, 'GET', `/agent/v1/nodes/${node}/poll?since=${since}&session=${session}`), 200);

const pod = (name: string, node: string): object => ({
  metadata: { name },
  spec: { nodeName: node, containers: [{ name: 'c', image: 'busybox' }], terminationGracePeriodSeconds: 5 },
});

const names = (reply: PollReply) => reply.objects.map(({ resource, object }) => `${resource}/${object.metadata.name}`);

/** Polls on until `enough` is delivered, acknowledging as an agent does. */
async function pollUntil(token: string, node: string, since: number, enough: (reply: PollReply) => boolean) {
  let revision = since;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const reply = await poll(token, node, revision);
    if (enough(reply)) return reply;
    revision = reply.revision;
  }
  throw new Error('it never came');
}

describe("the agents' door", () => {
  it('opens with a join token, and only for joining', async () => {
    const other = await call(joinToken, 'GET', '/api/v1/nodes');
    expect(other.code).toBe(403);
    const malformed = await call(joinToken, 'POST', '/agent/v1/join', { nodeName: 'Not A Name' });
    expect(malformed.code).toBe(400);
    const nobody = await call('abcdef.ffffffffffffffff', 'POST', '/agent/v1/join', { nodeName: 'n0' });
    expect(nobody.code).toBe(401);
  });

  it('gives a node its pods, takes their status, and removes what has ended', async () => {
    const token = await joinNode('n1');
    const first = await poll(token, 'n1', 0);
    expect(first.full).toBe(true);
    expect(names(first)).toContain('nodes/n1');

    const waiting = pollUntil(token, 'n1', first.revision, (reply) => names(reply).includes('pods/web'));
    await expectJson(admin('POST', '/api/v1/namespaces/default/pods', pod('web', 'n1')), 201);
    const bound = await waiting;
    expect(bound.full).toBe(false);
    expect(names(bound)).toContain('configmaps/kube-root-ca.crt');
    const uid = bound.objects.find(({ resource }) => resource === 'pods')?.object.metadata.uid ?? '';

    const report = {
      kind: 'status',
      namespace: 'default',
      name: 'web',
      uid,
      status: { phase: 'Running', podIP: '10.0.0.9' },
    };
    const event = {
      regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web', uid },
      type: 'Normal',
      reason: 'Started',
      message: 'Started container c',
      at: 0,
    };
    const path = '/agent/v1/nodes/n1/status';
    const taken = await expectJson<StatusReply>(
      call(token, 'POST', path, { pods: [report], events: [event, event] }),
      200,
    );
    expect(taken.pods).toEqual([null]);
    const running = await expectJson<UntypedObject>(admin('GET', '/api/v1/namespaces/default/pods/web'), 200);
    expect(running['status']).toMatchObject({ phase: 'Running', podIP: '10.0.0.9' });

    const tooEarly = { kind: 'terminated', namespace: 'default', name: 'web', uid };
    const refused = await expectJson<StatusReply>(call(token, 'POST', path, { pods: [tooEarly], events: [] }), 200);
    expect(refused.pods[0]?.code).toBe(409);

    const deleting = pollUntil(token, 'n1', bound.revision, (reply) =>
      reply.objects.some(
        ({ object }) => object.metadata.name === 'web' && object.metadata.deletionTimestamp !== undefined,
      ),
    );
    await expectJson(admin('DELETE', '/api/v1/namespaces/default/pods/web'), 200);
    const going = await deleting;
    const ended = await expectJson<StatusReply>(call(token, 'POST', path, { pods: [tooEarly], events: [] }), 200);
    expect(ended.pods).toEqual([null]);
    expect((await admin('GET', '/api/v1/namespaces/default/pods/web')).code).toBe(404);
    const gone = await pollUntil(token, 'n1', going.revision, (reply) => reply.removed.length > 0);
    expect(gone.removed).toEqual([{ resource: 'pods', namespace: 'default', name: 'web', uid }]);
    const late = await expectJson<StatusReply>(call(token, 'POST', path, { pods: [report], events: [] }), 200);
    expect(late.pods[0]?.code).toBe(404);
  });

  it('is closed to other nodes and to a revoked credential', async () => {
    const token = await joinNode('n2');
    expect((await call(token, 'GET', '/agent/v1/nodes/n1/poll?since=0&session=s1')).code).toBe(403);
    expect((await call(token, 'GET', '/api/v1/nodes/n1')).code).toBe(403);
    expect((await call(token, 'GET', '/api/v1/namespaces/kube-system/secrets')).code).toBe(403);
    expect((await call(token, 'GET', '/api/v1/nodes/n2')).code).toBe(200);
    const id = token.slice('zpn-'.length, token.indexOf('.'));
    const { revision } = await expectJson<PollReply>(
      call(token, 'GET', '/agent/v1/nodes/n2/poll?since=0&session=s1'),
      200,
    );
    const openPoll = call(token, 'GET', `/agent/v1/nodes/n2/poll?since=${revision}&session=s1`);
    await expectJson(admin('DELETE', `/api/v1/namespaces/kube-system/secrets/node-credential-${id}`), 200);
    expect((await openPoll).code).toBe(503);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await call(token, 'GET', `/agent/v1/nodes/n2/poll?since=${revision}&session=s1`)).code).toBe(401);
    expect((await call(token, 'GET', '/api/v1/nodes/n2')).code).toBe(401);
  });

  it('gives a node that joins again a credential in place of the first', async () => {
    const first = await expectJson<JoinReply>(call(joinToken, 'POST', '/agent/v1/join', { nodeName: 'n8' }), 201);
    const second = await expectJson<JoinReply>(call(joinToken, 'POST', '/agent/v1/join', { nodeName: 'n8' }), 201);
    expect((await call(second.token, 'GET', '/api/v1/nodes/n8')).code).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await call(first.token, 'GET', '/api/v1/nodes/n8')).code).toBe(401);
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    await expectJson(call(second.token, 'POST', '/api/v1/nodes', { metadata: { name: 'n8' }, status }), 201);
    expect((await call(joinToken, 'POST', '/agent/v1/join', { nodeName: 'n8' })).code).toBe(409);
  });
});

describe('after the control plane died', () => {
  it('a node is told of all its pods again, and its reports are taken', async () => {
    const token = await joinNode('n7');
    await expectJson(admin('POST', '/api/v1/namespaces/default/pods', pod('survivor', 'n7')), 201);
    const before = await pollUntil(token, 'n7', 0, (reply) => names(reply).includes('pods/survivor'));
    const uid = before.objects.find(({ object }) => object.metadata.name === 'survivor')?.object.metadata.uid ?? '';
    await abortAllDurableObjects();
    const report = { kind: 'status', namespace: 'default', name: 'survivor', uid, status: { phase: 'Running' } };
    const [after, taken] = await Promise.all([
      poll(token, 'n7', before.revision),
      expectJson<StatusReply>(call(token, 'POST', '/agent/v1/nodes/n7/status', { pods: [report], events: [] }), 200),
    ]);
    expect(after.full).toBe(true);
    expect(names(after)).toEqual(expect.arrayContaining(['nodes/n7', 'pods/survivor', 'configmaps/kube-root-ca.crt']));
    expect(taken.pods).toEqual([null]);
  });
});

describe('logs', () => {
  async function dial(token: string, node: string, stream: StreamRequest): Promise<WebSocket> {
    const response = await exports.default.fetch(`${BASE}/agent/v1/nodes/${node}/streams/${stream.id}`, {
      headers: { authorization: `Bearer ${token}`, upgrade: 'websocket' },
    });
    expect(response.status).toBe(101);
    const socket = response.webSocket;
    if (socket === null) throw new Error('no socket');
    socket.accept();
    return socket;
  }

  it('come from the node by way of the hub', async () => {
    const token = await joinNode('n3');
    await expectJson(admin('POST', '/api/v1/namespaces/default/pods', pod('talker', 'n3')), 201);
    const first = await poll(token, 'n3', 0);
    const log = admin('GET', '/api/v1/namespaces/default/pods/talker/log?tailLines=2');
    const told = await pollUntil(token, 'n3', first.revision, (reply) => reply.streams.length > 0);
    const stream = told.streams[0] as StreamRequest;
    expect(stream).toMatchObject({ kind: 'logs', pod: 'talker', container: 'c', tailLines: 2, follow: false });
    const socket = await dial(token, 'n3', stream);
    socket.send(JSON.stringify({ ok: true }));
    socket.send(new TextEncoder().encode('one\n'));
    socket.send(new TextEncoder().encode('two\n'));
    socket.close(1000, '');
    expect(await log).toEqual({ code: 200, text: 'one\ntwo\n' });
  });

  it('wait for their reader, and end when it goes', async () => {
    const token = await joinNode('n6');
    await expectJson(admin('POST', '/api/v1/namespaces/default/pods', pod('loud', 'n6')), 201);
    const first = await poll(token, 'n6', 0);
    const opened = exports.default.fetch(`${BASE}/api/v1/namespaces/default/pods/loud/log?follow=true`, {
      headers: { authorization: `Bearer ${ADMIN}` },
    });
    const told = await pollUntil(token, 'n6', first.revision, (reply) => reply.streams.length > 0);
    const socket = await dial(token, 'n6', told.streams[0] as StreamRequest);
    const acknowledged = new Promise<void>((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        if ((JSON.parse(data as string) as { ack: number }).ack === STREAM_WINDOW_BYTES) resolve();
      });
    });
    const closed = new Promise<number>((resolve) => {
      socket.addEventListener('close', ({ code }) => resolve(code));
    });
    socket.send(JSON.stringify({ ok: true }));
    for (let sent = 0; sent < STREAM_WINDOW_BYTES; sent += 65_536) socket.send(new Uint8Array(65_536));
    const response = await opened;
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error('no body');
    let read = 0;
    while (read < STREAM_WINDOW_BYTES) read += (await reader.read()).value?.byteLength ?? 0;
    await acknowledged;
    await reader.cancel();
    expect(await closed).toBe(1000);
  });

  it("are refused in the node's words, or in the API's", async () => {
    const token = await joinNode('n4');
    await expectJson(admin('POST', '/api/v1/namespaces/default/pods', pod('quiet', 'n4')), 201);
    const first = await poll(token, 'n4', 0);
    const log = admin('GET', '/api/v1/namespaces/default/pods/quiet/log');
    const told = await pollUntil(token, 'n4', first.revision, (reply) => reply.streams.length > 0);
    const socket = await dial(token, 'n4', told.streams[0] as StreamRequest);
    const message = 'container "c" in pod "quiet" is waiting to start: ContainerCreating';
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: 'BadRequest',
      code: 400,
    };
    socket.send(JSON.stringify({ ok: false, status }));
    expect(await expectJson(log, 400)).toMatchObject({ message });

    const at = '/api/v1/namespaces/default/pods/quiet/log';
    expect(await expectJson(admin('GET', `${at}?container=x`), 400)).toMatchObject({
      message: 'container x is not valid for pod quiet',
    });
    expect(await expectJson(admin('GET', `${at}?tailLines=-1`), 422)).toMatchObject({ reason: 'Invalid' });
    expect((await admin('GET', '/api/v1/namespaces/default/pods/none/log')).code).toBe(404);
    const forged = await exports.default.fetch(`${BASE}/agent/v1/nodes/n4/streams/nothing`, {
      headers: { authorization: `Bearer ${token}`, upgrade: 'websocket' },
    });
    expect(forged.status).toBe(404);
  });
});

describe('tokens', () => {
  it("of a pod's ServiceAccount are made for its node and open the API", async () => {
    const token = await joinNode('n5');
    const made = await expectJson<UntypedObject>(
      admin('POST', '/api/v1/namespaces/default/pods', pod('client', 'n5')),
      201,
    );
    await pollUntil(token, 'n5', 0, (reply) => names(reply).includes('pods/client'));
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const request = {
      spec: {
        expirationSeconds: 3607,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'client', uid: made.metadata.uid },
      },
    };
    const issued = await expectJson<{ status: { token: string } }>(call(token, 'POST', path, request), 201);
    const self = await expectJson<{ status: { userInfo: object } }>(
      call(issued.status.token, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}),
      201,
    );
    expect(self.status.userInfo).toMatchObject({ username: 'system:serviceaccount:default:default' });
    const unbound = await call(token, 'POST', path, { spec: {} });
    expect(unbound.code).toBe(403);
    const review = await expectJson<{ status: object }>(
      admin('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: issued.status.token } }),
      201,
    );
    expect(review.status).toMatchObject({ authenticated: true });
    const access = await expectJson<{ status: object }>(
      admin('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        spec: { user: 'jane', resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'default' } },
      }),
      201,
    );
    expect(access.status).toEqual({ allowed: false });
  });
});
