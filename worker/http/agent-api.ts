/** `/agent/v1`: what agents ask. Messages: schema/protocol/agent.ts. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { badRequest, conflict, type Status } from '../../schema/meta/status.ts';
import type { JoinReply } from '../../schema/protocol/agent.ts';
import { NODE_DOOR_HEADER, type NodeDoorRequest } from '../../schema/protocol/node-door.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import { newNodeCredential } from '../authn/node-credential.ts';
import { parseJoin, parseReport } from './agent-report.ts';
import { jsonAnswer, pathNotFound } from './answers/answers.ts';
import type { ApiRequest, Handled } from './api-request.ts';
import { readBody } from './request/body.ts';
import { methodNotAllowed } from './request/request-errors.ts';
import { hubOf, shardOf } from './stores.ts';

const SESSION = /^[A-Za-z0-9-]{1,64}$/;
const NODE_PATH = /^\/agent\/v1\/nodes\/([^/]+)\/(poll|status|streams\/([A-Za-z0-9-]{1,64}))$/;

/** Asks the hub by `fetch`, so that it learns when the agent or reader has gone. */
export function askNodeDoor(
  api: ApiRequest,
  asked: NodeDoorRequest,
  headers: Record<string, string> = {},
): Promise<Response> {
  return hubOf(api.env).fetch('https://hub/node-door', {
    headers: { ...headers, [NODE_DOOR_HEADER]: JSON.stringify(asked) },
    signal: api.request.signal,
  });
}

/** Serves a request that has passed authorization: a node's own paths, or a join token's one. */
export async function agentApiHandler(api: ApiRequest): Promise<Handled> {
  const { path } = api.info;
  const { method } = api.request;
  if (path === '/agent/v1/join') return method === 'POST' ? join(api) : methodNotAllowed();
  const [, encodedNode, action, stream] = NODE_PATH.exec(path) ?? [];
  if (encodedNode === undefined || action === undefined) return pathNotFound();
  const node = decodeURIComponent(encodedNode);
  if (action === 'poll') return method === 'GET' ? poll(api, node) : methodNotAllowed();
  if (action === 'status') return method === 'POST' ? report(api, node) : methodNotAllowed();
  return dial(api, node, stream ?? '');
}

function poll(api: ApiRequest, node: string): Promise<Handled> | Handled {
  const since = Number(api.query.get('since') ?? '0');
  const session = api.query.get('session') ?? '';
  if (!Number.isSafeInteger(since) || since < 0) return badRequest('since is not a revision');
  if (!SESSION.test(session)) return badRequest('session is missing or malformed');
  return askNodeDoor(api, { kind: 'poll', node, since, session });
}

async function report(api: ApiRequest, node: string): Promise<Handled> {
  const body = await readBody(api.request);
  if (!body.ok) return body.status;
  const parsed = parseReport(body.value);
  if (!parsed.ok) return parsed.status;
  // oxlint-disable-next-line typescript/await-thenable -- the RPC types give up on fields of type unknown
  return jsonAnswer(200, JSON.stringify(await hubOf(api.env).agentReport(node, parsed.value)));
}

function dial(api: ApiRequest, node: string, id: string): Promise<Handled> | Handled {
  if (api.request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
    return badRequest('a stream is opened by a WebSocket');
  return askNodeDoor(api, { kind: 'dial', node, id }, { upgrade: 'websocket' });
}

interface NodeConditions {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** A join token must not take over the identity of a node that is at work. kubeadm refuses the same. */
async function takenBy(api: ApiRequest, nodeName: string): Promise<Status | undefined> {
  const node = await api.security.objects.get('nodes', '', nodeName);
  const { conditions = [] } = (node?.['status'] ?? {}) as NodeConditions;
  if (!conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return undefined;
  return conflict(
    'nodes',
    nodeName,
    'a node of this name is ready; drain and delete it first, or join under another name',
  );
}

async function join(api: ApiRequest): Promise<Handled> {
  const body = await readBody(api.request);
  if (!body.ok) return body.status;
  const parsed = parseJoin(body.value);
  if (!parsed.ok) return parsed.status;
  const { nodeName } = parsed.value;
  const taken = await takenBy(api, nodeName);
  if (taken !== undefined) return taken;
  const { token, secret } = await newNodeCredential(nodeName, api.runtime.randomBytes);
  const answer = await storeCredential(api, secret);
  if (answer !== undefined) return answer;
  const reply: JoinReply = { nodeName, token, cluster: api.env.CLUSTER };
  return jsonAnswer(201, JSON.stringify(reply));
}

/** Creates the Secret, or replaces that of an earlier join, which ends the earlier credential. */
async function storeCredential(api: ApiRequest, secret: UntypedObject): Promise<Status | undefined> {
  const shard = shardOf(api.env, 'kube-system');
  const write = {
    resource: 'secrets',
    apiVersion: 'v1',
    namespace: 'kube-system',
    user: systemUser('node-joiner'),
    dryRun: false,
    fieldManager: 'zeroplane',
    name: secret.metadata.name ?? '',
    body: JSON.stringify(secret),
  };
  let answer = await shard.write({ ...write, verb: 'create' });
  if (answer.code === 409) answer = await shard.write({ ...write, verb: 'update' });
  return answer.code < 300 ? undefined : (JSON.parse(answer.body) as Status);
}
