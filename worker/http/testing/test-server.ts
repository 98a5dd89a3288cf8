/** The whole request path over stores in memory, for tests: a shard per namespace, no hub but a fan-out. */
import { encodeObject } from '../../../schema/meta/encode-object.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { servedVersionOf, toServed } from '../../../schema/meta/served-version.ts';
import { notFound } from '../../../schema/meta/status.ts';
import { catalog } from '../../../schema/resources/catalog.ts';
import { addressPool, NODE_PORT_RANGE, portPool, SERVICE_CIDR } from '../../../schema/resources/core/service-pools.ts';
import type { Answer, ListRequest, ReadRequest, WriteRequest } from '../../../schema/protocol/shard.ts';
import { admissionChain } from '../../admission/chain.ts';
import { clusterControllers, namespacedControllers } from '../../controllers/controller-list.ts';
import type { ControllerFailure } from '../../controllers/runtime/controller-run.ts';
import { runControllers } from '../../controllers/runtime/run-controllers.ts';
import type { Env } from '../../env.ts';
import { applyControllerWrite } from '../../registry/controller-write.ts';
import { openAdmission, type RegistryEnvironment } from '../../registry/environment.ts';
import { executeWrite } from '../../registry/execute.ts';
import { MemoryTransaction } from '../../registry/memory-transaction.ts';
import { findCreateSubresource } from '../../registry/subresources/create-subresources.ts';
import { createHandler } from '../handler-chain.ts';
import { RequestMetrics } from '../metrics/request-metrics.ts';

export const TEST_TOKEN = 'admin-token-of-the-tests';
/** SHA-256 of it, in hex. */
const TEST_TOKEN_SHA256 = '12371cac728c629c46c4ba653d0f7fd37a82328cf18b4061f8e318a5c56f78fc';
/** 2026-01-02T03:04:05Z */
export const TEST_NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Of one request's controllers. */
const CONTROLLER_WRITES_MAX = 50;

const definitions = new Map(catalog.map((definition) => [definition.key, definition]));

interface TestServerOptions {
  /** With the whole admission chain and all controllers, the namespace `shop` being there. */
  readonly isWhole?: boolean;
}

export class TestServer {
  /** What the Worker takes for the time; ms since the epoch. */
  now = TEST_NOW;
  /** What controllers threw. */
  readonly controllerFailures: ControllerFailure[] = [];
  readonly watches: { readonly namespace: string; readonly request: unknown }[] = [];
  readonly #shards = new Map<string, MemoryTransaction>();
  readonly #registry: RegistryEnvironment;
  readonly #isWhole: boolean;
  readonly #controllers = { namespaced: namespacedControllers({ clusterCa: 'CA' }), cluster: clusterControllers() };
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

  constructor({ isWhole = false }: TestServerOptions = {}) {
    let uids = 0;
    this.#isWhole = isWhole;
    this.#registry = {
      now: TEST_NOW,
      newUid: () => `uid-${++uids}`,
      randomSuffix: (length) => String(++uids).padStart(length, 'x'),
      definition: (resource) => definitions.get(resource),
      createSubresource: findCreateSubresource,
      admission: isWhole
        ? admissionChain({ randomSuffix: (length) => String(++uids).padStart(length, 'x') })
        : openAdmission,
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
    const known = this.#shards.get(namespace);
    if (known) return known;
    const shard = new MemoryTransaction(namespace, 1);
    this.#shards.set(namespace, shard);
    if (this.#isWhole && namespace !== '') {
      const status = { phase: 'Active' };
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, uid: 'ns' }, status };
      shard.configuration.push({ resource: 'namespaces', object });
      shard.put('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
    }
    return shard;
  }

  #write(namespace: string, request: WriteRequest): Answer {
    const shard = this.shard(namespace);
    const before = shard.changes.length;
    const answer = executeWrite(request, shard, this.#registry);
    if (this.#isWhole) this.#control(shard, before);
    return answer;
  }

  /** Runs the controllers over what a write changed, up to a number of writes of theirs. */
  #control(shard: MemoryTransaction, before: number): void {
    let seen = before;
    let room = CONTROLLER_WRITES_MAX;
    const { failures } = runControllers({
      controllers: shard.namespace === '' ? this.#controllers.cluster : this.#controllers.namespaced,
      view: shard,
      context: { now: TEST_NOW, randomSuffix: this.#registry.randomSuffix },
      work: [],
      takeChanges: () => {
        const fresh = shard.changes.slice(seen);
        seen = shard.changes.length;
        return fresh.map(({ type, resource, object }) => ({
          type,
          resource,
          name: object.metadata.name ?? '',
          object,
        }));
      },
      hasRoom: () => room > 0,
      applyWrite: (write, controller) => {
        room -= 1;
        return applyControllerWrite(write, `controller:${controller}`, shard, this.#registry);
      },
    });
    this.controllerFailures.push(...failures);
  }

  #shardStub(namespace: string) {
    return {
      ready: async () => {},
      write: async (request: WriteRequest) => this.#write(namespace, request),
      read: async (request: ReadRequest) =>
        request.verb === 'get' ? this.#get(namespace, request) : this.#list([namespace], request),
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

  #get(namespace: string, { resource, apiVersion, name }: ReadRequest & { verb: 'get' }): Answer {
    const object = this.shard(namespace).get(resource, name);
    const definition = definitions.get(resource);
    const served = definition && servedVersionOf(definition, apiVersion);
    if (object) return { code: 200, body: encodeObject(toServed(served, object)) };
    return { code: 404, body: JSON.stringify(notFound(resource, name)) };
  }

  #list(namespaces: readonly string[], { resource, apiVersion }: ListRequest): Answer {
    const definition = definitions.get(resource);
    const served = definition && servedVersionOf(definition, apiVersion);
    const objects = namespaces.flatMap((namespace) => this.shard(namespace).list(resource));
    const items = objects.map((object: UntypedObject) => {
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = toServed(served, object);
      return rest;
    });
    const metadata = { resourceVersion: '9' };
    return { code: 200, body: JSON.stringify({ kind: definition?.listKind, apiVersion, metadata, items }) };
  }
}
