/** The whole request path over stores in memory, for tests: a shard per namespace, no hub but a fan-out. */
import { encodeObject } from '../../schema/meta/encode-object.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { notFound } from '../../schema/meta/status.ts';
import { catalog } from '../../schema/resources/catalog.ts';
import { addressPool, NODE_PORT_RANGE, portPool, SERVICE_CIDR } from '../../schema/resources/core/service-pools.ts';
import type { Answer, ListRequest, ReadRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import type { Env } from '../env.ts';
import { openAdmission, type RegistryEnvironment } from '../registry/environment.ts';
import { executeWrite } from '../registry/execute.ts';
import { MemoryTransaction } from '../registry/memory-transaction.ts';
import { findCreateSubresource } from '../registry/subresources/create-subresources.ts';
import { createHandler } from './handler-chain.ts';
import { RequestMetrics } from './metrics/request-metrics.ts';

export const TEST_TOKEN = 'admin-token-of-the-tests';
/** SHA-256 of it, in hex. */
const TEST_TOKEN_SHA256 = '12371cac728c629c46c4ba653d0f7fd37a82328cf18b4061f8e318a5c56f78fc';
/** 2026-01-02T03:04:05Z */
export const TEST_NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

const definitions = new Map(catalog.map((definition) => [definition.key, definition]));

export class TestServer {
  /** What the Worker takes for the time; ms since the epoch. */
  now = TEST_NOW;
  readonly watches: { readonly namespace: string; readonly request: unknown }[] = [];
  readonly #shards = new Map<string, MemoryTransaction>();
  readonly #registry: RegistryEnvironment;
  readonly #env: Env;
  readonly #app = createHandler({
    metrics: new RequestMetrics(),
    now: () => this.now,
    random: () => 0.5,
    randomBytes: (count) => new Uint8Array(count),
    newUid: () => 'uid',
    sleep: async () => {},
    background: () => {},
    within: (_ms, task) => task,
  });

  constructor() {
    let uids = 0;
    this.#registry = {
      now: TEST_NOW,
      newUid: () => `uid-${++uids}`,
      randomSuffix: (length) => String(++uids).padStart(length, 'x'),
      definition: (resource) => definitions.get(resource),
      createSubresource: findCreateSubresource,
      admission: openAdmission,
      verifySignature: () => true,
      pools: {
        clusterIPs: addressPool(SERVICE_CIDR, new Set(), () => 0.5),
        nodePorts: portPool(NODE_PORT_RANGE, new Set(), () => 0.5),
      },
    };
    const id = (name: string) => name;
    this.#env = {
      CLUSTER: 'test',
      ADMIN_TOKEN_SHA256: TEST_TOKEN_SHA256,
      SERVICE_ACCOUNT_ISSUER: 'https://issuer.test',
      CLUSTER_CA: '',
      API_SERVER_URL: '',
      SECRETS_ENCRYPTION_KEYS: `tests:${btoa('7'.repeat(32))}`,
      SHARD: { idFromName: id, get: (name: string) => this.#shardStub(name.slice('test/'.length)) },
      HUB: { idFromName: id, get: () => this.#hubStub() },
    } as unknown as Env;
  }

  /** `GET /api/v1/…` with the administrator's token; `body` objects are sent as JSON. */
  async request(line: string, options: { body?: unknown; headers?: Record<string, string> } = {}): Promise<Response> {
    const [method = 'GET', path = '/'] = line.split(' ');
    const body =
      options.body === undefined || typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
    const headers = {
      authorization: `Bearer ${TEST_TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    };
    const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
    return this.#app.fetch(
      new Request(`https://zeroplane${path}`, { method, headers, ...(body === undefined ? {} : { body }) }),
      this.#env,
      context,
    );
  }

  shard(namespace: string): MemoryTransaction {
    const known = this.#shards.get(namespace) ?? new MemoryTransaction(namespace, 1);
    this.#shards.set(namespace, known);
    return known;
  }

  #shardStub(namespace: string) {
    return {
      ready: async () => {},
      write: async (request: WriteRequest) => executeWrite(request, this.shard(namespace), this.#registry),
      read: async (request: ReadRequest) =>
        request.verb === 'get'
          ? this.#get(namespace, request.resource, request.name)
          : this.#list([namespace], request),
      fetch: async (_url: string, { headers }: { headers: Record<string, string> }) => this.#watch(namespace, headers),
    };
  }

  #hubStub() {
    return {
      list: async (request: ListRequest) => this.#list([...this.#shards.keys()], request),
      revision: async () => ({ issued: 1, released: 1 }),
      unreadable: async () => 0,
      fetch: async (_url: string, { headers }: { headers: Record<string, string> }) => this.#watch('*', headers),
    };
  }

  #watch(namespace: string, headers: Record<string, string>): Response {
    this.watches.push({ namespace, request: JSON.parse(headers['x-zeroplane-watch'] ?? '{}') });
    return new Response('');
  }

  #get(namespace: string, resource: string, name: string): Answer {
    const object = this.shard(namespace).get(resource, name);
    if (object) return { code: 200, body: encodeObject(object) };
    return { code: 404, body: JSON.stringify(notFound(resource, name)) };
  }

  #list(namespaces: readonly string[], { resource }: ListRequest): Answer {
    const objects = namespaces.flatMap((namespace) => this.shard(namespace).list(resource));
    const items = objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }: UntypedObject) => rest);
    const kind = definitions.get(resource)?.listKind;
    return { code: 200, body: JSON.stringify({ kind, apiVersion: 'v1', metadata: { resourceVersion: '9' }, items }) };
  }
}
